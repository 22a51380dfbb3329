"""Loads seasonal series that ship with statsmodels and statsforecast."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels
from statsforecast.utils import AirPassengers
from statsmodels import datasets


@dataclass(frozen=True)
class Known:
    """A series. `season`: the period of the seasonal naive baseline, in intervals."""

    name: str
    values: pd.Series  # indexed by the first day of each interval
    interval: str
    season: int

    @property
    def ahead(self) -> int:
        """Intervals to forecast: those of the M4 competition (Makridakis et al., 2020)."""
        return {"month": 18, "week": 13, "year": 6}[self.interval]


def all_series() -> list[Known]:
    """Returns all series that ship with the libraries."""
    return [
        Known("air passengers", _monthly(AirPassengers, "1949-01-01"), "month", 12),
        Known("CO₂, monthly", _co2("MS"), "month", 12),
        Known("CO₂, weekly", _co2("W-MON"), "week", 52),
        Known("El Niño sea temperature", _el_nino(), "month", 12),
        Known("electrical equipment", _equipment(), "month", 12),
        Known("houses sold in the USA", _houses(), "month", 12),
        Known("sunspots, yearly", _sunspots(), "year", 11),
    ]


def _monthly(values: object, start: str) -> pd.Series:
    values = np.asarray(values, float)
    return pd.Series(values, pd.date_range(start, periods=len(values), freq="MS"))


def _co2(rule: str) -> pd.Series:
    """Returns a series with gaps. The engine must fill them; the baseline interpolates them."""
    closed = {"closed": "left", "label": "left"} if rule.startswith("W") else {}
    return datasets.co2.load_pandas().data["co2"].resample(rule, **closed).mean()


def _el_nino() -> pd.Series:
    wide = datasets.elnino.load_pandas().data
    return _monthly(wide.drop(columns="YEAR").to_numpy().ravel(), f"{int(wide['YEAR'].iloc[0])}-01")


def _equipment() -> pd.Series:
    return _monthly(_shipped("datasets/elec_equip/elec_equip.csv").iloc[:, 1], "1995-01-01")


def _houses() -> pd.Series:
    data = _shipped("tsa/holtwinters/tests/results/housing-data.csv")
    return _monthly(data["HOUSTNSA"], "1959-01-01")


def _shipped(path: str) -> pd.DataFrame:
    return pd.read_csv(Path(statsmodels.__file__).parent / path)


def _sunspots() -> pd.Series:
    data = datasets.sunspots.load_pandas().data
    years = pd.to_datetime(data["YEAR"].astype(int).astype(str) + "-01-01")
    return pd.Series(data["SUNACTIVITY"].to_numpy(), pd.DatetimeIndex(years))
