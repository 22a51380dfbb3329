"""Which intervals at the ends of the data it covers whole."""

from __future__ import annotations

import numpy as np

from .intervals import ordinals, starts

_UNUSUAL = 0.05  # of the other intervals may lack as much at an end as one that counts as begun


def ends_early(times: np.ndarray, interval: str) -> bool:
    """Whether the data ends within its last interval.

    How often there should be a value nobody says, so the last interval is compared with the
    others: it is not whole if it has fewer times than is usual and if more of it is empty at its
    end than at the end of theirs. Where one value an interval is usual, all are whole.
    """
    counts, _, lasts, buckets = _intervals(times, interval)
    return _is_begun(counts, starts(buckets + 1, interval) - lasts)


def starts_late(times: np.ndarray, interval: str) -> bool:
    """Whether the data starts within its first interval; the same question at the other end."""
    counts, firsts, _, buckets = _intervals(times, interval)
    return _is_begun(counts[::-1], (firsts - starts(buckets, interval))[::-1])


def _intervals(times: np.ndarray, interval: str) -> tuple[np.ndarray, ...]:
    """Number of times, first and last time, and bucket of each interval that has any."""
    times = np.unique(times)
    buckets = ordinals(times, interval)
    first = np.flatnonzero(np.append(True, buckets[1:] != buckets[:-1]))
    last = np.append(first[1:], len(times)) - 1
    return last - first + 1, times[first], times[last], buckets[first]


def _is_begun(counts: np.ndarray, empty: np.ndarray) -> bool:
    """Of the last interval. `empty`: how much of each is empty at the end in question."""
    if len(counts) < 2:
        return False
    most = np.quantile(empty[:-1].astype(np.int64), 1 - _UNUSUAL, method="higher")
    return bool(counts[-1] < np.median(counts[:-1]) and empty[-1].astype(np.int64) > most)
