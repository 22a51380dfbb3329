"""Averages the raw predictions of fitted estimators: numbers, or a score for each class.

Classifiers learn and predict indices in the list of classes, not labels, because scikit-learn
converts labels that look like numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def numbers_of(fitted: Sequence[Any], matrix: np.ndarray) -> np.ndarray:
    """Returns the mean prediction of all estimators, one number for each row of `matrix`."""
    return np.asarray(np.mean([np.asarray(each.predict(matrix), float) for each in fitted], axis=0))


def class_scores(fitted: Sequence[Any], matrix: np.ndarray, count: int) -> np.ndarray:
    """Returns scores (rows, `count` classes). The highest is the predicted class; rows sum to 1."""
    scores = np.zeros((len(matrix), count))
    for each in fitted:
        scores[:, each.classes_] += _scores(each, matrix)
    return scores / len(fitted)


def _scores(fitted: Any, matrix: np.ndarray) -> np.ndarray:
    """Returns probabilities, or margins converted to the scale of probabilities."""
    if hasattr(fitted, "predict_proba"):
        return np.asarray(fitted.predict_proba(matrix))
    margins = np.asarray(fitted.decision_function(matrix))
    if margins.ndim == 1:
        margins = np.column_stack([-margins, margins])
    exponentials = np.exp(margins - margins.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))
