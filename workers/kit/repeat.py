"""Programs that say of themselves that they must not run twice (docs/attempt-protocol.md).

When a worker dies, its job is tried again with the same params. That is harmless for a program
that only computes. One that changes something outside is marked:

    @not_repeatable
    def run(params, backend, report): ...
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

Run = TypeVar("Run", bound=Callable[..., str])


def not_repeatable(run: Run) -> Run:
    """Mark a program: a job whose worker dies fails at once."""
    run.__dict__["repeatable"] = False
    return run


def names_not_repeatable(programs: Mapping[str, Callable[..., Any]]) -> list[str]:
    """Which of `programs` are marked, sorted."""
    return sorted(name for name, run in programs.items() if not getattr(run, "repeatable", True))
