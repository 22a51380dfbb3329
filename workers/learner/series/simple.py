"""Simple contestants: repetition of the season, mean of the seasons, and autoregression."""

from __future__ import annotations

import numpy as np
from statsmodels.tsa.ar_model import AutoReg

from .outlook import Outlook, normal

_ROUNDS = 10  # most seasons to average
_RECENT = 2_000  # most recent values to use


def naive(history: np.ndarray, seasons: tuple[int, ...], steps: int) -> Outlook:
    """Repeats the last season, or the last value if there is no season."""
    season = longest_season(history, seasons)
    mean = np.tile(history[-season:], steps // season + 1)[:steps]
    change = history[season:] - history[:-season]
    deviation = float(np.sqrt(np.mean(change**2))) if change.size else 0.0
    rounds = np.arange(steps) // season + 1
    return normal(mean, deviation * np.sqrt(rounds))


def usual_season(history: np.ndarray, seasons: tuple[int, ...], steps: int) -> Outlook:
    """Repeats the average of the last seasons, moved to the level of the last one.

    Raises ValueError if there is no season.
    """
    season = longest_season(history, seasons)
    if season == 1:
        raise ValueError("there is no season")
    rounds = min(_ROUNDS, len(history) // season)
    table = history[-rounds * season :].reshape(rounds, season)
    shape = (table - table.mean(axis=1, keepdims=True)).mean(axis=0)
    mean = np.tile(shape, steps // season + 1)[:steps] + table[-1].mean()
    levels = np.diff(table.mean(axis=1))
    noise = (table - table.mean(axis=1, keepdims=True) - shape).std()
    ahead = np.arange(steps) // season + 1
    return normal(mean, np.sqrt(noise**2 + ahead * np.mean(levels**2)))


def autoregression(history: np.ndarray, seasons: tuple[int, ...], steps: int) -> Outlook:
    """Forecasts by an autoregression, fitted by least squares. AIC chooses the number of lags."""
    recent = history[-_RECENT:]
    count = len(recent)
    season = longest_season(recent, seasons)
    longest = min(max(2 * season + 1, int(10 * np.log10(count))), count // 4, 60)
    fits = [AutoReg(recent, lags, hold_back=longest).fit() for lags in range(1, longest + 1)]
    lags = int(np.argmin([fit.aic for fit in fits])) + 1
    fit = AutoReg(recent, lags).fit()
    ahead = fit.get_prediction(count, count + steps - 1)
    return normal(np.asarray(ahead.predicted_mean), np.asarray(ahead.se_mean))


def longest_season(history: np.ndarray, seasons: tuple[int, ...]) -> int:
    """Returns the longest season that the history contains twice, or 1."""
    return max((each for each in seasons if len(history) >= 2 * each), default=1)
