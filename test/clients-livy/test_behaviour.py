"""What Livy's users miss in Livy: order, real interrupts, deaths that are seen, and nothing left behind."""

import itertools
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from livy_http import Livy


def test_fifty_statements_of_five_clients_run_in_order(session, url):
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


def test_a_waiting_statement_that_is_cancelled_never_runs(session, livy):
    first = livy.submit(session, "import time; time.sleep(2)")
    second = livy.submit(session, "ran = True")
    livy.json("POST", f"/sessions/{session}/statements/{second}/cancel")
    assert livy.wait(session, second)["state"] == "cancelled"
    livy.wait(session, first)
    assert livy.run(session, "ran")["ename"] == "NameError"


@pytest.mark.parametrize(
    "code",
    [
        "while True: pass",
        "import time; time.sleep(600)",
        "spark.range(10**12).selectExpr('sum(id * id % 7)').collect()",
    ],
)
def test_a_running_statement_is_cancelled_within_two_seconds(session, livy, code):
    livy.run(session, "kept = 42")
    running = livy.submit(session, code)
    livy.until(f"/sessions/{session}/statements/{running}", "running")
    time.sleep(1)
    began = time.monotonic()
    livy.json("POST", f"/sessions/{session}/statements/{running}/cancel")
    assert livy.wait(session, running)["state"] == "cancelled"
    assert time.monotonic() - began < 2
    assert livy.text(session, "kept") == "42"


def test_a_large_output(session, livy):
    assert len(livy.text(session, "print('x' * 30_000_000)")) == 30_000_000


def left_of(pid):
    """Processes of the session that the driver led."""
    left = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[3] == str(pid) and fields[0] != "Z":
            left.append(int(stat.parent.name))
    return left


@pytest.mark.parametrize("how", ["kill -9", "os._exit(7)", "memory"])
def test_a_death_is_seen_within_a_second_and_leaves_nothing(livy, session, how):
    livy.run(session, "witness = 1")
    doomed = livy.session(**({"driverMemory": "512m"} if how == "memory" else {}))
    pid = int(livy.text(doomed, "import os; os.getpid()"))
    folder = Path(livy.text(doomed, "import sys; print(sys.argv[sys.argv.index('--folder') + 1])"))
    if how == "kill -9":
        running = livy.submit(doomed, "import time; time.sleep(600)")
        livy.until(f"/sessions/{doomed}/statements/{running}", "running")
        began = time.monotonic()
        os.kill(pid, signal.SIGKILL)
    elif how == "os._exit(7)":
        running = livy.submit(doomed, "import os; os._exit(7)")
        began = time.monotonic()
    else:
        # The heap of the JVM, which is the driver's memory in Spark's words.
        code = "a = sc._jvm.java.util.ArrayList()\nwhile True: a.add(sc._gateway.new_array(sc._jvm.long, 4_000_000))"
        running = livy.submit(doomed, code)
        began = None
    deadline = time.monotonic() + 120
    while livy.json("GET", f"/sessions/{doomed}/state")["state"] not in ("error", "dead"):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    if began is not None:
        assert time.monotonic() - began < 1
    statement = livy.json("GET", f"/sessions/{doomed}/statements/{running}")
    assert (statement["state"], statement["output"]["status"]) == ("available", "error")
    deadline = time.monotonic() + 5
    while left_of(pid) or (how != "memory" and folder.exists()):
        assert time.monotonic() < deadline, (left_of(pid), folder.exists())
        time.sleep(0.05)
    assert livy.text(session, "witness") == "1"
    livy.delete(doomed)
