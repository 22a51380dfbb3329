"""Contestants that model the target by trend and seasonal waves."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import Ridge

from ..contest import Algorithm
from .outlook import Outlook, normal
from .season import waves
from .univariate import ARIMA, LONGEST_SEASON

LINEAR = Algorithm(
    "linear-season",
    "Linear regression with trend and season",
    "Trend and seasonal waves; its errors decay as a first-order autoregression",
)
WITH_REGRESSORS = Algorithm(
    "arimax",
    "ARIMA with regressors",
    "ARIMA errors around the waves of long seasons",
)
# The data should have about ten observations for each feature.
MOST_FEATURES = 20
_RECENT = 800  # most recent values to use
_RANDOM_WALK = 0.9  # autocorrelation above which errors are treated as a random walk


def linear(history: np.ndarray, seasons: tuple[int, ...], steps: int) -> Outlook:
    """Forecasts `steps` steps by ridge regression on a trend and waves for each season."""
    count = len(history)
    design = _design(count, steps, seasons)
    model = _ridge().fit(design[:count], history)
    fitted = model.predict(design)
    residual = history - fitted[:count]
    before, after = residual[:-1], residual[1:]
    power = float((before**2).sum())
    autocorrelation = float(np.clip((before * after).sum() / power, 0, 0.98)) if power > 0 else 0.0
    ahead = np.arange(1, steps + 1)
    mean = fitted[count:] + residual[-1] * autocorrelation**ahead
    dof = max(1, count - design.shape[1] - 2)
    variance = float(((after - autocorrelation * before) ** 2).sum()) / dof
    growth = (1 - autocorrelation ** (2 * ahead)) / (1 - autocorrelation**2)
    return normal(mean, np.sqrt(variance * growth))


def with_regressors(history: np.ndarray, seasons: tuple[int, ...], steps: int) -> Outlook:
    """Forecasts by waves for long seasons, and ARIMA for their errors with the short seasons.

    First the coefficients of the waves are fitted, then ARIMA, because a joint search takes thirty
    times as long. If the errors are like a random walk, the coefficients are fitted to differences,
    because a fit to levels would be misleading.
    """
    recent = history[-_RECENT:]
    long = tuple(each for each in seasons if each > LONGEST_SEASON)
    whole = waves(len(history) + steps, long)
    design = scaled(whole[len(history) - len(recent) :], len(recent))
    past = design[: len(recent)]
    weights = _weights(past, recent)
    residual = recent - past @ weights
    if _autocorrelation(residual - residual.mean()) > _RANDOM_WALK:
        weights = _weights(np.diff(past, axis=0), np.diff(recent))
    explained = design @ weights
    outlook = ARIMA.method(recent - explained[: len(recent)], seasons, steps)
    return np.asarray(outlook + explained[len(recent) :])


def _weights(design: np.ndarray, target: np.ndarray) -> np.ndarray:
    return np.asarray(_ridge().fit(design, target).coef_)


def _autocorrelation(residual: np.ndarray) -> float:
    """Returns the correlation of each value with the one before it."""
    power = float((residual**2).sum())
    return float((residual[1:] * residual[:-1]).sum()) / power if power > 0 else 0.0


def chosen_features(history: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Returns the indices of the features to use: those most correlated with the target's changes.

    `features` is (steps, features).
    """
    count = len(history)
    most = max(1, min(MOST_FEATURES, count // 10))
    if features.shape[1] <= most:
        return np.arange(features.shape[1])
    moves = np.diff(history)
    changes = np.diff(features[:count], axis=0)
    scale = changes.std(axis=0) * max(float(moves.std()), 1e-12)
    with np.errstate(divide="ignore", invalid="ignore"):
        strength = np.abs((changes - changes.mean(axis=0)).T @ (moves - moves.mean())) / scale
    ranked = np.argsort(-np.nan_to_num(strength, posinf=0.0), kind="stable")
    return np.sort(ranked[:most])


def _ridge() -> Ridge:
    return Ridge(alpha=1e-3, solver="cholesky")


def _design(count: int, steps: int, seasons: tuple[int, ...]) -> np.ndarray:
    total = count + steps
    trend = (np.arange(total) / max(1, count - 1))[:, None]
    repeated = tuple(each for each in seasons if count >= 2 * each)
    return np.column_stack([trend, waves(total, repeated)])


def scaled(design: np.ndarray, count: int) -> np.ndarray:
    """Standardizes each column by the mean and deviation of its first `count` rows."""
    past = design[:count]
    deviation = past.std(axis=0)
    return np.asarray((design - past.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0))
