"""The effect of an event and how sure of it one may be.

A model's own uncertainty of the sum over the window is compared with its errors on windows of the
same length before the event, and widened if it was too sure of itself there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from .structural import Fitted

LEVEL = 0.95  # of the effect's interval
_FEWEST_CHECKS = 4
_CHECKS = 12  # most earlier windows that the fitted model is checked against


@dataclass(frozen=True)
class Effect:
    """What the event changed in sum; `predicted` per interval of the window."""

    predicted: np.ndarray
    absolute: float
    relative: float
    p_value: float
    lower: float
    upper: float


def effect_of(
    fitted: Fitted, history: np.ndarray, actual: np.ndarray, skipped: int, surprises: np.ndarray
) -> Effect:
    """How far `actual` lies from what would have been without the event.

    `actual` follows `skipped` intervals after the history; NaN does not count. `surprises` are
    errors on held-out windows, in deviations as predicted.
    """
    known = ~np.isnan(actual)
    weights = np.concatenate([np.zeros(skipped), known.astype(float)])
    ahead = fitted.ahead(len(history), weights)
    predicted = ahead.mean[skipped:]
    expected = float(predicted[known].sum())
    absolute = float(actual[known].sum()) - expected
    ratios = np.concatenate([surprises, _checked(fitted, history, weights)])
    # A wider prediction where the past shows that it is needed, never a narrower one.
    widening = max(1.0, float(np.sqrt(np.mean(ratios**2)))) if ratios.size else 1.0
    deviation = max(ahead.sum_deviation * widening, 1e-12 * max(1.0, abs(expected)))
    # The scale is known from as many windows as were checked, which Student's t accounts for.
    freedom = max(_FEWEST_CHECKS, ratios.size)
    p_value = float(student.sf(abs(absolute) / deviation, freedom))
    reach = float(student.ppf(0.5 + LEVEL / 2, freedom)) * deviation
    if not np.isfinite([expected, absolute, p_value, reach]).all():
        raise ValueError("the effect is not finite")
    return Effect(
        predicted,
        absolute,
        absolute / expected if expected != 0 else float("nan"),
        p_value,
        absolute - reach,
        absolute + reach,
    )


def _checked(fitted: Fitted, history: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Errors of the sum over earlier windows, in deviations as predicted there."""
    steps, count = len(weights), len(history)
    first = max(fitted.burn_in, count // 3)
    origins = list(range(count - steps, first, -max(steps, (count - first) // _CHECKS)))[:_CHECKS]
    ratios = []
    for origin in origins:
        ahead = fitted.ahead(origin, weights)
        error = float(weights @ (history[origin : origin + steps] - ahead.mean))
        if ahead.sum_deviation > 0:
            ratios.append(error / ahead.sum_deviation)
    return np.array(ratios)
