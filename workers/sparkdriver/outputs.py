"""Livy's output objects, and their conversion to strict JSON."""

from __future__ import annotations

import decimal
import json
import math
import re
import secrets
import traceback
from typing import Any

Output = dict[str, Any]


def succeeded(statement: int, data: dict[str, Any]) -> Output:
    """Returns the output of a successful statement. `data`: values by MIME type."""
    return {"status": "ok", "execution_count": statement, "data": data}


def failed(statement: int, ename: str, evalue: str, trace: list[str]) -> Output:
    """Returns the output of a failed statement.

    `trace`: lines, each with its newline, because clients join them without a separator.
    """
    parts = {"ename": ename, "evalue": evalue, "traceback": trace}
    return {"status": "error", "execution_count": statement, **parts}


def truncated(rows: int) -> dict[str, Any]:
    """Returns a member that marks an incomplete result. Clients ignore unknown members."""
    text = f"Only the first {rows} rows are shown. The session's conf livy.rsc.sql.num-rows sets "
    return {"rows": rows, "message": f"{text}how many rows an answer has."}


def as_text(output: Output) -> str:
    """Returns the output as JSON text.

    NaN and infinities, which JSON does not have, become null. Decimals become numbers with all of
    their digits, of which a float would lose some.
    """
    # json cannot write a number from its digits. So write marked strings, then remove the quotes.
    mark = secrets.token_hex(8)
    decimals = 0

    def number(value: object) -> str | None:
        nonlocal decimals
        if not isinstance(value, decimal.Decimal):
            raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
        decimals += 1
        return f"{mark}{value}" if value.is_finite() else None

    try:
        text = json.dumps(output, allow_nan=False, default=number)
    except ValueError:
        text = json.dumps(finite(output), allow_nan=False, default=number)
    return re.sub(f'"{mark}([^"]+)"', r"\1", text) if decimals else text


def check_json(value: object) -> None:
    """Raises TypeError or ValueError if JSON cannot represent the value."""
    json.dumps(value)


def finite(value: Any) -> Any:
    """Returns `value` with None for NaN and infinities, also in lists and dictionaries."""
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
    """Returns the error's text, or a replacement if its class fails to make one."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - the user's __str__
        return "<its text could not be made>"


def last_lines(error: BaseException) -> list[str]:
    """Returns the lines of a traceback that describe the error itself."""
    return traceback.format_exception_only(type(error), error)
