"""Whether the data ends within an interval."""

from __future__ import annotations

import numpy as np

from .intervals import ordinals, starts

_UNUSUAL = 0.05  # of the earlier intervals may end like one of which a part is missing


def ends_early(times: np.ndarray, interval: str) -> bool:
    """Whether the last interval's data ends earlier than that of the ones before.

    How often there should be a value nobody says, so the last one is compared with its
    predecessors: it is whole if its last value is as late after its start, or as close to its end,
    as theirs. Either is enough, because months and years are not of one length.
    """
    times = np.sort(times)
    buckets = ordinals(times, interval)
    last = np.flatnonzero(np.append(buckets[1:] != buckets[:-1], True))
    if len(last) < 2:
        return False
    times, buckets = times[last], buckets[last]
    passed = (times - starts(buckets, interval)).astype(np.int64)
    left = (starts(buckets + 1, interval) - times).astype(np.int64)
    least = np.quantile(passed[:-1], _UNUSUAL, method="lower")
    most = np.quantile(left[:-1], 1 - _UNUSUAL, method="higher")
    return bool(passed[-1] < least and left[-1] > most)
