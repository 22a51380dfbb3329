"""Limits for a session, which protect the worker from too much data.

Sizes limit the running time, not a clock. So the same data gives the same result on a slow machine
as on a fast one.
"""

from __future__ import annotations

import os

MAX_FILE = 400 * 2**20  # bytes of CSV
MAX_ROW = 16 * 2**20  # bytes of one row or of the header
MAX_CELLS = 60_000_000  # cells of a CSV; with everything made from them about 2 GB
MAX_NUMBERS = 25_000_000  # numbers in one table of features: 200 MB, and a few copies of it
MAX_HORIZON = 10_000  # intervals between the last observation and the end of a forecast
MAX_INTERVALS = 200_000  # intervals of a history: 23 years of hours
MAX_MODEL_ROWS = 40_000  # rows to learn from; if there are more, a sample is used
MAX_MODEL_FILE = 500 * 2**20  # bytes
DEFAULT_MEMORY = 6144  # MB; STINT_LEARNER_MEMORY sets another limit

# Environment variables that the libraries read when they are imported.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def one_thread() -> None:
    """Limits the libraries to one thread. Call it before they are imported.

    So results do not depend on the order in which threads add numbers, and several workers share
    a machine fairly.
    """
    for name in THREADS:
        os.environ.setdefault(name, "1")


def bound_memory() -> None:
    """Limits the memory of this process, so that too large an allocation raises MemoryError."""
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
        return  # this system has no such limit; the sizes above still apply


def memory_limit() -> int:
    """Returns the most memory for data that one worker may use, in MB."""
    text = os.environ.get("STINT_LEARNER_MEMORY", "")
    return int(text) if text.isdigit() and int(text) > 0 else DEFAULT_MEMORY
