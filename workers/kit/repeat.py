"""A mark for programs that must not run twice (docs/attempt-protocol.md).

When a worker dies, the service runs its job again with the same params. That is harmless for a
program that only computes. A program with outside effects must be marked:

    @not_repeatable
    def run(params, backend, report): ...
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

Run = TypeVar("Run", bound=Callable[..., str])


def not_repeatable(run: Run) -> Run:
    """Marks a program as not repeatable: its job fails at once if the worker dies."""
    run.__dict__["repeatable"] = False
    return run


def names_not_repeatable(programs: Mapping[str, Callable[..., Any]]) -> list[str]:
    """Returns the names of the marked programs, sorted."""
    return sorted(name for name, run in programs.items() if not getattr(run, "repeatable", True))
