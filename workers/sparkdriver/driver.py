"""The driver: one session, one statement at a time, results kept until they are acknowledged.

States: *starting* (Spark comes up), *idle*, *busy* (a run was taken and has not been answered).
Threads: the main thread starts Spark and runs statements; the socket's thread takes messages; one
thread each does completions, progress, housekeeping and the watch over the JVM. A cancel has its
own thread for as long as it takes.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

from kit.unix_socket import Connection

from . import messages
from .capture import Capture
from .interrupts import Interrupts
from .jvm import SparkFailed
from .outputs import as_text, failed, message_of
from .progress import Progress
from .rprocess import RDied
from .settings import Settings
from .spark import Spark
from .statements import Statements

FAILED, JVM_DIED, R_DIED = 2, 3, 4  # exit codes
BUSY = "The session is busy with another statement."
GRACE = 4  # seconds for the JVM to end by itself
_NUMBERS = itertools.count()
LAST_LINES = 20  # of what R printed before it ended
LAST_CALL = 10  # seconds for the service to come and hear why Spark could not be started


class Attempt:
    """One run that was taken. `cancelled` is set once."""

    def __init__(self, run: messages.Run) -> None:
        self.run = run
        # Of this process alone: a group that was cancelled cancels all later jobs of its name.
        self.group = f"stint-{next(_NUMBERS)}"
        self.cancelled = threading.Event()


class Driver:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pid = os.getpid()
        self._lock = threading.Lock()  # guards _current and _results
        self._current: Attempt | None = None
        self._results: dict[tuple[str, str], bytes] = {}
        self._facts: dict[str, Any] | None = None  # known once Spark has started
        self._failure: str | None = None
        self._inbox: queue.SimpleQueue[Attempt] = queue.SimpleQueue()
        self._completions: queue.SimpleQueue[messages.Complete] = queue.SimpleQueue()
        self._spark: Spark | None = None
        self._statements: Statements | None = None
        self._stopping = threading.Lock()
        self._capture = Capture(settings.folder)
        self._interrupts = Interrupts(self._cancel_jobs, self._capture.note)
        self._connection = Connection(settings.socket, self._greeting, self._receive)

    def run_forever(self) -> None:
        """For the main thread; does not return."""
        signal.signal(signal.SIGTERM, self._on_sigterm)
        self._connection.listen()
        threading.Thread(target=self._keep_house, name="house", daemon=True).start()
        try:
            self._start()
        except SparkFailed as error:
            self._give_up(str(error))
        except Exception as error:  # noqa: BLE001 - the service must be told
            self._give_up(f"Spark could not be started: {type(error).__name__}: {error}")
        while True:
            self._execute(self._inbox.get())

    def stop(self, code: int) -> None:
        """End everything, from any thread. The second caller waits for the first one's exit."""
        self._stopping.acquire()
        self._connection.close()
        process = self._spark.process if self._spark is not None else None
        if process is not None:
            _end_jvm(process)
        os._exit(code)

    # Main thread

    def _on_sigterm(self, *_: object) -> None:
        if os.getpid() == self._pid:
            self.stop(0)
        # A copy of the driver, made by multiprocessing or a cell, dies like any other process.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)

    def _start(self) -> None:
        self._spark = spark = Spark(self._settings, self._capture)
        threading.Thread(target=self._watch_jvm, args=(spark.process,), daemon=True).start()
        self._interrupts.attach(spark.gateway)
        self._progress = Progress(spark.tracker, self._send_progress)
        self._statements = Statements(spark, self._capture, self._interrupts, self._capture.note)
        threading.Thread(target=self._complete, name="completions", daemon=True).start()
        self._facts = spark.facts()
        self._capture.sweep()
        self._send(self._ready())

    def _give_up(self, sentence: str) -> None:
        self._capture.note(sentence)
        self._failure = sentence
        self._send({"type": "failed", "message": sentence})
        self._connection.wait_for_peer(LAST_CALL)
        self.stop(FAILED)

    def _execute(self, attempt: Attempt) -> None:
        run = attempt.run
        output = None
        # A run that was cancelled before its turn is never executed.
        if not attempt.cancelled.is_set():
            assert self._statements
            self._send({"type": "started", **_names(run)})
            self._progress.begin(attempt.group)
            try:
                output = self._statements.run(run, attempt.group, attempt.cancelled)
            except RDied as error:
                self._end_with_r(error)
            self._progress.end()
        text = None
        if output is not None:
            try:
                text = as_text(output)
            except Exception as error:  # noqa: BLE001 - every run has one result
                name = f"Internal Error: {type(error).__name__}"
                text = as_text(failed(run.statement, name, message_of(error), []))
        self._finish(run, attempt.cancelled.is_set(), text)

    def _end_with_r(self, error: RDied) -> None:
        """As in Livy, the session does not outlive an interpreter. Its last words go to the log."""
        said = "".join(self._capture.end()).splitlines()[-LAST_LINES:]
        self._capture.note("\n".join([f"ends: {error}", *said]))
        self.stop(R_DIED)

    def _finish(self, run: messages.Run, cancelled: bool, text: str | None) -> None:
        result = {"type": "result", **_names(run), "cancelled": cancelled, "output": text}
        line = messages.print_line(result)
        with self._lock:
            self._results[run.key] = line
            if self._current is not None and self._current.run is run:
                self._current = None
        self._connection.send(line)

    # The socket's thread

    def _receive(self, line: bytes) -> None:
        try:
            message = messages.parse(line)
        except messages.ProtocolError as error:
            self._capture.note(f"ignored a line of {len(line)} bytes: {error}")
            return
        match message:
            case messages.Run():
                self._take(message)
            case messages.Cancel():
                self._cancel(message)
            case messages.Ack():
                with self._lock:
                    self._results.pop(message.key, None)
            case messages.Complete():
                self._completions.put(message)
            case messages.Shutdown():
                self.stop(0)

    def _take(self, run: messages.Run) -> None:
        with self._lock:
            known = self._results.get(run.key)
            current = self._current
            if known is None and current is None:
                self._current = attempt = Attempt(run)
                self._inbox.put(attempt)
                return
        if known is not None:
            self._connection.send(known)
        elif current is not None and current.run.key != run.key:
            refusal = failed(run.statement, "SessionBusy", BUSY, [])
            self._finish(run, False, as_text(refusal))

    def _cancel(self, cancel: messages.Cancel) -> None:
        attempt = self._current
        if attempt is None or attempt.run.key != cancel.key or attempt.cancelled.is_set():
            return
        attempt.cancelled.set()
        threading.Thread(
            target=self._interrupts.cancel, args=(attempt.cancelled,), name="cancel", daemon=True
        ).start()

    def _cancel_jobs(self) -> None:
        attempt = self._current
        if attempt is not None and self._spark is not None:
            self._spark.cancel_group(attempt.group)

    def _greeting(self) -> Iterator[bytes]:
        yield messages.print_line(self._ready())
        if self._failure is not None:
            yield messages.print_line({"type": "failed", "message": self._failure})
        with self._lock:
            results = list(self._results.values())
        yield from results

    def _ready(self) -> dict[str, Any]:
        current = self._current
        state = "starting" if self._facts is None else "busy" if current is not None else "idle"
        who = {"protocol": messages.PROTOCOL, "pid": os.getpid(), "session": self._settings.session}
        running = None if current is None else _names(current.run)
        return {"type": "ready", **who, "state": state, "running": running, **(self._facts or {})}

    def _send(self, message: dict[str, Any]) -> None:
        self._connection.send(messages.print_line(message))

    # Other threads

    def _send_progress(self, value: float) -> None:
        attempt = self._current
        if attempt is not None:
            self._send({"type": "progress", **_names(attempt.run), "value": value})

    def _complete(self) -> None:
        while True:
            wanted = self._completions.get()
            try:
                assert self._statements
                found = self._statements.complete(wanted, self._current is not None)
            except Exception as error:  # noqa: BLE001 - no candidates is an answer, too
                self._capture.note(f"a completion failed: {error}")
                found = []
            self._send({"type": "candidates", "request": wanted.request, "candidates": found})

    def _keep_house(self) -> None:
        limit = self._settings.orphan_timeout
        pause = threading.Event()
        while not pause.wait(min(1.0, max(limit / 4, 0.05))):
            self._capture.sweep()
            if self._connection.alone_for() > limit:
                self._capture.note(f"ends: nobody has been connected for {limit:g} s")
                self.stop(0)

    def _watch_jvm(self, process: subprocess.Popen[bytes]) -> None:
        code = process.wait()
        if self._stopping.acquire(blocking=False):
            self._capture.note(f"ends: the JVM ended with code {code}")
            self._connection.close()
            os._exit(JVM_DIED)


def _names(run: messages.Run) -> dict[str, str]:
    return {"job": run.job, "attempt": run.attempt}


def _end_jvm(process: subprocess.Popen[bytes]) -> None:
    """At the end of its stdin the JVM stops Spark and exits."""
    with contextlib.suppress(OSError):
        assert process.stdin
        process.stdin.close()
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
