"""Estimates how the target reacts to the features, as a change of a forecast without them.

So every method can forecast the target without the features, and the reaction to future features
is the same for all methods. A feature is used only if its influence is clear, both in the
residuals from trend and season and on held-out parts of the history.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from .baseline import Baseline, fit_baseline
from .outlook import LEVELS, MIDDLE, Outlook, Z

_RECENT = 20_000  # most recent intervals to use
_RISK = 0.005  # probability that any feature without influence is used
_FEWEST = 3  # intervals in which a feature must differ from its usual value
_FOLDS = 5
_LEAST = 0.05  # least share of the target that must remain after a relative change


@dataclass(frozen=True)
class Reaction:
    """The change that the features cause at each step of the history and of the future.

    `change` and its standard deviation are in units of the target or, with `relative`, a share of
    it. `strengths` has one value for each feature, 0 for those without influence.
    """

    change: np.ndarray
    deviation: np.ndarray
    relative: bool
    strengths: np.ndarray

    def without_features(self, history: np.ndarray) -> np.ndarray:
        """Returns the history as it would be if all features had their usual values."""
        change = self.change[: len(history)]
        return np.asarray(history / (1 + change) if self.relative else history - change)

    def with_features(self, history: np.ndarray) -> np.ndarray:
        """Returns the history with the change added, the inverse of `without_features`."""
        change = self.change[: len(history)]
        return np.asarray(history * (1 + change) if self.relative else history + change)

    def apply_to(self, outlook: Outlook, start: int) -> Outlook:
        """Adds the change to an outlook that begins at step `start`, and widens its quantiles."""
        ahead = slice(start, start + outlook.shape[1])
        change, deviation = self.change[ahead], self.deviation[ahead]
        if self.relative:
            deviation = deviation * np.abs(outlook[MIDDLE])
            outlook = outlook * (1 + change)
        else:
            outlook = outlook + change
        spread = outlook - outlook[MIDDLE]
        wider = np.sqrt(spread**2 + (Z[:, None] * deviation) ** 2)
        return np.asarray(
            outlook[MIDDLE] + np.sign(np.arange(len(LEVELS)) - MIDDLE)[:, None] * wider
        )


def no_reaction(steps: int, features: int) -> Reaction:
    """Returns the reaction of a series that no feature influences."""
    return Reaction(np.zeros(steps), np.zeros(steps), False, np.zeros(features))


def reaction_of(history: np.ndarray, seasons: tuple[int, ...], features: np.ndarray) -> Reaction:
    """Estimates the reaction of `history` to the features.

    `features` (steps, features) has a row for each step of the history and of the future.
    """
    nothing = no_reaction(len(features), features.shape[1])
    count = min(len(history), _RECENT)
    older = len(history) - count
    recent = history[older:]
    usual = np.median(features[older : len(history)], axis=0)
    deviations = _clipped(features, slice(older, len(history))) - usual
    past = deviations[older : len(history)]
    varied = np.flatnonzero((past != 0).sum(axis=0) >= _FEWEST)
    baseline = fit_baseline(recent, seasons, past[:, varied])
    if baseline is None:
        return nothing
    additive = _influence(baseline, past, varied)
    relative = _influence(baseline, past, varied, _level(baseline, recent, past, additive))
    if relative is not None and not _keeps_target(deviations, relative):
        relative = None
    influence, is_relative = additive, False
    if relative is not None and (additive is None or relative.error < additive.error):
        influence, is_relative = relative, True
    if influence is None:
        return nothing
    chosen = deviations[:, influence.columns]
    size = np.abs(influence.weights) * past[:, influence.columns].std(axis=0)
    strengths = np.zeros(features.shape[1])
    strengths[influence.columns] = size
    return Reaction(
        chosen @ influence.weights,
        np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", chosen, influence.covariance, chosen), 0)),
        is_relative,
        strengths,
    )


def _clipped(features: np.ndarray, past: slice) -> np.ndarray:
    """Clips features to the history's range, extended on both sides by its own width.

    The effect of values farther away is unknown.
    """
    low, high = features[past].min(axis=0), features[past].max(axis=0)
    return np.asarray(np.clip(features, low - (high - low), high + (high - low)))


@dataclass(frozen=True)
class _Influence:
    columns: np.ndarray  # indices of the features
    weights: np.ndarray
    covariance: np.ndarray
    error: float  # remaining sum of squared errors


def _influence(
    baseline: Baseline, past: np.ndarray, varied: np.ndarray, level: np.ndarray | None = None
) -> _Influence | None:
    """Returns the features with a clear influence, or None if there are none.

    With `level` (steps,), the influence is a share of the level.
    """
    if level is not None and (level <= 0).any():
        return None
    design = past[:, varied] if level is None else past[:, varied] * level[:, None]
    residual = baseline.residual_of(design)
    # Drop features that trend and season explain, because their influence cannot be separated.
    own = (residual**2).sum(axis=0) > 1e-6 * np.maximum(
        (baseline.without_autocorrelation(design) ** 2).sum(axis=0), 1e-300
    )
    remaining = np.flatnonzero(own)
    risk = _RISK / max(1, len(varied))
    while remaining.size:
        fit = _fit(residual[:, remaining], baseline)
        if fit is None:
            return None
        weights, covariance, error = fit
        dof = baseline.dof - len(remaining)
        strength = np.abs(weights) / np.sqrt(np.maximum(np.diag(covariance), 1e-300))
        doubts = 2 * student.sf(strength, dof)
        worst = int(np.argmax(doubts))
        if doubts[worst] < risk:
            if _generalizes(residual[:, remaining], baseline.target):
                return _Influence(varied[remaining], weights, covariance, error)
            worst = int(np.argmin(strength))
        remaining = np.delete(remaining, worst)
    return None


def _fit(design: np.ndarray, baseline: Baseline) -> tuple[np.ndarray, np.ndarray, float] | None:
    """Fits by least squares. Returns the weights, their covariance and the sum of squared errors.

    The covariance is the larger one of two estimates: for errors of equal size, and for errors that
    differ between intervals (HC3), because intervals with a promotion are few. Returns None if
    there are too few degrees of freedom.
    """
    dof = baseline.dof - design.shape[1]
    if dof < 5:
        return None
    inverse = np.linalg.pinv(design.T @ design)
    weights = inverse @ design.T @ baseline.target
    errors = baseline.target - design @ weights
    own = np.einsum("ij,jk,ik->i", design, inverse, design)
    leverage = np.clip(baseline.leverage + own, 0, 0.99)
    sandwich = design * (errors / (1 - leverage))[:, None]
    robust = inverse @ (sandwich.T @ sandwich) @ inverse
    error = float((errors**2).sum())
    equal = inverse * (error / dof)
    ratio = np.sqrt(np.maximum(np.diag(equal) / np.maximum(np.diag(robust), 1e-300), 1.0))
    return weights, robust * np.outer(ratio, ratio), error


def _generalizes(design: np.ndarray, target: np.ndarray) -> bool:
    """Returns whether the features explain parts of the history on which they were not fitted."""
    count = len(target)
    fold = (np.arange(count) // max(3, count // 50)) % _FOLDS
    error = 0.0
    for each in range(_FOLDS):
        out = fold == each
        weights = np.linalg.lstsq(design[~out], target[~out], rcond=None)[0]
        error += float(((target[out] - design[out] @ weights) ** 2).sum())
    return error < float((target**2).sum())


def _level(
    baseline: Baseline, recent: np.ndarray, past: np.ndarray, additive: _Influence | None
) -> np.ndarray:
    """Returns the target without the features, smoothed by trend, season and a running mean."""
    if additive is None:
        return baseline.smooth(recent)
    return baseline.smooth(recent - past[:, additive.columns] @ additive.weights)


def _keeps_target(deviations: np.ndarray, influence: _Influence) -> bool:
    return bool((1 + deviations[:, influence.columns] @ influence.weights).min() >= _LEAST)
