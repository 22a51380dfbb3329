"""Computes the metrics of a result (nexosis dialect, results).

An undefined metric is NaN, and the result omits it.
"""

from __future__ import annotations

import numpy as np
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    matthews_corrcoef,
    precision_score,
    recall_score,
    roc_auc_score,
)


def regression_metrics(actual: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """Returns MAE, MAPE, RMSE and R².

    MAPE is a fraction, over rows whose actual value is not 0. R² is NaN if the actual values do
    not vary.
    """
    error = actual - predicted
    nonzero = np.abs(actual) > 1e-12
    spread = float(((actual - actual.mean()) ** 2).sum())
    return {
        "meanAbsoluteError": float(np.abs(error).mean()),
        "meanAbsolutePercentError": (
            float(np.abs(error[nonzero] / actual[nonzero]).mean()) if nonzero.any() else np.nan
        ),
        "rootMeanSquareError": float(np.sqrt((error**2).mean())),
        "rSquared": 1 - float((error**2).sum()) / spread if spread > 0 else np.nan,
    }


def forecast_metrics(
    actual: np.ndarray, predicted: np.ndarray, history: np.ndarray
) -> dict[str, float]:
    """Returns the metrics of a regression and MASE.

    MASE is the MAE divided by the MAE of the one-step naive forecast within `history`.
    """
    metrics = regression_metrics(actual, predicted)
    naive = float(np.abs(np.diff(history)).mean()) if len(history) > 1 else 0.0
    scaled = metrics["meanAbsoluteError"] / naive if naive > 0 else np.nan
    order = ("meanAbsoluteError", "meanAbsolutePercentError")
    first = {name: metrics.pop(name) for name in order}
    return {**first, "meanAbsoluteScaledError": scaled, **metrics}


def classification_metrics(actual: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    """Returns macro averages over the classes, and for exactly two classes the ROC area.

    `actual` (rows,) has indices of classes, because scikit-learn would convert labels that look
    like numbers. `scores` is (rows, classes). The ROC area uses the scores of the second class.
    """
    predicted, count = scores.argmax(axis=1), scores.shape[1]
    known = {"labels": range(count), "average": "macro", "zero_division": 0}
    metrics = {
        "macroAverageF1Score": f1_score(actual, predicted, **known),
        "accuracy": accuracy_score(actual, predicted),
        "macroAveragePrecision": precision_score(actual, predicted, **known),
        "macroAverageRecall": recall_score(actual, predicted, **known),
        "matthewsCorrelationCoefficient": matthews_corrcoef(actual, predicted),
    }
    if count == 2 and len(set(actual)) == 2:
        metrics["rocAreaUnderCurve"] = roc_auc_score(actual, scores[:, 1])
    return {name: float(value) for name, value in metrics.items()}
