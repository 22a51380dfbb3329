"""The messages between service and worker: types, parse, print (docs/worker-protocol.md).

Nothing else in this package knows their JSON. `protocol/messages.jsonl` holds examples that both
sides' tests read.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from .texts import shortened

VERSION = 1

LOG_LEVELS = ("debug", "info", "warning", "error", "critical")


class ProtocolError(Exception):
    """A line that is no message. The worker notes it on stderr and goes on."""


# To the worker


@dataclass(frozen=True)
class Run:
    """Run `program` with `params`, the client's JSON text. `attempt` is a fencing token."""

    job: str
    attempt: str
    program: str
    backend: dict[str, Any]  # {"name": …, "options": {…}}
    params: str
    log_level: str


@dataclass(frozen=True)
class Cancel:
    """Stop this attempt soon. The service kills the worker if it does not."""

    job: str
    attempt: str


@dataclass(frozen=True)
class Shutdown:
    """Exit now with code 0."""


ToWorker = Run | Cancel | Shutdown


# From the worker


@dataclass(frozen=True)
class Ready:
    """First message, once: everything is imported and a `run` will start at once."""

    pid: int
    programs: list[str]
    versions: dict[str, str]
    not_repeatable: list[str] = field(default_factory=list)
    protocol: int = VERSION
    type: Literal["ready"] = "ready"


@dataclass(frozen=True)
class Started:
    job: str
    attempt: str
    type: Literal["started"] = "started"


@dataclass(frozen=True)
class Progress:
    job: str
    attempt: str
    done: int
    total: int
    message: str
    type: Literal["progress"] = "progress"


@dataclass(frozen=True)
class Log:
    job: str
    attempt: str
    level: str
    text: str
    type: Literal["log"] = "log"


@dataclass(frozen=True)
class Result:
    """The attempt's end: `result` is JSON text for the client."""

    job: str
    attempt: str
    result: str
    type: Literal["result"] = "result"


@dataclass(frozen=True)
class Error:
    """The attempt's end. `input`: the client's fault; `program`: ours; `cancelled`: asked for."""

    job: str
    attempt: str
    kind: Literal["input", "program", "cancelled"]
    message: str
    reason_code: int | None = None
    traceback: str | None = None
    type: Literal["error"] = "error"


FromWorker = Ready | Started | Progress | Log | Result | Error


def parse(line: bytes | str) -> ToWorker:
    """One line from the service. Unknown fields are ignored, unknown types refused."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"not JSON: {error}") from None
    if not isinstance(message, dict):
        raise ProtocolError("not a JSON object")
    kind = message.get("type")
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        raise ProtocolError(f"unknown type {shortened(str(kind), 60)!r}")
    return reader(message)


def print_line(message: FromWorker) -> bytes:
    """One line for the service, newline included. Pure ASCII, so lone surrogates survive."""
    fields = {"type": message.type, **message.__dict__}
    return json.dumps(fields, separators=(",", ":")).encode("ascii") + b"\n"


def _run(message: dict[str, Any]) -> Run:
    backend = message.get("backend")
    if not isinstance(backend, dict):
        raise ProtocolError("'backend' of a run is not an object")
    level = message.get("log_level", "warning")
    return Run(
        job=_text(message, "job"),
        attempt=_text(message, "attempt"),
        program=_text(message, "program"),
        backend=backend,
        params=_text(message, "params"),
        log_level=level if level in LOG_LEVELS else "warning",
    )


def _cancel(message: dict[str, Any]) -> Cancel:
    return Cancel(job=_text(message, "job"), attempt=_text(message, "attempt"))


def _shutdown(message: dict[str, Any]) -> Shutdown:
    return Shutdown()


def _text(message: dict[str, Any], field: str) -> str:
    value = message.get(field)
    if not isinstance(value, str):
        raise ProtocolError(f"'{field}' of a {message['type']} is not a string")
    return value


_READERS: dict[str, Callable[[dict[str, Any]], ToWorker]] = {
    "run": _run,
    "cancel": _cancel,
    "shutdown": _shutdown,
}
