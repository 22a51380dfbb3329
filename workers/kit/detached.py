"""Kills every process that a driver started when the driver ends, however it ends.

A small process watches the driver. When the driver ends, the watcher kills the remaining processes
of its session (in the sense of setsid: the service starts each driver as a session leader). The
JVM dies even earlier, by the kernel's parent-death signal. Killing the process group would not be
enough: Spark's Python workers have their own group.
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
    """Has the kernel send SIGKILL to this process when the thread that forked it ends (Linux).

    Call it in the child between fork and exec. The child also ignores SIGINT.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a cancel must interrupt only the Python process
    if sys.platform.startswith("linux"):
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def watch(*files: Path) -> None:
    """Forks the watcher, which also deletes `files` after the driver has died.

    Call it before the heavy imports, while the fork costs only a few MB and there is one thread.
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
    """Kills the members repeatedly, because a process may fork just before it is killed."""
    for _ in range(5):
        pids = list(members(session))
        if not pids:
            return
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def members(session: int) -> Iterator[int]:
    """Yields the pids of all processes of `session`, except this process and zombies."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        except OSError:
            continue
        pid = int(entry.name)
        if int(fields[3]) == session and fields[0] != "Z" and pid != os.getpid():
            yield pid


def started_at(pid: int) -> str | None:
    """Returns the start time from /proc/<pid>/stat (field 22), or None if there is no process.

    The pid and the start time together identify a process even after its pid is reused.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()[19]
