"""Estimates the effect of an event and its uncertainty.

The model's uncertainty of the sum over the window is compared with its errors on windows of the
same length before the event. If it was too small there, it is increased.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from .structural import Fitted

LEVEL = 0.95  # confidence level of the effect's interval
_MIN_DOF = 4
_MAX_CHECKS = 12  # most earlier windows on which the fitted model is checked


@dataclass(frozen=True)
class Effect:
    """The change that the event caused in the sum over the window.

    `predicted`: the prediction without the event for each interval of the window. `absolute`,
    `lower` and `upper` are in units of the target; `relative` is a share of the prediction.
    """

    predicted: np.ndarray
    absolute: float
    relative: float
    p_value: float
    lower: float
    upper: float


def effect_of(
    fitted: Fitted,
    history: np.ndarray,
    actual: np.ndarray,
    skipped: int,
    standardized_errors: np.ndarray,
) -> Effect:
    """Returns the difference between `actual` and the prediction without the event.

    `actual` begins `skipped` intervals after the history; NaN values are ignored.
    `standardized_errors` are the errors of sums over held-out windows, divided by the predicted
    deviations. Raises ValueError if the effect is not finite.
    """
    known = ~np.isnan(actual)
    weights = np.concatenate([np.zeros(skipped), known.astype(float)])
    prediction = fitted.predict(len(history), weights)
    predicted = prediction.mean[skipped:]
    expected = float(predicted[known].sum())
    absolute = float(actual[known].sum()) - expected
    ratios = np.concatenate([standardized_errors, _backtest_errors(fitted, history, weights)])
    # Widen the interval if past errors were larger than predicted, but never narrow it.
    widening = max(1.0, float(np.sqrt(np.mean(ratios**2)))) if ratios.size else 1.0
    deviation = max(prediction.sum_deviation * widening, 1e-12 * max(1.0, abs(expected)))
    # Student's t distribution, because the scale is estimated from a small number of windows.
    dof = max(_MIN_DOF, ratios.size)
    p_value = float(student.sf(abs(absolute) / deviation, dof))
    reach = float(student.ppf(0.5 + LEVEL / 2, dof)) * deviation
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


def _backtest_errors(fitted: Fitted, history: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Returns errors of the sum over earlier windows, divided by the predicted deviations."""
    steps, count = len(weights), len(history)
    first = max(fitted.burn_in, count // 3)
    origins = list(range(count - steps, first, -max(steps, (count - first) // _MAX_CHECKS)))[
        :_MAX_CHECKS
    ]
    ratios = []
    for origin in origins:
        prediction = fitted.predict(origin, weights)
        error = float(weights @ (history[origin : origin + steps] - prediction.mean))
        if prediction.sum_deviation > 0:
            ratios.append(error / prediction.sum_deviation)
    return np.array(ratios)
