"""Prepares the features of a time series: encodes, aggregates and imputes them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..contest import Messages
from ..session import PRESENCE, Column
from ..table import Table
from ..values import encoded
from .filling import aggregated, imputed

MOST_WORDS = 20  # most frequent categories of a string column that get a feature


def encoded_features(
    columns: list[Column],
    table: Table,
    rows: np.ndarray,
    read: Callable[[Column], np.ndarray],
    places: np.ndarray,
    edges: tuple[int, int, int],
    messages: Messages,
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Returns a matrix (intervals, features), and the names of the features.

    The name of a one-hot feature is `column:value`. `rows` are the table rows with a time,
    `places` their intervals, `read` the function that parses a column for these rows. `edges` are
    the ends of history, gap and window. A feature is dropped with a warning if it has no value in
    the window, or if it never changes in the history.
    """
    length, first, count = edges
    encoded_columns: dict[str, np.ndarray] = {}
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
        has_only_true = words is None and _has_only_true(column, raw)
        # Impute before the aggregation, so that empty cells count as FALSE in it.
        if has_only_true or (column.data_type == "logical" and fill == "zeroes"):
            raw, fill = np.where(np.isnan(raw), 0.0, raw), "zeroes"
        values = aggregated(raw, places, count, how)
        if np.isnan(values[first:]).all() and has_only_true:
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
            encoded_columns[name] = filled
        else:
            encoded_columns |= _one_hot(column.name, filled, words, length)
    _warn_of_constants(constant, messages)
    varying = {
        name: values for name, values in encoded_columns.items() if np.ptp(values[:length]) > 0
    }
    if not varying:
        return np.zeros((count, 0)), ()
    return np.column_stack(list(varying.values())), tuple(varying)


def _one_hot(name: str, codes: np.ndarray, words: np.ndarray, length: int) -> dict[str, np.ndarray]:
    distinct, counts = np.unique(codes[:length], return_counts=True)
    most = distinct[np.argsort(-counts, kind="stable")][:MOST_WORDS]
    if len(distinct) == 2:
        most = most[1:]  # one feature is enough for two categories
    return {f"{name}:{words[int(code)]}": (codes == code).astype(float) for code in sorted(most)}


def _has_only_true(column: Column, raw: np.ndarray) -> bool:
    """Returns whether a column contains only TRUE, 1 or one word, and empty cells mean FALSE."""
    if column.imputation != ("zeroes" if column.data_type == "logical" else PRESENCE):
        return False
    known = raw[~np.isnan(raw)]
    return 0 < known.size < raw.size and bool((known == 1).all())


def _warn_of_constants(names: list[str], messages: Messages) -> None:
    if not names:
        return
    listed = ", ".join(f"'{name}'" for name in names[:5])
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    many = len(names) > 1
    messages.warn(
        f"{listed}{more} {'have' if many else 'has'} the same value throughout the history, once "
        f"aggregated and imputed, and {'were' if many else 'was'} not used."
    )


def _warn_of_words(column: Column, messages: Messages) -> None:
    if column.aggregation != "mode" or column.imputation not in ("mode", "zeroes", PRESENCE):
        messages.warn(
            f"Column '{column.name}' contains text: it is aggregated and imputed by mode, not by "
            f"{column.aggregation} and {column.imputation}."
        )
