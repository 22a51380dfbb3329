"""How much each feature matters, 0 … 1 with 1 for the best."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..contest import Contestant


def importance(ranked: list[Contestant], names: list[str]) -> dict[str, float]:
    """The importance of each feature, from the best contestant that can tell.

    Trees tell by what their splits gain, linear methods by their weights on scaled features.
    Kernels, neighbours and blends cannot.
    """
    for contestant in ranked:
        if contestant.failed or contestant.algorithm.key == "baseline":
            continue
        if len(contestant.outcome.fitted) > 1:
            continue
        found = _of(contestant.outcome.fitted[0], len(names))
        if found is not None and found.max(initial=0.0) > 0:
            strongest = float(found.max())
            return {name: float(each) / strongest for name, each in zip(names, found)}
    return dict.fromkeys(names, 0.0)


def _of(fitted: Any, count: int) -> np.ndarray | None:
    last = fitted[-1]
    if hasattr(last, "feature_importances_"):
        found = np.asarray(last.feature_importances_)
    elif hasattr(last, "coef_") and not hasattr(last, "kernel"):
        found = np.abs(np.atleast_2d(last.coef_)).mean(axis=0)
    else:
        return None
    chosen = fitted.named_steps.get("selectkbest")
    if chosen is None:
        return found
    whole = np.zeros(count)
    whole[chosen.get_support()] = found
    return whole
