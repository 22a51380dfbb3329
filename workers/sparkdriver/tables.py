"""Converts Python values to Livy's table: `{"headers": [{"name", "type"}], "data": [[…]]}`."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Sequence
from typing import Any

_NULL = "NULL_TYPE"
_ABSENT = object()


class JsonNumber(decimal.Decimal):
    """A number with all its digits from JSON, which does not say whether it was a double."""


class MixedColumn(TypeError):
    """The values of a column have different types."""


def table_of(value: object, integer: str = "INT_TYPE") -> dict[str, Any]:
    """Returns a table whose rows are the items of a list or tuple, or else the value itself.

    `integer` is the type name of whole numbers, which differs between Livy's Scala and Python
    interpreters. Raises MixedColumn.
    """
    value = _plain(value)
    items = value if isinstance(value, list) or type(value) is tuple else [value]
    rows = [_columns(row) for row in items]
    names = _names(rows)
    types = dict.fromkeys(names, _NULL)
    data = []
    for row in rows:
        cells = [_cell(row.get(name, _ABSENT)) for name in names]
        data.append([cell for _, cell in cells])
        for name, (kind, _) in zip(names, cells, strict=True):
            types[name] = _joined(name, types[name], kind)
    headers = [{"name": name, "type": types[name].replace("INT_TYPE", integer)} for name in names]
    return {"headers": headers, "data": data}


def _columns(row: object) -> dict[str, Any]:
    row = _plain(row)
    fields = getattr(row, "__fields__", None)  # set in a Spark Row
    if isinstance(row, tuple) and fields:
        return dict(zip(map(str, fields), row, strict=False))
    if isinstance(row, dict):
        return {str(key): row[key] for key in sorted(row, key=str)}
    if isinstance(row, list | tuple):
        return {str(number): item for number, item in enumerate(row)}
    return {"0": row}


def _names(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Returns the column names of all rows, in the order in which they appear."""
    return list(dict.fromkeys(name for row in rows for name in row))


def _joined(name: str, one: str, other: str) -> str:
    if one == _NULL:
        return other
    if other in (_NULL, one):
        return one
    raise MixedColumn(f"table rows have different types: column '{name}' has {one} and {other}")


def _cell(value: Any) -> tuple[str, Any]:
    value = _plain(value)
    if value is None or value is _ABSENT:
        return _NULL, None
    for kind, types in _TYPES.items():
        if isinstance(value, types):
            return kind, _json_value(value)
    return "STRING_TYPE", str(value)


# bool before int, datetime before date and JsonNumber before Decimal: they are subclasses of these.
_TYPES: dict[str, Any] = {
    "BOOLEAN_TYPE": bool,
    "INT_TYPE": int,
    "DOUBLE_TYPE": (float, JsonNumber),
    "STRING_TYPE": str,
    "TIMESTAMP_TYPE": datetime.datetime,
    "DATE_TYPE": datetime.date,
    "DECIMAL_TYPE": decimal.Decimal,
    "MAP_TYPE": dict,
    "ARRAY_TYPE": (list, tuple),
}


def _json_value(value: Any) -> Any:
    """Converts a cell to JSON. The same rules apply inside arrays and maps."""
    if isinstance(value, JsonNumber):
        return value
    if isinstance(value, datetime.date | decimal.Decimal):
        return str(value)
    if isinstance(value, dict):
        return {str(key): _cell(item)[1] for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_cell(item)[1] for item in value]
    return value


def _plain(value: Any) -> Any:
    """Converts numpy scalars and arrays to Python values, and returns other values unchanged."""
    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        return value.tolist()
    return value
