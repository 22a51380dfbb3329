"""The messages between service and worker: types, parse, print (docs/attempt-protocol.md).

Nothing else in these packages knows their JSON. `protocol/attempts.jsonl` holds examples that the
tests of both sides read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, TypeAlias

from .texts import shortened

VERSION = 2

LOG_LEVELS = ("debug", "info", "warning", "error", "critical")

Key: TypeAlias = tuple[str, str]
"""Job and token, which together name an attempt."""


class ProtocolError(ValueError):
    """A line that is no message; the text says why. The worker notes it and goes on."""


# To the worker


@dataclass(frozen=True)
class OfAttempt:
    """A message about one attempt. `token` is a fencing token, repeated in every answer."""

    job: str
    token: str

    @property
    def key(self) -> Key:
        """Job and token."""
        return self.job, self.token


@dataclass(frozen=True)
class Start(OfAttempt):
    """Run `program` with `params`, the job's JSON text.

    `backend` is `{"name": …, "options": {…}}`.
    """

    type: ClassVar = "start"
    program: str
    backend: Mapping[str, Any]
    params: str
    log_level: str


@dataclass(frozen=True)
class Cancel(OfAttempt):
    """Stop this attempt soon. The service kills the worker if it does not."""

    type: ClassVar = "cancel"


@dataclass(frozen=True)
class Acknowledge(OfAttempt):
    """The result of this attempt is stored, so it need not be kept."""

    type: ClassVar = "acknowledge"


@dataclass(frozen=True)
class Suggest:
    """What may follow the first `cursor` characters of `code`? The answer repeats `request`."""

    type: ClassVar = "suggest"
    request: int
    kind: str
    code: str
    cursor: int


@dataclass(frozen=True)
class Shutdown:
    """End now, with code 0."""

    type: ClassVar = "shutdown"


@dataclass(frozen=True)
class Heartbeat:
    """A sign of life, in either direction."""

    type: ClassVar = "heartbeat"


ToRunner: TypeAlias = Start | Cancel | Acknowledge | Suggest | Shutdown | Heartbeat


# From the worker

Capability: TypeAlias = Literal["acknowledge", "heartbeat", "resume", "suggest"]


@dataclass(frozen=True)
class Ready:
    """First message on each connection: a `start` is taken from now on."""

    type: ClassVar = "ready"
    pid: int
    programs: Sequence[str]
    versions: Mapping[str, str]
    not_repeatable: Sequence[str] = ()
    capabilities: Sequence[Capability] = ("heartbeat",)
    protocol: int = VERSION


@dataclass(frozen=True)
class Resume:
    """What is left of earlier connections; the results of `ended` follow."""

    type: ClassVar = "resume"
    running: Sequence[Key] = ()
    ended: Sequence[Key] = ()


@dataclass(frozen=True)
class InterpreterState:
    """The process of one session: what it is doing, and once it has started what it runs."""

    type: ClassVar = "interpreter"
    session: str
    state: Literal["starting", "idle", "busy"]
    kinds: Sequence[str] | None = None
    versions: Mapping[str, str] | None = None
    app_id: str | None = None
    ui_url: str | None = None
    jvm_pid: int | None = None


@dataclass(frozen=True)
class Started(OfAttempt):
    """Work on the attempt begins."""

    type: ClassVar = "started"


@dataclass(frozen=True)
class Progress(OfAttempt):
    """`done` of `total` steps are behind us; `total` is 0 where nobody knows."""

    type: ClassVar = "progress"
    done: int
    total: int
    message: str = ""


@dataclass(frozen=True)
class Log(OfAttempt):
    """A line that the job logged."""

    type: ClassVar = "log"
    level: str
    text: str


Fault: TypeAlias = Literal["input", "program"]
"""Who is to blame for a failure: the client's params, or the worker."""


@dataclass(frozen=True)
class Result(OfAttempt):
    """The attempt's one end. `completed`, `failed` and `cancelled` make the three kinds."""

    type: ClassVar = "result"
    outcome: Literal["completed", "failed", "cancelled"]
    result: str | None = None
    fault: Fault | None = None
    message: str | None = None
    reason_code: int | None = None
    traceback: str | None = None


def completed(of: OfAttempt, result: str) -> Result:
    """`result` is JSON text for the client."""
    return Result(of.job, of.token, "completed", result)


def failed(
    of: OfAttempt,
    fault: Fault,
    message: str,
    reason_code: int | None = None,
    traceback: str | None = None,
) -> Result:
    """`message` is one sentence for the user."""
    return Result(of.job, of.token, "failed", None, fault, message, reason_code, traceback)


def cancelled(of: OfAttempt, result: str | None = None) -> Result:
    """`result` is JSON text: what there was to say until then."""
    return Result(of.job, of.token, "cancelled", result)


@dataclass(frozen=True)
class Suggestions:
    """The answer to `Suggest`: whole words, sorted."""

    type: ClassVar = "suggestions"
    request: int
    words: Sequence[str]


@dataclass(frozen=True)
class Failed:
    """The worker can run nothing, and ends. `message` is one sentence."""

    type: ClassVar = "failed"
    message: str


FromRunner: TypeAlias = (
    Ready
    | Resume
    | InterpreterState
    | Started
    | Progress
    | Log
    | Result
    | Suggestions
    | Failed
    | Heartbeat
)


def parse(line: bytes | str) -> ToRunner:
    """One line from the service. Unknown fields are ignored. Raises ProtocolError."""
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
    return reader(_Fields(message))


def print_line(message: FromRunner) -> bytes:
    """One line for the service, newline included. Pure ASCII, so lone surrogates survive."""
    fields: dict[str, Any] = {"type": message.type, **vars(message)}
    if isinstance(message, Resume):
        fields |= {"running": _named(message.running), "ended": _named(message.ended)}
    return json.dumps(fields, separators=(",", ":")).encode("ascii") + b"\n"


def _named(attempts: Sequence[Key]) -> list[dict[str, str]]:
    return [{"job": job, "token": token} for job, token in attempts]


@dataclass(frozen=True)
class _Fields:
    """The fields of one message, by the kind they must have."""

    given: Mapping[str, Any] = field(default_factory=dict)

    def text(self, name: str) -> str:
        value = self.given.get(name)
        if not isinstance(value, str):
            raise ProtocolError(f"'{name}' of a {self.given['type']} is not a string")
        return value

    def number(self, name: str) -> int:
        value = self.given.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise ProtocolError(f"'{name}' of a {self.given['type']} is not a whole number")
        return value

    def mapping(self, name: str) -> Mapping[str, Any]:
        value = self.given.get(name)
        if not isinstance(value, dict):
            raise ProtocolError(f"'{name}' of a {self.given['type']} is not an object")
        return value


def _start(fields: _Fields) -> Start:
    level = fields.given.get("log_level")
    return Start(
        job=fields.text("job"),
        token=fields.text("token"),
        program=fields.text("program"),
        backend=fields.mapping("backend"),
        params=fields.text("params"),
        log_level=level if level in LOG_LEVELS else "warning",
    )


def _suggest(fields: _Fields) -> Suggest:
    return Suggest(
        request=fields.number("request"),
        kind=fields.text("kind"),
        code=fields.text("code"),
        cursor=fields.number("cursor"),
    )


_READERS: Mapping[str, Callable[[_Fields], ToRunner]] = {
    "start": _start,
    "cancel": lambda fields: Cancel(fields.text("job"), fields.text("token")),
    "acknowledge": lambda fields: Acknowledge(fields.text("job"), fields.text("token")),
    "suggest": _suggest,
    "heartbeat": lambda _: Heartbeat(),
    "shutdown": lambda _: Shutdown(),
}
