"""Replaces outliers, values far from trend and season, by usual values."""

from __future__ import annotations

import numpy as np
import pandas as pd

FAR = 6.0  # robust standard deviations
MOST = 0.05  # share of all values; if more values are far, none is an outlier
_ENOUGH = 12  # values of the history


def smoothed(history: np.ndarray, seasons: tuple[int, ...]) -> np.ndarray:
    """Returns `history` with outliers replaced by the values that trend and season predict."""
    if len(history) < _ENOUGH:
        return history
    expected = _expected(history, seasons)
    residual = history - expected
    middle = float(np.median(residual))
    deviation = 1.4826 * float(np.median(np.abs(residual - middle)))
    if deviation <= 1e-9 * max(1.0, float(np.abs(history).max())):
        return history
    far = np.abs(residual - middle) > FAR * deviation
    if far.mean() > MOST:
        return history
    return np.where(far, expected, history)


def _expected(history: np.ndarray, seasons: tuple[int, ...]) -> np.ndarray:
    """Returns the values that trend and season predict.

    Uses medians, which a few wild values cannot change: first the median at each step of the
    season, after subtracting a slow trend; then a running median of the values without season.
    """
    season = next((each for each in seasons if len(history) >= 3 * each), 1)
    usual = np.zeros(len(history))
    if season > 1:
        residual = pd.Series(history - _running(history, 4 * season + 1))
        usual = residual.groupby(np.arange(len(history)) % season).transform("median").to_numpy()
    return np.asarray(usual + _running(history - usual, max(7, season + 1 - season % 2)))


def _running(values: np.ndarray, window: int) -> np.ndarray:
    return np.asarray(
        pd.Series(values).rolling(window, center=True, min_periods=1).median().to_numpy()
    )
