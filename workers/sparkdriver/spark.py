"""The Spark application of a session: starts it, and gives statements access to it."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any, TypedDict

from .capture import Capture
from .jvm import SparkFailed, start_jvm
from .settings import Settings, check_resolved, spark_conf, write_properties
from .sparkr import runs_r

RUNS = ("pyspark", "spark", "sql")  # the kinds of statements that every Spark can run


class Facts(TypedDict):
    """Facts about a started session. `versions` are by package."""

    kinds: list[str]
    versions: dict[str, str]
    app_id: str
    ui_url: str | None
    jvm_pid: int


class Spark:
    """A Spark application. Create it in the main thread."""

    def __init__(self, settings: Settings, capture: Capture) -> None:
        """Starts the JVM and the Spark context. Raises SparkFailed."""
        self.settings = settings
        try:
            check_resolved(settings.resolved)
        except ValueError as error:
            raise SparkFailed(f"Spark could not be started: {error}") from error
        conf = spark_conf(settings)
        for folder in (settings.temporary, settings.classes):
            folder.mkdir(mode=0o700, exist_ok=True)
        _set_environment(settings, conf)
        properties = settings.folder / "spark.conf"
        write_properties(properties, conf)
        self.process: subprocess.Popen[bytes]
        local = conf["spark.master"].startswith("local")
        self.process, self.gateway = start_jvm(settings.folder, properties, capture, local)
        self.jvm: Any = self.gateway.jvm
        self.context_loader: Any = self.jvm.java.lang.Thread.currentThread().getContextClassLoader()
        self.stdout = self._print_stream(capture.out.path)
        self.stderr = self._print_stream(capture.err.path)
        self._start_context()
        # Replace the streams only now: Spark's log already refers to the real System.err.
        self.jvm.java.lang.System.setOut(self.stdout)
        self.jvm.java.lang.System.setErr(self.stderr)

    def _start_context(self) -> None:
        from pyspark import SparkContext  # noqa: PLC0415 - heavy imports come late
        from pyspark.sql import SparkSession  # noqa: PLC0415

        SparkContext._ensure_initialized(gateway=self.gateway)
        try:
            self.context = SparkContext()
            self.session = SparkSession.builder.getOrCreate()
        except Exception as error:
            raise SparkFailed(f"Spark could not be started: {_first_sentence(error)}") from error
        os.chdir(self.files_folder())

    def _print_stream(self, path: Path) -> Any:
        stream = self.jvm.java.io.FileOutputStream(str(path), True)
        return self.jvm.java.io.PrintStream(stream, True, "UTF-8")

    def flush(self) -> None:
        """Flushes the JVM's stdout."""
        self.stdout.flush()

    def is_a(self, value: Any, name: str) -> bool:
        """Returns whether a Java object is an instance of the class `name`."""
        return bool(self.jvm.py4j.reflection.TypeUtil.isInstanceOf(name, value))

    def files_folder(self) -> str:
        """Returns the folder of the session's files; the session's folder if Spark is stopped."""
        from pyspark import SparkFiles  # noqa: PLC0415

        if self._context() is None:
            return str(self.settings.folder)
        return SparkFiles.getRootDirectory()

    def current(self) -> Any:
        """Returns the current SparkSession: a statement may have stopped the first one.

        Creates a session if there is none.
        """
        session = type(self.session)._instantiatedSession
        if session is None or session.sparkContext._jsc is None:
            session = type(self.session).builder.getOrCreate()
        return session

    def set_group(self, group: str) -> None:
        """Puts jobs that the main thread starts from now on into `group`."""
        context = self._context()
        if context is not None:
            context.setJobGroup(group, "statement", True)

    def cancel_group(self, group: str) -> None:
        """Cancels the group's jobs, also those that it would start later."""
        context = self._context()
        if context is not None:
            context.sc().cancelJobGroupAndFutureJobs(group)

    def tracker(self) -> Any:
        """Returns Spark's JavaSparkStatusTracker; None if there is no Spark context."""
        context = self._context()
        return None if context is None else context.statusTracker()

    def _context(self) -> Any:
        """Returns the current JavaSparkContext; None after a statement has stopped it."""
        context = type(self.context)._active_spark_context
        return None if context is None else context._jsc

    def facts(self) -> Facts:
        """Returns the facts about the started session that the driver sends to the service."""
        from pyspark.find_spark_home import _find_spark_home  # noqa: PLC0415 - as above

        versions = {
            "python": platform.python_version(),
            "spark": self.context.version,
            "java": self.jvm.java.lang.System.getProperty("java.version"),
            "scala": self.jvm.scala.util.Properties.versionNumberString(),
        }
        home = Path(_find_spark_home())
        with_r = runs_r(home, os.environ, self.settings.plain_r)
        return {
            "kinds": [*RUNS, "sparkr"] if with_r else list(RUNS),
            "versions": versions,
            "app_id": self.context.applicationId,
            "ui_url": self.context.uiWebUrl,
            "jvm_pid": self.process.pid,
        }

    def names(self) -> dict[str, Any]:
        """Returns the variables that are predefined in Python statements."""
        from pyspark import cloudpickle, sql  # noqa: PLC0415

        names: dict[str, Any] = {
            "sc": self.context,
            "spark": self.session,
            "cloudpickle": cloudpickle,
        }
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            names["sqlContext"] = sql.SQLContext(self.context, self.session)
            names["HiveContext"] = sql.HiveContext
            try:
                from pyspark.streaming import StreamingContext  # noqa: PLC0415

                names["StreamingContext"] = StreamingContext
            except ImportError:  # Spark has deprecated it
                pass
        return names


def _set_environment(settings: Settings, conf: dict[str, str]) -> None:
    """Sets environment variables for the JVM and for programs that statements start.

    By default Python workers run the driver's own Python, because another minor version could not
    read its functions. conf can set another one.
    """
    temporary = str(settings.temporary)
    os.environ["TMPDIR"] = temporary
    os.environ.pop("SPARK_LOCAL_DIRS", None)  # it would override spark.local.dir
    os.environ.setdefault("PYSPARK_PYTHON", conf.get("spark.pyspark.python", sys.executable))
    os.environ.setdefault("MPLBACKEND", "Agg")
    if conf["spark.master"].startswith("local"):
        # Otherwise Spark may warn that the host name resolves to a loopback address.
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")


def _first_sentence(error: Exception) -> str:
    java_error = getattr(error, "java_exception", None)
    text = java_error.toString() if java_error is not None else str(error)
    return text.strip().split("\n")[0]
