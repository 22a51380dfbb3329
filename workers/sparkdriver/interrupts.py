"""How a running statement is interrupted without harm to the session.

A cancel acts from another thread, again and again until the statement ends, each time one step
harder: Spark's jobs are cancelled and the main thread gets SIGINT; then the JVM's thread that
works for the main thread is interrupted; at last it is left behind (Python, SQL) or, inside a
loop of the user's own, stopped (Scala). A thread that is stopped while a class is being loaded
would leave that class unusable for the rest of the session.

SIGINT raises KeyboardInterrupt in the main thread, but never in the middle of a call to the JVM:
py4j would take that call's answer for the answer to the next one. In a call the signal waits until
the call returns, and the steps above make it return.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

STEP = 0.1  # seconds between two tries
INTERRUPT_AFTER = 0.4  # seconds from the cancel until the JVM's thread is interrupted
_CELL_CLASS = "$line"  # what the Scala interpreter names the classes of cells
_PLAIN = ("java.base/java.", "scala.collection.", "scala.runtime.", "scala.Console", "scala.Predef")
STOP_AFTER = 0.9  # seconds from the cancel until it is stopped or left behind


class Interrupts:
    """Belongs to the main thread, which must make it."""

    def __init__(self, cancel_jobs: Callable[[], None], note: Callable[[str], None]) -> None:
        """`cancel_jobs` cancels the Spark jobs of the running statement, from any thread."""
        self._cancel_jobs, self._note = cancel_jobs, note
        self._main, self._pid = threading.get_ident(), os.getpid()
        self._lock = threading.RLock()  # a step of a cancel never reaches into the next statement
        self._running: threading.Event | None = None  # of the running statement: set by a cancel
        self._raises = False  # KeyboardInterrupt may be raised in the main thread
        self._depth = 0  # calls to the JVM that the main thread is in
        self._client: Any = None
        self._jvm: Any = None
        self._connection: Any = None
        self._thread: Any = None  # java.lang.Thread working for the main thread
        self._touched = False  # that thread was interrupted
        signal.signal(signal.SIGINT, self._on_signal)

    def attach(self, gateway: Any) -> None:
        """Watch the main thread's calls to the JVM. py4j sends all of them with one function."""
        self._client, self._jvm = gateway._gateway_client, gateway.jvm
        send = self._client.send_command

        def watched(*args: Any, **more: Any) -> Any:
            if threading.get_ident() != self._main:
                return send(*args, **more)
            self._depth += 1
            try:
                return send(*args, **more)
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._raise_if_cancelled()

        again = self._client._should_retry

        def retried(*args: Any) -> bool:
            # A call that was given up is neither repeated nor logged by py4j.
            if threading.get_ident() == self._main:
                self._raise_if_cancelled()
            return bool(again(*args))

        self._client.send_command = watched
        self._client._should_retry = retried

    @contextlib.contextmanager
    def statement(self, cancelled: threading.Event) -> Iterator[None]:
        """While in the block `cancel` acts on this statement."""
        self._remember_thread()
        # SparkContext and the cells before may have put another handler there.
        signal.signal(signal.SIGINT, self._on_signal)
        with self._lock:
            self._running = cancelled
        try:
            yield
        finally:
            with self._lock:
                self._running = None
            if self._touched:
                self._touched = False
                self._forget_interrupt()

    @contextlib.contextmanager
    def raising(self) -> Iterator[None]:
        """While in the block a cancel raises KeyboardInterrupt in the main thread."""
        try:
            self._raises = True
            self._raise_if_cancelled()
            yield
        finally:
            self._raises = False

    def shield(self) -> None:
        """The main thread is no more in a statement. For the rare signal that came at its end."""
        self._raises = False
        with self._lock:
            self._running = None

    def cancel(self, cancelled: threading.Event) -> None:
        """Returns when the statement whose event this is has ended."""
        cancelled.set()
        since = time.monotonic()
        while self._step(cancelled, time.monotonic() - since):
            time.sleep(STEP)

    def _step(self, cancelled: threading.Event, age: float) -> bool:
        with self._lock:
            if self._running is not cancelled:
                return False
            try:
                signal.pthread_kill(self._main, signal.SIGINT)
                self._cancel_jobs()
                if self._depth and age >= INTERRUPT_AFTER:
                    self._press(age)
            except Exception as error:  # noqa: BLE001 - a step that fails is tried again
                self._note(f"a step of a cancel failed: {error}")
            return True

    def _press(self, age: float) -> None:
        """The main thread waits for the JVM."""
        self._touched = True
        if self._raises and age >= STOP_AFTER:
            # Python must not wait for ever; the JVM's thread goes on alone, and its jobs fail.
            self._connection.socket.shutdown(socket.SHUT_RDWR)
            return
        self._thread.interrupt()
        if age >= STOP_AFTER and not self._raises and self._in_cell():
            # The only way out of a loop. Gone in Java 20, where the call fails.
            self._thread.stop()

    def _in_cell(self) -> bool:
        """Whether nothing but plain Java and Scala stands between the thread and a Scala cell."""
        # One by one: py4j finds no Arrays.toString for this kind of array. The first few decide.
        for element in self._thread.getStackTrace():
            frame = element.toString()
            if frame.startswith(_CELL_CLASS):
                return "<clinit>" not in frame
            if not frame.startswith(_PLAIN) or "<clinit>" in frame:
                return False
        return False

    def _on_signal(self, *_: object) -> None:
        if os.getpid() != self._pid:
            raise KeyboardInterrupt  # a copy of the driver, made by multiprocessing
        if self._depth == 0:
            self._raise_if_cancelled()

    def _raise_if_cancelled(self) -> None:
        running = self._running
        if self._raises and running is not None and running.is_set():
            raise KeyboardInterrupt

    def _remember_thread(self) -> None:
        connection = self._client.get_thread_connection()
        if self._thread is None or connection is not self._connection:
            self._thread = self._jvm.java.lang.Thread.currentThread()
            self._connection = self._client.get_thread_connection()

    def _forget_interrupt(self) -> None:
        """Else the next statement's first wait would end at once."""
        try:
            self._jvm.java.lang.Thread.interrupted()
        except Exception as error:  # noqa: BLE001 - the connection was given up; a new one is made
            self._note(f"the JVM's thread was lost: {error}")
