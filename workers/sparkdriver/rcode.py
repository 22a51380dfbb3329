"""Runs R statements in an R process, which uses the driver's Spark if SparkR is installed."""

from __future__ import annotations

import base64
import contextlib
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .pythoncode import StatementError
from .rprocess import RDied, RProcess, find_r
from .spark import Spark

_COLOURS = re.compile(r"\x1b\[[0-9;]*[mG]")
_MAX_CANDIDATES = 500
_LATER_CANCELS = 120  # further cancels of a group after its statement was interrupted, 2 a second
_COMPLETION_TIMEOUT = 2.0  # seconds
_SPARKR_PLACES = (
    "It is looked for in $SPARK_HOME/R/lib and in R's own libraries (R_LIBS, R_LIBS_USER)."
)
NO_R = (
    "R is not installed: install Debian's r-base-core, or another R 4 whose program R is on the "
    "path of the service."
)
NO_SPARKR = (
    "R finds no SparkR, which Spark from PyPI does not include. Install it, or set the backend's "
    f"option plain_r to run R without Spark. {_SPARKR_PLACES}"
)
PLAIN = f"R runs without Spark in this session: SparkR was not found. {_SPARKR_PLACES}"
CANCELLED = "The statement was cancelled."


class RCode:
    """The R interpreter of a session. Create it in the main thread."""

    def __init__(
        self, spark: Spark, output: Path, note: Callable[[str], None], cancelled: threading.Event
    ) -> None:
        """Starts R, which takes about a second; with SparkR about three.

        `output`: file for what R prints. `note` logs a line. `cancelled` stops the start. Raises
        StatementError, which names what is missing.
        """
        self._spark, self._note = spark, note
        self._plot = spark.settings.temporary / "plot.png"
        self._backend: Any = None  # org.apache.spark.api.r.RBackend; None without SparkR
        self._attached: tuple[Any, Any] = (None, None)
        self._lock = threading.Lock()  # R handles one request at a time
        program = find_r()
        if program is None:
            raise _cannot_start(NO_R)
        try:
            self._r = RProcess(program, spark.settings.folder, output)
        except OSError as error:
            raise _cannot_start(f"{program} could not be started: {error}") from None
        try:
            self._start(cancelled)
        except BaseException:
            self._r.close()
            raise

    def evaluate(self, code: str, group: str, cancelled: threading.Event) -> dict[str, Any]:
        """Runs a cell and returns the last plot, if any, by MIME type. Output goes to stdout.

        Spark's jobs belong to `group`. Raises StatementError and RDied.
        """
        with self._lock:
            self._run(code, group, cancelled)
        return self._read_plot()

    def _run(self, code: str, group: str, cancelled: threading.Event) -> None:
        stop = self._stop_check(group, cancelled)
        self._plot.unlink(missing_ok=True)
        self._attach()
        if self._backend is not None and self._attached[0] is not None:
            word, text = self._r.request("group", group, stop=stop)
            if word == "failed":
                self._note(f"R's Spark jobs have no group, so there is no progress: {text}")
        if cancelled.is_set():
            raise StatementError("Error", CANCELLED, [])
        word, text = self._r.request("run", code, str(self._plot), stop=stop)
        # Spark may report the cancelled jobs as an error before R is interrupted.
        if word == "cancelled" or (cancelled.is_set() and group in text):
            raise StatementError("Error", CANCELLED, [])
        if word == "error":
            raise StatementError("Error", _COLOURS.sub("", text), [])

    def complete(self, code: str, cursor: int) -> list[str]:
        """Returns words for the last name before `cursor`, sorted; for `a$b`, candidates for `b`.

        May be called in any thread. Returns [] while R is busy.
        """
        line = code[:cursor].rpartition("\n")[2]
        if not line.strip() or not self._lock.acquire(blocking=False):
            return []
        end = time.monotonic() + _COMPLETION_TIMEOUT
        try:
            _, text = self._r.request("complete", line, stop=lambda: time.monotonic() > end)
        finally:
            self._lock.release()
        names = {re.split(r"\$|@|::+", name)[-1].rstrip(" =") for name in text.splitlines()}
        return sorted(name for name in names if name)[:_MAX_CANDIDATES]

    def _start(self, cancelled: threading.Event) -> None:
        def stop() -> bool:
            if cancelled.is_set():
                # R ignores interrupts while it starts, and has no data of the user yet.
                self._r.kill()
            return False

        try:
            _, text = self._r.request("start", str(Path(_spark_home(), "R", "lib")), stop=stop)
        except RDied as error:
            if cancelled.is_set():
                raise StatementError("Error", CANCELLED, []) from None
            raise _cannot_start(f"{error} at its start.") from None
        version, sparkr, *why = text.split("\n")
        if sparkr:
            self._note(f"R {version} with SparkR {sparkr}")
            self._start_backend()
            self._attach()
            return
        if not self._spark.settings.plain_r:
            raise _cannot_start("\n".join([NO_SPARKR, *why]))
        self._note(f"R {version}. {PLAIN}")

    def _start_backend(self) -> None:
        """Starts Spark's server for R in the session's JVM, on loopback and with a secret."""
        self._backend = self._spark.jvm.org.apache.spark.api.r.RBackend()
        pair = self._backend.init()
        self._port, self._secret = str(pair._1()), pair._2().secret()

    def _attach(self) -> None:
        """Attaches R to the current Spark: a statement of another kind may have made a new one."""
        if self._backend is None or self._spark._context() is None:
            return
        session = self._spark.current()
        current = (session.sparkContext._jsc, session._jsparkSession)
        if current[0] is self._attached[0] and current[1] is self._attached[1]:
            return
        tracker = self._backend.jvmObjectTracker()
        names = [tracker.addAndGetId(each).id() for each in current]
        # Send it through the pipe, because other users could read the secret on a command line.
        self._r.request("attach", self._port, self._secret, *names)
        self._attached = current

    def _stop_check(self, group: str, cancelled: threading.Event) -> Callable[[], bool]:
        cancel_sent = False

        def stop() -> bool:
            nonlocal cancel_sent
            if cancelled.is_set() and not cancel_sent:
                cancel_sent = True
                # Cancel before R leaves the call that waits for the job, or the job would continue.
                self._spark.cancel_group(group)
                if self._backend is not None:
                    threading.Thread(target=self._cancel_later, args=(group,), daemon=True).start()
            return cancelled.is_set()

        return stop

    def _cancel_later(self, group: str) -> None:
        """Cancels the group again and again for a minute.

        The call that R has left may still be planning its jobs, and Spark does not refuse all jobs
        after a cancel: stages of adaptive execution still start.
        """
        for _ in range(_LATER_CANCELS):
            time.sleep(0.5)
            with contextlib.suppress(Exception):  # the JVM may be ending
                self._spark.cancel_group(group)

    def _read_plot(self) -> dict[str, Any]:
        """Returns the last page of the plot by MIME type; {} if nothing was plotted."""
        try:
            image = self._plot.read_bytes()
        except OSError:
            return {}
        return {"image/png": base64.b64encode(image).decode("ascii")} if image else {}


def shown(text: str) -> str:
    """Returns R's output as Livy shows it: without colours and without outer newlines."""
    return _COLOURS.sub("", text).removeprefix("\n").removesuffix("\n")


def _cannot_start(why: str) -> StatementError:
    return StatementError("InterpreterError", "Fail to start interpreter", [f"{why}\n"])


def _spark_home() -> str:
    from pyspark.find_spark_home import _find_spark_home  # noqa: PLC0415 - heavy imports come late

    return _find_spark_home()
