"""Runs a SQL statement, one query, and returns its schema and rows."""

from __future__ import annotations

import base64
import datetime
import decimal
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql.types import (
    ArrayType,
    DataType,
    MapType,
    StructType,
    TimestampType,
)

from .outputs import message_of, truncated
from .pythoncode import StatementError


def evaluate_sql(spark: SparkSession, query: str, most_rows: int) -> dict[str, Any]:
    """Returns the output data: schema and at most `most_rows` rows.

    If there are more rows, the data also contain `truncated`. Raises StatementError.
    """
    try:
        table = spark.sql(query)
        schema, rows = table.schema, table.take(most_rows + 1)
        data = [
            [_cell(value, field.dataType) for value, field in zip(row, schema.fields, strict=True)]
            for row in rows[:most_rows]
        ]
    except KeyboardInterrupt:
        raise StatementError("Error", "The statement was cancelled.", []) from None
    except Exception as error:  # noqa: BLE001 - errors of Spark, py4j and Java
        raise StatementError("Error", _message(error), _frames(error)) from None
    answer = {"schema": schema.jsonValue(), "data": data}
    if len(rows) > most_rows:
        answer["truncated"] = truncated(most_rows)
    return {"application/json": answer}


def _message(error: Exception) -> str:
    java_error = getattr(error, "java_exception", None)  # set in a Py4JJavaError
    return (java_error.toString() if java_error is not None else message_of(error)).strip()


def _frames(error: Exception) -> list[str]:
    """Returns the Java frames of an error. Frames of this process would not help a user."""
    trace = getattr(error, "_stackTrace", None)
    java_error = getattr(error, "java_exception", None)
    if java_error is not None:
        trace = "\n".join(f"\tat {frame.toString()}" for frame in java_error.getStackTrace())
    lines = (trace or "").splitlines()
    return [f"{line.strip()}\n" for line in lines if line.startswith("\tat ")]


def _cell(value: Any, kind: DataType) -> Any:
    """Converts a value to JSON. Instants are in UTC; timestamps without a zone keep having none."""
    if value is None or isinstance(value, bool | int | str | float | decimal.Decimal):
        return value
    if isinstance(kind, StructType):
        return {f.name: _cell(item, f.dataType) for item, f in zip(value, kind, strict=True)}
    if isinstance(kind, ArrayType):
        return [_cell(item, kind.elementType) for item in value]
    if isinstance(kind, MapType):
        return {
            str(_cell(key, kind.keyType)): _cell(item, kind.valueType)
            for key, item in value.items()
        }
    if isinstance(value, datetime.datetime):
        if not isinstance(kind, TimestampType):
            return value.isoformat()
        return value.astimezone(datetime.UTC).replace(tzinfo=None).isoformat() + "Z"
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode("ascii")
    return str(value)
