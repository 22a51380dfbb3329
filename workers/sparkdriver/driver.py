"""The driver of a session: runs one statement at a time, and keeps results until acknowledged.

States: *starting* (Spark is starting), *idle*, *busy* (an attempt was accepted and has not ended).
Threads: the main thread starts Spark and runs statements; the socket's thread receives messages.
Completions, progress, housekeeping and the watch over the JVM have a thread each, and so has every
cancel until it is done.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import platform
import queue
import signal
import subprocess
import threading
from collections.abc import Iterator
from typing import NoReturn

from kit import messages
from kit.attempts import Attempt, Attempts, NotTaken
from kit.channel import Channel
from kit.failures import InputError
from kit.unix_socket import UnixSocketTransport

from .capture import Capture
from .interrupts import Interrupts
from .jvm import SparkFailed
from .outputs import Output, as_text, failed, message_of
from .params import Statement, read_statement
from .progress import Progress
from .rprocess import RDied
from .settings import Settings
from .spark import Facts, Spark
from .statements import Statements

FAILED, JVM_DIED, R_DIED = 2, 3, 4  # exit codes
PROGRAM = "statement"
BUSY = "The session is busy with another statement."
GRACE = 4  # seconds for the JVM to end by itself
_NUMBERS = itertools.count()
LAST_LINES = 20  # lines of R's last output that go to the log when R ends
FAILURE_WAIT = 10  # seconds in which the service can connect to receive Spark's start failure


class Driver:
    """The process of one session. Call `run_forever` in the main thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pid = os.getpid()
        self._attempts = Attempts(keeps_results=True)
        self._group = ""  # group of the Spark jobs of the running statement
        self._facts: Facts | None = None  # None until Spark has started
        self._failure: str | None = None
        self._inbox: queue.SimpleQueue[Attempt] = queue.SimpleQueue()
        self._completions: queue.SimpleQueue[messages.Suggest] = queue.SimpleQueue()
        self._spark: Spark | None = None
        self._statements: Statements | None = None
        self._stopping = threading.Lock()
        self._capture = Capture(settings.folder)
        self._interrupts = Interrupts(self._cancel_jobs, self._capture.note)
        self._socket = UnixSocketTransport(settings.socket)
        self._channel = Channel(self._socket, self._greeting, self._receive, self._capture.note)

    def run_forever(self) -> NoReturn:
        """Starts Spark and runs statements. Call it in the main thread; it never returns."""
        signal.signal(signal.SIGTERM, self._on_sigterm)
        self._channel.open()
        threading.Thread(target=self._housekeeping, name="housekeeping", daemon=True).start()
        try:
            self._start()
        except SparkFailed as error:
            self._give_up(str(error))
        except Exception as error:  # noqa: BLE001 - the service must receive the failure
            self._give_up(f"Spark could not be started: {type(error).__name__}: {error}")
        while True:
            self._execute(self._inbox.get())

    def stop(self, code: int) -> NoReturn:
        """Ends the JVM and this process. Thread-safe: a second caller waits for the exit."""
        self._stopping.acquire()
        self._socket.close()
        process = self._spark.process if self._spark is not None else None
        if process is not None:
            _end_jvm(process)
        os._exit(code)

    # Called in the main thread

    def _on_sigterm(self, *_: object) -> None:
        if os.getpid() == self._pid:
            self.stop(0)
        # A copy of the driver, forked by multiprocessing or a cell, dies like any other process.
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
        self._channel.send(self._state())

    def _give_up(self, reason: str) -> NoReturn:
        self._capture.note(reason)
        self._failure = reason
        self._channel.send(messages.Failed(reason))
        self._socket.wait_for_peer(FAILURE_WAIT)
        self.stop(FAILED)

    def _execute(self, attempt: Attempt) -> None:
        start = attempt.start
        # An attempt that was cancelled before its start is not executed.
        if attempt.cancelled.is_set():
            self._finish(messages.cancelled(start))
            return
        self._channel.send(messages.Started(*start.key))
        try:
            if start.program != PROGRAM:
                raise InputError(f"Unknown program '{start.program}'; known is {PROGRAM}.")
            statement = read_statement(start.params)
        except InputError as error:
            self._finish(messages.failed(start, "input", str(error), error.reason_code))
            return
        text = _text_of(statement, self._evaluate(statement, attempt.cancelled))
        if attempt.cancelled.is_set():
            self._finish(messages.cancelled(start, text))
        else:
            self._finish(messages.completed(start, text))

    def _evaluate(self, statement: Statement, cancelled: threading.Event) -> Output:
        assert self._statements
        # A new name each time, because Spark cancels all later jobs of a cancelled group.
        self._group = f"stint-{next(_NUMBERS)}"
        self._progress.begin(self._group)
        try:
            return self._statements.run(statement, self._group, cancelled)
        except RDied as error:
            self._end_with_r(error)
        finally:
            self._progress.end()

    def _end_with_r(self, error: RDied) -> NoReturn:
        """Ends the session with its R, as in Livy, and logs R's last output."""
        last_lines = "".join(self._capture.end()).splitlines()[-LAST_LINES:]
        self._capture.note("\n".join([f"ends: {error}", *last_lines]))
        self.stop(R_DIED)

    def _finish(self, result: messages.Result) -> None:
        self._attempts.end(result)
        self._channel.send(result)

    # Called in the socket's thread

    def _receive(self, message: messages.ToRunner) -> None:
        match message:
            case messages.Start():
                self._take(message)
            case messages.Cancel():
                self._cancel(message)
            case messages.Acknowledge():
                self._attempts.acknowledge(message)
            case messages.Suggest():
                self._completions.put(message)
            case messages.Shutdown():
                self.stop(0)
            case messages.Heartbeat():
                pass  # the channel replies to it

    def _take(self, start: messages.Start) -> None:
        accepted = self._attempts.take(start)
        if isinstance(accepted, Attempt):
            self._inbox.put(accepted)
        elif isinstance(accepted, messages.Result):
            self._channel.send(accepted)
        elif accepted is NotTaken.BUSY:
            self._refuse(start)

    def _refuse(self, start: messages.Start) -> None:
        try:
            number = read_statement(start.params).statement
        except InputError:
            number = 0
        refusal = failed(number, "SessionBusy", BUSY, [])
        self._finish(messages.completed(start, as_text(refusal)))

    def _cancel(self, cancel: messages.Cancel) -> None:
        attempt = self._attempts.cancel(cancel)
        if attempt is None:
            return
        threading.Thread(
            target=self._interrupts.cancel, args=(attempt.cancelled,), name="cancel", daemon=True
        ).start()

    def _cancel_jobs(self) -> None:
        if self._attempts.current is not None and self._spark is not None:
            self._spark.cancel_group(self._group)

    def _greeting(self) -> Iterator[messages.FromRunner]:
        yield messages.Ready(
            pid=self._pid,
            programs=[PROGRAM],
            not_repeatable=[PROGRAM],
            capabilities=["acknowledge", "heartbeat", "resume", "suggest"],
            versions={"python": platform.python_version()},
        )
        resume, results = self._attempts.unacknowledged()
        yield resume
        yield self._state()
        if self._failure is not None:
            yield messages.Failed(self._failure)
        yield from results

    def _state(self) -> messages.InterpreterState:
        session = self._settings.session
        if self._facts is None:
            return messages.InterpreterState(session, "starting")
        if self._attempts.current is None:
            return messages.InterpreterState(session, "idle", **self._facts)
        return messages.InterpreterState(session, "busy", **self._facts)

    # Called in other threads

    def _send_progress(self, done: int, total: int) -> None:
        attempt = self._attempts.current
        if attempt is not None:
            self._channel.send(messages.Progress(*attempt.start.key, done, total))

    def _complete(self) -> None:
        while True:
            suggest = self._completions.get()
            try:
                assert self._statements
                busy = self._attempts.current is not None
                words = self._statements.complete(suggest, busy)
            except Exception as error:  # noqa: BLE001 - the reply is then an empty list
                self._capture.note(f"a completion failed: {error}")
                words = []
            self._channel.send(messages.Suggestions(suggest.request, words))

    def _housekeeping(self) -> None:
        limit = self._settings.orphan_timeout
        pause = threading.Event()
        while not pause.wait(min(1.0, max(limit / 4, 0.05))):
            self._capture.sweep()
            if self._socket.disconnected_for() > limit:
                self._capture.note(f"ends: nobody has been connected for {limit:g} s")
                self.stop(0)

    def _watch_jvm(self, process: subprocess.Popen[bytes]) -> None:
        code = process.wait()
        if self._stopping.acquire(blocking=False):
            self._capture.note(f"ends: the JVM ended with code {code}")
            self._socket.close()
            os._exit(JVM_DIED)


def _text_of(statement: Statement, output: Output) -> str:
    try:
        return as_text(output)
    except Exception as error:  # noqa: BLE001 - every attempt must have a result
        name = f"Internal Error: {type(error).__name__}"
        return as_text(failed(statement.statement, name, message_of(error), []))


def _end_jvm(process: subprocess.Popen[bytes]) -> None:
    """Closes the JVM's stdin, which makes it stop Spark and exit. Kills it after GRACE seconds."""
    with contextlib.suppress(OSError):
        assert process.stdin
        process.stdin.close()
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
