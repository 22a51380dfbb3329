"""What Livy lacks: order, real interrupts, detection of dead processes, and complete clean-up."""

import itertools
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from livy_http import Livy, until_there_is


def kernel_id(livy, session):
    """Returns the session's id in other APIs, which is the name of its driver's folder."""
    code = "import sys, os; print(os.path.basename(sys.argv[sys.argv.index('--folder') + 1]))"
    return livy.text(session, code)


def test_fifty_statements_from_five_clients_run_in_order(session, url):
    clients = [Livy(url) for _ in range(5)]
    clients[0].run(session, "seen = []")
    with ThreadPoolExecutor(5) as pool:
        ids = list(
            pool.map(lambda i: clients[i % 5].submit(session, f"seen.append({i}); len(seen)"), range(50))
        )
    clients[0].wait(session, max(ids))
    listed = clients[0].json("GET", f"/sessions/{session}/statements?from=1&size=50")["statements"]
    assert sorted(ids) == [each["id"] for each in listed] == list(range(1, 51))
    assert [each["output"]["data"]["text/plain"] for each in listed] == [str(n) for n in range(1, 51)]
    for earlier, later in itertools.pairwise(listed):
        assert earlier["completed"] <= later["started"]


def test_a_cancelled_waiting_statement_never_runs(session, livy, tmp_path):
    first = livy.submit(session, until_there_is(tmp_path / "gate"))
    second = livy.submit(session, "ran = True")
    livy.json("POST", f"/sessions/{session}/statements/{second}/cancel")
    assert livy.wait(session, second)["state"] == "cancelled"
    (tmp_path / "gate").touch()
    livy.wait(session, first)
    assert livy.run(session, "ran")["ename"] == "NameError"


@pytest.mark.parametrize(
    "code",
    [
        "while True: pass",
        "import time; time.sleep(600)",
        # Avoids overflows, which would end the code with an error after some seconds.
        "spark.range(10**12).selectExpr('sum(id % 7)').collect()",
    ],
)
def test_a_running_statement_is_cancelled_within_two_seconds(session, livy, moments, code):
    livy.run(session, "kept = 42")
    running = livy.submit(session, code)
    livy.until(f"/sessions/{session}/statements/{running}", "running")
    time.sleep(1)  # into the job, not only its beginning; nothing is concluded from it
    livy.json("POST", f"/sessions/{session}/statements/{running}/cancel")
    assert livy.wait(session, running)["state"] == "cancelled"
    assert livy.text(session, "kept") == "42"
    session_id = kernel_id(livy, session)
    assert moments(session_id, "job.cancelled")[-1] - moments(session_id, "job.stopping")[-1] < 2


def test_an_output_of_30_megabytes_is_returned_whole(session, livy):
    assert len(livy.text(session, "print('x' * 30_000_000)")) == 30_000_000


def processes_of(pid):
    """Returns the processes of the session that the driver leads."""
    processes = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[3] == str(pid) and fields[0] != "Z":
            processes.append(int(stat.parent.name))
    return processes


def jvm_of(pid):
    return next(each for each in processes_of(pid) if Path(f"/proc/{each}/comm").read_text() == "java\n")


# The JVM's heap, which Spark calls the driver's memory.
HOG = "a = sc._jvm.java.util.ArrayList()\nwhile True: a.add(sc._gateway.new_array(sc._jvm.long, 4_000_000))"


@pytest.mark.parametrize("how", ["kill -9", "kill -9 while idle", "os._exit(7)", "memory"])
def test_the_death_of_an_interpreter_is_detected_within_a_second_and_cleaned_up(livy, session, moments, how):
    livy.run(session, "witness = 1")
    doomed = livy.session(**({"driverMemory": "512m"} if how == "memory" else {}))
    session_id = kernel_id(livy, doomed)
    pid = int(livy.text(doomed, "import os; os.getpid()"))
    folder = Path(livy.text(doomed, "print(sys.argv[sys.argv.index('--folder') + 1])"))
    code = {"kill -9": "import time; time.sleep(600)", "os._exit(7)": "import os; os._exit(7)", "memory": HOG}
    running, jvm = None, jvm_of(pid)
    if how in code:
        running = livy.submit(doomed, code[how])
    if how == "kill -9":
        livy.until(f"/sessions/{doomed}/statements/{running}", "running")
    died = None
    if how.startswith("kill -9"):
        died = time.time()
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 120
    while livy.json("GET", f"/sessions/{doomed}/state")["state"] not in ("error", "dead"):
        assert time.monotonic() < deadline
        time.sleep(0.01)
        if how == "memory" and died is None and jvm not in processes_of(pid):
            died = time.time()
    if how == "os._exit(7)":
        died = livy.json("GET", f"/sessions/{doomed}/statements/{running}")["started"] / 1000
    # If the end of the JVM was missed, the end of the session was missed too.
    if died is not None:
        assert moments(session_id, "session.closed")[-1] - died < 1
    if running is not None:
        statement = livy.json("GET", f"/sessions/{doomed}/statements/{running}")
        assert (statement["state"], statement["output"]["status"]) == ("available", "error")
    deadline = time.monotonic() + 60
    while processes_of(pid) or folder.exists():
        assert time.monotonic() < deadline, (processes_of(pid), list(folder.rglob("*")))
        time.sleep(0.05)
    assert livy.text(session, "witness") == "1"
    livy.delete(doomed)
