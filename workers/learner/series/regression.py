"""Contestants that explain the target by trend and seasonal waves."""

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
# Features that the data can tell apart: about ten observations for each.
MOST_FEATURES = 20
_RECENT = 800
_WALKS = 0.9  # memory of errors from which they count as a random walk


def linear(history: np.ndarray, seasons: tuple[int, ...], steps: int) -> Outlook:
    """A trend with waves for each season, by ridge regression; `steps` steps ahead."""
    count = len(history)
    design = _design(count, steps, seasons)
    model = _ridge().fit(design[:count], history)
    fitted = model.predict(design)
    rest = history - fitted[:count]
    before, after = rest[:-1], rest[1:]
    power = float((before**2).sum())
    memory = float(np.clip((before * after).sum() / power, 0, 0.98)) if power > 0 else 0.0
    ahead = np.arange(1, steps + 1)
    mean = fitted[count:] + rest[-1] * memory**ahead
    freedom = max(1, count - design.shape[1] - 2)
    surprise = float(((after - memory * before) ** 2).sum()) / freedom
    growth = (1 - memory ** (2 * ahead)) / (1 - memory**2)
    return normal(mean, np.sqrt(surprise * growth))


def with_regressors(history: np.ndarray, seasons: tuple[int, ...], steps: int) -> Outlook:
    """Seasons that ARIMA can follow stay with it, longer ones become waves.

    In two steps, coefficients and then the errors' ARIMA: a joint search takes thirty times as
    long. Coefficients come from differences if the errors walk, else levels would deceive.
    """
    recent = history[-_RECENT:]
    long = tuple(each for each in seasons if each > LONGEST_SEASON)
    whole = waves(len(history) + steps, long)
    design = scaled(whole[len(history) - len(recent) :], len(recent))
    past = design[: len(recent)]
    weights = _weights(past, recent)
    rest = recent - past @ weights
    if _memory(rest - rest.mean()) > _WALKS:
        weights = _weights(np.diff(past, axis=0), np.diff(recent))
    explained = design @ weights
    outlook = ARIMA.method(recent - explained[: len(recent)], seasons, steps)
    return np.asarray(outlook + explained[len(recent) :])


def _weights(design: np.ndarray, target: np.ndarray) -> np.ndarray:
    return np.asarray(_ridge().fit(design, target).coef_)


def _memory(rest: np.ndarray) -> float:
    """Correlation of each value with the one before it."""
    power = float((rest**2).sum())
    return float((rest[1:] * rest[:-1]).sum()) / power if power > 0 else 0.0


def chosen_features(history: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Indices of the features to use: those most correlated with the target's changes."""
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
    seen = tuple(each for each in seasons if count >= 2 * each)
    return np.column_stack([trend, waves(total, seen)])


def scaled(design: np.ndarray, count: int) -> np.ndarray:
    """Columns less their mean, in units of their deviation, both of the first `count` rows."""
    past = design[:count]
    deviation = past.std(axis=0)
    return np.asarray((design - past.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0))
