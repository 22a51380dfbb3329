"""Runs statements of every kind and makes their outputs."""

from __future__ import annotations

import os
import re
import sys
import threading
import types
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kit.messages import Suggest

from .capture import Capture
from .completion import complete_python
from .interrupts import Interrupts
from .outputs import Output, failed, message_of, succeeded
from .params import Statement
from .pythoncode import PythonCode, StatementError
from .rcode import RCode, shown
from .rprocess import RDied
from .spark import Spark

if TYPE_CHECKING:
    from .scalacode import ScalaCode


class Statements:
    """The interpreters of one session. Create and use it in the main thread."""

    def __init__(
        self, spark: Spark, capture: Capture, interrupts: Interrupts, note: Callable[[str], None]
    ) -> None:
        self._spark, self._capture = spark, capture
        self._interrupts, self._note = interrupts, note
        self._pid = os.getpid()
        module = types.ModuleType("__main__")
        # So that pickle and cloudpickle find the definitions of cells.
        sys.modules["__main__"] = module
        module.__dict__.update(spark.names())
        self._python = PythonCode(module.__dict__)
        # Clients parse each line of the output of `toJSON`, and a warning would be such a line.
        warnings.filterwarnings("ignore", message="The return type of DataFrame.toJSON")
        _silence_query_logs()
        self._scala: ScalaCode | None = None
        # Start the interpreter of the session's own kind now, so that it is ready with the session.
        self._r: RCode | None = None
        if spark.settings.kind == "spark":
            self._scala_code()
        elif spark.settings.kind == "sparkr":
            try:
                self._r_code(threading.Event())
            except StatementError as error:
                # R statements will fail with this error, but the session can run other kinds.
                note("".join([f"{error}: ", *error.trace]).rstrip())

    def run(self, run: Statement, group: str, cancelled: threading.Event) -> Output:
        """Runs a statement and returns its output, also after any error.

        The statement's Spark jobs belong to `group`. Raises RDied if R has ended, because then the
        session's data in R are lost.
        """
        self._capture.begin()
        _ensure_working_directory(self._spark)
        data: dict[str, Any] = {}
        error: StatementError | None = None
        try:
            try:
                self._spark.set_group(group)
                with self._interrupts.statement(cancelled):
                    data = self._evaluate(run, group, cancelled)
            finally:
                self._interrupts.shield()
        except RDied:
            raise
        except StatementError as raised:
            error = raised
        except KeyboardInterrupt:
            # The signal arrived just after the end of the cell.
            self._interrupts.shield()
            error = StatementError("KeyboardInterrupt", "", [])
        except BaseException as raised:  # noqa: BLE001 - a bug here must not end the session
            name = f"Internal Error: {type(raised).__name__}"
            error = StatementError(name, message_of(raised), [])
        if os.getpid() != self._pid:
            os._exit(0)  # the cell has forked: this copy must not send a result
        out, err = self._capture.end()
        if run.kind == "sparkr":
            # R's own stderr is part of its stdout. This stderr is the JVM's, which prints a Java
            # stack trace when R leaves a call.
            self._capture.err.log(err.encode("utf-8", "replace"))
            err = ""
        text = out + err
        if error is not None:
            # A failed statement's output has no member for printed text, so put it first.
            printed = text.splitlines(keepends=True)
            if printed and not printed[-1].endswith("\n"):
                printed[-1] += "\n"
            return failed(run.statement, error.ename, error.evalue, printed + error.trace)
        return succeeded(run.statement, _with_text(data, text, run.kind))

    def complete(self, request: Suggest, busy: bool) -> list[str]:
        """Returns completions, sorted. May be called in any thread.

        `busy`: whether a statement is running; Scala and R then return [].
        """
        if request.kind == "pyspark":
            return complete_python(self._python.namespace, request.code[: request.cursor])
        if request.kind == "spark" and self._scala is not None and not busy:
            return self._scala.complete(request.code, request.cursor)
        if request.kind == "sparkr" and self._r is not None and not busy:
            return self._r.complete(request.code, request.cursor)
        return []

    def _evaluate(self, run: Statement, group: str, cancelled: threading.Event) -> dict[str, Any]:
        code = _with_newlines(run.code)
        if run.kind == "pyspark":
            with self._interrupts.raising():
                return self._python.evaluate(code)
        if run.kind == "sql":
            from .sqlcode import evaluate_sql  # noqa: PLC0415 - imports pyspark

            with self._interrupts.raising():
                rows = self._spark.settings.sql_rows
                data = evaluate_sql(self._spark.current(), code, rows)
            if "truncated" in data["application/json"]:
                self._note(f"statement {run.statement}: only the first {rows} rows are shown")
            return data
        if run.kind == "spark":
            data = self._scala_code().evaluate(code, cancelled)
            if "text/plain" in data:
                self._note(f"statement {run.statement}: {data['text/plain']}")
            return data
        if run.kind == "sparkr":
            return self._r_code(cancelled).evaluate(code, group, cancelled)
        raise StatementError("InterpreterError", f"Nothing here runs code of '{run.kind}'.", [])

    def _scala_code(self) -> ScalaCode:
        if self._scala is None:
            from .scalacode import ScalaCode  # noqa: PLC0415

            try:
                self._scala = ScalaCode(self._spark)
            except Exception as error:  # noqa: BLE001 - a Java error as well
                self._note(f"the Scala interpreter could not be started: {error}")
                raise StatementError(
                    "InterpreterError", "Fail to start interpreter", [f"{message_of(error)}\n"]
                ) from None
        return self._scala

    def _r_code(self, cancelled: threading.Event) -> RCode:
        if self._r is None:
            self._r = RCode(self._spark, self._capture.out.path, self._note, cancelled)
        return self._r


def _silence_query_logs() -> None:
    """Disables loggers of pyspark that print each error as JSON before pyspark raises it."""
    from pyspark.logger import PySparkLogger  # noqa: PLC0415

    for name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
        PySparkLogger.getLogger(name).disabled = True


def _ensure_working_directory(spark: Spark) -> None:
    """Changes the working directory if it was deleted, as when a statement stops Spark."""
    try:
        Path.cwd()
    except FileNotFoundError:
        os.chdir(spark.files_folder())


def _with_text(data: dict[str, Any], text: str, kind: str) -> dict[str, Any]:
    """Returns the data of an output with the printed text, as Livy does for each kind.

    Python: without trailing white space; next to a magic's value only if not empty. Scala: with
    its last newline, and never next to a value. SQL: without the text. R: always, without outer
    newlines.
    """
    if kind == "spark":
        return data or {"text/plain": text}
    if kind == "sql":
        return data
    if kind == "sparkr":
        return {"text/plain": shown(text)} | data
    text = text.rstrip()
    return data | {"text/plain": text} if text or not data else data


def _with_newlines(code: str) -> str:
    """Replaces line ends by newlines. The first line end decides which kind is replaced."""
    first = re.search(r"\r\n|\r|\n", code)
    return code if first is None else code.replace(first[0], "\n")
