"""Runs Python cells. A cell is parsed as a whole, and the value of its last expression is shown."""

from __future__ import annotations
import __future__

import ast
import builtins
import sys
import traceback
from pathlib import Path
from types import CodeType, TracebackType
from typing import Any

from .magics import MagicError, run_magic, split_at_magics
from .outputs import last_lines, message_of

FILE = "<stdin>"  # the file name that Livy shows in tracebacks
_CELL = (FILE, "<module>")
_FEATURES = sum(getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)


class StatementError(Exception):
    """A statement failed. The attributes are the members of its output."""

    def __init__(self, ename: str, evalue: str, trace: list[str]) -> None:
        super().__init__(evalue)
        self.ename, self.evalue, self.trace = ename, evalue, trace


class PythonCode:
    """Runs cells in `namespace`, which keeps the variables between cells."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self.namespace = namespace
        self._features = 0  # flags of __future__ imports, which also apply to later cells

    def evaluate(self, code: str) -> dict[str, Any]:
        """Runs a cell and returns the data of its last magic, or {}. The caller captures output.

        Raises StatementError, also for a SystemExit or KeyboardInterrupt in the cell.
        """
        hook = sys.displayhook
        sys.displayhook = _show
        try:
            return self._evaluate(code)
        except MagicError as error:
            raise StatementError(error.ename, str(error), [f"{error.ename}: {error}\n"]) from None
        finally:
            sys.displayhook = hook

    def _evaluate(self, code: str) -> dict[str, Any]:
        try:
            blocks = self._compile(code)
        except BaseException as error:  # noqa: BLE001 - SyntaxError, RecursionError and others
            chunks = split_at_magics(code)
            if not chunks:
                raise _at_compile_time(error) from None
            return self._evaluate_chunks(chunks)
        self._execute(blocks)
        return {}

    def _evaluate_chunks(self, chunks: list[str]) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for chunk in chunks:
            if chunk.startswith("%"):
                data = run_magic(chunk, self.namespace)
                continue
            try:
                blocks = self._compile(chunk)
            except BaseException as error:  # noqa: BLE001 - as above
                raise _at_compile_time(error) from None
            self._execute(blocks)
            data = {}
        return data

    def _compile(self, code: str) -> list[CodeType]:
        tree = ast.parse(code, FILE)
        features = self._features | _features_of(tree)
        first = ast.Module(tree.body[:-1], tree.type_ignores)
        last = ast.Interactive(tree.body[-1:])
        options: Any = {"flags": features, "dont_inherit": True}
        blocks = [compile(first, FILE, "exec", **options)] if first.body else []
        if last.body:
            blocks.append(compile(last, FILE, "single", **options))
        self._features = features
        return blocks

    def _execute(self, blocks: list[CodeType]) -> None:
        try:
            for block in blocks:
                exec(block, self.namespace)
        except BaseException as error:  # noqa: BLE001 - the cell may raise anything
            raise StatementError(
                type(error).__name__, message_of(error), _trace(error, error.__traceback__)
            ) from None


def _features_of(tree: ast.Module) -> int:
    names = [
        alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
        for alias in node.names
    ]
    return sum(
        getattr(__future__, name).compiler_flag
        for name in set(names) & set(__future__.all_feature_names)
    )


def _at_compile_time(error: BaseException) -> StatementError:
    """Returns the error of a cell that does not compile. Its traceback has no header line."""
    return StatementError(type(error).__name__, message_of(error), last_lines(error))


def _trace(error: BaseException, frames: TracebackType | None) -> list[str]:
    """Returns the lines of a traceback, without the frames of the cell itself and of this package.

    `error` gives the last lines; the remaining `frames` are of functions that the cell called.
    """
    ours = Path(__file__).parent
    entries = [
        entry
        for entry in traceback.extract_tb(frames)
        if Path(entry.filename).parent != ours and (entry.filename, entry.name) != _CELL
    ]
    lines = traceback.StackSummary.from_list(entries).format()
    return ["Traceback (most recent call last):\n", *lines, *last_lines(error)]


def _show(value: object) -> None:
    """Prints a value and assigns it to `_` in builtins, like Python's own display hook."""
    if value is None:
        return
    # If the repr fails, `_` must not keep an earlier value.
    vars(builtins)["_"] = None
    print(repr(value), file=sys.stdout)
    vars(builtins)["_"] = value
