"""The messages between service and worker: types, parser and writer (docs/attempt-protocol.md).

Only this module depends on their JSON form. `protocol/attempts.jsonl` contains examples that the
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
"""Job and token, which together identify an attempt."""


class ProtocolError(ValueError):
    """A line is not a valid message; the text gives the reason. The worker logs and ignores it."""


# To the worker


@dataclass(frozen=True)
class OfAttempt:
    """A message about one attempt. Every reply repeats `token`, the attempt's fencing token."""

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
    """Stop this attempt soon. The service kills the worker if it does not stop."""

    type: ClassVar = "cancel"


@dataclass(frozen=True)
class Acknowledge(OfAttempt):
    """The service has stored the result of this attempt, so the worker can delete it."""

    type: ClassVar = "acknowledge"


@dataclass(frozen=True)
class Suggest:
    """Request for completions of the first `cursor` characters of `code`.

    The reply repeats `request`.
    """

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
    """First message on each connection: the worker accepts a `start` from now on."""

    type: ClassVar = "ready"
    pid: int
    programs: Sequence[str]
    versions: Mapping[str, str]
    not_repeatable: Sequence[str] = ()
    capabilities: Sequence[Capability] = ("heartbeat",)
    protocol: int = VERSION


@dataclass(frozen=True)
class Resume:
    """Attempts of earlier connections. The results of those in `ended` follow."""

    type: ClassVar = "resume"
    running: Sequence[Key] = ()
    ended: Sequence[Key] = ()


@dataclass(frozen=True)
class InterpreterState:
    """The state of one session's interpreter. The optional fields are None until it has started."""

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
    """The worker begins to run the attempt."""

    type: ClassVar = "started"


@dataclass(frozen=True)
class Progress(OfAttempt):
    """`done` of `total` steps are complete; `total` is 0 if it is unknown."""

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
"""What caused a failure: the client's params, or the program."""


@dataclass(frozen=True)
class Result(OfAttempt):
    """The end of an attempt. Use `completed`, `failed` or `cancelled` to create one."""

    type: ClassVar = "result"
    outcome: Literal["completed", "failed", "cancelled"]
    result: str | None = None
    fault: Fault | None = None
    message: str | None = None
    reason_code: int | None = None
    traceback: str | None = None


def completed(of: OfAttempt, result: str) -> Result:
    """Returns the result of a completed attempt. `result` is JSON text for the client."""
    return Result(of.job, of.token, "completed", result)


def failed(
    of: OfAttempt,
    fault: Fault,
    message: str,
    reason_code: int | None = None,
    traceback: str | None = None,
) -> Result:
    """Returns the result of a failed attempt. `message` is one sentence for the user."""
    return Result(of.job, of.token, "failed", None, fault, message, reason_code, traceback)


def cancelled(of: OfAttempt, result: str | None = None) -> Result:
    """Returns the result of a cancelled attempt. `result` is JSON text: the partial result."""
    return Result(of.job, of.token, "cancelled", result)


@dataclass(frozen=True)
class Suggestions:
    """The reply to `Suggest`: whole words, sorted."""

    type: ClassVar = "suggestions"
    request: int
    words: Sequence[str]


@dataclass(frozen=True)
class Failed:
    """The worker cannot run any job, and ends. `message` is one sentence."""

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
    """Parses one line from the service, ignoring unknown fields. Raises ProtocolError."""
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
    """Returns one line for the service, newline included.

    The line is pure ASCII, so that lone surrogates survive.
    """
    fields: dict[str, Any] = {"type": message.type, **vars(message)}
    if isinstance(message, Resume):
        fields |= {"running": _named(message.running), "ended": _named(message.ended)}
    return json.dumps(fields, separators=(",", ":")).encode("ascii") + b"\n"


def _named(attempts: Sequence[Key]) -> list[dict[str, str]]:
    return [{"job": job, "token": token} for job, token in attempts]


@dataclass(frozen=True)
class _Fields:
    """Typed access to the fields of one message. Each method raises ProtocolError."""

    values: Mapping[str, Any] = field(default_factory=dict)

    def text(self, name: str) -> str:
        value = self.values.get(name)
        if not isinstance(value, str):
            raise ProtocolError(f"'{name}' of a {self.values['type']} is not a string")
        return value

    def number(self, name: str) -> int:
        value = self.values.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise ProtocolError(f"'{name}' of a {self.values['type']} is not a whole number")
        return value

    def mapping(self, name: str) -> Mapping[str, Any]:
        value = self.values.get(name)
        if not isinstance(value, dict):
            raise ProtocolError(f"'{name}' of a {self.values['type']} is not an object")
        return value


def _start(fields: _Fields) -> Start:
    level = fields.values.get("log_level")
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
