"""Runs Scala statements line by line with Spark's own compiler in the session's JVM.

The interpreter is scala.tools.nsc.interpreter.IMain, which is part of Spark. py4j calls it, so no
Java or Scala code is needed here. It runs in the JVM thread that works for the main thread.
"""

from __future__ import annotations

import json
import os
import re
import threading
from typing import Any
from urllib.parse import unquote

from .outputs import message_of
from .pythoncode import StatementError
from .spark import Spark
from .tables import JsonNumber, MixedColumn, table_of

# Two pieces, because the second needs the first. Each takes half a second.
_PRELUDE = (
    (
        "@transient val spark: org.apache.spark.sql.SparkSession = "
        "org.apache.spark.sql.classic.SparkSession.getDefaultSession.get\n"
        "@transient val sc: org.apache.spark.SparkContext = spark.sparkContext"
    ),
    (
        "import org.apache.spark.SparkContext._\nimport spark.implicits._\nimport spark.sql\n"
        "import org.apache.spark.sql.functions._"
    ),
)
# A line with this beginning continues the line before, even if that line is complete.
_CONTINUES = re.compile(r"\s*(\.(?!\d)|\)|(else|catch|finally|yield|with|extends)\b)")
# Scala 2.13 prints `val res0: Int = 3`, and Livy shows `res0: Int = 3`.
_VALUE = re.compile(r"^va[lr] (?=([^:=\n]+): )", re.MULTILINE)
_STRING = re.compile(r'"""(.|\n)*?"""|"(\\.|[^"\\\n])*"')
_ERROR = re.compile(
    r"(?P<source>^.*\n)?^(?P<caret> *\^)\n(?: +|On line (?P<line>\d+): )error: (?P<text>.*)\n?",
    re.MULTILINE,
)
_INDENT = 7  # columns of the prompt, by which the compiler indents its caret
_RDD_ROWS = 10  # rows of an RDD that Livy shows


class ScalaCode:
    """The Scala interpreter of a session. Create it in the main thread."""

    def __init__(self, spark: Spark) -> None:
        """Starts the interpreter, which takes a few seconds. The first statement takes some more.

        Raises RuntimeError, and errors of Java.
        """
        self._spark, self._jvm = spark, spark.jvm
        jvm = self._jvm
        spark.current()  # creates the session that the prelude needs
        loader = self._shared_loader()
        settings = jvm.scala.tools.nsc.Settings()
        classes = str(spark.settings.classes)
        options = ["-classpath", self._classpath(), "-Yrepl-class-based", "-Yrepl-outdir", classes]
        # Otherwise a line with the number of deprecations would follow the output. pylivy parses
        # each line that `frame.toJSON.collect.foreach(println)` prints as JSON.
        options.append("-Wconf:cat=deprecation:s,cat=feature:s")
        settings.processArguments(self._list(options), True)
        self._echo = jvm.java.io.StringWriter()
        writer = jvm.java.io.PrintWriter(self._echo)
        reporter = jvm.scala.tools.nsc.interpreter.shell.ReplReporterImpl(settings, writer)
        parent = jvm.scala.Some(loader)
        self._main = jvm.scala.tools.nsc.interpreter.IMain(settings, parent, settings, reporter)
        self._main.initializeCompiler()
        self._prepare_thread()
        for piece in _PRELUDE:
            status, echo = self._interpret(piece)
            if status != "Success":
                raise RuntimeError(f"The Scala interpreter could not be prepared: {echo}")
        accumulator = jvm.scala.tools.nsc.interpreter.shell.Accumulator()
        self._completion = jvm.scala.tools.nsc.interpreter.shell.ReplCompletion(
            self._main, accumulator
        )

    def evaluate(self, code: str, cancelled: threading.Event) -> dict[str, Any]:
        """Runs a cell and returns the data of its last line if that is a magic, else {}.

        Output goes to stdout. If rows are missing in the data, the data also contain a text that
        says so. Raises StatementError.
        """
        self._prepare_thread()
        lines = code.strip("\n").split("\n")
        data: dict[str, Any] = {}
        at = 0
        while at < len(lines):
            if cancelled.is_set():
                raise StatementError("Error", "The statement was cancelled.", [])
            line = lines[at]
            if line.startswith("%"):
                data = self._magic(line)
                at += 1
            elif not line.strip():
                # As in Livy, a blank line uses up a number of res0, res1, …
                self._main.naming().freshUserVarName()
                at += 1
            else:
                at = self._evaluate_from(lines, at)
                data = {}
        return data

    def complete(self, code: str, cursor: int) -> list[str]:
        """Returns words for the last name before `cursor`, sorted."""
        candidates = self._completion.complete(code, cursor).candidates()
        return sorted({candidates.apply(number).name() for number in range(candidates.size())})

    def _evaluate_from(self, lines: list[str], at: int) -> int:
        """Runs the shortest complete piece from line `at` on. Returns the next line's index."""
        end = at + 1
        while True:
            while end < len(lines) and _CONTINUES.match(lines[end]):
                end += 1
            piece = "\n".join(lines[at:end])
            status, echo = self._interpret(piece)
            if status == "Incomplete":
                if end == len(lines):
                    if _only_comment(piece):
                        return end
                    raise StatementError("Error", "incomplete statement", [])
                end += 1
                continue
            # A piece that is only a comment gives an error without a message.
            if status == "Error" and echo:
                raise _error(echo, lines, at)
            os.write(1, _in_livy_form(echo, piece).encode("utf-8", "replace"))
            return end

    def _interpret(self, piece: str) -> tuple[str, str]:
        try:
            status = self._main.interpret(piece).toString()
        finally:
            self._spark.flush()
            echo = self._echo.toString()
            self._echo.getBuffer().setLength(0)
        return status, echo

    def _magic(self, line: str) -> dict[str, Any]:
        words = line[1:].split()
        if not words or words[0] not in ("json", "table"):
            name = words[0] if words else ""
            text = f"unknown magic command '{name}'" if name else "magic command not specified"
            raise StatementError("UnknownMagic", text, [])
        if len(words) != 2:
            raise StatementError("ValueError", f"%{words[0]} needs the name of one variable", [])
        term = self._main.valueOfTerm(words[1])
        if not term.isDefined():
            raise StatementError("NameError", f"name '{words[1]}' is not defined", [])
        try:
            value, most = self._as_python(term.get())
            cut = most is not None and isinstance(value, list) and len(value) > most
            if cut:
                value = value[:most]
            note = {"text/plain": f"Only the first {most} rows are shown."} if cut else {}
            if words[0] == "json":
                return {"application/json": value, **note}
            table = table_of(value, integer="BIGINT_TYPE")
            return {"application/vnd.livy.table.v1+json": table, **note}
        except MixedColumn as error:
            raise StatementError("TypeError", str(error), []) from None
        except Exception as error:  # noqa: BLE001 - the value may be anything
            raise StatementError("ValueError", message_of(error), []) from None

    def _as_python(self, value: Any) -> tuple[Any, int | None]:
        """Returns the value in Python, and how many of its rows may be shown; None for all.

        If the number is limited, the value may have one row more.
        """
        if not hasattr(value, "getClass"):
            return value, None  # py4j has already converted it
        if self._spark.is_a(value, "org.apache.spark.rdd.RDD"):
            return self._through_json(value.take(_RDD_ROWS + 1)), _RDD_ROWS
        if self._spark.is_a(value, "org.apache.spark.sql.Dataset"):
            most = self._spark.settings.sql_rows
            rows = value.toDF().limit(most + 1).toJSON().collectAsList()
            return [_read(row) for row in rows], most
        return self._through_json(value), None

    def _through_json(self, value: Any) -> Any:
        formats = getattr(getattr(self._jvm.org.json4s, "DefaultFormats$"), "MODULE$")
        write = self._jvm.org.json4s.jackson.Serialization.write
        try:
            return _read(write(value, formats.withBigDecimal()))
        except Exception:  # noqa: BLE001 - pyspark replaces some Java exceptions by its own
            # Most likely the value contains an infinity, which is not a decimal. So use doubles.
            return _read(write(value, formats))

    def _prepare_thread(self) -> None:
        """Sets the output streams and the class loader of the current JVM thread.

        It may be another thread than for the last statement, and println depends on the thread.
        """
        console = getattr(getattr(self._jvm.scala, "Console$"), "MODULE$")
        console.setOutDirect(self._spark.stdout)
        console.setErrDirect(self._spark.stderr)
        self._jvm.java.lang.Thread.currentThread().setContextClassLoader(self._main.classLoader())

    def _shared_loader(self) -> Any:
        """Returns the class loader that, in local mode, is also the parent of the executor's.

        It must define the classes of cells. Otherwise driver and executor would have two classes
        with the same name, and a collected array could not store its elements.
        """
        loader = self._spark.context_loader
        loader.addURL(self._jvm.java.io.File(str(self._spark.settings.classes)).toURI().toURL())
        return loader

    def _classpath(self) -> str:
        paths = [self._jvm.java.lang.System.getProperty("java.class.path")]
        jars = self._spark.context.getConf().get("spark.jars", "") or ""
        paths += [_path_of(jar) for jar in jars.split(",") if jar]
        return ":".join(paths)

    def _list(self, items: list[str]) -> Any:
        result = getattr(getattr(self._jvm.scala.collection.immutable, "Nil$"), "MODULE$")
        for item in reversed(items):
            result = getattr(result, "$colon$colon")(item)
        return result


def _path_of(jar: str) -> str:
    """Returns the path of a jar, which may be a URI with encoded characters."""
    path = re.sub(r"^(file:(//)?|local:)", "", jar)
    return path if path == jar else unquote(path)


def _read(text: str) -> Any:
    return json.loads(text, parse_float=JsonNumber)


def _only_comment(piece: str) -> bool:
    return not re.sub(r"/\*.*?(\*/|\Z)|//[^\n]*", "", piece, flags=re.DOTALL).strip()


def _in_livy_form(echo: str, piece: str) -> str:
    """Removes `val` from the echo, except in lines that may be part of a value's text."""
    names = _STRING.sub("", piece)

    def shorter(match: re.Match[str]) -> str:
        return "" if match.start() == 0 or match[1] in names else match[0]

    return _VALUE.sub(shorter, echo)


def _error(echo: str, lines: list[str], at: int) -> StatementError:
    """Returns the error for an echo. A compiler's message is converted to Livy's form."""
    match = _ERROR.search(echo)
    if match is None:
        first, _, rest = echo.partition("\n")
        return StatementError("Error", first, rest.splitlines(keepends=True))
    number = at + int(match["line"] or 1)
    source = match["source"] or f"{' ' * _INDENT}{lines[at]}\n"
    marked = [source, f"{match['caret']}\n", *echo[match.end() :].splitlines(keepends=True)]
    before = echo[: match.start()].splitlines(keepends=True)
    return StatementError("Error", f"<console>:{number}: error: {match['text']}", before + marked)
