"""A worker never outlives the service that started it.

Three ways out, because Aer keeps Python's global lock for as long as a simulation takes and no
thread of this process can act meanwhile: the kernel's parent-death signal (Linux), the reader
thread at EOF, and a tiny watcher process for an EOF during a simulation.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
import time

# Time for the reader thread to notice the EOF by itself and exit with code 0.
GRACE = 0.25  # seconds
_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent dies. Linux only; elsewhere EOF does it."""
    if not sys.platform.startswith("linux"):
        return
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)  # it died while we were asking


def watch_stdin() -> None:
    """Fork a process that kills this one when the other end of stdin goes away.

    Called before the heavy imports, so that the fork costs a few MB and no thread is copied.
    """
    worker = os.getpid()
    if os.fork() != 0:
        return
    try:
        die_with_parent()
        os.closerange(1, 256)  # holding stdout open would hide the worker's death from its reader
        poll = select.poll()
        poll.register(0, getattr(select, "POLLRDHUP", 0))  # POLLHUP is always reported
        # On Linux the kernel ends this process with the worker, so it need not look. Looking uses
        # processor time now and then, and a hung worker would seem to do something.
        look = None if sys.platform.startswith("linux") else 1000
        while os.getppid() == worker and not poll.poll(look):
            pass
        time.sleep(GRACE)
        if os.getppid() == worker:
            os.kill(worker, signal.SIGKILL)
    finally:
        os._exit(0)
