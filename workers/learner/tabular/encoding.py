"""Encodes feature columns as a matrix of numbers, in the same way in training and in predict.

Gaps are filled by each column's imputation. Words become `column:value` columns of 0 and 1. Text
becomes tf-idf of words and pairs of words. Dates become their time, month, weekday and hour. An
encoding is plain data (and one sklearn vectorizer for each text column), so that it can be stored
with the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.feature_extraction.text import TfidfVectorizer

from ..contest import Messages
from ..limits import MAX_NUMBERS
from ..series.filling import constant
from ..session import PRESENCE, Column, Session
from ..table import Table
from ..values import dates, encoded, logicals, numbers, words

MOST_WORDS = 40  # most frequent categories of a string column that get a feature
MOST_TERMS = 300  # most frequent terms of a text column that get a feature
_DATE_PARTS = ("", ":month", ":weekday", ":hour")

Values = dict[str, np.ndarray]  # column name → floats, datetimes, or objects (str or None)


def read_values(table: Table, columns: list[Column]) -> Values:
    """Returns the typed values of `columns`. Raises InputError for a value of another type."""
    return {column.name: _typed(table.columns[column.name], column) for column in columns}


def _typed(texts: pa.ChunkedArray, column: Column) -> np.ndarray:
    if column.is_number:
        return numbers(texts, column)
    if column.data_type == "logical":
        return logicals(texts, column)
    if column.data_type == "date":
        return dates(texts, column)
    return words(texts)


def feature_columns(session: Session, table: Table, messages: Messages) -> list[Column]:
    """Returns the columns to learn from: features that have values and are not constant."""
    usable = []
    for column in session.with_role("feature"):
        codes, distinct = encoded(table.columns[column.name])
        if len(distinct) == 0:
            messages.warn(f"Feature '{column.name}' is empty in every row and was not used.")
        elif len(distinct) > 1 or (codes < 0).any():
            usable.append(column)
    return usable


@dataclass
class Encoding:
    """How each column becomes numbers.

    `plain` is JSON data, with an entry for each column; `texts` has a vectorizer by text column.
    """

    plain: list[dict[str, Any]]
    texts: dict[str, TfidfVectorizer]

    @property
    def names(self) -> list[str]:
        """The names of the matrix columns."""
        return [name for part in self.plain for name in self._names_of(part)]

    def matrix(self, values: Values) -> np.ndarray:
        """Returns a float64 matrix (rows, features) without gaps."""
        blocks = [self._block(part, values[part["name"]]) for part in self.plain]
        return np.column_stack(blocks) if blocks else np.zeros((0, 0))

    def _names_of(self, part: dict[str, Any]) -> list[str]:
        name, kind = part["name"], part["kind"]
        if kind == "words":
            return [f"{name}:{word}" for word in part["words"]]
        if kind == "text":
            return [f"{name}:{term}" for term in self.texts[name].get_feature_names_out()]
        return [f"{name}{each}" for each in _DATE_PARTS] if kind == "date" else [name]

    def _block(self, part: dict[str, Any], values: np.ndarray) -> np.ndarray:
        kind = part["kind"]
        if kind == "number":
            return np.where(np.isnan(values), part["fill"], values)
        if kind == "date":
            return _date_parts(values, np.datetime64(part["fill"], "ns"))
        if kind == "text":
            texts = ["" if text is None else text for text in values]
            return np.asarray(self.texts[part["name"]].transform(texts).toarray())
        place = {word: i for i, word in enumerate(part["words"])}
        fill = place.get(part["fill"], -1) if part["fill"] is not None else -1
        codes = np.array([fill if word is None else place.get(word, -1) for word in values], int)
        block = np.zeros((len(values), len(place)))
        known = codes >= 0
        block[np.flatnonzero(known), codes[known]] = 1.0
        return block


def learn_encoding(columns: list[Column], values: Values) -> Encoding:
    """Derives imputed values, words and terms from `values`, which must be training rows only."""
    plain: list[dict[str, Any]] = []
    texts: dict[str, TfidfVectorizer] = {}
    for column in columns:
        known = values[column.name]
        if column.is_number or column.data_type == "logical":
            known = known[~np.isnan(known)]
            fill = constant(known, column.imputation)
            plain.append({"name": column.name, "kind": "number", "fill": fill})
        elif column.data_type == "date":
            known = known[~np.isnat(known)].astype(np.int64)
            middle = int(np.quantile(known, 0.5, method="lower")) if known.size else 0
            moment = str(np.datetime64(middle, "ns"))
            plain.append({"name": column.name, "kind": "date", "fill": moment})
        elif column.data_type == "text":
            vectorizer = _terms(known)
            if vectorizer is not None:
                texts[column.name] = vectorizer
                plain.append({"name": column.name, "kind": "text"})
        else:
            plain.append(_words(column, known))
    return Encoding(plain, texts)


def rows_that_fit(count: int, width: int, most: int) -> int:
    """Returns how many of `count` rows can be used: at most `most`, and limited by memory."""
    return min(count, most, max(100, MAX_NUMBERS // max(1, width)))


def _words(column: Column, known: np.ndarray) -> dict[str, Any]:
    counts: dict[str, int] = {}
    for word in known:
        if word is not None:
            counts[word] = counts.get(word, 0) + 1
    most = sorted(counts, key=lambda word: (-counts[word], word))[:MOST_WORDS]
    # If a column has only one word, an empty cell means the absence of that word.
    fills = column.imputation == "mode" or (column.imputation == PRESENCE and len(counts) > 1)
    fill = most[0] if most and fills else None
    return {"name": column.name, "kind": "words", "words": sorted(most), "fill": fill}


def _terms(known: np.ndarray) -> TfidfVectorizer | None:
    texts = ["" if text is None else text for text in known]
    least = 2 if len(texts) >= 20 else 1
    vectorizer = TfidfVectorizer(
        ngram_range=(1, 2), stop_words="english", max_features=MOST_TERMS, min_df=least
    )
    try:
        return vectorizer.fit(texts)
    except ValueError:
        return None  # all words are stop words


def _date_parts(values: np.ndarray, fill: np.datetime64) -> np.ndarray:
    times = pd.DatetimeIndex(np.where(np.isnat(values), fill, values))
    days = times.to_numpy().astype("datetime64[s]").astype(float) / 86_400
    return np.column_stack([days, times.month, times.weekday, times.hour]).astype(float)
