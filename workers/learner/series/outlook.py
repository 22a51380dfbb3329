"""A forecast as quantiles, and functions that combine forecasts."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

LEVELS = ("0.01", "0.05", "0.2", "0.5", "0.8", "0.95", "0.99")
MIDDLE = LEVELS.index("0.5")
Z = norm.ppf([float(level) for level in LEVELS])  # normal quantiles, in standard deviations

Outlook = np.ndarray  # (levels, steps); row MIDDLE is the prediction


def normal(mean: np.ndarray, deviation: np.ndarray | float) -> Outlook:
    """Returns the quantiles of a normal distribution for each step."""
    mean = np.asarray(mean, float)
    spread = np.broadcast_to(np.asarray(deviation, float), mean.shape)
    return separate_levels(mean + Z[:, None] * spread)


def separate_levels(outlook: Outlook) -> Outlook:
    """Separates the levels by a millionth of the values' size.

    Otherwise a series that fits perfectly would have equal levels, which clients do not expect.
    """
    least = 1e-6 * max(1.0, float(np.abs(outlook[MIDDLE]).max(initial=0.0)))
    return np.asarray(outlook + Z[:, None] * least)


def combined(outlooks: list[Outlook]) -> Outlook:
    """Returns the median of several forecasts by level, so that one wild forecast has no effect."""
    return np.asarray(np.median(np.stack(outlooks), axis=0))


def averaged(outlooks: list[Outlook]) -> Outlook:
    """Returns the mean of several forecasts by level."""
    return np.asarray(np.mean(np.stack(outlooks), axis=0))


def usable(outlook: Outlook, history: np.ndarray) -> bool:
    """Returns whether all numbers are finite and the prediction is not far from the data."""
    if not np.isfinite(outlook).all():
        return False
    middle = float(np.median(history))
    reach = max(float(np.ptp(history)), 1e-9)
    return float(np.abs(outlook[MIDDLE] - middle).max()) <= 50 * reach + 1e-6 * abs(middle)
