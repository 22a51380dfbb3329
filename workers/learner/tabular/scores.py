"""How sure a classifier is of each class: probabilities, or margins turned into such a scale."""

from __future__ import annotations

from typing import Any

import numpy as np


def labels_and_scores(
    fitted: Any, matrix: np.ndarray, classes: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    """The predicted class of each row, and what `class_scores` says of it."""
    scores = class_scores(fitted, matrix, classes)
    if hasattr(fitted, "predict_proba"):
        # What predict would answer, without asking every tree a second time.
        return np.asarray(classes, object)[scores.argmax(axis=1)], scores
    return np.asarray(fitted.predict(matrix), object), scores


def class_scores(fitted: Any, matrix: np.ndarray, classes: list[str]) -> np.ndarray:
    """Rows × `classes`, each row adding up to 1; the higher the more certain."""
    if hasattr(fitted, "predict_proba"):
        found = np.asarray(fitted.predict_proba(matrix))
    else:
        margins = np.asarray(fitted.decision_function(matrix))
        if margins.ndim == 1:
            margins = np.column_stack([-margins, margins])
        grown = np.exp(margins - margins.max(axis=1, keepdims=True))
        found = grown / grown.sum(axis=1, keepdims=True)
    place = {str(label): i for i, label in enumerate(fitted.classes_)}
    scores = np.zeros((len(matrix), len(classes)))
    for i, name in enumerate(classes):
        if name in place:
            scores[:, i] = found[:, place[name]]
    return scores
