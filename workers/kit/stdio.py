"""A worker as a child process: its signals and streams, and an end with its service."""

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
    """Set the process up, have `load` import what is heavy, then enter the loop for good."""
    # Ctrl-C in the service's terminal reaches us too; the service decides what becomes of jobs.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent()
    watch_stdin()
    source, out = _claim_streams()
    # Seconds of imports, on purpose before `ready` and only once per process.
    abilities = load()
    from .loop import Worker  # noqa: PLC0415

    Worker(StdioTransport(source, out), abilities).run_forever()


class StdioTransport:
    """Lines over a pair of pipes: one connection, whose end is the end of the process."""

    def __init__(self, source: BinaryIO, out: int) -> None:
        """`source` gives the service's lines; `out` is the descriptor that takes ours."""
        self._source, self._out = source, out
        self._lock = threading.Lock()  # keeps lines whole

    def open(self, greeting: Callable[[], Iterable[Line]], receive: Callable[[Line], None]) -> None:
        """As in `Transport`."""
        for line in greeting():
            self.send(line)
        threading.Thread(target=self._read, args=(receive,), name="stdin", daemon=True).start()

    def send(self, line: Line) -> None:
        """As in `Transport`. Ends the process when the service is gone."""
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
        # EOF: nobody is left to read a result. _exit: the main thread may be in compiled code.
        os._exit(0)


def _claim_streams() -> tuple[BinaryIO, int]:
    """Keep stdin and stdout for the protocol alone.

    Prints, and what compiled code writes to fd 1, go to stderr; reads of fd 0 find nothing.
    """
    source = os.fdopen(os.dup(0), "rb", buffering=1 << 20)
    out = os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return source, out
