"""Interrupts a running statement without damage to the session.

A cancel runs in another thread and repeats its steps until the statement ends. First it cancels
Spark's jobs and sends SIGINT to the main thread. Then it also interrupts the JVM thread that works
for the main thread. Finally it abandons that thread (Python, SQL) or stops it if it runs a loop of
the user's code (Scala). A thread is not stopped while it loads a class, because that class would be
unusable for the rest of the session.

SIGINT raises KeyboardInterrupt in the main thread, but never during a call to the JVM, because
py4j would read the reply of that call as the reply to the next one. During a call the exception is
delayed until the call returns, and the steps above make it return.
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

STEP = 0.1  # seconds between two attempts to interrupt
INTERRUPT_AFTER = 0.4  # seconds from the cancel until the JVM's thread is interrupted
_CELL_CLASS = "$line"  # prefix of the classes that the Scala interpreter makes of cells
_PLAIN = ("java.base/java.", "scala.collection.", "scala.runtime.", "scala.Console", "scala.Predef")
STOP_AFTER = 0.9  # seconds from the cancel until the JVM's thread is stopped or abandoned


class Interrupts:
    """Interrupts the statements of the main thread. Create it in the main thread."""

    def __init__(self, cancel_jobs: Callable[[], None], note: Callable[[str], None]) -> None:
        """Installs the handler of SIGINT.

        `cancel_jobs` cancels the Spark jobs of the running statement; it is called in any thread.
        """
        self._cancel_jobs, self._note = cancel_jobs, note
        self._main, self._pid = threading.get_ident(), os.getpid()
        self._lock = threading.RLock()  # so that a step of a cancel cannot hit the next statement
        self._running: threading.Event | None = None  # the running statement's; a cancel sets it
        self._raises = False  # whether KeyboardInterrupt may be raised in the main thread
        self._depth = 0  # nesting of the main thread's calls to the JVM
        self._client: Any = None
        self._jvm: Any = None
        self._connection: Any = None
        self._thread: Any = None  # the java.lang.Thread that works for the main thread
        self._interrupted = False  # whether that thread was interrupted
        signal.signal(signal.SIGINT, self._on_signal)

    def attach(self, gateway: Any) -> None:
        """Counts the main thread's calls to the JVM by replacing py4j's functions for them."""
        self._client, self._jvm = gateway._gateway_client, gateway.jvm
        send = self._client.send_command

        def counting_send(*args: Any, **more: Any) -> Any:
            if threading.get_ident() != self._main:
                return send(*args, **more)
            self._depth += 1
            try:
                return send(*args, **more)
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._raise_if_cancelled()

        should_retry = self._client._should_retry

        def retry_unless_cancelled(*args: Any) -> bool:
            # Otherwise py4j would log and repeat a call whose connection was closed by a cancel.
            if threading.get_ident() == self._main:
                self._raise_if_cancelled()
            return bool(should_retry(*args))

        self._client.send_command = counting_send
        self._client._should_retry = retry_unless_cancelled

    @contextlib.contextmanager
    def statement(self, cancelled: threading.Event) -> Iterator[None]:
        """Lets `cancel` act on this statement during the block."""
        self._remember_thread()
        # SparkContext and earlier cells may have replaced the handler.
        signal.signal(signal.SIGINT, self._on_signal)
        with self._lock:
            self._running = cancelled
        try:
            yield
        finally:
            with self._lock:
                self._running = None
            if self._interrupted:
                self._interrupted = False
                self._clear_interrupt()

    @contextlib.contextmanager
    def raising(self) -> Iterator[None]:
        """Lets a cancel raise KeyboardInterrupt in the main thread during the block."""
        try:
            self._raises = True
            self._raise_if_cancelled()
            yield
        finally:
            self._raises = False

    def shield(self) -> None:
        """Ends the statement for `cancel`, even if a signal interrupted the end of its block."""
        self._raises = False
        with self._lock:
            self._running = None

    def cancel(self, cancelled: threading.Event) -> None:
        """Cancels the statement with the event `cancelled`, and returns once it has ended."""
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
                    self._interrupt_jvm(age)
            except Exception as error:  # noqa: BLE001 - a failed step is tried again
                self._note(f"a step of a cancel failed: {error}")
            return True

    def _interrupt_jvm(self, age: float) -> None:
        """Interrupts, stops or abandons the JVM's thread, while the main thread waits for it."""
        self._interrupted = True
        if self._raises and age >= STOP_AFTER:
            # Python must not wait forever. The JVM's thread continues alone, and its jobs fail.
            self._connection.socket.shutdown(socket.SHUT_RDWR)
            return
        self._thread.interrupt()
        if age >= STOP_AFTER and not self._raises and self._in_cell():
            # Nothing else ends a loop. The call fails since Java 20, which removed it.
            self._thread.stop()

    def _in_cell(self) -> bool:
        """Returns whether only frames of plain Java and Scala are above a Scala cell."""
        # One by one, because py4j finds no Arrays.toString for this type of array. The first few
        # frames decide.
        for element in self._thread.getStackTrace():
            frame = element.toString()
            if frame.startswith(_CELL_CLASS):
                return "<clinit>" not in frame
            if not frame.startswith(_PLAIN) or "<clinit>" in frame:
                return False
        return False

    def _on_signal(self, *_: object) -> None:
        if os.getpid() != self._pid:
            raise KeyboardInterrupt  # in a copy of the driver, forked by multiprocessing
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

    def _clear_interrupt(self) -> None:
        """Clears the interrupt flag, which would end the next statement's first wait at once."""
        try:
            self._jvm.java.lang.Thread.interrupted()
        except Exception as error:  # noqa: BLE001 - the connection was closed; py4j opens another
            self._note(f"the JVM's thread was lost: {error}")
