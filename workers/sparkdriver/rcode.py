"""R statements: an R process beside the driver, on the driver's own Spark if SparkR is there."""

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
_MOST = 500  # candidates
_AFTERWARDS = 120  # cancels of a group after its statement was left, two a second
_LOOKING = 2.0  # seconds that a completion may take
_SOUGHT = "It is looked for in $SPARK_HOME/R/lib and in R's own libraries (R_LIBS, R_LIBS_USER)."
NO_R = (
    "R is not installed: install Debian's r-base-core, or another R 4 whose program R is on the "
    "path of the service."
)
NO_SPARKR = (
    "R finds no SparkR, which Spark from PyPI comes without. Install it, or let the backend run "
    f"R without Spark with its option plain_r. {_SOUGHT}"
)
PLAIN = f"R runs without Spark in this session: SparkR was not found. {_SOUGHT}"
CANCELLED = "The statement was cancelled."


class RCode:
    """Made in the main thread; takes about a second, with SparkR about three.

    Raises StatementError with what is missing.
    """

    def __init__(
        self, spark: Spark, output: Path, note: Callable[[str], None], cancelled: threading.Event
    ) -> None:
        self._spark, self._note = spark, note
        self._picture = spark.settings.temporary / "plot.png"
        self._backend: Any = None  # org.apache.spark.api.r.RBackend, once there is SparkR
        self._attached: tuple[Any, Any] = (None, None)
        self._lock = threading.Lock()  # R does one thing at a time
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
        """The picture, if one was drawn; what is printed goes to stdout.

        Spark's jobs belong to `group`. Raises StatementError, and RDied.
        """
        with self._lock:
            self._run(code, group, cancelled)
        return self._drawn()

    def _run(self, code: str, group: str, cancelled: threading.Event) -> None:
        stop = self._stopper(group, cancelled)
        self._picture.unlink(missing_ok=True)
        self._attach()
        if self._backend is not None and self._attached[0] is not None:
            word, text = self._r.ask("group", group, stop=stop)
            if word == "failed":
                self._note(f"R's Spark jobs have no group, so no progress: {text}")
        if cancelled.is_set():
            raise StatementError("Error", CANCELLED, [])
        word, text = self._r.ask("run", code, str(self._picture), stop=stop)
        # What ended the jobs may be told by Spark before R is interrupted.
        if word == "cancelled" or (cancelled.is_set() and group in text):
            raise StatementError("Error", CANCELLED, [])
        if word == "error":
            raise StatementError("Error", _COLOURS.sub("", text), [])

    def complete(self, code: str, cursor: int) -> list[str]:
        """Called from another thread. Of `a$b`, the candidates for `b`; while R is busy none."""
        line = code[:cursor].rpartition("\n")[2]
        if not line.strip() or not self._lock.acquire(blocking=False):
            return []
        end = time.monotonic() + _LOOKING
        try:
            _, text = self._r.ask("complete", line, stop=lambda: time.monotonic() > end)
        finally:
            self._lock.release()
        names = {re.split(r"\$|@|::+", name)[-1].rstrip(" =") for name in text.splitlines()}
        return sorted(name for name in names if name)[:_MOST]

    def _start(self, cancelled: threading.Event) -> None:
        def stop() -> bool:
            if cancelled.is_set():
                # Nothing of the user's is in it yet, and R at its start takes no interrupt.
                self._r.kill()
            return False

        try:
            _, text = self._r.ask("start", str(Path(_spark_home(), "R", "lib")), stop=stop)
        except RDied as error:
            if cancelled.is_set():
                raise StatementError("Error", CANCELLED, []) from None
            raise _cannot_start(f"{error} at its start.") from None
        version, sparkr, *why = text.split("\n")
        if sparkr:
            self._note(f"R {version} with SparkR {sparkr}")
            self._serve()
            self._attach()
            return
        if not self._spark.settings.plain_r:
            raise _cannot_start("\n".join([NO_SPARKR, *why]))
        self._note(f"R {version}. {PLAIN}")

    def _serve(self) -> None:
        """Spark's own server for R, in the session's JVM, on loopback and with a secret."""
        self._backend = self._spark.jvm.org.apache.spark.api.r.RBackend()
        pair = self._backend.init()
        self._port, self._secret = str(pair._1()), pair._2().secret()

    def _attach(self) -> None:
        """R uses the Spark of now: a statement of another kind may have made a new one."""
        if self._backend is None or self._spark._context() is None:
            return
        session = self._spark.current()
        now = (session.sparkContext._jsc, session._jsparkSession)
        if now[0] is self._attached[0] and now[1] is self._attached[1]:
            return
        known = self._backend.jvmObjectTracker()
        names = [known.addAndGetId(each).id() for each in now]
        # Through the pipe: others could read a command line.
        self._r.ask("attach", self._port, self._secret, *names)
        self._attached = now

    def _stopper(self, group: str, cancelled: threading.Event) -> Callable[[], bool]:
        told = False

        def stop() -> bool:
            nonlocal told
            if cancelled.is_set() and not told:
                told = True
                # Before R leaves the call that waits for the job: nobody would end it afterwards.
                self._spark.cancel_group(group)
                if self._backend is not None:
                    threading.Thread(target=self._cancel_later, args=(group,), daemon=True).start()
            return cancelled.is_set()

        return stop

    def _cancel_later(self, group: str) -> None:
        """Cancels again for a while.

        The call that R has left may still be planning, and Spark refuses only some of the jobs
        that come after a cancel: the stages of adaptive execution start all the same.
        """
        for _ in range(_AFTERWARDS):
            time.sleep(0.5)
            with contextlib.suppress(Exception):  # the JVM may be on its way out
                self._spark.cancel_group(group)

    def _drawn(self) -> dict[str, Any]:
        """The last page that was drawn."""
        try:
            picture = self._picture.read_bytes()
        except OSError:
            return {}
        return {"image/png": base64.b64encode(picture).decode("ascii")} if picture else {}


def shown(text: str) -> str:
    """As Livy shows what R printed: without colours, and without a newline at either end."""
    return _COLOURS.sub("", text).removeprefix("\n").removesuffix("\n")


def _cannot_start(why: str) -> StatementError:
    return StatementError("InterpreterError", "Fail to start interpreter", [f"{why}\n"])


def _spark_home() -> str:
    from pyspark.find_spark_home import _find_spark_home  # noqa: PLC0415 - heavy imports come late

    return _find_spark_home()
