"""Reads and checks the params of a session, for all programs except `predict`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kit.failures import InputError

DATA_TYPES = ("string", "numeric", "logical", "date", "text", "numericMeasure")
ROLES = ("none", "timestamp", "target", "feature", "key")
# Imputes the mode, unless the column contains only 1 or only one word: there an empty cell means
# that this value is absent.
PRESENCE = "presence"
IMPUTATIONS = ("zeroes", "mean", "median", "mode", "min", "max", PRESENCE)
AGGREGATIONS = ("sum", "mean", "median", "mode", "min", "max")
INTERVALS = ("hour", "day", "week", "month", "year")

_DEFAULTS = {
    "numeric": ("zeroes", "sum"),
    "numericMeasure": ("mean", "mean"),
    "logical": ("zeroes", "mode"),  # an empty cell is FALSE
    "string": ("mode", "mode"),
    "date": ("mode", "mode"),
    "text": ("mode", "mode"),
}


@dataclass(frozen=True)
class Column:
    """The merged metadata of one column, in the words of the Nexosis API."""

    name: str
    data_type: str
    role: str
    imputation: str
    aggregation: str

    @property
    def is_number(self) -> bool:
        """Whether the column has numbers."""
        return self.data_type in ("numeric", "numericMeasure")


@dataclass(frozen=True)
class Session:
    """The params of a session. Only time series use `start`, `end` and `interval`."""

    data: Path
    columns: dict[str, Column]
    missing: frozenset[str]
    target: str | None
    start: str | None
    end: str | None
    interval: str
    balance: bool
    contains_anomalies: bool
    seed: int
    folder: Path

    def with_role(self, *roles: str) -> list[Column]:
        """Returns the columns with these roles.

        The session's target has the role 'target', whatever the metadata say.
        """
        return [c for c in self.columns.values() if self._role(c) in roles]

    def _role(self, column: Column) -> str:
        if self.target is None:
            return "none" if column.role == "target" else column.role
        if column.name == self.target:
            return "target"
        return "feature" if column.role == "target" else column.role

    @property
    def target_column(self) -> Column:
        """The column of the target. Raises InputError if the session has none."""
        if self.target is None:
            raise InputError("The session has no target column.")
        return self.columns[self.target]


def read_session(params: str) -> Session:
    """Reads a session's params, JSON text. Raises InputError."""
    body = _object(params)
    columns = {str(name): _column(str(name), each) for name, each in body["columns"].items()}
    target = body.get("target")
    if target is not None and target not in columns:
        raise InputError(f"The target column '{target}' is not a column of the data.")
    interval = body.get("interval") or "day"
    if interval not in INTERVALS:
        raise InputError(f"'{interval}' is no interval; use one of {', '.join(INTERVALS)}.")
    folder = Path(body["folder"])
    if not folder.is_dir():
        raise InputError(f"The folder for the output, '{folder}', does not exist.")
    return Session(
        data=Path(body["data"]["path"]),
        columns=columns,
        missing=frozenset(str(text).strip() for text in body.get("missing_values") or ()),
        target=target,
        start=body.get("start"),
        end=body.get("end"),
        interval=interval,
        balance=bool(body.get("balance", True)),
        contains_anomalies=bool(body.get("contains_anomalies", True)),
        seed=int(body.get("seed") or 0) % 2**32,
        folder=folder,
    )


def _object(params: str) -> dict[str, Any]:
    try:
        body = json.loads(params)
    except ValueError as error:
        raise InputError(f"The params are not JSON: {error}.") from None
    if not isinstance(body, dict):
        raise InputError("The params must be a JSON object.")
    if not isinstance(body.get("data"), dict) or not isinstance(body["data"].get("path"), str):
        raise InputError("The params need data.path, the CSV file to read.")
    if not isinstance(body.get("columns"), dict):
        raise InputError("The params need columns, the metadata of each column.")
    if not isinstance(body.get("folder"), str):
        raise InputError("The params need folder, an existing folder for output files.")
    return body


def _column(name: str, value: Any) -> Column:
    value = value if isinstance(value, dict) else {}
    data_type = _word(value.get("dataType"), DATA_TYPES, "string", name, "data type")
    imputation, aggregation = _DEFAULTS[data_type]
    return Column(
        name=name,
        data_type=data_type,
        role=_word(value.get("role"), ROLES, "feature", name, "role"),
        imputation=_word(value.get("imputation"), IMPUTATIONS, imputation, name, "imputation"),
        aggregation=_word(value.get("aggregation"), AGGREGATIONS, aggregation, name, "aggregation"),
    )


def _word(value: Any, known: tuple[str, ...], default: str, column: str, what: str) -> str:
    if value in (None, ""):
        return default
    if value in known:
        return str(value)
    words = ", ".join(known)
    raise InputError(f"Column '{column}' has the {what} '{value}'; use one of {words}.")
