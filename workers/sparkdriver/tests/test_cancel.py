"""A cancel interrupts a statement, and the session keeps its variables."""

import json
import time

import pytest

LOOPS = {
    "a loop": "while True: pass",
    "a sleep": "time.sleep(60)",
    "a child process": "import subprocess; subprocess.run(['sleep', '60'])",
    "a read from a pipe": "import os; os.read(os.pipe()[0], 1)",
    "a lock": "import threading; l = threading.Lock(); l.acquire(); l.acquire()",
    "a Spark job": "sc.parallelize([1, 2], 2).map(lambda i: time.sleep(60)).count()",
    "a Spark job that is tried again": """
while True:
    try:
        sc.parallelize([1]).map(lambda i: time.sleep(60)).count()
    except Exception:
        pass
""",
    "a loop that swallows the first": """
try:
    while True: pass
except KeyboardInterrupt:
    pass
while True: pass
""",
    "a wait in the JVM": "sc._jvm.java.lang.Thread.sleep(60000)",
    "a wait in the JVM that nothing interrupts": """
semaphore = sc._jvm.java.util.concurrent.Semaphore(0)
semaphore.acquireUninterruptibly()
""",
    "short calls to the JVM": "while True: sc._jvm.java.lang.System.nanoTime()",
    "printing": "while True: print('x' * 1000)",
}


LIMIT, TRIES = 2, 3


def interrupted(shared, code, kind="pyspark"):
    """Returns the result of a cancelled statement, which must end within 2 s. Other work on the
    machine can only add to that time, so the best of a few attempts counts.
    """
    for _ in range(TRIES):
        job = shared.start(code, kind)
        shared.read_type("started")
        time.sleep(0.3)  # so that the job is running; the test does not depend on it
        since = time.monotonic()
        shared.cancel(job)
        message = shared.result(job)
        assert message["outcome"] == "cancelled"
        if time.monotonic() - since < LIMIT:
            return message
    raise AssertionError(f"it was not interrupted within {LIMIT} s")


@pytest.mark.parametrize("what", LOOPS)
def test_python(shared, what):
    shared.run("kept = 0")
    message = interrupted(shared, f"import time\nkept = 1\n{LOOPS[what]}")
    assert '"ename": "KeyboardInterrupt"' in message["result"]
    assert "sparkdriver" not in message["result"]
    # The variables and the connection to the JVM are intact.
    assert shared.text("kept") == "1"
    assert shared.text("sc.parallelize([1, 2]).count()") == "2"
    assert shared.run("import time; time.sleep(0.2)")["status"] == "ok"


def test_sql(shared):
    query = "SELECT count(*) FROM range(10000000000) a JOIN range(100000) b"
    message = interrupted(shared, query, "sql")
    assert "cancelled" in json.loads(message["result"])["evalue"].lower()
    assert answer_of(shared) == [[7]]
    assert shared.text("1") == "1"


def answer_of(session):
    return session.data("SELECT 7", "sql")["application/json"]["data"]


def test_cancels_around_the_end_of_a_statement_never_harm_the_next(shared):
    shared.run("import time")
    for number in range(100):
        job = shared.start(f"time.sleep({number % 10} / 3000)\n{number}")
        if number % 2:
            shared.read_type("started")
        shared.cancel(job)
        output = shared.result(job)["result"]
        assert output is None or '"ok"' in output or "KeyboardInterrupt" in output
        assert shared.text("sc._jvm.java.lang.Math.abs(-3)") == "3"


def test_a_cancel_for_another_run_changes_nothing(shared):
    job = shared.start("import time; time.sleep(0.3); 5")
    shared.send(type="cancel", job=job, token="an older one")
    shared.send(type="cancel", job="another", token="1")
    message = shared.result(job)
    assert message["outcome"] == "completed"
    assert '"5"' in message["result"]
    shared.cancel(job)  # the job has already ended
    assert shared.text("6") == "6"


def test_a_statement_may_catch_the_interruption(shared):
    code = "try:\n    while True: pass\nexcept KeyboardInterrupt:\n    print('caught')"
    job = shared.start(code)
    shared.read_type("started")
    shared.cancel(job)
    message = shared.result(job)
    assert message["outcome"] == "cancelled"
    assert '"caught"' in message["result"] or "KeyboardInterrupt" in message["result"]
