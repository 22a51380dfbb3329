"""Checks whether the data covers the intervals at its two ends completely."""

from __future__ import annotations

import numpy as np

from .intervals import ordinals, starts

_UNUSUAL = 0.05  # largest share of other intervals that may have as large a gap as a partial one


def ends_early(times: np.ndarray, interval: str) -> bool:
    """Returns whether the data ends within its last interval.

    The expected number of values is not declared, so the last interval is compared with the
    others. It is partial if it has fewer times than usual, and if the gap at its end is larger
    than at the end of the others. If one value for each interval is usual, no interval is partial.
    """
    counts, _, lasts, buckets = _intervals(times, interval)
    return _is_partial(counts, starts(buckets + 1, interval) - lasts)


def starts_late(times: np.ndarray, interval: str) -> bool:
    """Returns whether the data starts within its first interval, by the same comparison."""
    counts, firsts, _, buckets = _intervals(times, interval)
    return _is_partial(counts[::-1], (firsts - starts(buckets, interval))[::-1])


def _intervals(times: np.ndarray, interval: str) -> tuple[np.ndarray, ...]:
    """Returns the number of times, first time, last time and bucket of each non-empty interval."""
    times = np.unique(times)
    buckets = ordinals(times, interval)
    first = np.flatnonzero(np.append(True, buckets[1:] != buckets[:-1]))
    last = np.append(first[1:], len(times)) - 1
    return last - first + 1, times[first], times[last], buckets[first]


def _is_partial(counts: np.ndarray, empty: np.ndarray) -> bool:
    """Returns whether the last interval is partial. `empty`: the gap at each interval's end."""
    if len(counts) < 2:
        return False
    most = np.quantile(empty[:-1].astype(np.int64), 1 - _UNUSUAL, method="higher")
    return bool(counts[-1] < np.median(counts[:-1]) and empty[-1].astype(np.int64) > most)
