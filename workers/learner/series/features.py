"""Features of a time series: encoded, aggregated, filled, and only those known in the window."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..ask import PRESENCE, Column
from ..contest import Messages
from ..table import Table
from ..values import encoded
from .filling import aggregated, imputed

MOST_WORDS = 20  # categories of a string column, by frequency; the others count as none of them


def encoded_features(
    columns: list[Column],
    table: Table,
    rows: np.ndarray,
    read: Callable[[Column], np.ndarray],
    places: np.ndarray,
    edges: tuple[int, int, int],
    messages: Messages,
) -> tuple[np.ndarray, tuple[str, ...]]:
    """A matrix of intervals × features and the features' names, `column:value` for one-hot ones.

    `places` is the interval of each of `rows`, `edges` the ends of history, gap and window. A
    feature is dropped with a warning if the source has none of its values in the window, or if it
    never changes in the history.
    """
    length, first, count = edges
    found: dict[str, np.ndarray] = {}
    constant: list[str] = []
    for column in columns:
        name, words = column.name, None
        if column.data_type == "string":
            _warn_of_words(column, messages)
            codes, words = encoded(table.columns[column.name])
            raw = np.where(codes < 0, np.nan, codes.astype(float))[rows]
            how, fill = "mode", "mode"
            if column.imputation == PRESENCE and len(words) == 1:
                raw, name, words = raw + 1, f"{column.name}:{words[0]}", None
        else:
            raw, how, fill = read(column), column.aggregation, column.imputation
        says_only_true = words is None and _says_only_true(column, raw)
        # Before the aggregation, so that empty cells count there as FALSE does.
        if says_only_true or (column.data_type == "logical" and fill == "zeroes"):
            raw, fill = np.where(np.isnan(raw), 0.0, raw), "zeroes"
        values = aggregated(raw, places, count, how)
        if np.isnan(values[first:]).all() and says_only_true:
            no = {"logical": "FALSE", "string": "empty"}.get(column.data_type, "0")
            messages.warn(
                f"Feature '{column.name}' has no values in the prediction range and counts as {no} "
                "there."
            )
        elif np.isnan(values[first:]).all():
            messages.warn(
                f"Feature '{column.name}' has no values in the prediction range and was not used."
            )
            continue
        filled = np.concatenate([imputed(values[:length], fill), values[length:]])
        filled = imputed(filled, fill)
        if np.ptp(filled[:length]) == 0:
            constant.append(column.name)
        elif words is None:
            found[name] = filled
        else:
            found |= _one_hot(column.name, filled, words, length)
    _warn_of_constants(constant, messages)
    kept = {name: values for name, values in found.items() if np.ptp(values[:length]) > 0}
    if not kept:
        return np.zeros((count, 0)), ()
    return np.column_stack(list(kept.values())), tuple(kept)


def _one_hot(name: str, codes: np.ndarray, words: np.ndarray, length: int) -> dict[str, np.ndarray]:
    seen, counts = np.unique(codes[:length], return_counts=True)
    most = seen[np.argsort(-counts, kind="stable")][:MOST_WORDS]
    if len(seen) == 2:
        most = most[1:]  # the second of two says nothing new
    return {f"{name}:{words[int(code)]}": (codes == code).astype(float) for code in sorted(most)}


def _says_only_true(column: Column, raw: np.ndarray) -> bool:
    """Whether a column of TRUE, of 1 or of one word is empty where others say FALSE."""
    if column.imputation != ("zeroes" if column.data_type == "logical" else PRESENCE):
        return False
    known = raw[~np.isnan(raw)]
    return 0 < known.size < raw.size and bool((known == 1).all())


def _warn_of_constants(names: list[str], messages: Messages) -> None:
    if not names:
        return
    named = ", ".join(f"'{name}'" for name in names[:5])
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    many = len(names) > 1
    messages.warn(
        f"{named}{more} {'have' if many else 'has'} the same value throughout the history, once "
        f"aggregated and imputed, and {'were' if many else 'was'} not used."
    )


def _warn_of_words(column: Column, messages: Messages) -> None:
    if column.aggregation != "mode" or column.imputation not in ("mode", "zeroes", PRESENCE):
        messages.warn(
            f"Column '{column.name}' holds text: it is aggregated and imputed by mode, not by "
            f"{column.aggregation} and {column.imputation}."
        )
