"""The R process of a session: starting it, asking it, interrupting it, noticing its end.

Requests and answers go through two pipes, one at a time; `r/session.R` describes them. What R
prints goes to the statement's stdout, also what it writes to stderr, as in Livy.
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
_STEP = 0.1  # seconds between two looks at what is to stop R, and between two interrupts


class RDied(Exception):
    """R has ended, by itself or in a crash. `code` as in subprocess: -n for signal n."""

    def __init__(self, code: int) -> None:
        super().__init__(f"R ended with code {code}")
        self.code = code


def find_r() -> str | None:
    """The path of R; None where there is none."""
    return shutil.which(PROGRAM)


class RProcess:
    """Made in the main thread, whose death ends R. Raises OSError."""

    def __init__(self, program: str, folder: Path, output: Path) -> None:
        requests, self._requests = os.pipe()
        self._answers, answers = os.pipe()
        try:
            with output.open("ab") as out:
                self._process = subprocess.Popen(
                    [program, *_OPTIONS, "-f", str(_SCRIPT), "--args", str(requests), str(answers)],
                    cwd=folder,
                    env=_environment(),
                    pass_fds=(requests, answers),
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=out,
                    # An interrupt is for R and for the programs that it waits for.
                    process_group=0,
                    preexec_fn=end_with_parent,  # noqa: PLW1509 - it only makes system calls
                )
        finally:
            os.close(requests)
            os.close(answers)
        os.set_blocking(self._requests, False)
        self._readable, self._writable = select.poll(), select.poll()
        self._readable.register(self._answers, select.POLLIN)
        self._writable.register(self._requests, select.POLLOUT)

    def ask(
        self, word: str, *parts: str, stop: Callable[[], bool] | None = None
    ) -> tuple[str, str]:
        """The answer's word and text. Raises RDied.

        One request at a time. R is interrupted while `stop` says so: that ends the request, not R.
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
        """Also the name of the process group of what R starts."""
        return self._process.pid

    def kill(self) -> None:
        """Ends R at once, and waits for that."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Ends R, and frees what it was spoken to with."""
        self.kill()
        os.close(self._requests)
        os.close(self._answers)

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
            part = os.read(self._answers, size)
            if not part:
                raise RDied(self._process.wait())
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _check(self) -> None:
        # Programs that R has started may hold the pipes open after its end.
        code = self._process.poll()
        if code is not None and not self._readable.poll(0):
            raise RDied(code)

    def _interrupt(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGINT)


def _environment() -> dict[str, str]:
    """The driver's. Text is UTF-8 in R as well, whatever the service was started with."""
    env = dict(os.environ)
    said = env.get("LC_ALL") or env.get("LC_CTYPE") or env.get("LANG") or ""
    if "utf8" not in said.lower().replace("-", ""):
        env.pop("LC_ALL", None)
        env["LC_CTYPE"] = "C.UTF-8"
    return env
