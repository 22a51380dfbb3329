"""Runs code in a forked process with limited memory and time, and measures both."""

from __future__ import annotations

import json
import os
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kit.failures import InputError


class Cost:
    """The cost of the code: processor time in `seconds`, growth of the peak memory in bytes
    (`grown`), and the `error` (class, message, reason code) that ended it, or None.
    """

    seconds = 0.0
    grown = 0
    error: tuple[str, str, int | None] | None = None

    def __init__(self, memory: int, limit: int) -> None:
        self._memory, self._limit = memory, limit

    def of(self, work: Callable[[], Any]) -> None:
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            self._child(work, writer)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            answer = pipe.read()
        _, status = os.waitpid(child, 0)
        if not answer:
            self.error = ("Died", f"the process ended with status {status}", None)
            return
        self.seconds, self.grown, error = json.loads(answer)
        self.error = tuple(error) if error else None

    def _child(self, work: Callable[[], Any], writer: int) -> None:
        """Runs the code. Never returns. SIGXCPU ends the process when the time is up."""
        signal.signal(signal.SIGXCPU, signal.SIG_DFL)
        with Path("/proc/self/statm").open() as file:
            used = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + self._memory,) * 2)
        before = resource.getrusage(resource.RUSAGE_SELF)
        resource.setrlimit(resource.RLIMIT_CPU, (int(before.ru_utime) + self._limit + 1,) * 2)
        error: tuple[str, str, int | None] | None = None
        peak = _peak()
        try:
            work()
        except InputError as refusal:
            error = ("InputError", str(refusal), refusal.reason_code)
        except BaseException as failure:  # noqa: BLE001 - reported to the parent
            error = (type(failure).__name__, str(failure)[:300], None)
        after = resource.getrusage(resource.RUSAGE_SELF)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        os.write(writer, json.dumps([seconds, _peak() - peak, error]).encode())
        os._exit(0)


def _peak() -> int:
    """Returns the peak memory of this process in bytes. A fork starts with its current memory."""
    with Path("/proc/self/status").open() as file:
        (line,) = (line for line in file if line.startswith("VmHWM"))
    return int(line.split()[1]) << 10


@contextmanager
def in_limited_process(memory: int, seconds: int) -> Iterator[Cost]:
    """Yields a Cost whose process may use `memory` bytes more than this one, and `seconds`."""
    yield Cost(memory, seconds)
