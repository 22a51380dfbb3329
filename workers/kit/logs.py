"""Forwards a job's log records and warnings as `log` messages, within limits.

The service stores every line that it receives, and a job can log in a loop. Lines beyond the limit
are dropped, and the last line gives their number.
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
        except Exception as error:  # noqa: BLE001 - the job called logging with wrong arguments
            text = f"{record.msg} (unformattable: {error})"
        if len(text) > MAX_TEXT:
            text = f"{text[:MAX_TEXT]}… ({len(text)} characters)"
        level = record.levelname.lower()
        self._send(level if level in _LEVELS else "info", f"{record.name}: {text}")


_LEVELS = ("debug", "info", "warning", "error", "critical")


@contextmanager
def forwarded_logs(level: str, send: Send) -> Iterator[None]:
    """Sends the root logger's records of at least `level`, and warnings, during the block."""
    root = logging.getLogger()
    previous_level, handler = root.level, _Forward(send)
    root.addHandler(handler)
    root.setLevel(level.upper())
    logging.captureWarnings(True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            # Deprecations concern authors of libraries; a client cannot act on them.
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", PendingDeprecationWarning)
            yield
    finally:
        logging.captureWarnings(False)
        root.setLevel(previous_level)
        root.removeHandler(handler)
        if handler.dropped:
            send("warning", f"{handler.dropped} further log lines were dropped.")
