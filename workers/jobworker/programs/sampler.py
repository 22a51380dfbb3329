"""Program `sampler`, version 2: measurement outcomes of circuits.

Answers typed JSON if the params say `support_qiskit`, else the plain form of IBM's REST guide:
`results[i].data.<register>.samples`, hex strings nested like the PUB's shape.
`meas_type` kerneled and avg_kerneled are emulated: points around −1 for 0 and +1 for 1.
Twirling and dynamical decoupling change no outcome statistics here and are ignored.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import numpy as np
from qiskit import QuantumCircuit

from ..bindings import decode_bindings, positive_int
from ..circuits import decode_circuit
from ..device import Device
from ..engine import Simulation
from ..failures import CODE_SHOTS, InputError
from ..payload import dump, encode_array, encode_datetime, parse_params, typed
from ..pubs import check_volume, fields_of, option, options_of, pub_seed, pubs_of, seed_of
from ..registers import encode_bit_array, hex_samples, iq_points, register_columns, require_register
from ..report import Report

DEFAULT_SHOTS = 4096
MEAS_TYPES = ("classified", "kerneled", "avg_kerneled")


@dataclass(frozen=True)
class Pub:
    circuit: QuantumCircuit
    bindings: np.ndarray  # (*shape, parameters)
    shots: int
    simulation: Simulation

    @property
    def shape(self) -> tuple[int, ...]:
        return self.bindings.shape[:-1]


def run(params: str, backend: Device, report: Report) -> str:
    body = parse_params(params)
    pubs = _read(body, backend)
    options = options_of(body)
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
        for row, samples in enumerate(pub.simulation.run(rows, pub.shots, own_seed, report)):
            shots[row] = samples.shots(rng)
            done += 1
            report.progress(done, total, message)
        shots = shots.reshape(*pub.shape, pub.shots, pub.circuit.num_clbits)
        write = _typed_result if typed_form else _plain_result
        results.append(write(pub, shots, meas_type, rng))
        spans.append(_span(index, pub, start))
    if not typed_form:
        return dump({"results": results, "metadata": {"version": 2}})
    metadata = {
        "execution": {"execution_spans": typed("ExecutionSpans", {"spans": spans})},
        "version": 2,
    }
    return dump(typed("PrimitiveResult", {"pub_results": results, "metadata": metadata}))


def check(params: str, backend: Device) -> None:
    """Raise InputError for params that `run` would refuse."""
    body = parse_params(params)
    _read(body, backend)
    seed_of(options_of(body))
    _meas_type(options_of(body))


def _read(body: dict[str, Any], backend: Device) -> list[Pub]:
    default = option(options_of(body), "default_shots")
    pubs, executions, bits = [], 0, 0
    for index, item in enumerate(pubs_of(body)):
        where = f"pub {index}"
        circuit, values, shots = fields_of(item, ("circuit", "parameter_values", "shots"), where)
        circuit = decode_circuit(circuit, f"The circuit of {where}")
        require_register(circuit, f"The circuit of {where}")
        pub = Pub(
            circuit,
            decode_bindings(values, circuit, f"parameter_values of {where}"),
            _shots(shots, default, backend.max_shots, where),
            Simulation(circuit, backend, f"The circuit of {where}"),
        )
        executions += math.prod(pub.shape) * pub.shots
        bits += math.prod(pub.shape) * pub.shots * circuit.num_clbits
        check_volume(executions, bits, where, _meas_type(options_of(body)) != "classified")
        pubs.append(pub)
    return pubs


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
    return {
        "shots": pub.shots,
        "circuit_metadata": pub.circuit.metadata or {},
        "simulation": pub.simulation.summary(),
    }


def _typed_result(
    pub: Pub, shots: np.ndarray, meas_type: str, rng: np.random.Generator
) -> dict[str, Any]:
    """`shots` is (*shape, shots, clbits) bool."""
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
    shape = [*pub.shape, pub.shots]
    return typed(
        "ExecutionSpan",
        {
            "start": encode_datetime(start),
            "stop": encode_datetime(datetime.now(timezone.utc)),
            "data_slices": {str(index): [shape, 0, math.prod(shape)]},
        },
    )
