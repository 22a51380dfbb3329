"""The baseline of a history: its trend, its season and the autocorrelation of its errors.

A feature has an influence only if it explains more than the baseline.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .season import waves

_SHORT = 24  # seasons up to this length have a level for each step, longer ones have waves
_MAX_LAGS = 5
_ROUNDS = 3  # iterations of the fit
_WILD = 5.0  # robust deviations to which an error is clipped


@dataclass(frozen=True)
class Baseline:
    """The fitted baseline. Arrays of steps lack the first steps, which the autoregression needs.

    `target`: the residuals of the history, without autocorrelation. `dof`: degrees of freedom.
    `leverage`: of each step in the fit of trend and season.
    """

    target: np.ndarray
    dof: int
    leverage: np.ndarray
    _design: np.ndarray
    _ar_weights: np.ndarray
    _seasons: tuple[int, ...]

    def without_autocorrelation(self, values: np.ndarray) -> np.ndarray:
        """Returns `values`, (steps,) or (steps, columns), without the errors' autocorrelation."""
        return _without_autocorrelation(values, self._ar_weights)

    def residual_of(self, values: np.ndarray) -> np.ndarray:
        """Returns the residuals of `values` from trend and season, without autocorrelation."""
        return _residual(
            self.without_autocorrelation(self._design), self.without_autocorrelation(values)
        )

    def smooth(self, history: np.ndarray) -> np.ndarray:
        """Returns the history without its noise."""
        fitted = history - _residual(self._design, history)
        window = 2 * max((s for s in self._seasons if s <= _SHORT), default=3) + 1
        residual = pd.Series(history - fitted)
        return np.asarray(
            fitted + residual.rolling(window, center=True, min_periods=1).mean().to_numpy()
        )


def fit_baseline(
    history: np.ndarray, seasons: tuple[int, ...], features: np.ndarray
) -> Baseline | None:
    """Fits the baseline of a history. Returns None if the history is too short or constant.

    `features` (steps, features) take part in the fit, so that their influence is not attributed to
    season or autocorrelation.
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
    clipped = _clip_outliers(history, both)
    ar_weights = np.zeros(0)
    for _ in range(_ROUNDS):
        past = _without_autocorrelation(both, ar_weights)
        weights = np.linalg.lstsq(past, _without_autocorrelation(clipped, ar_weights), rcond=None)[
            0
        ]
        ar_weights = _fit_autoregression(clipped - both @ weights)
    past = _without_autocorrelation(design, ar_weights)
    target = _residual(past, _without_autocorrelation(clipped, ar_weights))
    basis, sizes, _ = np.linalg.svd(past, full_matrices=False)
    basis = basis[:, sizes > sizes.max() * max(past.shape) * np.finfo(float).eps]
    dof = len(target) - basis.shape[1] - len(ar_weights)
    return Baseline(target, dof, (basis**2).sum(axis=1), design, ar_weights, seasons)


def _design(count: int, seasons: tuple[int, ...]) -> np.ndarray:
    steps = np.arange(count)
    way = steps / max(1, count - 1)
    blocks = [np.column_stack([np.ones(count), way, way**2])]
    repeated = tuple(each for each in seasons if count >= 2 * each)
    for season in repeated:
        if season <= _SHORT:
            blocks += [(steps[:, None] % season == np.arange(1, season)).astype(float)]
    blocks.append(waves(count, tuple(each for each in repeated if each > _SHORT)))
    return np.column_stack(blocks)


def _clip_outliers(history: np.ndarray, design: np.ndarray) -> np.ndarray:
    """Returns the history with large errors clipped, because one of them could hide all else."""
    for _ in range(2):
        residual = _residual(design, history)
        deviation = 1.4826 * float(np.median(np.abs(residual - np.median(residual))))
        if deviation <= 1e-9 * max(1.0, float(np.abs(history).max())):
            break
        reach = _WILD * deviation
        history = history - residual + np.clip(residual, -reach, reach)
    return history


def _residual(design: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.asarray(values - design @ np.linalg.lstsq(design, values, rcond=None)[0])


def _without_autocorrelation(values: np.ndarray, ar_weights: np.ndarray) -> np.ndarray:
    """Subtracts from each value its prediction from the values before; drops the first values."""
    lags = len(ar_weights)
    result = values[lags:].astype(float)
    for i, weight in enumerate(ar_weights):
        result = result - weight * values[lags - 1 - i : len(values) - 1 - i]
    return result


def _fit_autoregression(errors: np.ndarray) -> np.ndarray:
    """Returns the weights of an autoregression. AIC chooses their number."""
    count = len(errors)
    most = min(_MAX_LAGS, count // 20)
    if most == 0 or np.ptp(errors) == 0:
        return np.zeros(0)
    target = errors[most:]
    lagged = np.column_stack([errors[most - 1 - i : count - 1 - i] for i in range(most)])
    best, ar_weights = len(target) * np.log(float((target**2).mean()) + 1e-300), np.zeros(0)
    for lags in range(1, most + 1):
        weights = np.linalg.lstsq(lagged[:, :lags], target, rcond=None)[0]
        residual = target - lagged[:, :lags] @ weights
        score = len(target) * np.log(float((residual**2).mean()) + 1e-300) + 2 * lags
        if score < best:
            best, ar_weights = score, weights
    return ar_weights
