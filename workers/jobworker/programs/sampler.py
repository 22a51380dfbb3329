"""Program `sampler`, version 2: measurement outcomes of circuits.

The result is typed JSON if the params set `support_qiskit`, otherwise the plain form of IBM's REST
guide: `results[i].data.<register>.samples`, hex strings nested like the PUB's shape.
`meas_type` kerneled and avg_kerneled are emulated: points around −1 for 0 and +1 for 1.
The log and the metadata name options that have no effect (`options.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import numpy as np
from qiskit import QuantumCircuit

from kit.report import Report

from ..bindings import decode_bindings, positive_int
from ..circuits import decode_circuit
from ..device import Device
from ..engine import Simulation
from ..failures import CODE_SHOTS, InputError
from ..options import (
    SAMPLER,
    Ignored,
    check_decoupling,
    ignored_options,
    report_ignored,
    unknown_members,
)
from ..payload import dump, encode_array, encode_datetime, parse_params, typed
from ..pubs import check_volume, fields_of, option, options_of, pub_seed, pubs_of, seed_of
from ..registers import encode_bit_array, hex_samples, iq_points, register_columns, require_register
from ..twirling import (
    NotTwirlable,
    Randomized,
    Split,
    Twirling,
    ineffective_options,
    not_twirled,
    overridden_by_shots,
    sample_rows,
    split_shots,
    twirling_of,
)

MEMBERS = ("options", "pubs", "support_qiskit", "version")
DEFAULT_SHOTS = 4096
MEAS_TYPES = ("classified", "kerneled", "avg_kerneled")


@dataclass(frozen=True)
class Pub:
    """One PUB of the sampler, ready to be sampled."""

    circuit: QuantumCircuit
    bindings: np.ndarray  # (*shape, parameters)
    shots: int
    split: Split  # its total is `shots`, rounded up to whole randomizations
    simulation: Simulation
    randomized: Randomized | None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the parameter sets."""
        return self.bindings.shape[:-1]


def run(params: str, backend: Device, report: Report) -> str:
    """Returns the result as JSON text. Raises InputError, ProgramError and JobCancelled."""
    body = parse_params(params)
    pubs, ignored = _read(body, backend)
    options = options_of(body)
    twirling = twirling_of(options, backend.max_shots)
    ignored_entries = report_ignored(ignored)
    seed, meas_type = seed_of(options), _meas_type(options)
    typed_form = bool(body.get("support_qiskit"))
    total = sum(math.prod(pub.shape) for pub in pubs)
    results, spans, done = [], [], 0
    for index, pub in enumerate(pubs):
        start = datetime.now(timezone.utc)
        message = f"pub {index + 1} of {len(pubs)}"
        report.progress(done, total, message)
        own_seed = pub_seed(seed, index)
        rng = np.random.default_rng(own_seed)
        rows = pub.bindings.reshape(math.prod(pub.shape), -1)
        shots = np.empty((len(rows), pub.shots, pub.circuit.num_clbits), dtype=bool)
        sampled = sample_rows(pub.simulation, pub.randomized, rows, pub.split, own_seed, report)
        for row, randomizations in enumerate(sampled):
            filled = 0
            for samples in randomizations:
                drawn = samples.shots(rng)[: pub.shots - filled]
                shots[row, filled : filled + len(drawn)] = drawn
                filled += len(drawn)
            done += 1
            report.progress(done, total, message)
        shots = shots.reshape(*pub.shape, pub.shots, pub.circuit.num_clbits)
        write = _typed_result if typed_form else _plain_result
        results.append(write(pub, shots, meas_type, rng))
        spans.append(_span(index, pub, start))
    metadata: dict[str, Any] = {"version": 2}
    if twirling.enabled:
        metadata["twirling"] = twirling.metadata()
    if ignored_entries:
        metadata["ignored_options"] = ignored_entries
    if not typed_form:
        return dump({"results": results, "metadata": metadata})
    metadata["execution"] = {"execution_spans": typed("ExecutionSpans", {"spans": spans})}
    return dump(typed("PrimitiveResult", {"pub_results": results, "metadata": metadata}))


def check(params: str, backend: Device) -> None:
    """Raises InputError for params that `run` would refuse."""
    body = parse_params(params)
    _read(body, backend)
    seed_of(options_of(body))
    _meas_type(options_of(body))


def _read(body: dict[str, Any], backend: Device) -> tuple[list[Pub], list[Ignored]]:
    options = options_of(body)
    twirling = twirling_of(options, backend.max_shots)
    if twirling.measures and _meas_type(options) != "classified":
        raise InputError(
            "'options.twirling.enable_measure' flips bits, which needs "
            "'options.execution.meas_type' classified; change one of them."
        )
    ignored = unknown_members(body, MEMBERS) + ignored_options(options, SAMPLER)
    ignored += ineffective_options(options, twirling)
    pubs, executions, bits = [], 0, 0
    for index, item in enumerate(pubs_of(body)):
        where = f"pub {index}"
        pub, more = _pub(item, options, twirling, backend, where)
        ignored += more
        executions += math.prod(pub.shape) * pub.split.total
        bits += math.prod(pub.shape) * pub.split.total * pub.circuit.num_clbits
        check_volume(executions, bits, where, _meas_type(options) != "classified")
        pubs.append(pub)
    return pubs, ignored


def _pub(
    item: object, options: dict[str, Any], twirling: Twirling, backend: Device, where: str
) -> tuple[Pub, list[Ignored]]:
    circuit, values, own = fields_of(item, ("circuit", "parameter_values", "shots"), where)
    circuit = decode_circuit(circuit, f"The circuit of {where}")
    require_register(circuit, f"The circuit of {where}")
    check_decoupling(options, circuit, f"The circuit of {where}")
    bindings = decode_bindings(values, circuit, f"parameter_values of {where}")
    nominal = _shots(own, option(options, "default_shots"), backend.max_shots, where)
    split = split_shots(twirling, nominal, own is not None)
    fixed = twirling.fixed_shots if twirling.enabled else None
    shots = nominal if own is not None or fixed is None else fixed
    ignored = [overridden_by_shots(where)] if own is not None and fixed not in (None, shots) else []
    backend.check(circuit, f"The circuit of {where}")
    randomized = None
    if twirling.enabled:
        try:
            randomized = Randomized(circuit, twirling)
        except NotTwirlable as error:
            ignored.append(not_twirled(where, error))
            split = Split(1, shots)
    runs = circuit if randomized is None else randomized.template
    simulation = Simulation(runs, backend, f"The circuit of {where}", trusted=True)
    return Pub(circuit, bindings, shots, split, simulation, randomized), ignored


def _shots(own: object, default: object, most: int, where: str) -> int:
    if own is not None:
        return positive_int(own, f"shots of {where}", most, CODE_SHOTS)
    if default is not None:
        return positive_int(default, "'options.default_shots'", most, CODE_SHOTS)
    return min(DEFAULT_SHOTS, most)


def _meas_type(options: dict[str, Any]) -> str:
    meas_type = option(options, "execution", "meas_type") or "classified"
    if meas_type not in MEAS_TYPES:
        raise InputError(f"'options.execution.meas_type' must be one of {', '.join(MEAS_TYPES)}.")
    return meas_type


def _metadata(pub: Pub) -> dict[str, Any]:
    metadata = {
        "shots": pub.shots,
        "circuit_metadata": pub.circuit.metadata or {},
        "simulation": pub.simulation.summary(),
    }
    if pub.randomized is not None:
        metadata["num_randomizations"] = pub.split.randomizations
        metadata["shots_per_randomization"] = pub.split.shots
    return metadata


def _typed_result(
    pub: Pub, shots: np.ndarray, meas_type: str, rng: np.random.Generator
) -> dict[str, Any]:
    """Encodes `shots`, (*shape, shots, clbits) bool."""
    fields = {}
    for name, columns in register_columns(pub.circuit).items():
        bits = shots[..., columns]
        if meas_type == "classified":
            fields[name] = encode_bit_array(bits)
        else:
            fields[name] = encode_array(_kerneled(bits, meas_type, rng))
    data = {"field_names": list(fields), "shape": list(pub.shape), "fields": fields}
    return typed("SamplerPubResult", {"data": typed("DataBin", data), "metadata": _metadata(pub)})


def _plain_result(
    pub: Pub, shots: np.ndarray, meas_type: str, rng: np.random.Generator
) -> dict[str, Any]:
    data = {}
    for name, columns in register_columns(pub.circuit).items():
        bits = shots[..., columns]
        if meas_type == "classified":
            data[name] = {"samples": hex_samples(bits), "num_bits": len(columns)}
        else:
            points = _kerneled(bits, meas_type, rng)
            data[name] = np.stack([points.real, points.imag], axis=-1).tolist()
    return {"data": data, "metadata": _metadata(pub)}


def _kerneled(bits: np.ndarray, meas_type: str, rng: np.random.Generator) -> np.ndarray:
    points = iq_points(bits, rng)
    return points.mean(axis=-2) if meas_type == "avg_kerneled" else points


def _span(index: int, pub: Pub, start: datetime) -> dict[str, Any]:
    times = {"start": encode_datetime(start), "stop": encode_datetime(datetime.now(timezone.utc))}
    if pub.randomized is None:
        shape = [*pub.shape, pub.shots]
        slices = {str(index): [shape, 0, math.prod(shape)]}
        return typed("ExecutionSpan", {**times, "data_slices": slices})
    each, count = pub.split.shots, pub.split.randomizations
    circuits = math.prod(pub.shape) * count
    twirled = [[*pub.shape, count, each], False, 0, circuits, 0, each, pub.shots]
    return typed("TwirledSliceSpanV2", {**times, "data_slices": {str(index): twirled}})
