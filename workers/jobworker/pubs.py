"""Reads PUBs, the work items in the params of `sampler` and `estimator`, and common options."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .failures import CODE_EXECUTIONS, InputError
from .payload import kind

MAX_EXECUTIONS = 10_000_000  # bound circuits × shots in one job, IBM's documented limit
MAX_BITS = 1 << 29  # outcome bits in one job; each takes one byte of memory
MAX_POINTS = 1 << 23  # kerneled points in one job; each takes up to 100 bytes of memory
MAX_ESTIMATES = 1_000_000  # expectation values of one PUB
MAX_LOOKUPS = 20_000_000  # expectation values of one PUB times its measurement bases


def pubs_of(params: dict[str, Any]) -> list[Any]:
    """Returns the list of PUBs in the params. Raises InputError."""
    if "pubs" not in params:
        raise InputError(
            "The params have no 'pubs'; they must be a list with one entry per circuit."
        )
    pubs = params["pubs"]
    if not isinstance(pubs, list) or not pubs:
        actual = "an empty one" if pubs == [] else kind(pubs)
        raise InputError(f"'pubs' must be a list with at least one PUB, not {actual}.")
    version = params.get("version", 2)
    if version != 2:
        raise InputError(
            f"'version' is {version!r:.40}; only version 2 of the primitives is supported."
        )
    return pubs


def fields_of(pub: object, names: tuple[str, ...], where: str) -> list[Any]:
    """Returns the parts of a PUB in the order of `names`, None for absent ones.

    A PUB is a list, or (seen in third-party examples) an object with these names. Raises
    InputError.
    """
    if isinstance(pub, dict) and "circuit" in pub:
        unknown = set(pub) - set(names)
        if unknown:
            raise InputError(f"{where} has an unknown field '{min(unknown)}'.")
        return [pub.get(name) for name in names]
    if isinstance(pub, str):
        pub = [pub]
    if not isinstance(pub, list):
        raise InputError(f"{where} must be a list [{', '.join(names)}], not {kind(pub)}.")
    if not 1 <= len(pub) <= len(names):
        raise InputError(
            f"{where} has {len(pub)} entries; it must be the first entries of "
            f"[{', '.join(names)}], or all of them."
        )
    return pub + [None] * (len(names) - len(pub))


def options_of(params: dict[str, Any]) -> dict[str, Any]:
    """Returns the options in the params; empty if there are none. Raises InputError."""
    options = params.get("options")
    if options is None:
        return {}
    if not isinstance(options, dict):
        raise InputError(f"'options' must be an object, not {kind(options)}.")
    return options


def option(options: dict[str, Any], *path: str) -> Any:
    """Returns a nested option; None if any step of the path is missing."""
    value: Any = options
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def seed_of(options: dict[str, Any], *more: tuple[str, ...]) -> int:
    """Returns the seed in the options (31 bits), or a random one. Raises InputError.

    The paths in `more` take precedence over `simulator.seed_simulator`.
    """
    for path in (*more, ("simulator", "seed_simulator")):
        seed = option(options, *path)
        if isinstance(seed, int) and not isinstance(seed, bool):
            return seed & 0x7FFFFFFF
        if seed is not None:
            raise InputError(f"'options.{'.'.join(path)}' must be an integer, not {kind(seed)}.")
    return int(np.random.SeedSequence().generate_state(1)[0]) & 0x7FFFFFFF


def pub_seed(seed: int, index: int) -> int:
    """Derives the seed of one PUB, so that equal circuits in a job do not give equal counts."""
    return int(np.random.SeedSequence([seed, index]).generate_state(1)[0]) & 0x7FFFFFFF


def check_volume(executions: int, bits: int, where: str, points: bool = False) -> None:
    """Raises InputError if a job requests too many executions or measured bits.

    `where` names the PUB or item that reached the limit. With `points` each bit becomes a complex
    number, so fewer are allowed.
    """
    most, what = (MAX_POINTS, "kerneled points") if points else (MAX_BITS, "measured bits")
    if executions > MAX_EXECUTIONS:
        raise InputError(
            f"The job asks for more than {MAX_EXECUTIONS} executions (bound circuits times shots) "
            f"by {where}; split it into several jobs or take fewer shots.",
            CODE_EXECUTIONS,
        )
    if bits > most:
        raise InputError(
            f"The job asks for more than {most} {what} (executions times classical bits) by "
            f"{where}; split it into several jobs or take fewer shots.",
            CODE_EXECUTIONS,
        )


def check_estimates(shapes: list[tuple[int, ...]], bases: int, where: str) -> None:
    """Raises InputError if parameters and observables broadcast to too many expectation values."""
    try:
        count = math.prod(np.broadcast_shapes(*shapes))
    except ValueError:
        return  # another check reports shapes that do not fit
    if count > MAX_ESTIMATES or count * bases > MAX_LOOKUPS:
        raise InputError(
            f"{where} asks for {count:,} expectation values in {bases:,} bases; at most "
            f"{MAX_ESTIMATES:,}, and {MAX_LOOKUPS:,} times bases, fit into a PUB.",
            CODE_EXECUTIONS,
        )
