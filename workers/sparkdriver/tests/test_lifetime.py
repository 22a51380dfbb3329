"""However a driver ends, it leaves no processes and files behind."""

import subprocess
import sys
from pathlib import Path

from .session import CONF, PATIENCE, WORKERS, Session, wait_for

ENDLESS_JOB = "import time\nsc.parallelize([1, 2], 2).map(lambda i: time.sleep(600)).count()"


def left_behind(session: Session) -> list[str]:
    """Returns files outside the session's folder that contain pids of its processes."""
    pid = str(session.process.pid)
    return [
        path.name
        for path in Path("/tmp").iterdir()
        if pid in path.name and "pytest" not in path.name
    ]


def test_sigterm_while_busy_with_a_run_that_was_sent_while_starting(own):
    assert own.hello["state"] == "starting"
    own.start(ENDLESS_JOB)
    assert "SessionBusy" in own.result(own.start("never = True"))["result"]
    own.read_type("started")
    own.process.terminate()
    own.wait_until_gone()
    assert own.process.returncode == 0
    assert left_behind(own) == []


def test_shutdown_while_starting(own):
    wait_for(lambda: len(own.processes()) >= 3, "the JVM")  # driver, watcher
    own.send(type="shutdown")
    own.wait_until_gone()
    assert own.process.returncode == 0


def test_kill_9_ends_the_jvm_and_the_workers(own):
    own.wait_until_idle()
    own.run("import subprocess; subprocess.Popen(['sleep', '600'])")
    own.start(ENDLESS_JOB)
    own.read_type("started")
    # Driver, watcher, sleep, JVM, Spark's daemon and its two workers.
    wait_for(lambda: len(own.processes()) >= 6, "the Python workers")
    own.process.kill()
    own.wait_until_gone()
    assert left_behind(own) == []


def test_a_dead_jvm_ends_the_driver_with_code_3(own):
    """Exhausts the JVM's memory, which is the most common cause."""
    own.wait_until_idle()
    own.start(
        "hog = sc._jvm.java.util.ArrayList()\n"
        "while True: hog.add(sc._gateway.new_array(sc._jvm.long, 5_000_000))"
    )
    own.wait_until_gone()
    assert own.process.returncode == 3
    assert "the JVM ended with code" in own.log("stderr")
    assert "OutOfMemoryError" in own.log("stdout") + own.log("stderr")


def test_a_cell_may_stop_spark_and_start_it_again_and_end_the_process(own):
    own.wait_until_idle()
    own.run("sc.stop()")
    assert own.text("1 + 1") == "2"
    assert own.run("sc.parallelize([1]).count()")["status"] == "error"
    rows = own.data("SELECT 1", "sql")["application/json"]["data"]
    assert rows == [[1]]
    code = "from pyspark.sql import SparkSession\nspark = SparkSession.builder.getOrCreate()"
    own.run(f"{code}\nsc = spark.sparkContext")
    assert own.text("sc.parallelize([1]).count()") == "1"
    assert own.run("import os; os.listdir('.')")["status"] == "ok"
    own.start("import os; os._exit(7)")
    own.wait_until_gone()
    assert own.process.returncode == 7


def test_a_run_that_is_cancelled_while_starting_is_never_executed_and_an_orphan_ends_itself(
    tmp_path,
):
    session = Session(tmp_path, orphan_timeout=3)
    job = session.start("executed = True")
    session.cancel(job)
    message = session.result(job)
    assert (message["outcome"], message["result"]) == ("cancelled", None)
    assert "started" not in [m["type"] for m in session.seen]
    assert session.run("executed")["ename"] == "NameError"
    session.start("while True: pass")
    session.read_type("started")
    session.disconnect()
    session.wait_until_gone()
    assert session.process.returncode == 0
    assert "nobody has been connected" in session.log("stderr")


def test_a_spark_that_cannot_start_is_reported_in_a_sentence(tmp_path):
    session = Session(tmp_path, conf=CONF | {"spark.master": "nonsense"})
    message = session.read_type("failed")
    assert message["message"].startswith("Spark could not be started: ")
    assert "\n" not in message["message"]
    session.wait_until_gone()
    assert session.process.returncode == 2
    assert message["message"] in session.log("stderr")


def test_invalid_settings(tmp_path):
    (tmp_path / "settings.json").write_text('{"session": "s", "socket": "/tmp/x"}', "utf-8")
    command = [sys.executable, "-m", "sparkdriver", "--folder", str(tmp_path)]
    done = subprocess.run(
        command, cwd=WORKERS, stderr=subprocess.PIPE, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 1
    assert done.stderr == "sparkdriver: settings.json must have 'kind' as a string.\n"
