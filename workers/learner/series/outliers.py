"""Values that stand far outside of their season and trend, and what would be usual instead."""

from __future__ import annotations

import numpy as np
import pandas as pd

FAR = 6.0  # robust standard deviations
MOST = 0.05  # of all values: what is more frequent than this is no outlier
_ENOUGH = 12


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
    """Medians all the way, which a few wild values cannot move.

    First those of what is left of a slow trend at each step of the season, then those of the
    neighbourhood without the season.
    """
    season = next((each for each in seasons if len(history) >= 3 * each), 1)
    usual = np.zeros(len(history))
    if season > 1:
        rest = pd.Series(history - _running(history, 4 * season + 1))
        usual = rest.groupby(np.arange(len(history)) % season).transform("median").to_numpy()
    return np.asarray(usual + _running(history - usual, max(7, season + 1 - season % 2)))


def _running(values: np.ndarray, window: int) -> np.ndarray:
    return np.asarray(
        pd.Series(values).rolling(window, center=True, min_periods=1).median().to_numpy()
    )
