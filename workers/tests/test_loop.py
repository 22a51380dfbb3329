"""Tests the worker as a real process, over its pipes."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from given import NO_VALUES, ROOT, backend, bell, decoded, params
from qiskit import QuantumCircuit

WORKERS = Path(__file__).resolve().parents[1]
PATIENCE = 20  # seconds until a test fails; no passing test waits this long


class Child:
    """A worker process, which is killed if a read takes longer than PATIENCE."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jobworker"],
            cwd=WORKERS,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.ready = self.read()

    def send(self, message: object) -> None:
        self.write(json.dumps(message).encode() + b"\n")

    def write(self, data: bytes) -> None:
        assert self.process.stdin
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def run(
        self, job: str, program: str, text: str, where: dict[str, Any] | None = None, **more: str
    ) -> None:
        fields = {"job": job, "token": "1", "program": program, "params": text}
        self.send({"type": "start", **fields, "backend": where or backend(), **more})

    def read(self) -> dict[str, Any]:
        assert self.process.stdout
        timer = threading.Timer(PATIENCE, self.process.kill)
        timer.start()
        line = self.process.stdout.readline()
        timer.cancel()
        assert line, "the worker is gone"
        message: dict[str, Any] = json.loads(line)
        return message

    def answer(self, job: str) -> dict[str, Any]:
        """Returns the attempt's result, and stores all messages before it in `earlier`."""
        self.earlier = [self.read()]
        while self.earlier[-1]["type"] != "result" or self.earlier[-1]["job"] != job:
            self.earlier.append(self.read())
        return self.earlier[-1]


@pytest.fixture(scope="module")
def shared() -> Iterator[Child]:
    child = Child()
    yield child
    child.process.kill()
    child.process.wait()


@pytest.fixture
def own() -> Iterator[Child]:
    child = Child()
    yield child
    child.process.kill()
    child.process.wait()


def endless(layers: int = 400) -> QuantumCircuit:
    """Returns a circuit that takes minutes, during which Aer lets no Python code run."""
    circuit = QuantumCircuit(23, 1)
    for layer in range(layers):
        for qubit in range(23):
            circuit.rz(0.1 * layer + 0.3, qubit)
            circuit.sx(qubit)
    circuit.measure(0, 0)
    return circuit


def long_sweep() -> str:
    """Returns params of thousands of short runs."""
    return params(*[[bell(), NO_VALUES, 10]] * 3000)


def test_ready_names_the_programs_and_versions(shared):
    assert shared.ready["protocol"] == 2
    assert shared.ready["programs"] == ["estimator", "executor", "sampler"]
    assert shared.ready["not_repeatable"] == []
    assert shared.ready["pid"] == shared.process.pid
    assert set(shared.ready["versions"]) == {"python", "qiskit", "qiskit-aer", "samplomatic"}


def test_a_job_starts_reports_progress_and_ends_with_its_result(shared):
    shared.run("j1", "sampler", params([bell(), NO_VALUES, 100]))
    answer = shared.answer("j1")
    assert [message["type"] for message in shared.earlier] == [
        "started",
        "progress",
        "progress",
        "result",
    ]
    assert shared.earlier[-2] | {"type": ""} == {
        "type": "", "job": "j1", "token": "1", "done": 1, "total": 1, "message": "pub 1 of 1"
    }  # fmt: skip
    assert sum(decoded(answer["result"])[0].data.meas.get_counts().values()) == 100


def test_the_golden_messages_are_understood(shared):
    lines = (ROOT / "protocol" / "attempts.jsonl").read_text("utf-8").splitlines()
    entries = [
        entry["message"]
        for entry in map(json.loads, lines)
        if entry["runner"] == "worker" and "version" not in entry
    ]
    starts = {m["job"]: m for m in entries if m["type"] == "start"}
    ends = {}
    for job, message in starts.items():
        shared.send(message)
        ends[job] = shared.answer(job)
    expected = {
        m["job"]: m
        for m in entries
        if m["type"] == "result" and (m["outcome"] == "completed" or m["job"] == "j-nan")
    }
    assert len(expected) == 2
    for job, message in expected.items():
        assert ends[job] == message
    assert "not a string" in ends["j-raw"]["message"]
    assert "Unknown program" in ends["j-none"]["message"]


def test_lines_that_are_not_messages_are_ignored(shared):
    shared.write(b'\n{\nnull\n\xff\n{"type":"dance"}\n{"type":[]}\n')
    shared.run("j2", "sampler", params([bell(), NO_VALUES, 1]))
    assert shared.answer("j2")["outcome"] == "completed"


def test_a_mistake_in_the_params_is_an_input_error_and_the_worker_keeps_running(shared):
    shared.run("j3", "sampler", "{}")
    answer = shared.answer("j3")
    assert (answer["fault"], answer["reason_code"], answer["traceback"]) == ("input", 3211, None)
    shared.run("j4", "sampler", params([bell(), NO_VALUES, 1]))
    assert shared.answer("j4")["outcome"] == "completed"


def test_a_fault_of_the_worker_is_a_program_error_with_traceback(shared):
    broken = {"name": "b", "options": {"configuration": {"n_qubits": "two"}}}
    shared.run("j5", "sampler", params([bell(), NO_VALUES, 1]), broken)
    answer = shared.answer("j5")
    assert (answer["fault"], answer["reason_code"]) == ("program", None)
    assert answer["traceback"].startswith("Traceback (most recent call last)")


def test_log_lines_of_a_job_are_sent_with_their_level(shared):
    shared.run("j6", "sampler", params([bell(), NO_VALUES, 1]), log_level="debug")
    shared.answer("j6")
    assert {m["level"] for m in shared.earlier if m["type"] == "log"} <= {"debug", "info"}
    assert all(m["text"] for m in shared.earlier if m["type"] == "log")


def test_a_run_while_busy_is_refused_and_a_cancel_ends_only_its_own_attempt(shared):
    shared.run("long", "sampler", long_sweep())
    assert shared.read()["type"] == "started"
    shared.run("other", "sampler", params([bell(), NO_VALUES, 1]))
    refused = shared.answer("other")
    assert (refused["fault"], refused["message"]) == (
        "program",
        "The worker is busy with another job.",
    )
    shared.send({"type": "cancel", "job": "long", "token": "an older one"})
    shared.send({"type": "cancel", "job": "other", "token": "1"})
    shared.send({"type": "cancel", "job": "long", "token": "1"})
    answer = shared.answer("long")
    assert (answer["outcome"], answer["token"]) == ("cancelled", "1")
    assert all(m["done"] < 3000 for m in shared.earlier if m["type"] == "progress")
    shared.run("next", "sampler", params([bell(), NO_VALUES, 1]))
    assert shared.answer("next")["outcome"] == "completed"


def test_cancels_around_the_end_of_a_job_never_harm_the_next(shared):
    for number in range(30):
        job = f"race{number}"
        shared.run(job, "sampler", params([bell(), NO_VALUES, 1 + number]))
        if number % 2:
            assert shared.read()["type"] == "started"
        shared.send({"type": "cancel", "job": job, "token": "1"})
        answer = shared.answer(job)
        assert answer["outcome"] in ("completed", "cancelled")


def test_a_message_of_sixty_four_megabytes_arrives(shared):
    text = params([bell(), NO_VALUES, 1])[:-1] + f', "padding": "{"x" * (64 << 20)}"}}'
    shared.run("big", "sampler", text)
    assert shared.answer("big")["outcome"] == "completed"


def test_a_start_that_comes_twice_runs_once(shared):
    for _ in range(2):
        shared.run("twice", "sampler", long_sweep())
    assert shared.read()["type"] == "started"
    shared.send({"type": "cancel", "job": "twice", "token": "1"})
    assert shared.answer("twice")["outcome"] == "cancelled"
    assert "result" not in [message["type"] for message in shared.earlier[:-1]]


def test_a_heartbeat_is_answered(shared):
    shared.send({"type": "heartbeat"})
    assert shared.read() == {"type": "heartbeat"}


def test_shutdown_exits_with_0(own):
    own.send({"type": "shutdown"})
    assert own.process.wait(PATIENCE) == 0


def test_eof_while_idle_exits_with_0(own):
    own.process.stdin.close()
    assert own.process.wait(PATIENCE) == 0


def test_eof_during_a_simulation_ends_it_at_once(own):
    own.run("endless", "sampler", params([endless(), NO_VALUES, None]))
    assert own.read()["type"] == "started"
    own.process.stdin.close()
    assert own.process.wait(PATIENCE) in (0, -signal.SIGKILL)
    assert b'"result"' not in own.process.stdout.read()


def test_a_killed_worker_leaves_no_process_behind(own):
    own.run("endless", "sampler", params([endless(), NO_VALUES, None]))
    assert own.read()["type"] == "started"
    own.process.kill()
    # EOF on stdout comes only when the watcher process has also ended.
    own.process.stdout.read()
    assert own.process.wait(PATIENCE) == -signal.SIGKILL


def test_a_worker_dies_with_its_parent():
    script = (
        "import subprocess, sys, os\n"
        "w = subprocess.Popen([sys.executable, '-m', 'jobworker'], stdin=subprocess.PIPE)\n"
        "sys.stdin.readline()\n"
        "os._exit(1)\n"
    )
    reader, writer = os.pipe()
    parent = subprocess.Popen(
        [sys.executable, "-c", script], cwd=WORKERS, stdin=subprocess.PIPE, stdout=writer
    )
    os.close(writer)
    with os.fdopen(reader, "rb") as stdout:
        assert json.loads(stdout.readline())["type"] == "ready"
        parent.communicate(b"go\n")
        assert stdout.read() == b""  # returns when the last process with stdout has ended
