"""Starts the JVM in which the Spark of a session runs."""

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

# Between two checks for the gateway's file, which appears some seconds after the JVM has started.
_POLL_INTERVAL = 0.02  # seconds


class SparkFailed(RuntimeError):
    """Spark could not be started. The text is one sentence for the user."""


def start_jvm(
    folder: Path, properties: Path, capture: Capture, local: bool
) -> tuple[subprocess.Popen[bytes], Any]:
    """Starts the JVM and returns its process and pyspark's gateway to it. Raises SparkFailed.

    Call it in the main thread: the JVM ends when the thread that started it ends. `local`: whether
    Spark's workers run on this machine.

    The JVM is started with spark-submit, so that the installation's spark-env.sh and defaults have
    effect. It ends when its stdin, a pipe, is closed. Its own output goes to the log.
    """
    from py4j import clientserver, java_gateway  # noqa: PLC0415
    from pyspark.find_spark_home import _find_spark_home  # noqa: PLC0415 - heavy imports come late
    from pyspark.java_gateway import launch_gateway  # noqa: PLC0415

    # These modules log with functions of the root logger, which would install a handler there.
    # Then every line of the user's loggers would appear twice.
    for module in (clientserver, java_gateway):
        module.logging = module.logger

    gateway_file = folder / "gateway"
    gateway_file.unlink(missing_ok=True)
    home = Path(_find_spark_home())
    if local:
        home = home_with_sparkr(home, folder, os.environ)
    command = [
        str(home / "bin" / "spark-submit"),
        *("--properties-file", str(properties), "--load-spark-defaults", "pyspark-shell"),
    ]
    environment = os.environ | {
        "SPARK_HOME": str(home),
        "_PYSPARK_DRIVER_CONN_INFO_PATH": str(gateway_file),
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
    while not gateway_file.exists():
        if process.poll() is not None:
            raise SparkFailed(
                f"Spark could not be started: its JVM ended with code {process.returncode}; "
                "the log has its last output."
            )
        time.sleep(_POLL_INTERVAL)
    port, secret = _read_gateway_file(gateway_file)
    # pyspark's own variables for connecting to an existing JVM. They are deleted at once, because
    # programs that the user's code starts must not connect to this JVM.
    os.environ |= {"PYSPARK_GATEWAY_PORT": str(port), "PYSPARK_GATEWAY_SECRET": secret}
    try:
        launch: Callable[[], Any] = launch_gateway
        gateway = launch()
    finally:
        del os.environ["PYSPARK_GATEWAY_PORT"], os.environ["PYSPARK_GATEWAY_SECRET"]
    return process, gateway


def _read_gateway_file(path: Path) -> tuple[int, str]:
    """Returns the port and the secret. Spark renames the file into place, so it is complete."""
    data = path.read_bytes()
    path.unlink()
    length = int.from_bytes(data[4:8], "big")
    return int.from_bytes(data[:4], "big"), data[8 : 8 + length].decode("utf-8")
