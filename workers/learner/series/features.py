"""Features of a time series: encoded, aggregated, filled, and only those known in the window."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..ask import Column
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
    feature is dropped with a warning if the source has none of its values in the window, and
    silently if it never changes in the history.
    """
    length, first, count = edges
    found: dict[str, np.ndarray] = {}
    for column in columns:
        words: np.ndarray | None = None
        if column.data_type == "string":
            _warn_of_words(column, messages)
            codes, words = encoded(table.columns[column.name])
            raw = np.where(codes < 0, np.nan, codes.astype(float))[rows]
            how, fill = "mode", "mode"
        else:
            raw, how, fill = read(column), column.aggregation, column.imputation
        values = aggregated(raw, places, count, how)
        if np.isnan(values[first:]).all():
            messages.warn(
                f"Feature '{column.name}' has no values in the prediction range and was not used."
            )
            continue
        filled = np.concatenate([imputed(values[:length], fill), values[length:]])
        filled = imputed(filled, fill)
        if words is None:
            found[column.name] = filled
        else:
            found |= _one_hot(column.name, filled, words, length)
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


def _warn_of_words(column: Column, messages: Messages) -> None:
    if column.aggregation != "mode" or column.imputation not in ("mode", "zeroes"):
        messages.warn(
            f"Column '{column.name}' holds text: it is aggregated and imputed by mode, not by "
            f"{column.aggregation} and {column.imputation}."
        )
