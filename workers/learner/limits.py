"""How much a session may take: what keeps the worker alive whatever it is fed.

Time is bounded by sizes and not by a clock, so that the same data gives the same answer on a slow
machine as on a fast one.
"""

from __future__ import annotations

import os

MAX_FILE = 400 * 2**20  # bytes of CSV
MAX_ROW = 16 * 2**20  # bytes of one row, or of the header
MAX_CELLS = 60_000_000  # of a CSV; as text some 2 GB with all that is made of them
MAX_NUMBERS = 25_000_000  # in one table of features: 200 MB, and a few copies of it
MAX_HORIZON = 10_000  # intervals between the last observation and the end of a forecast
MAX_INTERVALS = 200_000  # of a history: 23 years of hours
MAX_MODEL_ROWS = 40_000  # a sample of this many rows is learned from
MAX_MODEL_FILE = 500 * 2**20  # bytes
DEFAULT_MEMORY = 6144  # MB, STINT_LEARNER_MEMORY

# Read by the libraries when they are imported.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def one_thread() -> None:
    """Gives the worker one thread.

    Results then do not depend on the order in which threads add numbers, and several workers
    share a machine fairly.
    """
    for name in THREADS:
        os.environ.setdefault(name, "1")


def bound_memory() -> None:
    """Make an allocation beyond the limit a MemoryError instead of the end of the process."""
    try:
        import resource  # noqa: PLC0415
    except ImportError:  # not on Windows
        return
    limit = memory_limit() * 2**20
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    try:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
    except (ValueError, OSError):
        return  # a system without this limit: the sizes above still hold


def memory_limit() -> int:
    """Megabytes of data one worker may hold."""
    text = os.environ.get("STINT_LEARNER_MEMORY", "")
    return int(text) if text.isdigit() and int(text) > 0 else DEFAULT_MEMORY
