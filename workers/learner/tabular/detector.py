"""The score of anomalies, as training and predict compute it."""

from __future__ import annotations

from typing import Any

import numpy as np


def anomaly_scores(estimator: dict[str, Any], matrix: np.ndarray) -> np.ndarray:
    """Negative is anomalous: the method's own score less that of the least normal normal row."""
    return np.asarray(np.asarray(estimator["pipeline"].score_samples(matrix)) - estimator["border"])
