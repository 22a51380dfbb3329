"""Raw answers of fitted members, averaged: numbers, or how sure they are of each class.

Classifiers learn and answer places in the list of classes, not labels: labels that look like
numbers are taken for numbers inside scikit-learn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def numbers_of(fitted: Sequence[Any], matrix: np.ndarray) -> np.ndarray:
    """The mean of what all members predict, one number a row."""
    return np.asarray(np.mean([np.asarray(each.predict(matrix), float) for each in fitted], axis=0))


def class_scores(fitted: Sequence[Any], matrix: np.ndarray, count: int) -> np.ndarray:
    """Rows × `count` classes, each row adding up to 1; the highest is the predicted class."""
    scores = np.zeros((len(matrix), count))
    for each in fitted:
        scores[:, each.classes_] += _scores(each, matrix)
    return scores / len(fitted)


def _scores(fitted: Any, matrix: np.ndarray) -> np.ndarray:
    """Probabilities, or margins turned into such a scale."""
    if hasattr(fitted, "predict_proba"):
        return np.asarray(fitted.predict_proba(matrix))
    margins = np.asarray(fitted.decision_function(matrix))
    if margins.ndim == 1:
        margins = np.column_stack([-margins, margins])
    grown = np.exp(margins - margins.max(axis=1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=1, keepdims=True))
