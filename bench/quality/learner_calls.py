"""Calls the learner as the service does: a CSV file, params as JSON text, and a folder."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from kit.report import SilentReport
from learner.programs import PROGRAMS


class Answer:
    """A result and the folder of its files."""

    def __init__(self, result: dict[str, Any], folder: Path) -> None:
        self.result, self.folder = result, folder

    def rows(self, path: str | None = None) -> pd.DataFrame:
        """A CSV file of the result, by default its rows."""
        return pd.read_csv(self.folder / (path or self.result["rows"]["path"]))


@contextmanager
def answer_of(
    program: str, data: pd.DataFrame, roles: dict[str, str], **more: Any
) -> Iterator[Answer]:
    """Runs a program on `data`. `roles`: column → role. The column types come from the frame."""
    home = Path(tempfile.mkdtemp(prefix="stint-quality-"))
    try:
        data.to_csv(home / "data.csv", index=False)
        columns = {
            name: {"dataType": _type(data[name], role), "role": role}
            for name, role in roles.items()
        }
        target = next((name for name, role in roles.items() if role == "target"), None)
        (home / "out").mkdir()
        params = {
            "data": {"path": str(home / "data.csv")},
            "columns": columns,
            "target": target,
            "folder": str(home / "out"),
            **more,
        }
        yield Answer(run(program, params), home / "out")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def run(program: str, params: dict[str, Any]) -> dict[str, Any]:
    """Runs a program as the worker does, and returns its result."""
    result: dict[str, Any] = json.loads(PROGRAMS[program](json.dumps(params), {}, SilentReport()))
    return result


def predicted(answer: Answer, rows: pd.DataFrame, target: str) -> list[str]:
    """Returns the predicted target of each of `rows`, as text."""
    model = answer.result["model"]
    params = {
        "model": {"path": str(answer.folder / model["path"]), "sha256": model["sha256"]},
        "rows": rows.astype(str).to_dict(orient="records"),
    }
    return [row[target] for row in run("predict", params)["rows"]]


def _type(values: pd.Series, role: str) -> str:
    if role == "timestamp":
        return "date"
    return "numericMeasure" if pd.api.types.is_numeric_dtype(values) else "string"
