"""Result intervals: buckets of time in UTC, numbered by whole numbers.

Hours, days, months and years are numbered from 1970. Weeks start on Monday, as in ISO 8601. So the
length of a gap is a difference of whole numbers.
"""

from __future__ import annotations

import numpy as np

_UNITS = {"hour": "h", "day": "D", "month": "M", "year": "Y"}
# 1970-01-01 was a Thursday, so the Monday of its week is three days earlier.
_MONDAY = 3

# Usual seasons of a series by its interval, in intervals, shortest first.
SEASONS = {"hour": (24, 168), "day": (7, 365), "week": (52,), "month": (12,), "year": ()}


def ordinals(times: np.ndarray, interval: str) -> np.ndarray:
    """Returns the bucket of each time (datetime64), int64."""
    if interval == "week":
        days = times.astype("datetime64[D]").astype(np.int64)
        return (days + _MONDAY) // 7
    return times.astype(f"datetime64[{_UNITS[interval]}]").astype(np.int64)


def starts(buckets: np.ndarray, interval: str) -> np.ndarray:
    """Returns the first moment of each bucket, datetime64[ns]."""
    if interval == "week":
        days = buckets * 7 - _MONDAY
        return days.astype("datetime64[D]").astype("datetime64[ns]")
    return buckets.astype(f"datetime64[{_UNITS[interval]}]").astype("datetime64[ns]")
