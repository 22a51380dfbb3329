"""Result intervals: buckets of time in UTC, counted by whole numbers.

The ordinal of an hour, day, month or year counts from 1970; that of a week is Monday-based, as in
ISO 8601. Gaps in a calendar are then differences of whole numbers.
"""

from __future__ import annotations

import numpy as np

_UNITS = {"hour": "h", "day": "D", "month": "M", "year": "Y"}
# 1970-01-01 was a Thursday: the Monday of its week lies three days before.
_MONDAY = 3

# Periods in which each interval usually repeats itself, shortest first.
SEASONS = {"hour": (24, 168), "day": (7, 365), "week": (52,), "month": (12,), "year": ()}


def ordinals(times: np.ndarray, interval: str) -> np.ndarray:
    """The bucket of each time (datetime64)."""
    if interval == "week":
        days = times.astype("datetime64[D]").astype(np.int64)
        return (days + _MONDAY) // 7
    return times.astype(f"datetime64[{_UNITS[interval]}]").astype(np.int64)


def starts(buckets: np.ndarray, interval: str) -> np.ndarray:
    """The first moment of each bucket, datetime64[ns]."""
    if interval == "week":
        days = buckets * 7 - _MONDAY
        return days.astype("datetime64[D]").astype("datetime64[ns]")
    return buckets.astype(f"datetime64[{_UNITS[interval]}]").astype("datetime64[ns]")
