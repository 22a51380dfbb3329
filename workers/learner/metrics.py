"""The measures of a result (nexosis dialect, results).

A measure that is undefined is NaN, and is left out of the answer.
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
    """MAE, MAPE as a fraction over rows that are not 0, RMSE, R² (for two rows or more)."""
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
    """The above and MASE: MAE / MAE of the one-step naive forecast within `history`."""
    metrics = regression_metrics(actual, predicted)
    naive = float(np.abs(np.diff(history)).mean()) if len(history) > 1 else 0.0
    scaled = metrics["meanAbsoluteError"] / naive if naive > 0 else np.nan
    order = ("meanAbsoluteError", "meanAbsolutePercentError")
    first = {name: metrics.pop(name) for name in order}
    return {**first, "meanAbsoluteScaledError": scaled, **metrics}


def classification_metrics(actual: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    """Macro averages over the classes; ROC area for exactly two (scores of the second).

    `actual` are places of classes and not their labels, which scikit-learn would read anew.
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
