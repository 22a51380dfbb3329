"""Forecasts against seasonal naive: MASE, averaged over several ends of the history."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .learner_calls import answer_of
from .series import Known, all_series


@dataclass(frozen=True)
class Forecasted:
    """One series: our MASE beside that of the seasonal naive forecast."""

    name: str
    ours: float  # MASE
    naive: float
    champions: list[str]
    covered: float  # share of values between the levels 0.05 and 0.95
    seconds: float  # of the slowest session


def forecasts(origins: int) -> Iterator[Forecasted]:
    """Forecasts each series from `origins` different ends of its history."""
    for known in all_series():
        ours, naive, champions, covered, seconds = [], [], [], [], []
        for back in range(origins):
            past, future = _cut(known, back)
            started = time.perf_counter()
            predicted, inside, champion = _ask(known, past, future)
            seconds.append(time.perf_counter() - started)
            truth = future.to_numpy()
            filled = past.interpolate().to_numpy()
            scale = np.abs(np.diff(filled)).mean()
            ours.append(np.nanmean(np.abs(truth - predicted)) / scale)
            repeated = np.tile(filled[-known.season :], len(truth) // known.season + 1)
            naive.append(np.nanmean(np.abs(truth - repeated[: len(truth)])) / scale)
            champions.append(champion)
            covered.append(inside)
        yield Forecasted(
            known.name,
            float(np.mean(ours)),
            float(np.mean(naive)),
            champions,
            float(np.mean(covered)),
            max(seconds),
        )


def _cut(known: Known, back: int) -> tuple[pd.Series, pd.Series]:
    """Splits a series into history and future, `back` forecasts before the end of the series."""
    last = len(known.values) - back * known.ahead
    return known.values.iloc[: last - known.ahead], known.values.iloc[last - known.ahead : last]


def _ask(known: Known, past: pd.Series, future: pd.Series) -> tuple[np.ndarray, float, str]:
    data = pd.DataFrame({"time": past.index.strftime("%Y-%m-%d"), "value": past.to_numpy()})
    window = {"start": str(future.index[0]), "end": str(future.index[-1])}
    roles = {"time": "timestamp", "value": "target"}
    with answer_of("forecast", data, roles, interval=known.interval, **window) as answer:
        rows = answer.rows()
        times = pd.to_datetime(rows["time"], utc=True).dt.tz_localize(None)
        if list(times) != list(future.index):
            raise AssertionError(f"{known.name}: rows {times.iloc[0]} … are not the requested ones")
        files = answer.result["rows"]["files"]
        low, high = (answer.rows(files[level])["value"].to_numpy() for level in ("0.05", "0.95"))
        truth = future.to_numpy()
        known_rows = ~np.isnan(truth)
        inside = float(((truth >= low) & (truth <= high))[known_rows].mean())
        return rows["value"].to_numpy(), inside, answer.result["algorithm"]["key"]
