"""What a statement's job has as its params: JSON text `{"statement", "kind", "code"}`."""

from __future__ import annotations

import json
from dataclasses import dataclass

from kit.failures import InputError


@dataclass(frozen=True)
class Statement:
    """`statement`: its number in the session, from 0; `kind`: the language of `code`."""

    statement: int
    kind: str
    code: str


def read_statement(params: str) -> Statement:
    """Raises InputError with a sentence that says what is wrong."""
    try:
        given = json.loads(params)
    except (ValueError, RecursionError) as error:
        raise InputError(f"The params of a statement are not JSON: {error}") from None
    if not isinstance(given, dict):
        raise InputError("The params of a statement are not an object.")
    number, kind, code = given.get("statement"), given.get("kind"), given.get("code")
    if not isinstance(number, int) or isinstance(number, bool):
        raise InputError("'statement' must be a whole number.")
    if not isinstance(kind, str) or not isinstance(code, str):
        raise InputError("'kind' and 'code' must be strings.")
    return Statement(number, kind, code)
