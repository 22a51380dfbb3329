"""The attempts of one process: one at a time, and their results until they are acknowledged."""

from __future__ import annotations

import threading
from enum import Enum, auto

from .failures import JobCancelled
from .messages import Acknowledge, Cancel, Key, Result, Resume, Start


class Attempt:
    """An accepted start. The thread that reads messages sets `cancelled`, at most once."""

    def __init__(self, start: Start) -> None:
        self.start = start
        self.cancelled = threading.Event()

    def check(self) -> None:
        """Raises JobCancelled if the service has cancelled this attempt."""
        if self.cancelled.is_set():
            raise JobCancelled


class NotTaken(Enum):
    """Why a start is not accepted."""

    BUSY = auto()  # another attempt is running
    KNOWN = auto()  # this attempt is already running


class Attempts:
    """The attempts of one process. Thread-safe.

    With `keeps_results`, each result is stored until the service acknowledges it, so that it can
    be sent again on a new connection. A start whose result is stored is not executed again.
    """

    def __init__(self, keeps_results: bool = False) -> None:
        self._keeps_results = keeps_results
        self._lock = threading.Lock()
        self._current: Attempt | None = None
        self._results: dict[Key, Result] = {}

    @property
    def current(self) -> Attempt | None:
        """The running attempt, or None."""
        return self._current

    def take(self, start: Start) -> Attempt | Result | NotTaken:
        """Accepts a start.

        Returns the attempt to run, its stored result if it has already ended, or the reason for
        not accepting it.
        """
        with self._lock:
            stored = self._results.get(start.key)
            if stored is not None:
                return stored
            if self._current is None:
                self._current = Attempt(start)
                return self._current
            return NotTaken.KNOWN if self._current.start.key == start.key else NotTaken.BUSY

    def cancel(self, cancel: Cancel) -> Attempt | None:
        """Marks the running attempt as cancelled and returns it.

        Returns None if another attempt is running, or if this one is already cancelled.
        """
        with self._lock:
            attempt = self._current
            if attempt is None or attempt.start.key != cancel.key or attempt.cancelled.is_set():
                return None
            attempt.cancelled.set()
            return attempt

    def end(self, result: Result) -> None:
        """Ends the attempt that `result` belongs to. Call it before sending the result.

        The service may send the next start as soon as it has read the result.
        """
        with self._lock:
            if self._keeps_results:
                self._results[result.key] = result
            if self._current is not None and self._current.start.key == result.key:
                self._current = None

    def acknowledge(self, message: Acknowledge) -> None:
        """Deletes a result that the service has stored."""
        with self._lock:
            self._results.pop(message.key, None)

    def unacknowledged(self) -> tuple[Resume, list[Result]]:
        """Returns what a new connection must send: a `resume` message, then these results."""
        with self._lock:
            results = list(self._results.values())
            running = [] if self._current is None else [self._current.start.key]
        return Resume(running, [result.key for result in results]), results
