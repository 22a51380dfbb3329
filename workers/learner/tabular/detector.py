"""Computes anomaly scores, for training and predict."""

from __future__ import annotations

from typing import Any

import numpy as np


def anomaly_scores(estimator: dict[str, Any], matrix: np.ndarray) -> np.ndarray:
    """Returns a score for each row of `matrix` (rows, features). Negative means anomalous.

    The score is the method's, minus the lowest one that still counts as normal.
    """
    return np.asarray(np.asarray(estimator["pipeline"].score_samples(matrix)) - estimator["border"])
