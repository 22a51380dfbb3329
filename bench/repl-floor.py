"""Measures round trips of `1+1` without the service, as the baseline for the service's figure.

    python bench/repl-floor.py [--rounds 500] [--driver]

Prints one line of JSON per case: `{"case", "rounds", "p50_ms", "p99_ms"}`. *repl* is Python's own
interactive mode as a child process, asked over a pipe. *driver*, with --driver and run by the
Python of the Spark environment, is a statement over the driver's socket, in a session with Spark.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

WORKERS = Path(__file__).resolve().parents[1] / "workers"
WARM_UP = 50  # rounds that do not count


def main() -> None:
    """Runs the measurement named by the arguments."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--driver", action="store_true")
    options = parser.parse_args()
    measure_repl(options.rounds)
    if options.driver:
        measure_driver(options.rounds)


def measure_repl(rounds: int) -> None:
    """Measures Python's own interactive mode."""
    repl = subprocess.Popen(
        [sys.executable, "-i", "-q", "-u"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert repl.stdin
    assert repl.stdout
    inputs, answers = repl.stdin, repl.stdout

    def ask() -> None:
        inputs.write(b"1+1\n")
        inputs.flush()
        if answers.readline() != b"2\n":
            raise RuntimeError("the REPL is gone")

    report("repl", rounds, ask)
    inputs.close()
    repl.wait()


def measure_driver(rounds: int) -> None:
    """Measures a driver over its socket."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        conf = {"spark.master": "local[1]", "spark.driver.memory": "512m"}
        settings = {"session": "bench", "socket": f"{name}/s", "kind": "pyspark", "conf": conf}
        (folder / "settings.json").write_text(json.dumps(settings), "utf-8")
        with (folder / "log").open("wb") as log:
            driver = subprocess.Popen(
                [sys.executable, "-m", "sparkdriver", "--folder", name],
                env=os.environ | {"PYTHONPATH": str(WORKERS)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            began = time.perf_counter()
            peer = connected(f"{name}/s")
            lines = peer.makefile("rb")
            while json.loads(lines.readline()).get("state") != "idle":
                pass
            print(json.dumps({"case": "start", "s": round(time.perf_counter() - began, 2)}))
            numbers = iter(range(1 << 30))

            def ask() -> None:
                job = {"job": str(next(numbers)), "token": "1"}
                params = json.dumps({"statement": 0, "kind": "pyspark", "code": "1+1"})
                place = {"backend": {"name": "bench", "options": {}}, "params": params}
                start = {"type": "start", **job, "program": "statement", **place}
                peer.sendall(json.dumps(start).encode() + b"\n")
                while json.loads(lines.readline())["type"] != "result":
                    pass
                peer.sendall(json.dumps({"type": "acknowledge", **job}).encode() + b"\n")

            report("driver", rounds, ask)
            peer.sendall(b'{"type": "shutdown"}\n')
            driver.wait(30)
        finally:
            driver.kill()


def connected(path: str) -> socket.socket:
    """Waits until a process listens on the socket at `path`, and returns a connection to it."""
    peer = socket.socket(socket.AF_UNIX)
    for _ in range(1000):
        try:
            peer.connect(path)
            return peer
        except (FileNotFoundError, ConnectionRefusedError):
            time.sleep(0.01)
    raise RuntimeError("the driver does not listen")


def report(case: str, rounds: int, ask: Callable[[], None]) -> None:
    """Repeats the round trip `rounds` times; prints median and 99th percentile in milliseconds."""
    times = []
    for number in range(WARM_UP + rounds):
        began = time.perf_counter()
        ask()
        if number >= WARM_UP:
            times.append((time.perf_counter() - began) * 1000)
    times.sort()
    figures = {"p50_ms": times[rounds // 2], "p99_ms": times[rounds * 99 // 100]}
    rounded = {name: round(value, 3) for name, value in figures.items()}
    print(json.dumps({"case": case, "rounds": rounds, **rounded}))


if __name__ == "__main__":
    main()
