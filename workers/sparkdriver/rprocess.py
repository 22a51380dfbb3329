"""The R process of a session: start, requests, interrupts, and detection of its end.

Requests and replies use two pipes, one at a time (see `r/session.R`). As in Livy, both stdout and
stderr of R go to the statement's stdout.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from kit.detached import end_with_parent

PROGRAM = "R"
_SCRIPT = Path(__file__).parent / "r" / "session.R"
_OPTIONS = ("--slave", "--no-save", "--no-restore", "--no-init-file")
_STEP = 0.1  # seconds between two checks whether to interrupt R, and between two interrupts


class RDied(Exception):
    """R has exited or crashed. `code` is as in subprocess: -n for signal n."""

    def __init__(self, code: int) -> None:
        super().__init__(f"R ended with code {code}")
        self.code = code


def find_r() -> str | None:
    """Returns the path of R; None if R is not installed."""
    return shutil.which(PROGRAM)


class RProcess:
    """A running R. Create it in the main thread: R ends when the thread that started it ends."""

    def __init__(self, program: str, folder: Path, output: Path) -> None:
        """Starts R. Raises OSError.

        `program`: path of R; `folder`: its working directory; `output`: file for what it prints.
        """
        requests, self._requests = os.pipe()
        self._replies, replies = os.pipe()
        try:
            with output.open("ab") as out:
                self._process = subprocess.Popen(
                    [program, *_OPTIONS, "-f", str(_SCRIPT), "--args", str(requests), str(replies)],
                    cwd=folder,
                    env=_environment(),
                    pass_fds=(requests, replies),
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=out,
                    # An interrupt must reach R and the programs that it waits for.
                    process_group=0,
                    preexec_fn=end_with_parent,  # noqa: PLW1509 - it only makes system calls
                )
        finally:
            os.close(requests)
            os.close(replies)
        os.set_blocking(self._requests, False)
        self._readable, self._writable = select.poll(), select.poll()
        self._readable.register(self._replies, select.POLLIN)
        self._writable.register(self._requests, select.POLLOUT)

    def request(
        self, word: str, *parts: str, stop: Callable[[], bool] | None = None
    ) -> tuple[str, str]:
        """Sends a request and returns the reply's word and text. Raises RDied.

        Not for two threads at a time. While `stop` returns True, R is interrupted repeatedly, which
        ends the request but not R.
        """
        data = [part.encode("utf-8", "surrogatepass") for part in parts]
        head = " ".join([word, *(str(len(part)) for part in data)])
        self._write(b"".join([head.encode() + b"\n", *data]))
        line = b""
        while not line.endswith(b"\n"):
            line += self._read(1, stop)
        name, size = line.decode().split()
        text = self._read(int(size), stop)
        return name, text.decode("utf-8", "replace")

    @property
    def pid(self) -> int:
        """The pid of R, which is also the id of the process group of R and its children."""
        return self._process.pid

    def kill(self) -> None:
        """Kills R and waits for its end."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Kills R and closes the pipes."""
        self.kill()
        os.close(self._requests)
        os.close(self._replies)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            if not self._writable.poll(_STEP * 1000):
                self._check()
                continue
            try:
                view = view[os.write(self._requests, view) :]
            except BrokenPipeError:
                raise RDied(self._process.wait()) from None

    def _read(self, size: int, stop: Callable[[], bool] | None) -> bytes:
        parts = []
        while size:
            if not self._readable.poll(_STEP * 1000):
                self._check()
                if stop is not None and stop():
                    self._interrupt()
                continue
            part = os.read(self._replies, size)
            if not part:
                raise RDied(self._process.wait())
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _check(self) -> None:
        # Programs that R has started may keep the pipes open after R has ended.
        code = self._process.poll()
        if code is not None and not self._readable.poll(0):
            raise RDied(code)

    def _interrupt(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGINT)


def _environment() -> dict[str, str]:
    """Returns the driver's environment, with a UTF-8 locale even if the service has another."""
    env = dict(os.environ)
    locale = env.get("LC_ALL") or env.get("LC_CTYPE") or env.get("LANG") or ""
    if "utf8" not in locale.lower().replace("-", ""):
        env.pop("LC_ALL", None)
        env["LC_CTYPE"] = "C.UTF-8"
    return env
