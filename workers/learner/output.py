"""Writes a program's output: CSV files in the session's folder, and the result as JSON text."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

Rows = dict[str, Sequence[str | None]]  # column name → text per row; None is an empty cell


def write_rows(folder: Path, name: str, rows: Rows) -> dict[str, Any]:
    """Writes `rows` as CSV with a header, and returns `{"path", "count", "columns"}`."""
    columns = list(rows)
    count = len(rows[columns[0]]) if columns else 0
    with (folder / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(
            ["" if cell is None else cell for cell in row] for row in zip(*rows.values())
        )
    return {"path": name, "count": count, "columns": columns}


def text_of(value: float) -> str:
    """Formats a number for a row (nexosis dialect, dates and numbers).

    The text has at most 15 significant digits, no trailing zeros, and an exponent only for very
    large or small numbers. For NaN and infinity it is empty.
    """
    if not math.isfinite(value):
        return ""
    text = f"{value:.15g}"
    return "0" if text == "-0" else text


def texts_of(values: Iterable[float]) -> list[str]:
    """Formats numbers for rows."""
    return [text_of(float(value)) for value in values]


def finite(metrics: Mapping[str, float | None]) -> dict[str, float]:
    """Returns the metrics without None, NaN and infinity, which clients cannot decode."""
    numbers = {name: float(value) for name, value in metrics.items() if value is not None}
    return {name: value for name, value in numbers.items() if math.isfinite(value)}


def result_text(body: dict[str, Any]) -> str:
    """Returns the result as JSON text; arrays become lists. Raises ValueError for NaN."""
    return json.dumps(body, allow_nan=False, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is not JSON")
