"""Tests the learner as a real process, over its pipes."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from .given import MEASURES, SERIES, WEEK, days, measures, shop, weekly_sales

WORKERS = Path(__file__).resolve().parents[2]
PATIENCE = 300  # seconds until a test fails; no passing test waits this long


class Child:
    def __init__(self, **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "learner"],
            cwd=WORKERS,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.ready = self.read()

    def send(self, **message) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def run(self, job: str, program: str, params: dict[str, Any]) -> None:
        place = {"name": "learner", "options": {}}
        text = json.dumps(params)
        self.send(type="start", job=job, token="1", program=program, params=text, backend=place)

    def read(self) -> dict[str, Any]:
        timer = threading.Timer(PATIENCE, self.process.kill)
        timer.start()
        assert self.process.stdout
        line = self.process.stdout.readline()
        timer.cancel()
        assert line, "the worker is gone"
        message: dict[str, Any] = json.loads(line)
        return message

    def answer(self, job: str) -> dict[str, Any]:
        self.seen = [self.read()]
        while self.seen[-1]["type"] != "result" or self.seen[-1]["job"] != job:
            self.seen.append(self.read())
        return self.seen[-1]

    def peak(self) -> int:
        """Returns the peak memory in MB, as the kernel measures it."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) // 1024


@pytest.fixture(scope="module")
def child():
    child = Child()
    yield child
    child.process.kill()
    child.process.wait()


def test_ready_names_its_programs_and_not_those_of_the_other_worker(child):
    assert child.ready["programs"] == [
        "anomalies",
        "classification",
        "forecast",
        "impact",
        "predict",
        "regression",
    ]
    assert {"python", "scikit-learn", "statsforecast", "skops"} <= set(child.ready["versions"])


def test_a_session_reports_each_contestant_and_its_result(child, session):
    child.run("j1", "forecast", session.params(shop(), SERIES, "sales", interval="day", **WEEK))
    result = json.loads(child.answer("j1")["result"])
    assert result["rows"]["count"] == 7
    kinds = {message["type"] for message in child.seen}
    assert kinds == {"started", "progress", "result"}  # and no log lines of libraries
    steps = [message for message in child.seen if message["type"] == "progress"]
    assert steps[-1]["done"] == steps[-1]["total"] > 3


def test_an_error_of_the_data_is_of_kind_input_and_the_worker_keeps_running(child, session):
    cells = shop()
    cells["sales"][0] = "none"
    child.run("j2", "forecast", session.params(cells, SERIES, "sales", interval="day", **WEEK))
    answer = child.answer("j2")
    assert (answer["outcome"], answer["fault"], answer["traceback"]) == ("failed", "input", None)
    assert "'none' in row 1 is not a number" in answer["message"]


def test_a_cancel_ends_a_contest_between_two_steps(child, session):
    child.run("j3", "regression", session.params(measures(3000), MEASURES, "y"))
    while child.read().get("done", 0) < 2:
        pass
    child.send(type="cancel", job="j3", token="1")
    assert child.answer("j3")["outcome"] == "cancelled"
    # Not all contestants were tested before the cancel.
    steps = [message for message in child.seen if message["type"] == "progress"]
    assert all(message["done"] < message["total"] for message in steps)


def test_a_csv_of_50_mb_is_worked_on_in_bounded_memory(child, session):
    rows = 760_000
    start = "2010-01-01T00:00:00"
    lines = ["day,sales,store,note"]
    # Only one year, because this test is about size and not about a long history.
    stamps = days(365, start)
    sales = weekly_sales(365)
    lines += [
        f"{stamps[i % 365]}T00:00:00.000Z,{sales[i % 365]},store number {i % 200},some remark {i}"
        for i in range(rows)
    ]
    text = "\n".join(lines) + "\n"
    assert len(text) > 50e6
    columns = {**SERIES, "store": "string feature", "note": "text none"}
    window = {"start": "2011-01-01", "end": "2011-01-14"}
    child.run("j4", "forecast", session.params(text, columns, "sales", interval="day", **window))
    answer = child.answer("j4")
    assert answer["outcome"] == "completed", answer
    result = json.loads(answer["result"])
    assert any("760000 observations" in message["message"] for message in result["messages"])
    assert child.peak() < 2_000
    table = {"sales": "numericMeasure", "store": "string", "day": "date", "note": "text none"}
    child.run("j5", "anomalies", session.params(text, table))
    answer = child.answer("j5")
    assert answer["outcome"] == "completed", answer
    assert child.peak() < 3_000


def test_too_little_memory_is_an_error_of_the_session_and_does_not_end_the_worker(session):
    small = Child(STINT_LEARNER_MEMORY="700")  # the libraries use about 300 of it
    try:
        names = [f"c{i}" for i in range(400)]
        different = [",".join(str((i * j) % 97) for j in range(401)) for i in range(97)]
        lines = [",".join([*names, "y"]), *(different[i % 97] for i in range(30_000))]
        columns = {**dict.fromkeys(names, "numericMeasure feature"), "y": "numericMeasure target"}
        small.run("j6", "regression", session.params("\n".join(lines) + "\n", columns, "y"))
        answer = small.answer("j6")
        assert (answer["outcome"], answer["fault"]) == ("failed", "input")
        assert "more memory than a worker may use (700 MB)" in answer["message"]
        small.run("j7", "forecast", session.params(shop(), SERIES, "sales", **WEEK))
        assert small.answer("j7")["outcome"] == "completed"
    finally:
        small.process.kill()
        small.process.wait()


def test_the_end_of_stdin_ends_the_process():
    child = Child()
    assert child.process.stdin
    child.process.stdin.close()
    assert child.process.wait(timeout=PATIENCE) == 0
