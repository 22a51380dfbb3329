"""Runs a worker as a child process of the service, over stdin and stdout."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, BinaryIO

from .lifeline import die_with_parent, watch_stdin

if TYPE_CHECKING:
    from .channel import Line
    from .loop import Abilities


def serve(load: Callable[[], Abilities]) -> None:
    """Sets up the process, calls `load` for the heavy imports and runs the loop. Never returns."""
    # Ctrl-C in the service's terminal reaches this process too, but the service decides about jobs.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent()
    watch_stdin()
    source, out = _claim_streams()
    # The imports take seconds. They come before `ready`, and once per process.
    abilities = load()
    from .loop import Worker  # noqa: PLC0415

    Worker(StdioTransport(source, out), abilities).run_forever()


class StdioTransport:
    """Carries lines over a pair of pipes. The process ends when this one connection ends."""

    def __init__(self, source: BinaryIO, out: int) -> None:
        """`source` reads the service's lines; `out` is the file descriptor for the worker's."""
        self._source, self._out = source, out
        self._lock = threading.Lock()  # so that lines do not mix

    def open(self, greeting: Callable[[], Iterable[Line]], receive: Callable[[Line], None]) -> None:
        """As in `Transport`."""
        for line in greeting():
            self.send(line)
        threading.Thread(target=self._read, args=(receive,), name="stdin", daemon=True).start()

    def send(self, line: Line) -> None:
        """As in `Transport`. Ends the process if the service has ended."""
        with self._lock:
            view = memoryview(line)
            try:
                while view:
                    view = view[os.write(self._out, view) :]
            except BrokenPipeError:
                os._exit(0)

    def _read(self, receive: Callable[[Line], None]) -> None:
        for line in self._source:
            if line.strip():
                receive(line)
        # After EOF nobody reads results. _exit, because the main thread may be in compiled code.
        os._exit(0)


def _claim_streams() -> tuple[BinaryIO, int]:
    """Reserves stdin and stdout for the protocol, and returns them.

    From then on prints and output of compiled code to fd 1 go to stderr, and fd 0 is empty.
    """
    source = os.fdopen(os.dup(0), "rb", buffering=1 << 20)
    out = os.dup(1)
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return source, out
