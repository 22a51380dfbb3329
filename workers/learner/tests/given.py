"""Sessions and small data sets for tests."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kit.failures import InputError
from kit.report import SilentReport
from learner.programs import PROGRAMS

Cells = dict[str, list[Any]]


class Session:
    """Runs programs like the service, each in a new folder in `home`."""

    def __init__(self, home: Path) -> None:
        self.home, self.count = home, 0

    def params(
        self, cells: Cells | str, columns: dict[str, str], target: str | None = None, **more: Any
    ) -> dict[str, Any]:
        """`columns`: name → "type", "type role" or "type role imputation aggregation"."""
        self.count += 1
        folder = self.home / f"session-{self.count}"
        folder.mkdir()
        text = cells if isinstance(cells, str) else _csv(cells)
        (folder / "data.csv").write_text(text, "utf-8", newline="")
        names = ("dataType", "role", "imputation", "aggregation")
        return {
            "data": {"path": str(folder / "data.csv")},
            "columns": {name: dict(zip(names, words.split())) for name, words in columns.items()},
            "target": target,
            "seed": 0,
            "folder": str(folder),
            **more,
        }

    def run(self, program: str, *args: Any, report: Any = None, **more: Any) -> dict[str, Any]:
        self.last_params = self.params(*args, **more)
        text = PROGRAMS[program](json.dumps(self.last_params), {}, report or SilentReport())
        assert "NaN" not in text
        result: dict[str, Any] = json.loads(text)
        return result

    def refusal(self, program: str, *args: Any, **more: Any) -> str:
        with pytest.raises(InputError) as caught:
            self.run(program, *args, **more)
        return str(caught.value)

    def rows(self, file: dict[str, Any] | str) -> list[dict[str, str]]:
        path = file if isinstance(file, str) else file["path"]
        with (Path(self.last_params["folder"]) / path).open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))

    def predict(
        self, result: dict[str, Any], rows: list[dict[str, Any]], **more: Any
    ) -> dict[str, Any]:
        model = result["model"]
        path = str(Path(self.last_params["folder"]) / model["path"])
        params = {"model": {"path": path, "sha256": model["sha256"]}, "rows": rows, **more}
        text = PROGRAMS["predict"](json.dumps(params), {}, SilentReport())
        answer: dict[str, Any] = json.loads(text)
        return answer


def _csv(cells: Cells) -> str:
    frame = pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in cells.items()})
    return str(frame.to_csv(index=False))


def days(count: int, start: str = "2017-01-01") -> list[str]:
    return list(pd.date_range(start, periods=count).strftime("%Y-%m-%d"))


def weekly_sales(count: int = 120, seed: int = 0) -> list[float]:
    """Returns a level of 100 with a weekly wave of 10 and noise of 1."""
    rng = np.random.default_rng(seed)
    steps = np.arange(count)
    return list(np.round(100 + 10 * np.sin(2 * np.pi * steps / 7) + rng.normal(size=count), 3))


def severities(result: dict[str, Any], severity: str) -> list[str]:
    return [m["message"] for m in result["messages"] if m["severity"] == severity]


SERIES = {"day": "date timestamp", "sales": "numericMeasure target"}
WEEK = {"start": "2017-05-01T00:00:00+00:00", "end": "2017-05-07T00:00:00+00:00"}


def shop(count: int = 120) -> Cells:
    return {"day": days(count), "sales": weekly_sales(count)}


def measures(count: int = 80, seed: int = 1) -> Cells:
    """`y` depends on `a` and on `kind`, not on `noise`."""
    rng = np.random.default_rng(seed)
    a = rng.normal(size=count).round(4)
    kind = rng.choice(["red", "green"], count)
    y = 3 * a + 5 * (kind == "red") + 0.1 * rng.normal(size=count)
    return {
        "a": list(a),
        "kind": list(kind),
        "noise": list(rng.normal(size=count).round(4)),
        "y": list(y.round(4)),
    }


MEASURES = {
    "a": "numericMeasure feature",
    "kind": "string feature",
    "noise": "numericMeasure feature",
    "y": "numericMeasure target",
}
