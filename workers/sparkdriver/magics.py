"""The magics `%json`, `%table` and `%matplot` in Python cells."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import Any

from .outputs import check_json, message_of
from .tables import MixedColumn, table_of

TABLE = "application/vnd.livy.table.v1+json"


class MagicError(Exception):
    """A magic failed. `ename` is the error's name in the output."""

    def __init__(self, ename: str, evalue: str) -> None:
        super().__init__(evalue)
        self.ename = ename


def split_at_magics(code: str) -> list[str]:
    """Returns the chunks of code and the magic lines in order; [] if there is no magic.

    A chunk of code begins with as many newlines as precede it in the cell, so that its line
    numbers are those of the cell.
    """
    chunks: list[str] = []
    block: list[str] = []
    lines = code.split("\n")
    if not any(line.startswith("%") for line in lines):
        return []
    for number, line in enumerate(lines):
        if line.startswith("%"):
            chunks += _code_chunk(block, number)
            chunks.append(line)
            block = []
        else:
            block.append(line)
    return chunks + _code_chunk(block, len(lines))


def _code_chunk(block: list[str], end: int) -> list[str]:
    text = "\n".join(block)
    return ["\n" * (end - len(block)) + text] if text.strip() else []


def run_magic(line: str, namespace: dict[str, Any]) -> dict[str, Any]:
    """Runs one magic line and returns its data by MIME type. Raises MagicError."""
    words = line[1:].split()
    if not words or line[1].isspace():
        raise MagicError("UnknownMagic", "magic command not specified")
    name, arguments = words[0], words[1:]
    magic = _MAGICS.get(name)
    if magic is None:
        raise MagicError("UnknownMagic", f"unknown magic command '{name}'")
    if len(arguments) != 1:
        raise MagicError("ValueError", f"%{name} needs the name of one variable")
    if arguments[0] not in namespace:
        raise MagicError("NameError", f"name '{arguments[0]}' is not defined")
    try:
        return magic(namespace[arguments[0]])
    except MixedColumn as error:
        raise MagicError("TypeError", str(error)) from None
    except Exception as error:  # noqa: BLE001 - the variable may be any object
        raise MagicError(type(error).__name__, message_of(error)) from None


def _json(value: object) -> dict[str, Any]:
    check_json(value)
    return {"application/json": value}


def _table(value: object) -> dict[str, Any]:
    return {TABLE: table_of(value)}


def _matplot(pyplot: Any) -> dict[str, Any]:
    image = io.BytesIO()
    pyplot.gcf().savefig(image, format="png")
    return {"image/png": base64.b64encode(image.getvalue()).decode("ascii")}


_MAGICS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "json": _json,
    "table": _table,
    "matplot": _matplot,
}
