"""Tests of messages, of their order, and of several connections."""

import json
from pathlib import Path

from .session import ROOT, until_there_is, wait_for

LINES = (ROOT / "protocol" / "attempts.jsonl").read_text("utf-8").splitlines()
MESSAGES = [
    entry["message"]
    for entry in map(json.loads, LINES)
    if entry["runner"] == "interpreter" and "version" not in entry
]


def test_the_examples_are_answered_as_written(shared):
    starts = {m["job"]: m for m in MESSAGES if m["type"] == "start"}
    results = {m["job"]: m for m in MESSAGES if m["type"] == "result"}
    assert starts.keys() <= results.keys()
    for job, start in starts.items():
        shared.send(**start)
        answer = shared.read_type("result")
        shared.send(type="acknowledge", job=job, token=start["token"])
        assert answer == results[job]
    shared.send(**next(m for m in MESSAGES if m["type"] == "suggest"))
    assert shared.read_type("suggestions") == next(
        m for m in MESSAGES if m["type"] == "suggestions"
    )


def test_ready_reports_the_capabilities(shared):
    example = next(m for m in MESSAGES if m["type"] == "ready")
    assert shared.ready.keys() == example.keys()
    for name in ("protocol", "programs", "not_repeatable", "capabilities"):
        assert shared.ready[name] == example[name]
    assert shared.ready["pid"] == shared.process.pid


def test_the_state_reports_kinds_and_versions(shared):
    example = next(m for m in MESSAGES if m["type"] == "interpreter" and m["state"] == "idle")
    assert shared.hello.keys() == example.keys()
    assert shared.hello["kinds"] == ["pyspark", "spark", "sql", "sparkr"]
    assert shared.hello["versions"].keys() == example["versions"].keys()
    assert shared.hello["app_id"].startswith("local-")
    assert shared.hello["session"] == "s-1"


def test_a_heartbeat_is_answered_while_a_statement_runs(shared, tmp_path):
    job = shared.start(until_there_is(tmp_path / "gate") + "'over'")
    shared.read_type("started")
    shared.send(type="heartbeat")
    shared.read_type("heartbeat")
    (tmp_path / "gate").touch()
    assert "over" in shared.result(job)["result"]


def test_a_start_without_a_valid_statement_fails_with_a_sentence(shared):
    shared.start_as("job-x", {"statement": 1, "kind": "sql"})
    answer = shared.result("job-x")
    assert (answer["outcome"], answer["fault"]) == ("failed", "input")
    assert answer["message"] == "'kind' and 'code' must be strings."
    start = next(m for m in MESSAGES if m["type"] == "start")
    shared.send(**start | {"job": "job-y", "token": "1", "program": "sampler"})
    assert "Unknown program 'sampler'" in shared.result("job-y")["message"]


def test_the_driver_writes_its_identity(shared):
    identity = json.loads((shared.folder / "driver.json").read_text("utf-8"))
    stat = Path(f"/proc/{shared.process.pid}/stat").read_text().rpartition(")")[2].split()
    assert identity == {"pid": shared.process.pid, "started": stat[19]}


def test_a_run_has_started_progress_and_one_result(shared):
    code = "import time\nsc.parallelize(range(8), 8).map(lambda i: time.sleep(0.3)).count()"
    job = shared.start(code)
    del shared.seen[:]
    shared.result(job)
    types = [message["type"] for message in shared.seen]
    assert types[0] == "started"
    assert types[-1] == "result"
    assert set(types[1:-1]) == {"progress"}
    values = [message["done"] / message["total"] for message in shared.seen[1:-1]]
    assert values == sorted(values)
    assert all(0 < value <= 1 for value in values)


def test_lines_that_are_not_messages_are_ignored(shared):
    shared.write(b'\n{\nnull\n\xff\n{"type":"dance"}\n{"type":[]}\n')
    assert shared.text("1") == "1"


def test_a_run_while_busy_is_refused_and_the_running_one_continues(shared, tmp_path):
    job = shared.start(until_there_is(tmp_path / "gate") + "'first'")
    shared.read_type("started")
    other = shared.start("'second'")
    refused = json.loads(shared.result(other)["result"])
    (tmp_path / "gate").touch()
    assert (refused["ename"], refused["traceback"]) == ("SessionBusy", [])
    assert "first" in shared.result(job)["result"]


def test_a_repeated_run_is_not_executed_again(shared):
    shared.run("calls = 0")
    params = {"statement": 9, "kind": "pyspark", "code": "calls += 1; calls"}
    shared.start_as("repeated", params)
    shared.start_as("repeated", params)
    first = shared.result("repeated", acknowledge=False)
    shared.start_as("repeated", params)  # not acknowledged, so the result is sent again
    assert shared.result("repeated") == first
    assert shared.text("calls") == "1"


def test_results_are_kept_until_they_are_acknowledged(shared, tmp_path):
    job = shared.start(until_there_is(tmp_path / "gate") + "'kept'")
    shared.read_type("started")
    shared.disconnect()
    hello = shared.connect()
    running = {"job": job, "token": "1"}
    assert (hello["state"], shared.resumed["running"]) == ("busy", [running])
    (tmp_path / "gate").touch()
    first = shared.result(job, acknowledge=False)
    shared.disconnect()
    hello = shared.connect()
    assert (hello["type"], hello["state"]) == ("interpreter", "idle")
    assert (shared.resumed["running"], shared.resumed["ended"]) == ([], [running])
    assert "kinds" in hello
    assert shared.read() == first
    shared.send(type="acknowledge", job=job, token="1")
    assert shared.text("1") == "1"
    shared.disconnect()
    shared.connect()
    assert shared.text("2") == "2"
    assert [m["job"] for m in shared.seen if m["type"] == "result"].count(job) == 2


def test_a_new_connection_replaces_the_old_one(shared):
    old = shared._lines
    shared.connect()
    assert old.read() == b""
    assert shared.text("1") == "1"


def test_completion_of_python_names(shared):
    shared.run("number = 5")

    def words(code, kind="pyspark"):
        shared.send(type="suggest", request=1, kind=kind, code=code, cursor=len(code))
        return shared.read_type("suggestions")["words"]

    assert "number" in words("x = numb")
    assert words("1 + number.bit_le") == ["bit_length"]
    assert words("nowhere.a") == []
    assert words("") == words("1 + ") == []
    assert words("SELECT nu", "sql") == []
    shared.send(type="suggest", request=2, kind="pyspark", code="number.bit_c 7", cursor=12)
    assert shared.read_type("suggestions")["words"] == ["bit_count"]


def test_output_between_statements_goes_to_the_log(shared, tmp_path):
    gate = str(tmp_path / "gate")
    shared.run(
        "import os, threading, time\ndef later():\n"
        f"    while not os.path.exists({gate!r}): time.sleep(0.01)\n    print('in between')\n"
        "threading.Thread(target=later).start()"
    )
    Path(gate).touch()
    wait_for(lambda: "in between" in shared.log("stdout"), "the log")
    assert shared.text("print('own')") == "own"


def test_a_worker_of_multiprocessing_may_be_terminated(shared):
    code = "import multiprocessing, time\nfork = multiprocessing.get_context('fork')\n"
    code += "p = fork.Process(target=time.sleep, args=(60,)); p.start(); p.terminate(); p.join()"
    assert shared.text(f"{code}\np.exitcode") == "-15"
    assert Path(shared.socket).exists()
    assert shared.text("fork.Pool(1).map(abs, [-1])") == "[1]"


def test_a_cell_that_forks_answers_once(shared):
    shared.run("import os\npid = os.fork()")
    assert shared.text("pid > 0") == "True"
    assert shared.text("os.waitpid(pid, 0)[1]") == "0"
