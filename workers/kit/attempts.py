"""What one process works on: one attempt at a time, and results until they are acknowledged."""

from __future__ import annotations

import threading
from enum import Enum, auto

from .failures import JobCancelled
from .messages import Acknowledge, Cancel, Key, Result, Resume, Start


class Attempt:
    """One start that was taken. `cancelled` is set once, by the thread that reads messages."""

    def __init__(self, start: Start) -> None:
        self.start = start
        self.cancelled = threading.Event()

    def check(self) -> None:
        """Raises JobCancelled if the service has asked for an end."""
        if self.cancelled.is_set():
            raise JobCancelled


class NotTaken(Enum):
    """Why a start is not taken."""

    BUSY = auto()  # another attempt runs
    KNOWN = auto()  # it runs already


class Attempts:
    """The attempts of one process, for all its threads.

    With `keeps_results` each result stays until the service has acknowledged it, so that it can
    be sent again on a new connection; a start whose result is kept is not executed again.
    """

    def __init__(self, keeps_results: bool = False) -> None:
        self._keeps_results = keeps_results
        self._lock = threading.Lock()
        self._current: Attempt | None = None
        self._results: dict[Key, Result] = {}

    @property
    def current(self) -> Attempt | None:
        """The attempt that was taken and has not ended."""
        return self._current

    def take(self, start: Start) -> Attempt | Result | NotTaken:
        """The attempt to work on, or the result that is kept of it, or why it is not taken."""
        with self._lock:
            kept = self._results.get(start.key)
            if kept is not None:
                return kept
            if self._current is None:
                self._current = Attempt(start)
                return self._current
            return NotTaken.KNOWN if self._current.start.key == start.key else NotTaken.BUSY

    def cancel(self, cancel: Cancel) -> Attempt | None:
        """Marks the running attempt; None when it is another one, or has been cancelled before."""
        with self._lock:
            attempt = self._current
            if attempt is None or attempt.start.key != cancel.key or attempt.cancelled.is_set():
                return None
            attempt.cancelled.set()
            return attempt

    def end(self, result: Result) -> None:
        """Ends the attempt that the result is about, before the result is sent.

        The service may send the next start as soon as it has read the result.
        """
        with self._lock:
            if self._keeps_results:
                self._results[result.key] = result
            if self._current is not None and self._current.start.key == result.key:
                self._current = None

    def acknowledge(self, message: Acknowledge) -> None:
        """The result is stored, so it is forgotten here."""
        with self._lock:
            self._results.pop(message.key, None)

    def left(self) -> tuple[Resume, list[Result]]:
        """What a new connection is told: what runs and what has ended, then the results."""
        with self._lock:
            results = list(self._results.values())
            running = [] if self._current is None else [self._current.start.key]
        return Resume(running, [result.key for result in results]), results
