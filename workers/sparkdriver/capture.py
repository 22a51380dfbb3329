"""Captures all output of a statement: of Python, child processes, C code and the JVM.

File descriptors 1 and 2 refer to two files in the session's folder. No thread has to read them
while a statement runs, so code that prints while it holds Python's global lock cannot block. When
a statement has ended, all its output is in the files. Output between statements goes to the
driver's log.
"""

from __future__ import annotations

import io
import os
import sys
import threading
from pathlib import Path
from typing import Any

LIMIT = 64 << 20  # bytes of each stream that are kept for one statement


class Stream:
    """One of the two streams. Other processes may open `path` for appending."""

    def __init__(self, number: int, path: Path) -> None:
        self.path = path
        self._number = number
        self.log_file = os.dup(number)
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC
        self._file = os.open(path, flags, 0o600)
        self._at = 0  # offset of the first unread byte
        self._head = b""  # the beginning of an output that is longer than the limit
        self._dropped = 0

    def install(self) -> None:
        """Points the file descriptor to the file again."""
        os.dup2(self._file, self._number)

    def log(self, data: bytes) -> None:
        """Writes to the log."""
        while data:
            data = data[os.write(self.log_file, data) :]

    def to_log(self) -> None:
        """Moves output since the last statement to the log."""
        self.log(self._drain())

    def take(self) -> str:
        """Returns the statement's output, and starts an empty one for the next statement."""
        data, dropped = self._head + self._drain(), self._dropped
        self._head, self._dropped = b"", 0
        dropped += max(0, len(data) - LIMIT)
        text = data[:LIMIT].decode("utf-8", "replace")
        return f"{text}\n… {dropped} more bytes were dropped.\n" if dropped else text

    def keep_within_limit(self) -> None:
        """Drops output beyond the limit, so that endless output cannot fill the disk."""
        if os.fstat(self._file).st_size - self._at <= LIMIT:
            return
        data = self._drain()
        room = LIMIT - len(self._head)
        self._head += data[:room]
        self._dropped += len(data[room:])

    def _drain(self) -> bytes:
        size = os.fstat(self._file).st_size
        parts = []
        while self._at < size and (part := os.pread(self._file, size - self._at, self._at)):
            parts.append(part)
            self._at += len(part)
        # Truncate rarely: output that another process writes after the last read is lost.
        if self._at > LIMIT:
            os.ftruncate(self._file, 0)
            self._at = 0
        return b"".join(parts)


class Capture:
    """Both streams. Call `begin` and `end` around each statement, one statement at a time."""

    def __init__(self, folder: Path) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        self.out = Stream(1, folder / "statement.out")
        self.err = Stream(2, folder / "statement.err")
        self._lock = threading.Lock()
        self._running = False
        self._texts = [_text(1), _text(2)]
        self._reset()

    def begin(self) -> None:
        """Begins a statement: all output from now on belongs to it."""
        with self._lock:
            self._flush()
            self.out.to_log()
            self.err.to_log()
            self._reset()
            self._running = True

    def end(self) -> tuple[str, str]:
        """Ends the statement and returns its output on stdout and on stderr."""
        with self._lock:
            self._flush()
            self._running = False
            return self.out.take(), self.err.take()

    def sweep(self) -> None:
        """Moves output to the log, or limits a statement's. Call it about once a second."""
        with self._lock:
            for stream in (self.out, self.err):
                if self._running:
                    stream.keep_within_limit()
                else:
                    stream.to_log()

    def note(self, text: str) -> None:
        """Writes a line of the driver itself to its log."""
        self.err.log(f"sparkdriver {os.getpid()}: {text}\n".encode("utf-8", "replace"))

    def _flush(self) -> None:
        for text in {id(text): text for text in [*self._texts, sys.stdout, sys.stderr]}.values():
            try:
                text.flush()
            except Exception:  # noqa: BLE001 - the user's code may have replaced the stream
                continue

    def _reset(self) -> None:
        """Restores the standard streams, which a statement may have closed or replaced.

        Open text objects are kept, because loggers refer to them.
        """
        self.out.install()
        self.err.install()
        if not Path("/dev/fd/0").exists():
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        if sys.stdin is None or sys.stdin.closed:  # exit() closes it
            sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115
        self._texts = [
            _text(number) if text.closed else text
            for number, text in zip((1, 2), self._texts, strict=True)
        ]
        sys.stdout, sys.stderr = self._texts
        vars(sys).update(__stdout__=sys.stdout, __stderr__=sys.stderr)


class _Text(io.TextIOWrapper):
    """A stream whose `write` returns None, as in Livy.

    A number would be shown if `write` were the last line of a cell.
    """

    mode = "w"  # the attribute that `open` would set

    def write(self, text: str) -> Any:
        """Writes `text`."""
        super().write(text)


def _text(number: int) -> io.TextIOWrapper:
    """Returns a text stream that flushes at each newline.

    So the lines of child processes appear in the right order.
    """
    raw = open(number, "wb", closefd=False)  # noqa: SIM115 - open until the process ends
    return _Text(raw, encoding="utf-8", errors="backslashreplace", line_buffering=True)
