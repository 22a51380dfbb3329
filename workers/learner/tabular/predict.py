"""The program `predict`: apply a stored model to rows (nexosis dialect, models).

A wrong set of columns does not fail: names match in any case, unknown columns are echoed, missing
or unreadable features are imputed as in training.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from kit.failures import InputError
from kit.report import Report

from ..ask import Column
from ..contest import Messages
from ..output import text_of
from ..values import dates, logicals, numbers, words
from .detector import anomaly_scores
from .encoding import Values
from .models import Model, load_model
from .scores import class_scores, numbers_of

MOST_ROWS = 100_000


def run(params: str, place: Any, report: Report) -> str:
    """The result as JSON text. Raises InputError and JobCancelled."""
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
    answers = _answers(model, matrix, bool(body.get("include_class_scores")))
    filled = [_filled(row, answer) for row, answer in zip(rows, answers)]
    return json.dumps({"rows": filled, "messages": messages.items})


def _answers(model: Model, matrix: np.ndarray, with_scores: bool) -> list[dict[str, str]]:
    if model.domain == "anomalies":
        scores = anomaly_scores(model.estimator, matrix)
        return [{model.target: text_of(float(score))} for score in scores]
    if model.domain == "regression":
        return [{model.target: text_of(each)} for each in numbers_of(model.estimator, matrix)]
    scores = class_scores(model.estimator, matrix, len(model.classes))
    answers = [{model.target: model.classes[place]} for place in scores.argmax(axis=1)]
    if with_scores:
        for answer, row in zip(answers, scores):
            answer |= {
                f"{model.target}:{name}": text_of(float(score))
                for name, score in zip(model.classes, row)
            }
    return answers


def _values(model: Model, rows: list[dict[str, Any]], messages: Messages) -> Values:
    lowered = [{str(key).lower(): value for key, value in row.items()} for row in rows]
    gone = {"", *model.missing}
    values: Values = {}
    for column in model.columns:
        key = column.name.lower()
        if not any(key in row for row in lowered):
            messages.warn(f"Column '{column.name}' is not in the rows; it was imputed.")
        texts = [_text(row.get(key), gone) for row in lowered]
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
    kept = [text if _readable(read, text, column) else None for text in texts]
    messages.warn(f"Values of column '{column.name}' that are no {column.data_type} were imputed.")
    return read(pa.chunked_array([kept], pa.string()), column)


def _readable(read: Any, text: str | None, column: Column) -> bool:
    try:
        read(pa.chunked_array([[text]], pa.string()), column)
    except InputError:
        return False
    return True


def _text(value: Any, gone: set[str]) -> str | None:
    if value is None:
        return None
    text = (str(value).lower() if isinstance(value, bool) else str(value)).strip()
    return None if text in gone else text


def _filled(row: dict[str, Any], answer: dict[str, str]) -> dict[str, str | None]:
    """The row as strings; a column of the answer's name, in any case, is overwritten."""
    spelled = {str(key).lower(): str(key) for key in row}
    filled = {str(key): _shown(value) for key, value in row.items()}
    return filled | {spelled.get(name.lower(), name): text for name, text in answer.items()}


def _shown(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)
