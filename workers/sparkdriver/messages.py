"""Messages of the driver protocol: what lines mean, and how they are written."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

PROTOCOL = 1


class ProtocolError(ValueError):
    """A line that is no message; its text says why."""


@dataclass(frozen=True)
class Run:
    """`attempt` is a fencing token: answers carry it, and a repeated run is not executed again."""

    job: str
    attempt: str
    statement: int
    kind: str
    code: str

    @property
    def key(self) -> tuple[str, str]:
        return self.job, self.attempt


@dataclass(frozen=True)
class Cancel:
    job: str
    attempt: str

    @property
    def key(self) -> tuple[str, str]:
        return self.job, self.attempt


@dataclass(frozen=True)
class Ack:
    job: str
    attempt: str

    @property
    def key(self) -> tuple[str, str]:
        return self.job, self.attempt


@dataclass(frozen=True)
class Complete:
    """`cursor`: characters of `code` before the place where a candidate is wanted."""

    request: int
    kind: str
    code: str
    cursor: int


@dataclass(frozen=True)
class Shutdown:
    pass


ToDriver = Run | Cancel | Ack | Complete | Shutdown
_FIELDS: dict[str, tuple[Callable[..., ToDriver], dict[str, type]]] = {
    "run": (Run, {"job": str, "attempt": str, "statement": int, "kind": str, "code": str}),
    "cancel": (Cancel, {"job": str, "attempt": str}),
    "ack": (Ack, {"job": str, "attempt": str}),
    "complete": (Complete, {"request": int, "kind": str, "code": str, "cursor": int}),
    "shutdown": (Shutdown, {}),
}


def parse(line: bytes) -> ToDriver:
    """Unknown fields are ignored. Raises ProtocolError."""
    try:
        given = json.loads(line)
    except ValueError as error:
        raise ProtocolError(f"not JSON ({error})") from None
    name = given.get("type") if isinstance(given, dict) else None
    if not isinstance(name, str) or name not in _FIELDS:
        raise ProtocolError("no known type")
    make, fields = _FIELDS[name]
    values = {field: given.get(field) for field in fields}
    for field, kind in fields.items():
        if type(values[field]) is not kind:
            raise ProtocolError(f"{name}: '{field}' is missing or of the wrong type")
    return make(**values)


def print_line(message: dict[str, Any]) -> bytes:
    """Only ASCII, so that text with lone surrogates survives too."""
    return json.dumps(message, separators=(",", ":")).encode("ascii") + b"\n"
