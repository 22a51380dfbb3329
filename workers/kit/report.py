"""How a running program reports progress and notices a cancel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Report(Protocol):
    """Passed to a program's `run`. Both methods are cheap enough to call between any two steps."""

    def progress(self, done: int, total: int, message: str) -> None:
        """Reports that `done` of `total` steps are complete. `message` is for people."""

    def check(self) -> None:
        """Raises JobCancelled if the service has cancelled the job."""


class SilentReport:
    """A report without effect, for running a program as a plain function."""

    def progress(self, done: int, total: int, message: str) -> None:
        """Does nothing."""

    def check(self) -> None:
        """Does nothing."""


class CallbackReport:
    """Sends progress with `send`, at most once in INTERVAL; further reports are dropped.

    The first and the last step are always sent. `now` returns seconds of a monotonic clock.
    """

    INTERVAL = 0.1  # seconds

    def __init__(
        self,
        send: Callable[[int, int, str], None],
        check: Callable[[], None],
        now: Callable[[], float],
    ) -> None:
        self._send, self._check, self._now = send, check, now
        self._last: float | None = None

    def progress(self, done: int, total: int, message: str) -> None:
        """As in `Report`. Also raises JobCancelled."""
        self._check()
        at = self._now()
        if self._last is not None and done < total and at - self._last < self.INTERVAL:
            return
        self._last = at
        self._send(done, total, message)

    def check(self) -> None:
        """As in `Report`."""
        self._check()
