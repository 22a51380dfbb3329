"""In which periods a series may repeat itself, and waves that follow them."""

from __future__ import annotations

import numpy as np

from .intervals import SEASONS

_CLEAR = 0.3  # autocorrelation from which a peak counts as a cycle
_SHORTEST = 3
# A year has no whole number of days or weeks; waves can follow it all the same.
_EXACT = {365: 365.25, 52: 52.1775}
_WAVES = {7: 3, 12: 5, 24: 6, 52: 6, 168: 10, 365: 8}


def seasons_of(history: np.ndarray, interval: str) -> tuple[int, ...]:
    """Whole periods, shortest first: those of the calendar, else a clear cycle of its own."""
    usual = tuple(each for each in SEASONS[interval] if len(history) >= 2 * each + 1)
    if usual:
        return usual
    cycle = _cycle(history)
    return (cycle,) if cycle else ()


def _cycle(history: np.ndarray) -> int | None:
    """The lag of the highest peak of the autocorrelation after taking out a straight line."""
    count = len(history)
    longest = count // 3
    if longest <= _SHORTEST + 1 or np.ptp(history) == 0:
        return None
    steps = np.arange(count)
    rest = history - np.polyval(np.polyfit(steps, history, 1), steps)
    power = float((rest**2).sum())
    if power <= 0:
        return None
    lags = np.arange(_SHORTEST - 1, min(longest, 400) + 2)
    strength = np.array([(rest[lag:] * rest[:-lag]).sum() / power for lag in lags])
    inner = strength[1:-1]
    peaks = (inner > strength[:-2]) & (inner >= strength[2:])
    clear = peaks & (inner > max(_CLEAR, 2 / np.sqrt(count)))
    if not clear.any():
        return None
    best = int(np.argmax(np.where(clear, inner, -np.inf)))
    return int(lags[best + 1])


def waves(count: int, seasons: tuple[int, ...]) -> np.ndarray:
    """Sines and cosines for steps 0 … count−1, a column each; a harmonic is not repeated."""
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
