"""Reads dates in the forms that people and clients send, and formats them for results.

The forms are those of the wire (nexosis dialect, dates and numbers). A date without a zone is in
UTC.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from kit.failures import InputError

# US order, 1-16-2017 or 12/31/2012 0:00 or 1/2/2017 3:04:05 PM
_US = re.compile(
    r"(\d{1,2})[-/](\d{1,2})[-/](\d{4})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?"
    r"(?:\s*([AaPp])\.?[Mm]\.?)?\s*(Z|[+-]\d{2}:?\d{2})?"
)
# JavaScript's Date.toString, `Tue Jan 10 2017 01:00:00 GMT+0100 (CET)`, and toUTCString,
# `Tue, 10 Jan 2017 00:00:00 GMT`
_SCRIPT = re.compile(
    r"(?:[A-Za-z]{3},? )?(?:([A-Za-z]{3}) (\d{1,2})|(\d{1,2}) ([A-Za-z]{3})),? (\d{4})"
    r"(?: (\d{2}):(\d{2})(?::(\d{2}))?)?(?: ?(?:GMT|UTC|Z)?([+-]\d{4})?)?(?: \(.*\))?"
)
_YEAR_FIRST = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})(.*)")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(.*)", re.DOTALL)
_YEAR = re.compile(r"(?:^|(?<=[-/ ]))\d{4}(?=[-/T ]|$)")
_BARE = re.compile(r"\d+")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def parse_dates(texts: np.ndarray) -> np.ndarray:
    """Returns a datetime64[ns] in UTC for each text.

    It is NaT if the text is not a date or its year is not in 1678 to 2261.
    """
    if len(texts) == 0:
        return np.array([], dtype="datetime64[ns]")
    series = pd.Series(texts, dtype=object)
    parsed = pd.to_datetime(series, format="ISO8601", utc=True, errors="coerce")
    result = parsed.dt.tz_localize(None).to_numpy(dtype="datetime64[ns]").copy()
    for i, text in enumerate(texts):
        # A short number without separators must be a year: pandas would read 201701 as a month.
        bare = len(text) != 4 and len(text) <= 8 and _BARE.fullmatch(text)
        if bare and len(text) != 8:
            result[i] = np.datetime64("NaT", "ns")
        elif np.isnat(result[i]):
            result[i] = _other_form(text)
    return np.asarray(result)


def parse_date(text: str | None, what: str) -> pd.Timestamp:
    """Reads one date of the params, as UTC without a zone. Raises InputError naming `what`."""
    parsed = parse_dates(np.array([text or ""], dtype=object))[0]
    if np.isnat(parsed):
        why = too_far(text or "") or "is not a date such as 2017-01-31T00:00:00+00:00"
        raise InputError(f"The {what} '{text}' {why}.")
    return pd.Timestamp(parsed)


def too_far(text: str) -> str | None:
    """Returns what is wrong with a date whose year is out of range; None for any other text.

    Nanoseconds in 64 bits cannot represent other years.
    """
    years = [int(year) for year in _YEAR.findall(text)]
    if not any(year <= 1677 or year >= 2262 for year in years):
        return None
    return "is no date of the years 1678 to 2261, the supported range"


def date_texts(times: np.ndarray | pd.DatetimeIndex) -> list[str]:
    """Formats times as `2016-10-10T00:00:00.0000000Z` (nexosis dialect, dates and numbers)."""
    return [f"{text[:27]}Z" for text in np.datetime_as_string(np.asarray(times, "datetime64[ns]"))]


def _other_form(text: str) -> np.datetime64:
    try:
        stamp = _us(text) or _script(text) or _loose_iso(text)
        return np.datetime64("NaT", "ns") if stamp is None else stamp.to_datetime64()
    except (ValueError, OverflowError):
        return np.datetime64("NaT", "ns")


def _us(text: str) -> pd.Timestamp | None:
    match = _US.fullmatch(text.strip())
    if match is None:
        return None
    month, day, year, hour, minute, second, fraction, half, zone = match.groups()
    hours = int(hour or 0)
    if half:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if half in "pP" else 0)
    nanos = int((fraction or "0").ljust(9, "0"))
    stamp = pd.Timestamp(
        int(year), int(month), int(day), hours, int(minute or 0), int(second or 0), nanos // 1000
    )
    return (stamp - _offset(zone)).as_unit("ns")


def _script(text: str) -> pd.Timestamp | None:
    match = _SCRIPT.fullmatch(text.strip())
    if match is None:
        return None
    month, day, day_first, month_second, year, hour, minute, second, zone = match.groups()
    name = (month or month_second).lower()
    if name not in _MONTHS:
        return None
    stamp = pd.Timestamp(
        int(year),
        _MONTHS.index(name) + 1,
        int(day or day_first),
        int(hour or 0),
        int(minute or 0),
        int(second or 0),
    )
    return (stamp - _offset(zone)).as_unit("ns")


def _loose_iso(text: str) -> pd.Timestamp | None:
    """Reads dates that are almost ISO, with the year first, such as 2017-1-5 or 2017/01/05."""
    match = _YEAR_FIRST.fullmatch(text.strip()) or _ISO.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day, rest = match.groups()
    stamp = pd.to_datetime(
        f"{year}-{int(month):02d}-{int(day):02d}{rest}", format="ISO8601", utc=True, errors="coerce"
    )
    return None if pd.isna(stamp) else stamp.tz_localize(None).as_unit("ns")


def _offset(zone: str | None) -> pd.Timedelta:
    if not zone or zone == "Z":
        return pd.Timedelta(0)
    digits = zone[1:].replace(":", "")
    size = pd.Timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -size if zone[0] == "-" else size
