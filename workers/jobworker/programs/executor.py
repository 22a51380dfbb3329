"""Program `executor`: a quantum program of circuit and samplex items.

The sampler and estimator of the client are built on it. They store data for their post-processing
in `passthrough_data` and `semantic_role`, which the result returns unchanged. A samplex (package
samplomatic) draws random parameters for its circuit: the worker draws, binds and measures. The
result contains the drawn `measurement_flips` and signs, which the client undoes.
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
from ..options import EXECUTOR, Ignored, ignored_options, report_ignored, unknown_members
from ..payload import dump, parse_params
from ..pubs import check_volume, option, options_of, pub_seed, seed_of
from ..quantum_program import Item, QuantumProgram, decode_program
from ..registers import iq_points, register_columns, require_register
from ..tensors import encode_tensor

MEMBERS = ("options", "quantum_program", "schema_version")


def run(params: str, backend: Device, report: Report) -> str:
    """Returns the result as JSON text. Raises InputError, ProgramError and JobCancelled."""
    body = parse_params(params)
    program = decode_program(body, backend.max_shots)
    simulations = _simulations(program, backend)
    seed = _seed(body)
    ignored_entries = report_ignored(_ignored(body))
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
        # `simulation` is an extension: it is in the raw result, and the client's decoder drops it.
        "metadata": {
            "chunk_timing": chunks,
            "simulation": [simulation.summary() for simulation in simulations],
        },
    }
    if ignored_entries:
        result["metadata"]["ignored_options"] = ignored_entries
    if program.schema_version != "v0.1":
        result["passthrough_data"] = program.passthrough_data
    if not program.schema_version.startswith("v0"):
        result["semantic_role"] = program.semantic_role
    return dump(result)


def check(params: str, backend: Device) -> None:
    """Raises InputError for params that `run` would refuse."""
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
    """Returns the seed. The schema has none, so it may be set as an experimental option."""
    experimental = option(options_of(body), "experimental")
    return seed_of(experimental if isinstance(experimental, dict) else {}, ("seed_simulator",))


def _draw(item: Item, rng: np.random.Generator) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Returns the circuit's arguments (*shape, parameters) and the samplex's other outputs.

    Along axes on which the samplex's own arguments vary, each entry is drawn separately. All other
    axes enumerate independent randomizations of it.
    """
    if item.samplex is None or item.samplex_arguments is None:
        assert item.arguments is not None  # an item has either arguments or a samplex
        return item.arguments, {}
    inputs = item.samplex_arguments
    own = (1,) * (len(item.shape) - inputs.ndim) + inputs.shape
    sweep = [axis for axis, size in enumerate(own) if size > 1]
    repeat = [axis for axis, size in enumerate(own) if size <= 1]
    repeat_shape = tuple(item.shape[axis] for axis in repeat)
    outputs: dict[str, np.ndarray] = {}
    for place in np.ndindex(*(item.shape[axis] for axis in sweep)):
        at: list[Any] = [slice(None)] * len(item.shape)
        pick = [0] * len(item.shape)
        for axis, position in zip(sweep, place):
            at[axis] = pick[axis] = position
        arguments = inputs[tuple(pick[len(item.shape) - inputs.ndim :])]
        sample = item.samplex.sample(arguments, num_randomizations=math.prod(repeat_shape), rng=rng)
        for name, value in sample.items():
            if name not in outputs:
                outputs[name] = np.empty((*item.shape, *value.shape[1:]), dtype=value.dtype)
            outputs[name][tuple(at)] = value.reshape(*repeat_shape, *value.shape[1:])
    values = outputs.pop("parameter_values", np.zeros((*item.shape, 0)))
    return np.asarray(values, dtype=np.float64), outputs


def _registers(
    item: Item, shots: np.ndarray, meas_level: str, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Returns `shots` (*shape, shots, clbits) as arrays by register; index 0 = classical bit 0."""
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
