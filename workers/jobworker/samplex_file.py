"""Checks the size of a samplex's JSON before samplomatic reads it.

The JSON describes a graph, whose reader allocates by the largest node number. It also contains a
QPY file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from samplomatic.samplex import Samplex
from samplomatic.serialization import samplex_from_json

from .failures import InputError, JobCancelled
from .payload import decode_base64
from .qpy_file import measure_qpy

MAX_TEXT = 32 * 1024 * 1024  # characters
MAX_NUMBER = 1_000_000  # any integer in the file, such as the number of a node or a table index
MAX_SIZE = 10_000  # integers whose names begin with num_
MAX_DEPTH = 16  # nesting of JSON texts in JSON


def read_samplex(text: str, where: str) -> tuple[Samplex, int]:
    """Returns the samplex, ready for sampling, and how many numbers one randomization draws.

    Raises InputError if the text is not a samplex or is too large.
    """
    draws = 0
    if len(text) > MAX_TEXT:
        raise InputError(f"The samplex of {where} is longer than {MAX_TEXT >> 20} Mi characters.")
    try:
        tree = json.loads(text)
        for key, value in _leaves(tree, 0):
            if isinstance(value, int):
                most = MAX_SIZE if key.startswith("num_") else MAX_NUMBER
                if abs(value) > most:
                    raise InputError(
                        f"The samplex of {where} has {str(value)[:40]} as '{key}'; at most "
                        f"{most:,} is read."
                    )
                draws += value if key == "num_subsystems" else 0
            if isinstance(value, str) and key == "circuit_base64":
                measure_qpy(decode_base64(value, f"A circuit of {where}"), f"A circuit of {where}")
        return samplex_from_json(text).finalize(), draws
    except (InputError, JobCancelled, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of the graph's reader is not an Exception
        line = (str(error).strip() or type(error).__name__).split("\n")[0][:200]
        raise InputError(f"The samplex of {where} cannot be read: {line}") from error


def _leaves(value: Any, depth: int, key: str = "") -> Iterator[tuple[str, Any]]:
    """Yields all numbers and texts with their keys, also from texts that contain JSON."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, depth, str(name)[:40])
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, depth, key)
    elif isinstance(value, str) and value[:1] in tuple('{["-0123456789'):
        if depth > MAX_DEPTH:
            raise ValueError("texts are nested too deeply")
        try:
            inner = json.loads(value)
        except ValueError:
            yield key, value
        else:
            yield from _leaves(inner, depth + 1, key)
    else:
        yield key, value
