"""Program `executor`: a quantum program of circuit and samplex items.

The client-side sampler and estimator are built on it: they put what they need for their own
post-processing into `passthrough_data` and `semantic_role`, which are echoed as they came.
A samplex (package samplomatic) draws random parameters for its circuit: the server draws, binds,
measures, and returns the drawn `measurement_flips` and signs for the client to undo.
"""

from __future__ import annotations

import math
from datetime import datetime, timezone
from typing import Any

import numpy as np

from kit.report import Report

from ..budget import spend_bytes
from ..device import Device
from ..engine import Simulation
from ..options import EXECUTOR, Ignored, ignored_options, say, unknown_members
from ..payload import dump, parse_params
from ..pubs import check_volume, option, options_of, pub_seed, seed_of
from ..quantum_program import Item, QuantumProgram, decode_program
from ..registers import iq_points, register_columns, require_register
from ..tensors import encode_tensor

MEMBERS = ("options", "quantum_program", "schema_version")


def run(params: str, backend: Device, report: Report) -> str:
    """The result as JSON text. Raises InputError, ProgramError and JobCancelled."""
    body = parse_params(params)
    program = decode_program(body, backend.max_shots)
    simulations = _simulations(program, backend)
    seed = _seed(body)
    said = say(_ignored(body))
    total = sum(math.prod(item.shape) for item in program.items)
    data, chunks, done = [], [], 0
    for index, (item, simulation) in enumerate(zip(program.items, simulations)):
        start = datetime.now(timezone.utc)
        message = f"item {index + 1} of {len(program.items)}"
        report.progress(done, total, message)
        own_seed = pub_seed(seed, index)
        rng = np.random.default_rng(own_seed)
        arguments, extra = _draw(item, rng)
        rows = arguments.reshape(math.prod(item.shape), -1)
        shots = np.empty((len(rows), program.shots, item.circuit.num_clbits), dtype=bool)
        for row, samples in enumerate(simulation.run(rows, program.shots, own_seed, report)):
            shots[row] = samples.shots(rng)
            done += 1
            report.progress(done, total, message)
        shots = shots.reshape(*item.shape, program.shots, item.circuit.num_clbits)
        results = {**extra, **_registers(item, shots, program.meas_level, rng)}
        data.append(_item_result(program, results, simulation))
        chunks.append(_chunk(program, index, item, start))
    result: dict[str, Any] = {
        "schema_version": program.schema_version,
        "data": data,
        # `simulation` is ours: clients read the raw result for it, and their decoder drops it.
        "metadata": {
            "chunk_timing": chunks,
            "simulation": [simulation.summary() for simulation in simulations],
        },
    }
    if said:
        result["metadata"]["ignored_options"] = said
    if program.schema_version != "v0.1":
        result["passthrough_data"] = program.passthrough_data
    if not program.schema_version.startswith("v0"):
        result["semantic_role"] = program.semantic_role
    return dump(result)


def check(params: str, backend: Device) -> None:
    """Raise InputError for params that `run` would refuse."""
    body = parse_params(params)
    _simulations(decode_program(body, backend.max_shots), backend)
    _seed(body)
    _ignored(body)


def _simulations(program: QuantumProgram, backend: Device) -> list[Simulation]:
    executions, bits = 0, 0
    for index, item in enumerate(program.items):
        require_register(item.circuit, f"The circuit of item {index}")
        executions += math.prod(item.shape) * program.shots
        bits += math.prod(item.shape) * program.shots * item.circuit.num_clbits
        check_volume(executions, bits, f"item {index}", program.meas_level != "classified")
        values = math.prod(item.shape) * item.numbers
        spend_bytes(8 * values, f"The parameter values of item {index}")
    return [
        Simulation(item.circuit, backend, f"The circuit of item {index}")
        for index, item in enumerate(program.items)
    ]


def _ignored(body: dict[str, Any]) -> list[Ignored]:
    ignored = unknown_members(body, MEMBERS) + ignored_options(options_of(body), EXECUTOR)
    sizes = [item.get("chunk_size") for item in body["quantum_program"]["items"]]
    if any(size not in (None, "auto") for size in sizes):
        reason = "arguments are bound in groups that the simulator chooses"
        ignored.append(Ignored("quantum_program.items.chunk_size", reason))
    return ignored


def _seed(body: dict[str, Any]) -> int:
    """Not part of the schema: a seed may be given as an experimental option."""
    experimental = option(options_of(body), "experimental")
    return seed_of(experimental if isinstance(experimental, dict) else {}, ("seed_simulator",))


def _draw(item: Item, rng: np.random.Generator) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Arguments (*shape, parameters) for the circuit, and what else the samplex returns.

    Along axes on which the samplex's own arguments vary, each entry is drawn by itself; all other
    axes enumerate independent randomizations of it.
    """
    if item.samplex is None or item.samplex_arguments is None:
        assert item.arguments is not None  # an item has one or the other
        return item.arguments, {}
    given = item.samplex_arguments
    own = (1,) * (len(item.shape) - given.ndim) + given.shape
    sweep = [axis for axis, size in enumerate(own) if size > 1]
    repeat = [axis for axis, size in enumerate(own) if size <= 1]
    repeat_shape = tuple(item.shape[axis] for axis in repeat)
    drawn: dict[str, np.ndarray] = {}
    for place in np.ndindex(*(item.shape[axis] for axis in sweep)):
        at: list[Any] = [slice(None)] * len(item.shape)
        pick = [0] * len(item.shape)
        for axis, position in zip(sweep, place):
            at[axis] = pick[axis] = position
        arguments = given[tuple(pick[len(item.shape) - given.ndim :])]
        sample = item.samplex.sample(arguments, num_randomizations=math.prod(repeat_shape), rng=rng)
        for name, value in sample.items():
            if name not in drawn:
                drawn[name] = np.empty((*item.shape, *value.shape[1:]), dtype=value.dtype)
            drawn[name][tuple(at)] = value.reshape(*repeat_shape, *value.shape[1:])
    values = drawn.pop("parameter_values", np.zeros((*item.shape, 0)))
    return np.asarray(values, dtype=np.float64), drawn


def _registers(
    item: Item, shots: np.ndarray, meas_level: str, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """`shots` (*shape, shots, clbits) as the arrays of one item; index 0 = classical bit 0."""
    results: dict[str, np.ndarray] = {}
    for name, columns in register_columns(item.circuit).items():
        bits = shots[..., columns]
        if meas_level in ("classified", "both"):
            results[name] = bits
        if meas_level in ("kerneled", "both"):
            results[f"{name}_iq"] = iq_points(bits, rng)
        if meas_level == "avg_kerneled":
            results[f"{name}_avg_iq"] = iq_points(bits, rng).mean(axis=-2)
    return results


def _item_result(
    program: QuantumProgram, results: dict[str, np.ndarray], simulation: Simulation
) -> dict[str, Any]:
    encoded = {name: encode_tensor(array, program.compressed) for name, array in results.items()}
    metadata = (
        None
        if program.schema_version == "v0.1"
        else {
            "scheduler_timing": None,
            "stretch_values": None,
            "simulation": simulation.summary(),
        }
    )
    return {"results": encoded, "metadata": metadata}


def _chunk(program: QuantumProgram, index: int, item: Item, start: datetime) -> dict[str, Any]:
    size = math.prod(item.shape)
    part: dict[str, Any] = {"idx_item": index, "size": size}
    if not program.schema_version.startswith("v0"):
        part["permutation"] = list(range(len(item.shape)))
        part["element_range"] = [0, size, 1]
    stop = datetime.now(timezone.utc)
    return {"start": start.isoformat(), "stop": stop.isoformat(), "parts": [part]}
