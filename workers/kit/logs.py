"""What a job logs or warns, as `log` messages, within limits.

A job can log in a loop; the service stores what it gets. Beyond the limits lines are counted and
the count is told at the end.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

MAX_LINES = 200  # per attempt
MAX_TEXT = 4_000  # characters per line

Send = Callable[[str, str], None]  # level, text


class _Forward(logging.Handler):
    def __init__(self, send: Send) -> None:
        super().__init__()
        self._send = send
        self._sent = 0
        self.dropped = 0

    def emit(self, record: logging.LogRecord) -> None:
        if self._sent >= MAX_LINES:
            self.dropped += 1
            return
        self._sent += 1
        try:
            text = record.getMessage()
        except Exception as error:  # noqa: BLE001 - a logging call with wrong arguments is the job's, not ours
            text = f"{record.msg} (unformattable: {error})"
        if len(text) > MAX_TEXT:
            text = f"{text[:MAX_TEXT]}… ({len(text)} characters)"
        level = record.levelname.lower()
        self._send(level if level in _LEVELS else "info", f"{record.name}: {text}")


_LEVELS = ("debug", "info", "warning", "error", "critical")


@contextmanager
def forwarded_logs(level: str, send: Send) -> Iterator[None]:
    """Send the root logger's records of at least `level`, and warnings, while in the block."""
    root = logging.getLogger()
    before, handler = root.level, _Forward(send)
    root.addHandler(handler)
    root.setLevel(level.upper())
    logging.captureWarnings(True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            # Addressed to authors of libraries, and nothing a client could act on.
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", PendingDeprecationWarning)
            yield
    finally:
        logging.captureWarnings(False)
        root.setLevel(before)
        root.removeHandler(handler)
        if handler.dropped:
            send("warning", f"{handler.dropped} further log lines were dropped.")
