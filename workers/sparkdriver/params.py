"""The params of a statement's job: JSON text `{"statement", "kind", "code"}`."""

from __future__ import annotations

import json
from dataclasses import dataclass

from kit.failures import InputError


@dataclass(frozen=True)
class Statement:
    """A statement. `statement`: its number in the session, from 0; `kind`: language of `code`."""

    statement: int
    kind: str
    code: str


def read_statement(params: str) -> Statement:
    """Reads the params of a statement. Raises InputError."""
    try:
        value = json.loads(params)
    except (ValueError, RecursionError) as error:
        raise InputError(f"The params of a statement are not JSON: {error}") from None
    if not isinstance(value, dict):
        raise InputError("The params of a statement are not an object.")
    number, kind, code = value.get("statement"), value.get("kind"), value.get("code")
    if not isinstance(number, int) or isinstance(number, bool):
        raise InputError("'statement' must be a whole number.")
    if not isinstance(kind, str) or not isinstance(code, str):
        raise InputError("'kind' and 'code' must be strings.")
    return Statement(number, kind, code)
