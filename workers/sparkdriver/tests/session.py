"""A driver as a real process with real Spark, and a connection to its socket."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kit.detached import members

WORKERS = Path(__file__).resolve().parents[2]
ROOT = WORKERS.parent
PATIENCE = 60  # seconds until a test fails; no passing test waits this long
CONF = {"spark.master": "local[2]", "spark.driver.memory": "512m"}
# Less work for two cores: limits the compiler to optimisations that pay within a minute.
CONF |= {"spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}
CONF |= {"spark.sql.shuffle.partitions": "2"}


def wait_for(condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """Polls the condition until it is true, and returns its value."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.01)
    return value


def until_there_is(path: Path) -> str:
    """Returns code that runs until the test creates this file."""
    return f"import os, time\nwhile not os.path.exists({str(path)!r}): time.sleep(0.01)\n"


class Session:
    """A session with its driver in `folder`. Further settings are as in settings.json.

    `environment` is added to the test's own; None removes a name from it.
    """

    def __init__(
        self, folder: Path, environment: dict[str, str | None] | None = None, **settings: Any
    ) -> None:
        self.folder = folder
        # A path in pytest's folders may be too long for a socket.
        self.socket = f"/tmp/sd-{os.getpid()}-{id(self):x}"
        values: dict[str, Any] = {
            "session": "s-1",
            "socket": self.socket,
            "kind": "pyspark",
            "name": "tests",
        }
        values |= {"conf": CONF, "orphan_timeout": 60} | settings
        (folder / "settings.json").write_text(json.dumps(values), "utf-8")
        env = os.environ | {"PYTHONPATH": str(WORKERS)} | (environment or {})
        with (
            (folder / "stdout.log").open("wb") as out,
            (folder / "stderr.log").open("wb") as err,
        ):
            self.process = subprocess.Popen(
                [sys.executable, "-m", "sparkdriver", "--folder", str(folder)],
                env={name: value for name, value in env.items() if value is not None},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        self.seen: list[dict[str, Any]] = []
        self._count = 0
        wait_for(lambda: Path(self.socket).exists() or self.process.poll() is not None, "a socket")
        self.connect()

    def connect(self) -> dict[str, Any]:
        """Opens a new connection, and returns the interpreter state from its greeting."""
        self._peer = socket.socket(socket.AF_UNIX)
        self._peer.settimeout(PATIENCE)
        wait_for(self._connected, "the socket to listen")
        self._lines = self._peer.makefile("rb")
        self.ready, self.resumed, self.hello = self.read(), self.read(), self.read()
        return self.hello

    def _connected(self) -> bool:
        with contextlib.suppress(ConnectionRefusedError):
            self._peer.connect(self.socket)
            return True
        return False

    def disconnect(self) -> None:
        self._peer.shutdown(socket.SHUT_RDWR)
        self._peer.close()

    def wait_until_idle(self) -> dict[str, Any]:
        while self.hello["state"] == "starting":
            self.hello = self.read_type("interpreter", "failed")
        return self.hello

    def send(self, **message: Any) -> None:
        self.write(json.dumps(message).encode() + b"\n")

    def write(self, data: bytes) -> None:
        self._peer.sendall(data)

    def read(self) -> dict[str, Any]:
        line = self._lines.readline()
        assert line, f"the driver has closed the connection\n{self.log('stderr')[-3000:]}"
        self.seen.append(json.loads(line))
        return self.seen[-1]

    def read_type(self, *types: str) -> dict[str, Any]:
        while self.read()["type"] not in types:
            pass
        return self.seen[-1]

    def start(self, code: str, kind: str = "pyspark") -> str:
        """Starts a statement and returns its job's id, which contains the statement's number."""
        self._count += 1
        job = f"job-{self._count}"
        self.start_as(job, {"statement": self._count, "kind": kind, "code": code})
        return job

    def start_as(self, job: str, params: dict[str, Any]) -> None:
        backend = {"name": "spark", "options": {}}
        fields = {"program": "statement", "params": json.dumps(params), "backend": backend}
        self.send(type="start", job=job, token="1", **fields)

    def result(self, job: str, acknowledge: bool = True) -> dict[str, Any]:
        while True:
            message = self.read_type("result")
            if message["job"] == job:
                break
        if acknowledge:
            self.send(type="acknowledge", job=job, token="1")
        return message

    def run(self, code: str, kind: str = "pyspark") -> dict[str, Any]:
        """Runs a statement and returns its output."""
        output: dict[str, Any] = json.loads(self.result(self.start(code, kind))["result"])
        return output

    def data(self, code: str, kind: str = "pyspark") -> dict[str, Any]:
        output = self.run(code, kind)
        assert output["status"] == "ok", output
        data: dict[str, Any] = output["data"]
        return data

    def text(self, code: str, kind: str = "pyspark") -> str:
        return str(self.data(code, kind)["text/plain"])

    def cancel(self, job: str) -> None:
        self.send(type="cancel", job=job, token="1")

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text("utf-8", "replace")

    def processes(self) -> list[int]:
        """Returns the pids of the driver and everything that it started."""
        return list(members(self.process.pid))

    def wait_until_gone(self, seconds: float = PATIENCE) -> None:
        """Waits until the driver and everything it started has ended, and the socket is deleted."""
        self.process.wait(seconds)
        wait_for(lambda: not self.processes(), "the driver's processes to end", seconds)
        wait_for(lambda: not Path(self.socket).exists(), "the socket to go", seconds)

    def end(self) -> None:
        with contextlib.suppress(OSError):
            self._peer.close()
        for pid in [self.process.pid, *self.processes()]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        Path(self.socket).unlink(missing_ok=True)
