"""PUBs: the list of work items in the params of `sampler` and `estimator`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .failures import CODE_EXECUTIONS, InputError
from .payload import kind

MAX_EXECUTIONS = 10_000_000  # bound circuits × shots in one job, IBM's documented limit
MAX_BITS = 1 << 29  # outcome bits in one job; they are held as one byte each
MAX_POINTS = 1 << 23  # kerneled points in one job; one takes up to 100 bytes on its way
MAX_ESTIMATES = 1_000_000  # expectation values of one PUB
MAX_LOOKUPS = 20_000_000  # expectation values of one PUB times its measurement bases


def pubs_of(params: dict[str, Any]) -> list[Any]:
    """The list of PUBs in the params. Raises InputError."""
    if "pubs" not in params:
        raise InputError(
            "The params have no 'pubs'; they must be a list with one entry per circuit."
        )
    pubs = params["pubs"]
    if not isinstance(pubs, list) or not pubs:
        given = "an empty one" if pubs == [] else kind(pubs)
        raise InputError(f"'pubs' must be a list with at least one PUB, not {given}.")
    version = params.get("version", 2)
    if version != 2:
        raise InputError(
            f"'version' is {version!r:.40}; only version 2 of the primitives is served."
        )
    return pubs


def fields_of(pub: object, names: tuple[str, ...], where: str) -> list[Any]:
    """The PUB's parts in the order of `names`, None where they are left out.

    A PUB is a list, or (seen in third-party examples) an object with these names.
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
            f"{where} has {len(pub)} entries; it must be [{', '.join(names)}] or a beginning of it."
        )
    return pub + [None] * (len(names) - len(pub))


def options_of(params: dict[str, Any]) -> dict[str, Any]:
    """The options in the params; empty where there are none. Raises InputError."""
    options = params.get("options")
    if options is None:
        return {}
    if not isinstance(options, dict):
        raise InputError(f"'options' must be an object, not {kind(options)}.")
    return options


def option(options: dict[str, Any], *path: str) -> Any:
    """A nested option, None when any step of the path is missing."""
    value: Any = options
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def seed_of(options: dict[str, Any], *more: tuple[str, ...]) -> int:
    """The job's seed, fresh if the client gave none."""
    for path in (*more, ("simulator", "seed_simulator")):
        seed = option(options, *path)
        if isinstance(seed, int) and not isinstance(seed, bool):
            return seed & 0x7FFFFFFF
        if seed is not None:
            raise InputError(f"'options.{'.'.join(path)}' must be an integer, not {kind(seed)}.")
    return int(np.random.SeedSequence().generate_state(1)[0]) & 0x7FFFFFFF


def pub_seed(seed: int, index: int) -> int:
    """A PUB's own seed: equal circuits in one job must not give equal counts."""
    return int(np.random.SeedSequence([seed, index]).generate_state(1)[0]) & 0x7FFFFFFF


def check_volume(executions: int, bits: int, where: str, points: bool = False) -> None:
    """Refuse a job that asks for more than one job may; `where` is what reached the limit.

    `points`: each bit becomes a complex number.
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
    """Refuse a PUB whose parameters and observables broadcast to too many expectation values."""
    try:
        count = math.prod(np.broadcast_shapes(*shapes))
    except ValueError:
        return  # shapes that do not fit have their own message
    if count > MAX_ESTIMATES or count * bases > MAX_LOOKUPS:
        raise InputError(
            f"{where} asks for {count:,} expectation values in {bases:,} bases; at most "
            f"{MAX_ESTIMATES:,}, and {MAX_LOOKUPS:,} times bases, fit into a PUB.",
            CODE_EXECUTIONS,
        )
