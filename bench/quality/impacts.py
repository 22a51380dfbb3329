"""Impact: is a known effect inside the interval, and is nothing claimed where nothing happened?

Half of the runs cut a window out of a real series at random, the other half simulate a daily
series with a weekly season and a covariate. With an effect, every interval of the window is raised
by a known amount.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .learner_calls import answer_of
from .series import Known, all_series

WINDOW = 6
_HISTORY = 120


@dataclass(frozen=True)
class Impacts:
    """Counts of runs, and of the effects found in them."""

    runs: int
    inside: int  # runs with an effect where the interval holds it
    noticed: int  # of these with p < 0.05
    false_alarms: int  # runs without an effect with p < 0.05


def impacts(runs: int) -> tuple[Impacts, Impacts]:
    """Returns the counts for real series and for simulated series."""
    return _measured(runs // 2, _real), _measured(runs - runs // 2, _simulated)


def _measured(runs: int, cut: Callable[[np.random.Generator, int], Any]) -> Impacts:
    inside = noticed = false_alarms = 0
    for run in range(runs):
        rng = np.random.default_rng(1000 + run)
        data, interval = cut(rng, run)
        _, _, p_value = _effect(data, interval)
        false_alarms += p_value < 0.05
        raised = data.copy()
        lift = float(rng.uniform(0.5, 2.0)) * float(data["value"].iloc[:-WINDOW].std())
        raised.loc[raised.index[-WINDOW:], "value"] += lift
        lower, upper, p_value = _effect(raised, interval)
        inside += lower <= lift * WINDOW <= upper
        noticed += p_value < 0.05
    return Impacts(runs, int(inside), int(noticed), int(false_alarms))


def _effect(data: pd.DataFrame, interval: str) -> tuple[float, float, float]:
    roles = {"time": "timestamp", "value": "target"}
    roles |= {name: "feature" for name in data.columns if name not in roles}
    window = {"start": str(data["time"].iloc[-WINDOW]), "end": str(data["time"].iloc[-1])}
    with answer_of("impact", data, roles, interval=interval, **window) as answer:
        between = answer.result["details"]["effectInterval"]
        return between["lower"], between["upper"], answer.result["metrics"]["pValue"]


def _real(rng: np.random.Generator, run: int) -> tuple[pd.DataFrame, str]:
    known: Known = [each for each in all_series() if each.interval == "month"][run % 5]
    values = known.values.interpolate()
    length = min(_HISTORY, len(values) - WINDOW)
    start = int(rng.integers(0, len(values) - length - WINDOW + 1))
    part = values.iloc[start : start + length + WINDOW]
    times = part.index.strftime("%Y-%m-%d")
    return pd.DataFrame({"time": times, "value": part.to_numpy()}), known.interval


def _simulated(rng: np.random.Generator, run: int) -> tuple[pd.DataFrame, str]:
    count = _HISTORY + WINDOW
    steps = np.arange(count)
    covariate = np.cumsum(rng.normal(size=count)) + 50
    weekly = np.tile(rng.normal(scale=3.0, size=7), count // 7 + 1)[:count]
    errors = np.zeros(count)
    for i in range(1, count):
        errors[i] = 0.6 * errors[i - 1] + rng.normal()
    values = 100 + 1.2 * covariate + weekly + errors + 0.02 * steps
    times = pd.date_range("2017-01-01", periods=count).strftime("%Y-%m-%d")
    return pd.DataFrame({"time": times, "value": values, "covariate": covariate}), "day"
