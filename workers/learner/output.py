"""What a program hands back: CSV files in the session's folder and the result's JSON text."""

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
    """Write `rows` as CSV with header and answer `{"path", "count", "columns"}`."""
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
    """A number as rows carry it (nexosis dialect, dates and numbers).

    It has about 15 significant digits, no trailing zeros, and no exponent for everyday sizes.
    """
    if not math.isfinite(value):
        return ""
    text = f"{value:.15g}"
    return "0" if text == "-0" else text


def texts_of(values: Iterable[float]) -> list[str]:
    """Numbers as rows carry them."""
    return [text_of(float(value)) for value in values]


def finite(metrics: Mapping[str, float | None]) -> dict[str, float]:
    """Without NaN and infinity, which the clients' decoders refuse."""
    kept = {name: float(value) for name, value in metrics.items() if value is not None}
    return {name: value for name, value in kept.items() if math.isfinite(value)}


def result_text(body: dict[str, Any]) -> str:
    """The result as JSON text; arrays become lists. NaN is refused."""
    return json.dumps(body, allow_nan=False, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is no JSON")
