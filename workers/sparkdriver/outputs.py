"""Livy's output objects, and values as JSON that every reader accepts."""

from __future__ import annotations

import json
import math
import traceback
from typing import Any

Output = dict[str, Any]


def succeeded(statement: int, data: dict[str, Any]) -> Output:
    return {"status": "ok", "execution_count": statement, "data": data}


def failed(statement: int, ename: str, evalue: str, trace: list[str]) -> Output:
    """`trace`: strings that clients join without a separator, so each ends in a newline."""
    parts = {"ename": ename, "evalue": evalue, "traceback": trace}
    return {"status": "error", "execution_count": statement, **parts}


def as_text(output: Output) -> str:
    """JSON text. NaN and infinities, which JSON does not have, become null."""
    try:
        return json.dumps(output, allow_nan=False)
    except ValueError:
        return json.dumps(finite(output), allow_nan=False)


def check_json(value: object) -> None:
    """Raises TypeError or ValueError for a value that JSON cannot hold."""
    json.dumps(value)


def finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {_finite_key(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value


def _finite_key(key: Any) -> Any:
    return str(key) if isinstance(key, float) and not math.isfinite(key) else key


def message_of(error: BaseException) -> str:
    """The error's text, also when its class cannot give one."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - the user's __str__
        return "<its text could not be made>"


def last_lines(error: BaseException) -> list[str]:
    return traceback.format_exception_only(type(error), error)
