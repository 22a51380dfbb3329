"""Program `estimator`, version 2: expectation values of observables.

Values are measured, not computed: every needed Pauli basis is sampled with 1 / precision² shots,
so noise, readout errors and shot noise act as on a device. Observables that can be measured in one
basis share its shots. Error mitigation (`resilience`) is not done and its options are ignored.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from qiskit import QuantumCircuit

from ..bases import Basis, choose_bases
from ..bindings import decode_bindings, positive_int
from ..circuits import decode_circuit
from ..device import Device
from ..engine import Simulation, summary_of
from ..failures import CODE_SHOTS, InputError
from ..hardware import for_observables
from ..observables import decode_observables
from ..payload import dump, encode_array, kind, parse_params, typed
from ..pubs import (
    check_estimates,
    check_volume,
    fields_of,
    option,
    options_of,
    pub_seed,
    pubs_of,
    seed_of,
)
from ..report import Report

DEFAULT_PRECISION = 1 / 64  # 4096 shots


@dataclass(frozen=True)
class Part:
    """One basis to measure, and the rows of the PUB's bindings that need it."""

    basis: Basis
    simulation: Simulation
    places: dict[int, list[tuple[int, ...]]]  # row → where its value goes


@dataclass(frozen=True)
class Pub:
    circuit: QuantumCircuit
    bindings: np.ndarray  # (bindings, parameters), one row per distinct parameter set
    rows: np.ndarray  # broadcast shape → row of `bindings`
    observables: np.ndarray  # broadcast shape → Observable
    precision: float
    shots: int
    parts: list[Part]


def run(params: str, backend: Device, report: Report) -> str:
    body = parse_params(params)
    pubs = _read(body, backend)
    seed = seed_of(options_of(body), ("seed_estimator",))
    total = sum(len(part.places) for pub in pubs for part in pub.parts)
    results, done = [], 0
    for index, pub in enumerate(pubs):
        message = f"pub {index + 1} of {len(pubs)}"
        report.progress(done, total, message)
        evs = np.zeros(pub.rows.shape)
        variances = np.zeros(pub.rows.shape)
        for at in np.ndindex(pub.rows.shape):
            evs[at] = sum(c for label, c in pub.observables[at].items() if _is_constant(label))
        for number, part in enumerate(pub.parts):
            rows = list(part.places)
            own_seed = pub_seed(pub_seed(seed, index), number)
            samples = part.simulation.run(pub.bindings[rows], pub.shots, own_seed, report)
            for row, sample in zip(rows, samples):
                bits = sample.bits[:, pub.circuit.num_clbits :]
                for at in part.places[row]:
                    ev, variance = part.basis.estimate(pub.observables[at], bits, sample.counts)
                    evs[at] += ev
                    variances[at] += variance
                done += 1
                report.progress(done, total, message)
        write = _typed_result if body.get("support_qiskit") else _plain_result
        results.append(write(pub, evs, np.sqrt(variances)))
    if body.get("support_qiskit"):
        inner = {"pub_results": results, "metadata": _job_metadata()}
        return dump(typed("PrimitiveResult", inner))
    return dump({"results": results, "metadata": _job_metadata()})


def check(params: str, backend: Device) -> None:
    """Raise InputError for params that `run` would refuse."""
    body = parse_params(params)
    _read(body, backend)
    seed_of(options_of(body), ("seed_estimator",))


def _read(body: dict[str, Any], backend: Device) -> list[Pub]:
    options = options_of(body)
    names = ("circuit", "observables", "parameter_values", "precision")
    pubs, executions = [], 0
    for index, item in enumerate(pubs_of(body)):
        where = f"pub {index}"
        circuit, observables, values, precision = fields_of(item, names, where)
        pub = _pub(circuit, observables, values, precision, options, backend, where)
        executions += sum(len(part.places) for part in pub.parts) * pub.shots
        check_volume(executions, 0, where)
        pubs.append(pub)
    return pubs


def _pub(
    circuit_value: object,
    observables_value: object,
    values: object,
    precision_value: object,
    options: dict[str, Any],
    backend: Device,
    where: str,
) -> Pub:
    circuit = decode_circuit(circuit_value, f"The circuit of {where}")
    circuit = for_observables(circuit, circuit_value, observables_value, backend.num_qubits)
    backend.check(circuit, f"The circuit of {where}")
    bindings = decode_bindings(values, circuit, f"parameter_values of {where}")
    observables = decode_observables(
        observables_value, circuit.num_qubits, f"observables of {where}"
    )
    shape = bindings.shape[:-1]
    check_estimates([shape, observables.shape], 1, where)
    rows = np.arange(math.prod(shape)).reshape(shape)
    try:
        rows, spread = np.broadcast_arrays(rows, observables)
    except ValueError:
        raise InputError(
            f"{where} has parameter values of shape {shape} and observables of shape "
            f"{observables.shape}, which cannot be broadcast together."
        ) from None
    precision, shots = _precision(precision_value, options, backend.max_shots, where)
    parts = []
    labels = {label for observable in spread.flat for label in observable}
    bases = choose_bases([label for label in labels if not _is_constant(label)], where)
    check_estimates([rows.shape], len(bases), where)
    for basis in bases:
        places: dict[int, list[tuple[int, ...]]] = {}
        for at in np.ndindex(rows.shape):
            if not basis.labels.isdisjoint(spread[at]):
                places.setdefault(int(rows[at]), []).append(at)
        measured = basis.measure(circuit, f"The circuit of {where}")
        simulation = Simulation(measured, backend, f"The circuit of {where}", trusted=True)
        parts.append(Part(basis, simulation, places))
    flat = bindings.reshape(math.prod(shape), -1)
    return Pub(circuit, flat, rows, spread, precision, shots, parts)


def _is_constant(label: str) -> bool:
    return label.count("I") == len(label)


def _precision(
    own: object, options: dict[str, Any], max_shots: int, where: str
) -> tuple[float, int]:
    """The target precision and its shots. `default_shots` overrides `default_precision`."""
    default_shots = option(options, "default_shots")
    if own is None and default_shots is not None:
        shots = positive_int(default_shots, "'options.default_shots'", max_shots, CODE_SHOTS)
        return 1 / math.sqrt(shots), shots
    value, name = own, f"precision of {where}"
    if value is None:
        value, name = option(options, "default_precision"), "'options.default_precision'"
    if value is None:
        value = max(DEFAULT_PRECISION, 1 / math.sqrt(max_shots))
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InputError(f"{name} must be a number, not {kind(value)}.")
    if not (math.isfinite(value) and value > 0):
        raise InputError(f"{name} is {value}; it must be a number above 0.", CODE_SHOTS)
    # 1/64 squared is exact, but 1/sqrt(10000) squared is not: forgive the last digits.
    shots = math.ceil(round(value**-2, 6)) if value > 1e-9 else max_shots + 1
    if shots > max_shots:
        raise InputError(
            f"{name} is {value}, which takes more than the {max_shots} shots this backend gives; "
            f"ask for {1 / math.sqrt(max_shots):.4g} or more.",
            CODE_SHOTS,
        )
    return float(value), max(shots, 1)


def _metadata(pub: Pub) -> dict[str, Any]:
    return {
        "shots": pub.shots,
        "target_precision": pub.precision,
        "circuit_metadata": pub.circuit.metadata or {},
        "resilience": {},
        "num_randomizations": 1,
        "simulation": summary_of([part.simulation for part in pub.parts]),
    }


def _job_metadata() -> dict[str, Any]:
    return {
        "dynamical_decoupling": {"enable": False},
        "twirling": {"enable_gates": False, "enable_measure": False},
        "resilience": {
            "measure_mitigation": False,
            "zne_mitigation": False,
            "pec_mitigation": False,
        },
        "version": 2,
    }


def _typed_result(pub: Pub, evs: np.ndarray, stds: np.ndarray) -> dict[str, Any]:
    fields = {
        "evs": encode_array(evs),
        "stds": encode_array(stds),
        "ensemble_standard_error": encode_array(stds),
    }
    data = {"field_names": list(fields), "shape": list(evs.shape), "fields": fields}
    return typed("PubResult", {"data": typed("DataBin", data), "metadata": _metadata(pub)})


def _plain_result(pub: Pub, evs: np.ndarray, stds: np.ndarray) -> dict[str, Any]:
    deviations = stds.tolist()
    data = {"evs": evs.tolist(), "stds": deviations, "ensemble_standard_error": deviations}
    return {"data": data, "metadata": _metadata(pub)}
