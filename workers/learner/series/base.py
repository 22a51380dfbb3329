"""Trend and season of a history, and the memory of its errors.

A feature's influence must stand out from these.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .season import waves

_SHORT = 24  # seasons up to this have a level per step, longer ones waves
_MOST_LAGS = 5
_ROUNDS = 3
_WILD = 5.0  # robust deviations beyond which an error is cut


@dataclass(frozen=True)
class Base:
    """`target` is what trend and season leave of the history, with its memory taken out."""

    target: np.ndarray
    freedom: int
    leverage: np.ndarray  # of each value on the trend and season that it is compared with
    _design: np.ndarray
    _memory: np.ndarray
    _seasons: tuple[int, ...]

    def filtered(self, values: np.ndarray) -> np.ndarray:
        """`values` (steps, or steps × columns) with the memory of the rest taken out."""
        return _filtered(values, self._memory)

    def rest_of(self, values: np.ndarray) -> np.ndarray:
        """What trend and season leave of `values`, with the same memory taken out."""
        return _rest(self.filtered(self._design), self.filtered(values))

    def smooth(self, history: np.ndarray) -> np.ndarray:
        """The history without its noise."""
        fitted = history - _rest(self._design, history)
        window = 2 * max((s for s in self._seasons if s <= _SHORT), default=3) + 1
        rest = pd.Series(history - fitted)
        return np.asarray(
            fitted + rest.rolling(window, center=True, min_periods=1).mean().to_numpy()
        )


def base_of(history: np.ndarray, seasons: tuple[int, ...], features: np.ndarray) -> Base | None:
    """The base of a history; None if the history is too short.

    It is fitted together with `features`, so that their influence is not taken for season or
    memory.
    """
    count = len(history)
    if features.shape[1] == 0 or np.ptp(history) == 0:
        return None
    design = _design(count, seasons)
    if count < 2 * design.shape[1] + features.shape[1] + 10:
        design = _design(count, ())
    if count < design.shape[1] + features.shape[1] + 10:
        return None
    both = np.column_stack([design, features])
    cut = _cut(history, both)
    memory = np.zeros(0)
    for _ in range(_ROUNDS):
        past = _filtered(both, memory)
        weights = np.linalg.lstsq(past, _filtered(cut, memory), rcond=None)[0]
        memory = _memory(cut - both @ weights)
    past = _filtered(design, memory)
    target = _rest(past, _filtered(cut, memory))
    left, sizes, _ = np.linalg.svd(past, full_matrices=False)
    left = left[:, sizes > sizes.max() * max(past.shape) * np.finfo(float).eps]
    freedom = len(target) - left.shape[1] - len(memory)
    return Base(target, freedom, (left**2).sum(axis=1), design, memory, seasons)


def _design(count: int, seasons: tuple[int, ...]) -> np.ndarray:
    steps = np.arange(count)
    way = steps / max(1, count - 1)
    blocks = [np.column_stack([np.ones(count), way, way**2])]
    seen = tuple(each for each in seasons if count >= 2 * each)
    for season in seen:
        if season <= _SHORT:
            blocks += [(steps[:, None] % season == np.arange(1, season)).astype(float)]
    blocks.append(waves(count, tuple(each for each in seen if each > _SHORT)))
    return np.column_stack(blocks)


def _cut(history: np.ndarray, design: np.ndarray) -> np.ndarray:
    """The history with wild errors cut: one of them would hide everything else."""
    for _ in range(2):
        rest = _rest(design, history)
        deviation = 1.4826 * float(np.median(np.abs(rest - np.median(rest))))
        if deviation <= 1e-9 * max(1.0, float(np.abs(history).max())):
            break
        reach = _WILD * deviation
        history = history - rest + np.clip(rest, -reach, reach)
    return history


def _rest(design: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.asarray(values - design @ np.linalg.lstsq(design, values, rcond=None)[0])


def _filtered(values: np.ndarray, memory: np.ndarray) -> np.ndarray:
    """Each value without what the values before it say about it; the first ones are lost."""
    lags = len(memory)
    result = values[lags:].astype(float)
    for i, weight in enumerate(memory):
        result = result - weight * values[lags - 1 - i : len(values) - 1 - i]
    return result


def _memory(errors: np.ndarray) -> np.ndarray:
    """Weights of an autoregression, as many as AIC finds worth it."""
    count = len(errors)
    most = min(_MOST_LAGS, count // 20)
    if most == 0 or np.ptp(errors) == 0:
        return np.zeros(0)
    target = errors[most:]
    lagged = np.column_stack([errors[most - 1 - i : count - 1 - i] for i in range(most)])
    best, memory = len(target) * np.log(float((target**2).mean()) + 1e-300), np.zeros(0)
    for lags in range(1, most + 1):
        weights = np.linalg.lstsq(lagged[:, :lags], target, rcond=None)[0]
        left = target - lagged[:, :lags] @ weights
        score = len(target) * np.log(float((left**2).mean()) + 1e-300) + 2 * lags
        if score < best:
            best, memory = score, weights
    return memory
