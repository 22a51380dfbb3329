"""Finds the seasons of a series, and computes sine waves for them."""

from __future__ import annotations

import numpy as np

from .intervals import SEASONS

_CLEAR = 0.3  # least autocorrelation of a peak that counts as a cycle
_SHORTEST = 3  # intervals of a cycle
# Exact lengths of a year, for waves: it is not a whole number of days or weeks.
_EXACT = {365: 365.25, 52: 52.1775}
_WAVES = {7: 3, 12: 5, 24: 6, 52: 6, 168: 10, 365: 8}


def seasons_of(history: np.ndarray, interval: str) -> tuple[int, ...]:
    """Returns the seasons of a history in intervals, shortest first.

    These are the calendar's seasons, or else a clear cycle of the history itself.
    """
    usual = tuple(each for each in SEASONS[interval] if len(history) >= 2 * each + 1)
    if usual:
        return usual
    cycle = _cycle(history)
    return (cycle,) if cycle else ()


def _cycle(history: np.ndarray) -> int | None:
    """Returns the lag of the highest clear peak of the detrended autocorrelation, or None."""
    count = len(history)
    longest = count // 3
    if longest <= _SHORTEST + 1 or np.ptp(history) == 0:
        return None
    steps = np.arange(count)
    residual = history - np.polyval(np.polyfit(steps, history, 1), steps)
    power = float((residual**2).sum())
    if power <= 0:
        return None
    lags = np.arange(_SHORTEST - 1, min(longest, 400) + 2)
    strength = np.array([(residual[lag:] * residual[:-lag]).sum() / power for lag in lags])
    inner = strength[1:-1]
    peaks = (inner > strength[:-2]) & (inner >= strength[2:])
    clear = peaks & (inner > max(_CLEAR, 2 / np.sqrt(count)))
    if not clear.any():
        return None
    best = int(np.argmax(np.where(clear, inner, -np.inf)))
    return int(lags[best + 1])


def waves(count: int, seasons: tuple[int, ...]) -> np.ndarray:
    """Returns sines and cosines for steps 0 … count−1, as columns of a (count, waves) matrix.

    A frequency that several seasons share occurs once.
    """
    steps = np.arange(count)
    columns: list[np.ndarray] = []
    speeds: list[float] = []
    for season in seasons:
        period = _EXACT.get(season, float(season))
        for wave in range(1, min(_WAVES.get(season, 3), season // 2) + 1):
            speed = wave / period
            if any(abs(speed - other) < 1e-3 * speed for other in speeds):
                continue
            speeds.append(speed)
            columns.append(np.cos(2 * np.pi * speed * steps))
            if speed < 0.5:
                columns.append(np.sin(2 * np.pi * speed * steps))
    return np.column_stack(columns) if columns else np.zeros((count, 0))
