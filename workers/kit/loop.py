"""The main loop of a pooled worker.

The transport's thread receives messages; the main thread runs one job at a time. A worker is
*free* (no attempt) or *busy* (an attempt was accepted and its result has not been sent). The
transport's thread makes the worker busy. The main thread makes it free just before it sends the
result, so that the service may send the next start as soon as it reads the result.
"""

from __future__ import annotations

import ctypes
import os
import platform
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from . import messages
from .attempts import Attempt, Attempts, NotTaken
from .channel import Channel, Transport
from .failures import MALFORMED, InputError, JobCancelled
from .logs import forwarded_logs
from .repeat import names_not_repeatable
from .report import CallbackReport, Report
from .texts import shortened

BUSY = "The worker is busy with another job."


@dataclass(frozen=True)
class Abilities:
    """What one kind of worker can do.

    `programs` maps a name to `run(params, backend, report)`. `backend_of` turns the `backend`
    object of a start into the value that the programs expect as `backend`. The versions of
    `packages` are sent in `ready`.
    """

    programs: Mapping[str, Callable[[str, Any, Report], str]]
    backend_of: Callable[[Mapping[str, Any]], Any]
    packages: tuple[str, ...]


class Worker:
    """Runs one attempt at a time. Call `run_forever` in the main thread."""

    def __init__(self, transport: Transport, abilities: Abilities) -> None:
        self._abilities = abilities
        self._attempts = Attempts()
        self._lock = threading.Lock()  # serializes a cancel with changes of _interruptible
        self._interruptible = False  # whether the main thread is inside the job's own code
        self._inbox: queue.SimpleQueue[Attempt] = queue.SimpleQueue()
        self._main = threading.get_ident()
        self._channel = Channel(transport, self._greeting, self._receive, note)

    def run_forever(self) -> None:
        """Receives and runs attempts. Never returns."""
        self._channel.open()
        while True:
            attempt = self._inbox.get()
            self._channel.send(messages.Started(*attempt.start.key))
            result = self._execute(attempt)
            self._attempts.end(result)
            self._channel.send(result)

    def _greeting(self) -> Iterator[messages.FromRunner]:
        programs = self._abilities.programs
        yield messages.Ready(
            pid=os.getpid(),
            programs=sorted(programs),
            not_repeatable=names_not_repeatable(programs),
            versions=_versions(self._abilities.packages),
        )

    # Called in the transport's thread

    def _receive(self, message: messages.ToRunner) -> None:
        match message:
            case messages.Start():
                self._take(message)
            case messages.Cancel():
                self._cancel(message)
            case messages.Shutdown():
                os._exit(0)
            case _:
                pass  # messages for runners with more capabilities

    def _take(self, start: messages.Start) -> None:
        attempt = self._attempts.take(start)
        if isinstance(attempt, Attempt):
            self._inbox.put(attempt)
        elif attempt is NotTaken.BUSY:
            self._channel.send(messages.failed(start, "program", BUSY))

    def _cancel(self, cancel: messages.Cancel) -> None:
        with self._lock:
            if self._attempts.cancel(cancel) is not None and self._interruptible:
                _raise_in(self._main, JobCancelled)

    # Called in the main thread

    def _execute(self, attempt: Attempt) -> messages.Result:
        """Runs the attempt and returns its result, also after any exception.

        A cancel interrupts at most once, and only while `_interruptible` is set. Python may raise
        the exception a few steps later, though, so the outer `try` catches it as well.
        """
        try:
            try:
                with self._lock:
                    attempt.check()
                    self._interruptible = True
                return self._run(attempt)
            finally:
                self._shield()
        except JobCancelled:
            self._shield()
            return messages.cancelled(attempt.start)

    def _shield(self) -> None:
        with self._lock:
            self._interruptible = False
            _raise_in(self._main, None)

    def _run(self, attempt: Attempt) -> messages.Result:
        start = attempt.start
        program = self._abilities.programs.get(start.program)
        if program is None:
            known = ", ".join(sorted(self._abilities.programs))
            return messages.failed(
                start, "input", f"Unknown program '{start.program}'; known are {known}."
            )
        report = CallbackReport(
            lambda done, total, message: self._channel.send(
                messages.Progress(*start.key, done, total, message)
            ),
            attempt.check,
            time.monotonic,
        )
        try:
            with forwarded_logs(start.log_level, self._log_of(start)):
                result = program(start.params, self._abilities.backend_of(start.backend), report)
            return messages.completed(start, result)
        except InputError as error:
            return messages.failed(start, "input", str(error), error.reason_code)
        except RecursionError:
            message = "The params are nested too deeply to be read."
            return messages.failed(start, "input", message, MALFORMED)
        except MemoryError:
            message = "The job needs more memory than the worker has."
            return messages.failed(start, "program", message)
        except Exception as error:  # noqa: BLE001 - no job may end the worker
            message = shortened(f"{type(error).__name__}: {error}".split("\n")[0], 500)
            return messages.failed(start, "program", message, None, traceback.format_exc())

    def _log_of(self, start: messages.Start) -> Callable[[str, str], None]:
        return lambda level, text: self._channel.send(messages.Log(*start.key, level, text))


def note(text: str) -> None:
    """Writes one line of text to stderr, which the service adds to its own log."""
    print(f"worker {os.getpid()}: {text}", file=sys.stderr, flush=True)


def _raise_in(thread: int, error: type[BaseException] | None) -> None:
    """Raises `error` in another thread at its next Python step; None cancels a pending error."""
    target = ctypes.py_object(error) if error is not None else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), target)


def _versions(packages: tuple[str, ...]) -> dict[str, str]:
    return {"python": platform.python_version()} | {name: version(name) for name in packages}
