"""Converts text to numbers, logical values, dates and words. Errors name the row of a value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kit.failures import InputError
from kit.texts import shortened

from .dates import parse_dates, too_far
from .session import Column

TRUE = ("true", "1", "on", "yes", "1.0", "t", "y")
FALSE = ("false", "0", "off", "no", "0.0", "f", "n")
# The word for false that belongs to each word for true.
OPPOSITE = dict(zip(TRUE, FALSE, strict=True))

Texts: TypeAlias = Any
"""A pyarrow.ChunkedArray with a string or null for each row."""


def numbers(texts: Texts, column: Column) -> np.ndarray:
    """Returns a float64 for each row, NaN if it is missing or the text is "NaN".

    Raises InputError for other texts and for infinite values.
    """
    try:
        parsed = pc.cast(texts, pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        parsed = _through_uniques(texts, _number, column, "a number")
    values = np.asarray(parsed, dtype=float)
    infinite = np.flatnonzero(np.isinf(values))
    if infinite.size:
        row = int(infinite[0])
        raise InputError(
            f"Column '{column.name}' has the value '{texts[row].as_py()}' in row {row + 1}; "
            "numbers must be finite. Correct it or list it in missingValues."
        )
    return values


def logicals(texts: Texts, column: Column) -> np.ndarray:
    """Returns 1.0 (true), 0.0 (false) or NaN (missing) for each row.

    Accepts the words of TRUE and FALSE in any case. Raises InputError for others.
    """
    return _through_uniques(texts, _logical, column, "true or false")


def dates(texts: Texts, column: Column) -> np.ndarray:
    """Returns a datetime64[ns] in UTC for each row, NaT if it is missing. Raises InputError."""
    codes, uniques = encoded(texts)
    parsed = parse_dates(uniques)
    bad = np.flatnonzero(np.isnat(parsed))
    if bad.size:
        why = too_far(str(uniques[bad[0]])) or "is not a date"
        _refuse(column, uniques, codes, int(bad[0]), why)
    with_missing = np.append(parsed, np.datetime64("NaT", "ns"))  # code -1 is the last element
    return np.asarray(with_missing[codes])


def words(texts: Texts) -> np.ndarray:
    """Returns an object array of str, with None for missing values."""
    return np.asarray(texts.to_numpy(zero_copy_only=False))


def encoded(texts: Texts) -> tuple[np.ndarray, np.ndarray]:
    """Returns a code for each row, and the distinct texts in order of first appearance.

    A code is the index of the row's text among the distinct texts, or −1 if it is missing.
    """
    whole = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    if isinstance(whole, pa.ChunkedArray):
        whole = pa.concat_arrays(whole.chunks) if whole.num_chunks else pa.array([], pa.string())
    dictionary = whole.dictionary_encode()
    codes = dictionary.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, dictionary.dictionary.to_numpy(zero_copy_only=False)


def _through_uniques(
    texts: Texts, parse: Callable[[str], float | None], column: Column, what: str
) -> np.ndarray:
    codes, uniques = encoded(texts)
    parsed = [parse(text) for text in uniques]
    bad = next((i for i, value in enumerate(parsed) if value is None), None)
    if bad is not None:
        _refuse(column, uniques, codes, bad, f"is not {what}")
    return np.asarray(np.append(np.asarray(parsed, dtype=float), np.nan)[codes])


def _number(text: str) -> float | None:
    try:
        return float(text) if "_" not in text else None
    except ValueError:
        return None


def _logical(text: str) -> float | None:
    low = text.lower()
    if low in TRUE:
        return 1.0
    return 0.0 if low in FALSE else None


def _refuse(column: Column, uniques: np.ndarray, codes: np.ndarray, bad: int, why: str) -> None:
    row = int(np.flatnonzero(codes == bad)[0]) + 1
    shown = shortened(str(uniques[bad]), 40)
    raise InputError(
        f"Column '{column.name}' is declared {column.data_type}, but its value '{shown}' in "
        f"row {row} {why}. Correct it, list it in missingValues, or declare another type."
    )
