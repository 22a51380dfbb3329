"""Limits the size of one job's decompressed params. Sizes are counted before decompression.

A request of 64 MB can contain compressed files that would exhaust the memory of any machine, one
by one or together.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass

from .failures import InputError

MAX_BYTES = 256 * 1024 * 1024  # all files and arrays of a job, decompressed
MAX_CIRCUIT_INSTRUCTIONS = 1_000_000  # one circuit, with its loops unrolled
MAX_INSTRUCTIONS = 8_000_000  # all circuits of a job; an estimator's count once for each basis


@dataclass
class _Spent:
    data: int = 0
    instructions: int = 0


_spent: ContextVar[_Spent] = ContextVar("spent")


def open_budget() -> None:
    """Starts the count for a new job."""
    _spent.set(_Spent())


def spend_bytes(count: int, where: str) -> None:
    """Counts `count` bytes of decompressed data. Raises InputError if the job has too many."""
    spent = _spent.get(None)
    total = count + (spent.data if spent else 0)
    if total > MAX_BYTES:
        raise InputError(
            f"{where} is larger than {MAX_BYTES >> 20} MiB once decompressed, or makes the job so; "
            "split it into several jobs."
        )
    if spent:
        spent.data = total


def check_length(count: int, where: str) -> None:
    """Raises InputError if `count`, the instructions of one circuit, is too large."""
    if count > MAX_CIRCUIT_INSTRUCTIONS:
        raise InputError(
            f"{where} has more than {MAX_CIRCUIT_INSTRUCTIONS:,} instructions with its loops "
            "unrolled; make it shorter."
        )


def spend_instructions(count: int, where: str) -> None:
    """Counts the instructions of a circuit. Raises InputError if it or the job has too many."""
    check_length(count, where)
    spent = _spent.get(None)
    if spent is None:
        return
    spent.instructions += count
    if spent.instructions > MAX_INSTRUCTIONS:
        raise InputError(
            f"{where} brings the job above {MAX_INSTRUCTIONS:,} instructions; split it into "
            "several jobs."
        )
