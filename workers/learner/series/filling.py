"""Aggregates rows into intervals, and imputes intervals without a value.

The strategies are those of the wire (nexosis dialect, strategies). The median of an even number of
values is the lower of the two middle ones.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from ..session import PRESENCE


def aggregated(values: np.ndarray, groups: np.ndarray, count: int, how: str) -> np.ndarray:
    """Aggregates the known values of each group 0 … count−1. NaN for a group without values."""
    known = ~np.isnan(values)
    values, groups = values[known], groups[known]
    result = np.full(count, np.nan)
    if values.size == 0:
        return result
    if how == "mode":
        by_group = _modes(values, groups)
    else:
        grouped = pd.Series(values).groupby(groups)
        if how == "median":
            by_group = grouped.quantile(0.5, interpolation="lower")
        else:
            by_group = getattr(grouped, how)()
    result[by_group.index.to_numpy()] = by_group.to_numpy()
    return result


def _modes(values: np.ndarray, groups: np.ndarray) -> pd.Series:
    """Returns the most frequent value of each group; the smallest of equally frequent ones."""
    counts = pd.DataFrame({"group": groups, "value": values}).groupby(["group", "value"]).size()
    counts = counts.reset_index(name="count")
    counts = counts.sort_values(["group", "count", "value"], ascending=[True, False, True])
    return counts.drop_duplicates("group").set_index("group")["value"]


def imputed(values: np.ndarray, how: str) -> np.ndarray:
    """Returns `values` with imputed gaps. A column without any value becomes 0."""
    gaps = np.isnan(values)
    if not gaps.any():
        return values
    filled = values.copy()
    known = values[~gaps]
    if how == "zeroes" or known.size == 0:
        filled[gaps] = 0.0
    elif how == "mean":
        filled[gaps] = _between(values, gaps)[gaps]
    else:
        filled[gaps] = constant(known, how)
    return filled


def constant(known: np.ndarray, how: str) -> float:
    """Returns the constant that a strategy imputes for gaps; `known` are the known values."""
    if how == "zeroes" or known.size == 0:
        return 0.0
    if how == PRESENCE:
        return 0.0 if (known == 1).all() else constant(known, "mode")
    if how == "median":
        return float(np.quantile(known, 0.5, method="lower"))
    if how == "mode":
        distinct, counts = np.unique(known, return_counts=True)
        return float(distinct[np.argmax(counts)])
    pick: dict[str, Callable[[np.ndarray], float]] = {"min": np.min, "max": np.max, "mean": np.mean}
    return float(pick[how](known))


def _between(values: np.ndarray, gaps: np.ndarray) -> np.ndarray:
    """Returns the mean of the nearest known values on both sides; at an end, the nearest one."""
    series = pd.Series(values)
    before, after = series.ffill().to_numpy(), series.bfill().to_numpy()
    before = np.where(np.isnan(before), after, before)
    after = np.where(np.isnan(after), before, after)
    return np.asarray((before + after) / 2)
