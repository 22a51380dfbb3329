"""Starting the JVM that all of a session's Spark runs in."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kit.detached import end_with_parent

from .capture import Capture
from .sparkr import home_with_sparkr

# Of the gateway's answer file: it appears when the JVM is ready, some seconds after its start.
_LOOK_EVERY = 0.02  # seconds


class SparkFailed(RuntimeError):
    """Spark could not be started; the text is one sentence for the user."""


def start_jvm(
    folder: Path, properties: Path, capture: Capture, local: bool
) -> tuple[subprocess.Popen[bytes], Any]:
    """The process, and pyspark's gateway to it. Called in the main thread, whose death ends it.

    `local`: Spark's workers are on this machine.

    spark-submit rather than java, so that an installation's spark-env.sh and defaults count. Its
    stdin is a pipe: the JVM ends when that is closed. What it prints by itself goes to the log.
    """
    from py4j import clientserver, java_gateway  # noqa: PLC0415
    from pyspark.find_spark_home import _find_spark_home  # noqa: PLC0415 - heavy imports come late
    from pyspark.java_gateway import launch_gateway  # noqa: PLC0415

    # They log by the root logger, whose first use would give it a handler that stays: every line
    # of the user's own loggers would appear twice.
    for module in (clientserver, java_gateway):
        module.logging = module.logger

    answer = folder / "gateway"
    answer.unlink(missing_ok=True)
    home = Path(_find_spark_home())
    if local:
        home = home_with_sparkr(home, folder, os.environ)
    command = [
        str(home / "bin" / "spark-submit"),
        *("--properties-file", str(properties), "--load-spark-defaults", "pyspark-shell"),
    ]
    environment = os.environ | {
        "SPARK_HOME": str(home),
        "_PYSPARK_DRIVER_CONN_INFO_PATH": str(answer),
        "SPARK_CONNECT_MODE": "0",
    }
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=capture.out.log_file,
            stderr=capture.err.log_file,
            preexec_fn=end_with_parent,  # noqa: PLW1509 - it only makes system calls
        )
    except OSError as error:
        raise SparkFailed(f"Spark could not be started: {error}.") from error
    while not answer.exists():
        if process.poll() is not None:
            raise SparkFailed(
                f"Spark could not be started: its JVM ended with code {process.returncode}; "
                "its last words are in the log."
            )
        time.sleep(_LOOK_EVERY)
    port, secret = _read_answer(answer)
    # pyspark's own way of joining a JVM that is there already. Taken back at once: programs that
    # the user's code starts have no business in this JVM.
    os.environ |= {"PYSPARK_GATEWAY_PORT": str(port), "PYSPARK_GATEWAY_SECRET": secret}
    try:
        launch: Callable[[], Any] = launch_gateway
        gateway = launch()
    finally:
        del os.environ["PYSPARK_GATEWAY_PORT"], os.environ["PYSPARK_GATEWAY_SECRET"]
    return process, gateway


def _read_answer(path: Path) -> tuple[int, str]:
    """Written under another name and renamed by Spark, so it is whole when it is there."""
    data = path.read_bytes()
    path.unlink()
    length = int.from_bytes(data[4:8], "big")
    return int.from_bytes(data[:4], "big"), data[8 : 8 + length].decode("utf-8")
