"""The process around a worker's loop: signals, streams, and an end with its service."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO

from .lifeline import die_with_parent, watch_stdin

if TYPE_CHECKING:
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

    def write(line: bytes) -> None:
        view = memoryview(line)
        try:
            while view:
                view = view[os.write(out, view) :]
        except BrokenPipeError:
            os._exit(0)  # the service is gone

    Worker(source, write, abilities).run_forever()


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
