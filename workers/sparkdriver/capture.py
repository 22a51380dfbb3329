"""What a statement prints, whoever prints it: Python, a child process, C code, the JVM.

File descriptors 1 and 2 lead to two files below the session's folder. Nothing has to read along
while a statement runs, so code that holds Python's lock while it prints cannot get stuck, and what
was written before the statement ended is in the file when it has ended. What is printed between
statements goes to the driver's log.
"""

from __future__ import annotations

import io
import os
import sys
import threading
from pathlib import Path
from typing import Any

LIMIT = 64 << 20  # bytes kept of each stream of one statement


class Stream:
    """One of the two streams. `path` may be opened for appending by anyone."""

    def __init__(self, number: int, path: Path) -> None:
        self.path = path
        self._number = number
        self.log_file = os.dup(number)
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC
        self._file = os.open(path, flags, 0o600)
        self._at = 0  # what stands before has been read
        self._kept = b""  # the statement's beginning, once there was more than the limit
        self._dropped = 0

    def install(self) -> None:
        """Leads the file descriptor to the file again."""
        os.dup2(self._file, self._number)

    def log(self, data: bytes) -> None:
        """Writes to the log."""
        while data:
            data = data[os.write(self.log_file, data) :]

    def to_log(self) -> None:
        """Moves to the log what was written since the last statement."""
        self.log(self._drain())

    def take(self) -> str:
        """What the statement wrote; the next one starts with nothing."""
        data, dropped = self._kept + self._drain(), self._dropped
        self._kept, self._dropped = b"", 0
        dropped += max(0, len(data) - LIMIT)
        text = data[:LIMIT].decode("utf-8", "replace")
        return f"{text}\n… {dropped} more bytes were dropped.\n" if dropped else text

    def keep_within_limit(self) -> None:
        """For code that never stops printing: the disk must not fill."""
        if os.fstat(self._file).st_size - self._at <= LIMIT:
            return
        data = self._drain()
        room = LIMIT - len(self._kept)
        self._kept += data[:room]
        self._dropped += len(data[room:])

    def _drain(self) -> bytes:
        size = os.fstat(self._file).st_size
        parts = []
        while self._at < size and (part := os.pread(self._file, size - self._at, self._at)):
            parts.append(part)
            self._at += len(part)
        # Not each time: what another process writes between the last read and the cut is lost.
        if self._at > LIMIT:
            os.ftruncate(self._file, 0)
            self._at = 0
        return b"".join(parts)


class Capture:
    """Both streams. One statement at a time is between `begin` and `end`."""

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
        """A statement begins: what is written from now on belongs to it."""
        with self._lock:
            self._flush()
            self.out.to_log()
            self.err.to_log()
            self._reset()
            self._running = True

    def end(self) -> tuple[str, str]:
        """What was written to stdout and to stderr since `begin`."""
        with self._lock:
            self._flush()
            self._running = False
            return self.out.take(), self.err.take()

    def sweep(self) -> None:
        """Called about once a second."""
        with self._lock:
            for stream in (self.out, self.err):
                if self._running:
                    stream.keep_within_limit()
                else:
                    stream.to_log()

    def note(self, text: str) -> None:
        """A line of the driver's own in its log."""
        self.err.log(f"sparkdriver {os.getpid()}: {text}\n".encode("utf-8", "replace"))

    def _flush(self) -> None:
        for text in {id(text): text for text in [*self._texts, sys.stdout, sys.stderr]}.values():
            try:
                text.flush()
            except Exception:  # noqa: BLE001 - whatever the user's code has put there
                continue

    def _reset(self) -> None:
        """Undo what a statement may have done; the objects stay, for loggers hold them."""
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
    """`write` has no value, as in Livy: as the last line of a cell it would be shown."""

    mode = "w"  # as `open` would set it

    def write(self, text: str) -> Any:
        """Writes `text`."""
        super().write(text)


def _text(number: int) -> io.TextIOWrapper:
    """Flushed at each newline, so that a child process's lines stand between the right ones."""
    raw = open(number, "wb", closefd=False)  # noqa: SIM115 - lives as long as the process
    return _Text(raw, encoding="utf-8", errors="backslashreplace", line_buffering=True)
