"""Ends a worker when the service that started it ends.

There are three mechanisms: the kernel's parent-death signal (Linux), the reader thread at EOF, and
a tiny watcher process for an EOF during a simulation. The watcher is needed because Aer holds
Python's global lock during a simulation, so that no thread of this process can run.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
import time

# Time in which the reader thread can notice the EOF by itself and exit with code 0.
GRACE = 0.25  # seconds
_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Has the kernel kill this process when its parent dies. Linux only; elsewhere EOF ends it."""
    if not sys.platform.startswith("linux"):
        return
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)  # the parent died before the signal was set


def watch_stdin() -> None:
    """Forks a process that kills this one when the other end of stdin is closed.

    Call it before the heavy imports, while the fork costs only a few MB and there is one thread.
    """
    worker = os.getpid()
    if os.fork() != 0:
        return
    try:
        die_with_parent()
        os.closerange(1, 256)  # an open stdout would hide the worker's death from its reader
        poll = select.poll()
        poll.register(0, getattr(select, "POLLRDHUP", 0))  # POLLHUP is always reported
        # On Linux the kernel ends this process with the worker, so it can wait without a timeout.
        # A timeout would use processor time, which would make a hung worker look active.
        timeout = None if sys.platform.startswith("linux") else 1000  # milliseconds
        while os.getppid() == worker and not poll.poll(timeout):
            pass
        time.sleep(GRACE)
        if os.getppid() == worker:
            os.kill(worker, signal.SIGKILL)
    finally:
        os._exit(0)
