"""The program `predict`: applies a stored model to rows (nexosis dialect, models).

Rows may have other columns than the training data: names match in any case, unknown columns are
returned unchanged, and missing or unreadable features are imputed as in training.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from kit.failures import InputError
from kit.report import Report

from ..contest import Messages
from ..output import text_of
from ..session import Column
from ..values import dates, logicals, numbers, words
from .detector import anomaly_scores
from .encoding import Values
from .models import Model, load_model
from .scores import class_scores, numbers_of

MOST_ROWS = 100_000


def run(params: str, backend: Any, report: Report) -> str:
    """Returns the result as JSON text. Raises InputError and JobCancelled."""
    body = json.loads(params)
    rows = body.get("rows")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise InputError("A prediction needs data: a list of at least one row.")
    if len(rows) > MOST_ROWS:
        raise InputError(f"A prediction takes {MOST_ROWS:,} rows at once, not {len(rows):,}.")
    model = load_model(Path(body["model"]["path"]), str(body["model"]["sha256"]))
    messages = Messages()
    report.check()
    matrix = model.encoding.matrix(_values(model, rows, messages))
    predictions = _answers(model, matrix, bool(body.get("include_class_scores")))
    filled = [_with_prediction(row, prediction) for row, prediction in zip(rows, predictions)]
    return json.dumps({"rows": filled, "messages": messages.items})


def _answers(model: Model, matrix: np.ndarray, with_scores: bool) -> list[dict[str, str]]:
    if model.domain == "anomalies":
        scores = anomaly_scores(model.estimator, matrix)
        return [{model.target: text_of(float(score))} for score in scores]
    if model.domain == "regression":
        return [{model.target: text_of(each)} for each in numbers_of(model.estimator, matrix)]
    scores = class_scores(model.estimator, matrix, len(model.classes))
    predictions = [{model.target: model.classes[place]} for place in scores.argmax(axis=1)]
    if with_scores:
        for prediction, row in zip(predictions, scores):
            prediction |= {
                f"{model.target}:{name}": text_of(float(score))
                for name, score in zip(model.classes, row)
            }
    return predictions


def _values(model: Model, rows: list[dict[str, Any]], messages: Messages) -> Values:
    lowered = [{str(key).lower(): value for key, value in row.items()} for row in rows]
    missing_words = {"", *model.missing}
    values: Values = {}
    for column in model.columns:
        key = column.name.lower()
        if not any(key in row for row in lowered):
            messages.warn(f"Column '{column.name}' is not in the rows; it was imputed.")
        texts = [_text(row.get(key), missing_words) for row in lowered]
        values[column.name] = _typed(texts, column, messages)
    return values


def _typed(texts: list[str | None], column: Column, messages: Messages) -> np.ndarray:
    parse = {"numeric": numbers, "numericMeasure": numbers, "logical": logicals, "date": dates}
    if column.data_type not in parse:
        return words(pa.chunked_array([texts], pa.string()))
    read = parse[column.data_type]
    try:
        return read(pa.chunked_array([texts], pa.string()), column)
    except InputError:
        pass
    readable = [text if _readable(read, text, column) else None for text in texts]
    messages.warn(f"Values of column '{column.name}' that are no {column.data_type} were imputed.")
    return read(pa.chunked_array([readable], pa.string()), column)


def _readable(read: Any, text: str | None, column: Column) -> bool:
    try:
        read(pa.chunked_array([[text]], pa.string()), column)
    except InputError:
        return False
    return True


def _text(value: Any, missing_words: set[str]) -> str | None:
    if value is None:
        return None
    text = (str(value).lower() if isinstance(value, bool) else str(value)).strip()
    return None if text in missing_words else text


def _with_prediction(row: dict[str, Any], prediction: dict[str, str]) -> dict[str, str | None]:
    """Returns the row as strings with the prediction, which replaces a column of its name."""
    spelled = {str(key).lower(): str(key) for key in row}
    filled = {str(key): _shown(value) for key, value in row.items()}
    return filled | {spelled.get(name.lower(), name): text for name, text in prediction.items()}


def _shown(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)
