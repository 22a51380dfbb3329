"""What one job's params may unpack to, counted before it is unpacked.

A request of 64 MB can hold compressed files that would fill any machine, one by one or together.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass

from .failures import InputError

MAX_BYTES = 256 * 1024 * 1024  # of files and arrays, decompressed
MAX_CIRCUIT_INSTRUCTIONS = 1_000_000  # of one circuit, its loops unrolled
MAX_INSTRUCTIONS = 8_000_000  # of all circuits, one for each basis of an estimator's


@dataclass
class _Spent:
    data: int = 0
    instructions: int = 0


_spent: ContextVar[_Spent] = ContextVar("spent")


def open_budget() -> None:
    """Start counting for a new job."""
    _spent.set(_Spent())


def spend_bytes(count: int, where: str) -> None:
    """Count decompressed data. Raises InputError once the job has too much."""
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
    """Raise InputError for a circuit of too many instructions."""
    if count > MAX_CIRCUIT_INSTRUCTIONS:
        raise InputError(
            f"{where} has more than {MAX_CIRCUIT_INSTRUCTIONS:,} instructions with its loops "
            "unrolled; make it shorter."
        )


def spend_instructions(count: int, where: str) -> None:
    """Count a circuit's instructions. Raises InputError if it or the job has too many."""
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
