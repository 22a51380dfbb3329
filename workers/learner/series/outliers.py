"""Values that stand far outside of their season and trend, and what would be usual instead."""

from __future__ import annotations

import numpy as np
import pandas as pd
from statsmodels.tsa.seasonal import STL

FAR = 5.0  # robust standard deviations
MOST = 0.05  # of all values: what is more frequent than this is no outlier
_ENOUGH = 12
_SLOW = 20_000


def smoothed(history: np.ndarray, seasons: tuple[int, ...]) -> np.ndarray:
    """`history` with outliers replaced by what trend and season expect; equal where it is usual."""
    if len(history) < _ENOUGH:
        return history
    expected = _expected(history, seasons)
    rest = history - expected
    middle = float(np.median(rest))
    deviation = 1.4826 * float(np.median(np.abs(rest - middle)))
    if deviation <= 1e-9 * max(1.0, float(np.abs(history).max())):
        return history
    far = np.abs(rest - middle) > FAR * deviation
    if far.mean() > MOST:
        return history
    return np.where(far, expected, history)


def _expected(history: np.ndarray, seasons: tuple[int, ...]) -> np.ndarray:
    season = next((each for each in seasons if len(history) >= 3 * each), None)
    if season is not None and season > 1 and len(history) <= _SLOW:
        parts = STL(history, period=season, robust=True).fit(inner_iter=2, outer_iter=4)
        return parts.trend + parts.seasonal
    return pd.Series(history).rolling(7, center=True, min_periods=1).median().to_numpy()
