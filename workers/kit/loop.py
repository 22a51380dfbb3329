"""The worker's loop: a reader thread takes messages, the main thread runs one job at a time.

States of the worker: *free* (no attempt), *busy* (an attempt was taken from stdin and has not been
answered). The reader makes it busy, the main thread makes it free just before it writes the
answer, so that the service may send the next run as soon as it reads the answer.
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
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, BinaryIO

from . import messages as protocol
from .failures import InputError, JobCancelled
from .logs import forwarded_logs
from .repeat import names_not_repeatable
from .report import CallbackReport, Report
from .texts import shortened

CANCELLED = "The job was cancelled."


@dataclass(frozen=True)
class Abilities:
    """What a kind of worker can do; the loop itself knows no program and imports nothing heavy.

    `programs` maps a name to `run(params, place, report)`, `place_of` turns the `backend` object
    of a run into the place its programs expect, `packages` are named with their versions in
    `ready`.
    """

    programs: dict[str, Callable[[str, Any, Report], str]]
    place_of: Callable[[dict[str, Any]], Any]
    packages: tuple[str, ...]


class Attempt:
    """One run being worked on. `cancelled` is set once, by the reader."""

    def __init__(self, run: protocol.Run) -> None:
        self.run = run
        self.cancelled = threading.Event()

    def check(self) -> None:
        if self.cancelled.is_set():
            raise JobCancelled

    def error(
        self, kind: str, message: str, code: int | None = None, trace: str | None = None
    ) -> protocol.Error:
        return protocol.Error(self.run.job, self.run.attempt, kind, message, code, trace)  # type: ignore[arg-type]


class Worker:
    """Reads `source`, writes lines with `write`; `run_forever` belongs to the main thread."""

    def __init__(
        self,
        source: BinaryIO,
        write: Callable[[bytes], None],
        abilities: Abilities,
    ) -> None:
        self._source, self._write, self._abilities = source, write, abilities
        self._write_lock = threading.Lock()
        self._lock = threading.Lock()  # guards _current and _interruptible
        self._current: Attempt | None = None
        self._interruptible = False  # the main thread is inside the job's own code
        self._inbox: queue.SimpleQueue[Attempt] = queue.SimpleQueue()
        self._main = threading.get_ident()

    def run_forever(self) -> None:
        self.send(
            protocol.Ready(
                pid=os.getpid(),
                programs=sorted(self._abilities.programs),
                not_repeatable=names_not_repeatable(self._abilities.programs),
                versions=_versions(self._abilities.packages),
            )
        )
        threading.Thread(target=self._read, name="stdin", daemon=True).start()
        while True:
            attempt = self._inbox.get()
            self.send(protocol.Started(attempt.run.job, attempt.run.attempt))
            answer = self._answer(attempt)
            with self._lock:
                self._current = None
            self.send(answer)

    def send(self, message: protocol.FromWorker) -> None:
        line = protocol.print_line(message)
        with self._write_lock:
            self._write(line)

    # Reader thread

    def _read(self) -> None:
        for line in self._source:
            if not line.strip():
                continue
            try:
                message = protocol.parse(line)
            except protocol.ProtocolError as error:
                note(f"ignored a line of {len(line)} bytes: {error}")
                continue
            if isinstance(message, protocol.Run):
                self._take(message)
            elif isinstance(message, protocol.Cancel):
                self._cancel(message)
            else:
                os._exit(0)
        # EOF: nobody is left to read a result. _exit: the main thread may be in compiled code.
        os._exit(0)

    def _take(self, run: protocol.Run) -> None:
        attempt = Attempt(run)
        with self._lock:
            busy = self._current is not None
            if not busy:
                self._current = attempt
        if busy:
            self.send(attempt.error("program", "The worker is busy with another job."))
        else:
            self._inbox.put(attempt)

    def _cancel(self, cancel: protocol.Cancel) -> None:
        with self._lock:
            attempt = self._current
            if (
                attempt is None
                or (attempt.run.job, attempt.run.attempt) != (cancel.job, cancel.attempt)
                or attempt.cancelled.is_set()
            ):
                return
            attempt.cancelled.set()
            if self._interruptible:
                _raise_in(self._main, JobCancelled)

    # Main thread

    def _answer(self, attempt: Attempt) -> protocol.FromWorker:
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
            return attempt.error("cancelled", CANCELLED)

    def _shield(self) -> None:
        with self._lock:
            self._interruptible = False
            _raise_in(self._main, None)

    def _run(self, attempt: Attempt) -> protocol.FromWorker:
        run = attempt.run
        program = self._abilities.programs.get(run.program)
        if program is None:
            known = ", ".join(sorted(self._abilities.programs))
            return attempt.error("input", f"Unknown program '{run.program}'; known are {known}.")
        report = CallbackReport(
            lambda done, total, message: self.send(
                protocol.Progress(run.job, run.attempt, done, total, message)
            ),
            attempt.check,
            time.monotonic,
        )
        try:
            with forwarded_logs(run.log_level, self._log_of(run)):
                result = program(run.params, self._abilities.place_of(run.backend), report)
            return protocol.Result(run.job, run.attempt, result)
        except InputError as error:
            return attempt.error("input", str(error), error.reason_code)
        except RecursionError:
            return attempt.error("input", "The params are nested too deeply to be read.", 3211)
        except MemoryError:
            return attempt.error("program", "The job needs more memory than the worker has.")
        except Exception as error:  # noqa: BLE001 - the worker outlives any job
            message = shortened(f"{type(error).__name__}: {error}".split("\n")[0], 500)
            return attempt.error("program", message, None, traceback.format_exc())

    def _log_of(self, run: protocol.Run) -> Callable[[str, str], None]:
        return lambda level, text: self.send(protocol.Log(run.job, run.attempt, level, text))


def note(text: str) -> None:
    print(f"worker {os.getpid()}: {text}", file=sys.stderr, flush=True)


def _raise_in(thread: int, error: type[BaseException] | None) -> None:
    """Raise `error` in another thread at its next Python step; None takes back a pending one."""
    target = ctypes.py_object(error) if error is not None else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), target)


def _versions(packages: tuple[str, ...]) -> dict[str, str]:
    return {"python": platform.python_version()} | {name: version(name) for name in packages}
