"""A forecast as quantiles, and how forecasts are combined."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

LEVELS = ("0.01", "0.05", "0.2", "0.5", "0.8", "0.95", "0.99")
MIDDLE = LEVELS.index("0.5")
Z = norm.ppf([float(level) for level in LEVELS])  # standard deviations of each level

Outlook = np.ndarray  # levels × steps; row MIDDLE is the prediction


def normal(mean: np.ndarray, deviation: np.ndarray | float) -> Outlook:
    """Quantiles of a normal distribution per step."""
    mean = np.asarray(mean, float)
    spread = np.broadcast_to(np.asarray(deviation, float), mean.shape)
    return apart(mean + Z[:, None] * spread)


def apart(outlook: Outlook) -> Outlook:
    """Pull levels apart by a millionth of the values' size.

    A series that fits perfectly would else have levels that are equal, which clients do not expect.
    """
    least = 1e-6 * max(1.0, float(np.abs(outlook[MIDDLE]).max(initial=0.0)))
    return np.asarray(outlook + Z[:, None] * least)


def combined(outlooks: list[Outlook]) -> Outlook:
    """The median of several forecasts, level by level: one wild member does no harm."""
    return np.asarray(np.median(np.stack(outlooks), axis=0))


def averaged(outlooks: list[Outlook]) -> Outlook:
    """The mean of several forecasts, level by level."""
    return np.asarray(np.mean(np.stack(outlooks), axis=0))


def usable(outlook: Outlook, history: np.ndarray) -> bool:
    """Whether all numbers are finite and the prediction did not run away from the data."""
    if not np.isfinite(outlook).all():
        return False
    middle = float(np.median(history))
    reach = max(float(np.ptp(history)), 1e-9)
    return float(np.abs(outlook[MIDDLE] - middle).max()) <= 50 * reach + 1e-6 * abs(middle)
