"""Computes the importance of each feature, from 0 to 1 for the most important one."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..contest import Contestant


def importance(ranked: list[Contestant], names: list[str]) -> dict[str, float]:
    """Returns the importance of each feature, from the best contestant that provides it.

    Trees provide the gain of their splits, and linear methods their weights on scaled features.
    Kernels, neighbours and blends provide no importance.
    """
    for contestant in ranked:
        if contestant.failed or contestant.algorithm.key == "baseline":
            continue
        if len(contestant.outcome.fitted) > 1:
            continue
        weights = _of(contestant.outcome.fitted[0], len(names))
        if weights is not None and weights.max(initial=0.0) > 0:
            strongest = float(weights.max())
            return {name: float(each) / strongest for name, each in zip(names, weights)}
    return dict.fromkeys(names, 0.0)


def _of(fitted: Any, count: int) -> np.ndarray | None:
    last = fitted[-1]
    if hasattr(last, "feature_importances_"):
        weights = np.asarray(last.feature_importances_)
    elif hasattr(last, "coef_") and not hasattr(last, "kernel"):
        weights = np.abs(np.atleast_2d(last.coef_)).mean(axis=0)
    else:
        return None
    selector = fitted.named_steps.get("selectkbest")
    if selector is None:
        return weights
    whole = np.zeros(count)
    whole[selector.get_support()] = weights
    return whole
