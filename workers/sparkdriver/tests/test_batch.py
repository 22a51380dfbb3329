"""Tests of applications that spark-submit runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from kit.detached import members

from .session import CONF, PATIENCE, WORKERS, wait_for

SPARK = """
import sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
print("sum", spark.range(int(sys.argv[1])).count(), spark.sparkContext.appName)
print("trouble", file=sys.stderr)
sys.exit(3)
"""
WITHOUT_SPARK = """
import sys, time
print("hello", *sys.argv[1:], flush=True)
time.sleep(600)
"""


def start(folder: Path, application: str, *args: str) -> subprocess.Popen[bytes]:
    (folder / "application.py").write_text(application, "utf-8")
    file = str(folder / "application.py")
    batch = {"file": file, "args": args, "name": "tally ü", "conf": CONF}
    (folder / "batch.json").write_text(json.dumps(batch), "utf-8")
    with (
        (folder / "stdout.log").open("wb") as out,
        (folder / "stderr.log").open("wb") as err,
    ):
        return subprocess.Popen(
            [sys.executable, "-m", "sparkdriver.batch", "--folder", str(folder)],
            env=os.environ | {"PYTHONPATH": str(WORKERS)},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )


def test_the_exit_code_and_the_output(tmp_path):
    process = start(tmp_path, SPARK, "5")
    assert process.wait(PATIENCE) == 3
    assert json.loads((tmp_path / "exit.json").read_text()) == {"code": 3}
    assert json.loads((tmp_path / "driver.json").read_text())["pid"] == process.pid
    # spark-submit copies an application's stderr to its own stdout; Spark's log is in stderr.
    printed = (tmp_path / "stdout.log").read_text("utf-8").splitlines()
    assert {"sum 5 tally ü", "trouble"} <= set(printed)
    wait_for(lambda: not list(members(process.pid)), "its processes to end")


def test_sigterm_ends_the_application(tmp_path):
    process = start(tmp_path, WITHOUT_SPARK, "wörld")
    wait_for(lambda: "hello wörld" in (tmp_path / "stdout.log").read_text(), "the application")
    process.terminate()
    assert process.wait(PATIENCE) == 143
    assert json.loads((tmp_path / "exit.json").read_text()) == {"code": 143}
    wait_for(lambda: not list(members(process.pid)), "its processes to end")


def test_kill_9_leaves_no_process_behind(tmp_path):
    process = start(tmp_path, WITHOUT_SPARK, "wörld")
    wait_for(lambda: "hello wörld" in (tmp_path / "stdout.log").read_text(), "the application")
    process.kill()
    process.wait()
    wait_for(lambda: not list(members(process.pid)), "its processes to end")
    assert not (tmp_path / "exit.json").exists()


def test_a_batch_without_a_file(tmp_path):
    (tmp_path / "batch.json").write_text("{}", "utf-8")
    command = [sys.executable, "-m", "sparkdriver.batch", "--folder", str(tmp_path)]
    done = subprocess.run(
        command, cwd=WORKERS, stderr=subprocess.PIPE, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 1
    assert "batch.json must have 'file'" in done.stderr
