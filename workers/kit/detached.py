"""Nothing that a driver started outlives it, however it ends.

A small process watches the driver and, when that is gone, kills what is left of its session (in
the sense of setsid: the service starts a driver as leader of its own). The JVM dies even earlier,
by the kernel's parent-death signal. A process group would not do: Spark's Python workers have
their own.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


def end_with_parent() -> None:
    """For the child between fork and exec: SIGKILL when the thread that forked it ends (Linux)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a cancel is meant for Python
    if sys.platform.startswith("linux"):
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def watch(*files: Path) -> None:
    """Fork the watcher; `files` are removed after the driver's death.

    Called before the heavy imports, so that the fork costs a few MB and no thread is copied.
    """
    driver = os.getpid()
    handle = _open_pid(driver)
    if os.fork() != 0:
        if handle is not None:
            os.close(handle)
        return
    try:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        _wait_for_end(driver, handle)
        if os.getsid(0) == driver:
            _kill_session(driver)
        for file in files:
            file.unlink(missing_ok=True)
    finally:
        os._exit(0)


def _open_pid(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


def _wait_for_end(driver: int, handle: int | None) -> None:
    if handle is None:
        while os.getppid() == driver:
            time.sleep(0.1)
        return
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    while not poll.poll():
        pass


def _kill_session(session: int) -> None:
    """Twice at most a few times: what is being killed may just have forked."""
    for _ in range(5):
        found = list(members(session))
        if not found:
            return
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def members(session: int) -> Iterator[int]:
    """Processes of the session `session` besides this one; zombies do not count."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        except OSError:
            continue
        pid = int(entry.name)
        if int(fields[3]) == session and fields[0] != "Z" and pid != os.getpid():
            yield pid


def started_at(pid: int) -> str | None:
    """Field 22 of /proc/<pid>/stat: with the pid it names one process for good."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()[19]
