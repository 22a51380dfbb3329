"""The loop of a pooled worker: its transport's thread takes messages, the main thread runs one job.

States of the worker: *free* (no attempt), *busy* (an attempt was taken and has not been
answered). The transport's thread makes it busy, the main thread makes it free just before it
writes the answer, so that the service may send the next start as soon as it reads the answer.
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
    """What a kind of worker can do; the loop itself knows no program and imports nothing heavy.

    `programs` maps a name to `run(params, place, report)`, `place_of` turns the `backend` object
    of a start into the place its programs expect, `packages` are named with their versions in
    `ready`.
    """

    programs: Mapping[str, Callable[[str, Any, Report], str]]
    place_of: Callable[[Mapping[str, Any]], Any]
    packages: tuple[str, ...]


class Worker:
    """One attempt at a time over `transport`; `run_forever` belongs to the main thread."""

    def __init__(self, transport: Transport, abilities: Abilities) -> None:
        self._abilities = abilities
        self._attempts = Attempts()
        self._lock = threading.Lock()  # a cancel and the borders of the job's own code
        self._interruptible = False  # the main thread is inside the job's own code
        self._inbox: queue.SimpleQueue[Attempt] = queue.SimpleQueue()
        self._main = threading.get_ident()
        self._channel = Channel(transport, self._greeting, self._receive, note)

    def run_forever(self) -> None:
        """Does not return."""
        self._channel.open()
        while True:
            attempt = self._inbox.get()
            self._channel.send(messages.Started(*attempt.start.key))
            answer = self._answer(attempt)
            self._attempts.end(answer)
            self._channel.send(answer)

    def _greeting(self) -> Iterator[messages.FromRunner]:
        programs = self._abilities.programs
        yield messages.Ready(
            pid=os.getpid(),
            programs=sorted(programs),
            not_repeatable=names_not_repeatable(programs),
            versions=_versions(self._abilities.packages),
        )

    # The transport's thread

    def _receive(self, message: messages.ToRunner) -> None:
        match message:
            case messages.Start():
                self._take(message)
            case messages.Cancel():
                self._cancel(message)
            case messages.Shutdown():
                os._exit(0)
            case _:
                pass  # for those who keep results or answer questions

    def _take(self, start: messages.Start) -> None:
        taken = self._attempts.take(start)
        if isinstance(taken, Attempt):
            self._inbox.put(taken)
        elif taken is NotTaken.BUSY:
            self._channel.send(messages.failed(start, "program", BUSY))

    def _cancel(self, cancel: messages.Cancel) -> None:
        with self._lock:
            if self._attempts.cancel(cancel) is not None and self._interruptible:
                _raise_in(self._main, JobCancelled)

    # Main thread

    def _answer(self, attempt: Attempt) -> messages.Result:
        """Run the attempt; whatever happens becomes its one answer.

        A cancel interrupts at most once and only while `_interruptible`, but Python may deliver
        the exception a few steps late, hence the second net.
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
                result = program(start.params, self._abilities.place_of(start.backend), report)
            return messages.completed(start, result)
        except InputError as error:
            return messages.failed(start, "input", str(error), error.reason_code)
        except RecursionError:
            sentence = "The params are nested too deeply to be read."
            return messages.failed(start, "input", sentence, MALFORMED)
        except MemoryError:
            sentence = "The job needs more memory than the worker has."
            return messages.failed(start, "program", sentence)
        except Exception as error:  # noqa: BLE001 - the worker outlives any job
            message = shortened(f"{type(error).__name__}: {error}".split("\n")[0], 500)
            return messages.failed(start, "program", message, None, traceback.format_exc())

    def _log_of(self, start: messages.Start) -> Callable[[str, str], None]:
        return lambda level, text: self._channel.send(messages.Log(*start.key, level, text))


def note(text: str) -> None:
    """A line for the service's own log."""
    print(f"worker {os.getpid()}: {text}", file=sys.stderr, flush=True)


def _raise_in(thread: int, error: type[BaseException] | None) -> None:
    """Raise `error` in another thread at its next Python step; None takes back a pending one."""
    target = ctypes.py_object(error) if error is not None else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), target)


def _versions(packages: tuple[str, ...]) -> dict[str, str]:
    return {"python": platform.python_version()} | {name: version(name) for name in packages}
