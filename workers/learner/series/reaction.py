"""What the features did to the target, as a change on top of a forecast without them.

Any method can then forecast the target as it would be without the features, and all of them react
alike to what is planned. A feature counts only if its influence is clear: in the errors around
trend and season, and on parts of the history that were held out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from .base import Base, base_of
from .outlook import LEVELS, MIDDLE, Outlook, Z

_RECENT = 20_000  # intervals that are looked at
_RISK = 0.005  # of taking one of all features for one with an influence
_FEWEST = 3  # intervals in which a feature must be other than usual
_FOLDS = 5
_LEAST = 0.05  # a relative change leaves at least so much of the target


@dataclass(frozen=True)
class Reaction:
    """The change per step of the history and of the future.

    It is in units of the target, or with `relative` a share of it. `strengths` has one value per
    feature, 0 for those without influence.
    """

    change: np.ndarray
    deviation: np.ndarray  # of `change`, as it is not known exactly
    relative: bool
    strengths: np.ndarray

    def without(self, history: np.ndarray) -> np.ndarray:
        """The history as if all features had been as usual."""
        change = self.change[: len(history)]
        return np.asarray(history / (1 + change) if self.relative else history - change)

    def added(self, history: np.ndarray) -> np.ndarray:
        """The inverse of `without`."""
        change = self.change[: len(history)]
        return np.asarray(history * (1 + change) if self.relative else history + change)

    def onto(self, outlook: Outlook, start: int) -> Outlook:
        """A forecast of steps `start` … with the features as they will be."""
        ahead = slice(start, start + outlook.shape[1])
        change, deviation = self.change[ahead], self.deviation[ahead]
        if self.relative:
            deviation = deviation * np.abs(outlook[MIDDLE])
            outlook = outlook * (1 + change)
        else:
            outlook = outlook + change
        apart = outlook - outlook[MIDDLE]
        wider = np.sqrt(apart**2 + (Z[:, None] * deviation) ** 2)
        return np.asarray(
            outlook[MIDDLE] + np.sign(np.arange(len(LEVELS)) - MIDDLE)[:, None] * wider
        )


def no_reaction(steps: int, features: int) -> Reaction:
    """A series of `steps` steps that does not react to any of `features` features."""
    return Reaction(np.zeros(steps), np.zeros(steps), False, np.zeros(features))


def reaction_of(history: np.ndarray, seasons: tuple[int, ...], features: np.ndarray) -> Reaction:
    """`features` has a row for each step of the history and of the future."""
    nothing = no_reaction(len(features), features.shape[1])
    count = min(len(history), _RECENT)
    older = len(history) - count
    recent = history[older:]
    usual = np.median(features[older : len(history)], axis=0)
    moves = _bounded(features, slice(older, len(history))) - usual
    past = moves[older : len(history)]
    varied = np.flatnonzero((past != 0).sum(axis=0) >= _FEWEST)
    base = base_of(recent, seasons, past[:, varied])
    if base is None:
        return nothing
    additive = _influence(base, past, varied)
    relative = _influence(base, past, varied, _level(base, recent, past, additive))
    if relative is not None and not _leaves_something(moves, relative):
        relative = None
    found, is_relative = additive, False
    if relative is not None and (additive is None or relative.error < additive.error):
        found, is_relative = relative, True
    if found is None:
        return nothing
    chosen = moves[:, found.columns]
    size = np.abs(found.weights) * past[:, found.columns].std(axis=0)
    strengths = np.zeros(features.shape[1])
    strengths[found.columns] = size
    return Reaction(
        chosen @ found.weights,
        np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", chosen, found.covariance, chosen), 0)),
        is_relative,
        strengths,
    )


def _bounded(features: np.ndarray, past: slice) -> np.ndarray:
    """Nothing is known of values far beyond those of the history."""
    low, high = features[past].min(axis=0), features[past].max(axis=0)
    return np.asarray(np.clip(features, low - (high - low), high + (high - low)))


@dataclass(frozen=True)
class _Influence:
    columns: np.ndarray  # of the features
    weights: np.ndarray
    covariance: np.ndarray
    error: float  # sum of squared errors that is left


def _influence(
    base: Base, past: np.ndarray, varied: np.ndarray, level: np.ndarray | None = None
) -> _Influence | None:
    """The features with a clear influence; with `level`, the influence is in shares of it."""
    if level is not None and (level <= 0).any():
        return None
    design = past[:, varied] if level is None else past[:, varied] * level[:, None]
    rest = base.rest_of(design)
    # What trend and season explain cannot be told from them.
    own = (rest**2).sum(axis=0) > 1e-6 * np.maximum(
        (base.filtered(design) ** 2).sum(axis=0), 1e-300
    )
    kept = np.flatnonzero(own)
    risk = _RISK / max(1, len(varied))
    while kept.size:
        fit = _fit(rest[:, kept], base)
        if fit is None:
            return None
        weights, covariance, error = fit
        freedom = base.freedom - len(kept)
        strength = np.abs(weights) / np.sqrt(np.maximum(np.diag(covariance), 1e-300))
        doubts = 2 * student.sf(strength, freedom)
        worst = int(np.argmax(doubts))
        if doubts[worst] < risk:
            if _holds(rest[:, kept], base.target):
                return _Influence(varied[kept], weights, covariance, error)
            worst = int(np.argmin(strength))
        kept = np.delete(kept, worst)
    return None


def _fit(design: np.ndarray, base: Base) -> tuple[np.ndarray, np.ndarray, float] | None:
    """Least squares: weights, their covariance, and the sum of squared errors.

    The covariance is the larger one of two: for equal errors, and for errors that differ from
    interval to interval (HC3), because those with a promotion are few.
    """
    freedom = base.freedom - design.shape[1]
    if freedom < 5:
        return None
    inverse = np.linalg.pinv(design.T @ design)
    weights = inverse @ design.T @ base.target
    errors = base.target - design @ weights
    own = np.einsum("ij,jk,ik->i", design, inverse, design)
    leverage = np.clip(base.leverage + own, 0, 0.99)
    sandwich = design * (errors / (1 - leverage))[:, None]
    robust = inverse @ (sandwich.T @ sandwich) @ inverse
    error = float((errors**2).sum())
    equal = inverse * (error / freedom)
    ratio = np.sqrt(np.maximum(np.diag(equal) / np.maximum(np.diag(robust), 1e-300), 1.0))
    return weights, robust * np.outer(ratio, ratio), error


def _holds(design: np.ndarray, target: np.ndarray) -> bool:
    """Whether the features explain parts of the history that they were not fitted to."""
    count = len(target)
    fold = (np.arange(count) // max(3, count // 50)) % _FOLDS
    left = 0.0
    for each in range(_FOLDS):
        out = fold == each
        weights = np.linalg.lstsq(design[~out], target[~out], rcond=None)[0]
        left += float(((target[out] - design[out] @ weights) ** 2).sum())
    return left < float((target**2).sum())


def _level(
    base: Base, recent: np.ndarray, past: np.ndarray, additive: _Influence | None
) -> np.ndarray:
    """What the target would have been without the features, by trend, season and neighbours."""
    if additive is None:
        return base.smooth(recent)
    return base.smooth(recent - past[:, additive.columns] @ additive.weights)


def _leaves_something(moves: np.ndarray, found: _Influence) -> bool:
    return bool((1 + moves[:, found.columns] @ found.weights).min() >= _LEAST)
