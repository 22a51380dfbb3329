"""Contestants that use only the target: the automatic methods of statsforecast.

Each is a function of a history, its seasons and the number of steps ahead, and returns an outlook.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from statsforecast import models

from ..contest import Algorithm
from .outlook import Outlook, separate_levels
from .simple import autoregression, naive, usual_season

Method = Callable[[np.ndarray, tuple[int, ...], int], Outlook]

# The longest season for ETS and ARIMA: their state grows with the season, their time with its
# square.
LONGEST_SEASON = 24
ENOUGH = 20  # values above which an autoregression is tried
# The most recent values that a method uses. Older ones take time and have little effect.
RECENT = {"arima": 600, "ces": 800, "ets": 1_000, "theta": 1_000, "mstl": 12_000}

_LEVELS = [60, 90, 98]
_COLUMNS = ("lo-98", "lo-90", "lo-60", "mean", "hi-60", "hi-90", "hi-98")


@dataclass(frozen=True)
class Univariate:
    """A method that uses only the history of the target."""

    algorithm: Algorithm
    method: Method


def _forecast(model: Any, history: np.ndarray, steps: int) -> Outlook:
    values = np.ascontiguousarray(history, float)
    answer = model.forecast(y=values, h=steps, level=_LEVELS)
    rows = {name.replace(".0", ""): np.asarray(values) for name, values in answer.items()}
    return separate_levels(np.stack([rows[name] for name in _COLUMNS]))


def short(seasons: tuple[int, ...], history: np.ndarray) -> int:
    """Returns the longest season that is not too long for ETS or ARIMA and that occurs twice."""
    fits = [each for each in seasons if each <= LONGEST_SEASON and len(history) >= 2 * each + 2]
    return max(fits, default=1)


def _ets(history: np.ndarray, seasons: tuple[int, ...], steps: int) -> Outlook:
    recent = history[-RECENT["ets"] :]
    return _forecast(models.AutoETS(season_length=short(seasons, recent)), recent, steps)


def _theta(history: np.ndarray, seasons: tuple[int, ...], steps: int) -> Outlook:
    recent = history[-RECENT["theta"] :]
    return _forecast(models.AutoTheta(season_length=short(seasons, recent)), recent, steps)


def _ces(history: np.ndarray, seasons: tuple[int, ...], steps: int) -> Outlook:
    recent = history[-RECENT["ces"] :]
    return _forecast(models.AutoCES(season_length=short(seasons, recent)), recent, steps)


def _arima_of(season: int) -> Any:
    """Returns a stepwise search with approximated likelihoods, which takes only seconds."""
    return models.AutoARIMA(
        season_length=season, approximation=True, max_p=3, max_q=3, max_P=1, max_Q=1
    )


def _arima(history: np.ndarray, seasons: tuple[int, ...], steps: int) -> Outlook:
    recent = history[-RECENT["arima"] :]
    return _forecast(_arima_of(short(seasons, recent)), recent, steps)


def _mstl(history: np.ndarray, seasons: tuple[int, ...], steps: int) -> Outlook:
    recent = history[-RECENT["mstl"] :]
    fits = [each for each in seasons if len(recent) >= 2 * each + 1]
    if not fits:
        raise ValueError("no season was seen twice")
    return _forecast(models.MSTL(season_length=fits, trend_forecaster=_trend()), recent, steps)


def _trend() -> Any:
    return models.AutoETS(season_length=1, model="ZZN")


def logarithmic(method: Method) -> Method:
    """Returns the method applied to logarithms, for positive values that grow by percentages."""

    def on_logarithms(history: np.ndarray, seasons: tuple[int, ...], steps: int) -> Outlook:
        return np.exp(method(np.log(history), seasons, steps))

    return on_logarithms


NAIVE = Univariate(
    Algorithm(
        "seasonal-naive", "Seasonal naive", "Repeats the last season, or the last value if none"
    ),
    naive,
)
USUAL = Univariate(
    Algorithm("seasonal-mean", "Seasonal mean", "Average of the last seasons at the last level"),
    usual_season,
)
AUTOREGRESSION = Univariate(
    Algorithm("autoregression", "Autoregression", "Least squares on earlier values"),
    autoregression,
)
ETS = Univariate(
    Algorithm("ets", "Exponential smoothing", "ETS, with error, trend and season chosen by AICc"),
    _ets,
)
THETA = Univariate(
    Algorithm("theta", "Theta", "Theta method, its variant chosen by the fit"), _theta
)
CES = Univariate(
    Algorithm("ces", "Complex exponential smoothing", "CES, with its season chosen by AICc"),
    _ces,
)
ARIMA = Univariate(
    Algorithm("arima", "ARIMA", "Seasonal ARIMA, its orders chosen step by step by AICc"),
    _arima,
)
MSTL = Univariate(
    Algorithm(
        "stl-ets", "STL and exponential smoothing", "Seasons taken out by STL, the rest by ETS"
    ),
    _mstl,
)
LOG_ARIMA = Univariate(
    Algorithm("log-arima", "ARIMA on logarithms", "Seasonal ARIMA of the target's logarithm"),
    logarithmic(_arima),
)
LOG_MSTL = Univariate(
    Algorithm(
        "log-stl-ets",
        "STL and exponential smoothing on logarithms",
        "Seasons of the target's logarithm taken out by STL, the rest by ETS",
    ),
    logarithmic(_mstl),
)


def contestants(history: np.ndarray, seasons: tuple[int, ...]) -> list[Univariate]:
    """Returns the methods to try on this history, cheapest first."""
    seasonal = any(len(history) >= 2 * each + 1 for each in seasons)
    chosen = [NAIVE, ETS, THETA, CES, ARIMA]
    if len(history) > ENOUGH:
        chosen.append(AUTOREGRESSION)
    if seasonal:
        chosen += [USUAL, MSTL]
    smallest, largest = float(history.min()), float(history.max())
    if smallest > 0 and largest / smallest > 1.5:
        chosen.append(LOG_ARIMA)
        if seasonal:
            chosen.append(LOG_MSTL)
    return chosen
