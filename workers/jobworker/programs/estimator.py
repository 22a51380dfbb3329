"""Program `estimator`, version 2: expectation values of observables.

Values are measured, not computed: every needed Pauli basis is sampled with 1 / precision² shots,
so noise, readout errors and shot noise have the same effect as on a device. Observables that can be
measured in one basis share its shots. The only error mitigation is measurement mitigation
(`mitigation.py`). The log and the metadata name options that have no effect (`options.py`).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kit.report import Report

from ..bases import choose_bases
from ..bindings import decode_bindings, positive_int
from ..circuits import decode_circuit
from ..device import Device
from ..engine import Simulation, summary_of
from ..expectation import Estimates, Part, Pub, is_constant, measure
from ..failures import CODE_SHOTS, InputError
from ..hardware import for_observables
from ..mitigation import Calibration, has_projectors
from ..observables import decode_observables
from ..options import (
    ESTIMATOR,
    Ignored,
    check_decoupling,
    ignored_options,
    report_ignored,
    unknown_members,
)
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
from ..resilience import Resilience, calibration_split, overridden, resilience_of
from ..twirling import (
    NotTwirlable,
    Randomized,
    Split,
    ineffective_options,
    not_twirled,
    overridden_by_shots,
    split_shots,
)

MEMBERS = ("options", "pubs", "resilience_level", "support_qiskit", "version")
DEFAULT_PRECISION = 1 / 64  # 4096 shots


def run(params: str, backend: Device, report: Report) -> str:
    """Returns the result as JSON text. Raises InputError, ProgramError and JobCancelled."""
    body = parse_params(params)
    pubs, resilience, ignored = _read(body, backend)
    ignored_entries = report_ignored(ignored)
    seed = seed_of(options_of(body), ("seed_estimator",))
    total = sum(len(part.places) for pub in pubs for part in pub.parts)
    results, done = [], 0
    for index, pub in enumerate(pubs):
        message = f"pub {index + 1} of {len(pubs)}"
        report.progress(done, total, message)

        def step(message: str = message) -> None:
            nonlocal done
            done += 1
            report.progress(done, total, message)

        estimates = measure(pub, pub_seed(seed, index), report, step)
        write = _typed_result if body.get("support_qiskit") else _plain_result
        results.append(write(pub, estimates))
    metadata = _job_metadata(resilience, ignored_entries)
    if body.get("support_qiskit"):
        return dump(typed("PrimitiveResult", {"pub_results": results, "metadata": metadata}))
    return dump({"results": results, "metadata": metadata})


def check(params: str, backend: Device) -> None:
    """Raises InputError for params that `run` would refuse."""
    body = parse_params(params)
    _read(body, backend)
    seed_of(options_of(body), ("seed_estimator",))


def _read(body: dict[str, Any], backend: Device) -> tuple[list[Pub], Resilience, list[Ignored]]:
    options = options_of(body)
    ignored = unknown_members(body, MEMBERS) + ignored_options(options, ESTIMATOR)
    resilience, more = resilience_of(body.get("resilience_level"), options, backend)
    ignored += more + ineffective_options(options, resilience.twirling)
    ignored += overridden(options, resilience.twirling)
    names = ("circuit", "observables", "parameter_values", "precision")
    pubs, executions = [], 0
    for index, item in enumerate(pubs_of(body)):
        where = f"pub {index}"
        circuit, observables, values, precision = fields_of(item, names, where)
        pub, more = _pub(
            circuit, observables, values, precision, options, resilience, backend, where
        )
        ignored += more
        executions += pub.executions
        check_volume(executions, 0, where)
        pubs.append(pub)
    return pubs, resilience, ignored


def _pub(
    circuit_value: object,
    observables_value: object,
    values: object,
    precision_value: object,
    options: dict[str, Any],
    resilience: Resilience,
    backend: Device,
    where: str,
) -> tuple[Pub, list[Ignored]]:
    circuit = decode_circuit(circuit_value, f"The circuit of {where}")
    circuit = for_observables(circuit, circuit_value, observables_value, backend.num_qubits)
    backend.check(circuit, f"The circuit of {where}")
    check_decoupling(options, circuit, f"The circuit of {where}")
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
    labels = {label for observable in spread.flat for label in observable}
    if resilience.mitigates and has_projectors(labels):
        raise InputError(
            f"observables of {where} have projectors (0, 1, +, -, r, l), which measurement "
            "mitigation cannot correct; write them as Paulis or switch it off."
        )
    twirling, ignored = resilience.twirling, []
    precision, shots = _precision(precision_value, options, backend.max_shots, where)
    own, fixed = precision_value is not None, twirling.fixed_shots if twirling.enabled else None
    split = split_shots(twirling, shots, own)
    if not own and fixed is not None:
        precision = 1 / math.sqrt(fixed)
    bases = choose_bases([label for label in labels if not is_constant(label)], where)
    check_estimates([rows.shape], len(bases), where)
    circuits = [basis.measure(circuit, f"The circuit of {where}") for basis in bases]
    randomized: list[Randomized | None] = [None] * len(bases)
    calibration = None
    if twirling.enabled and bases:
        try:
            randomized = [Randomized(measured, twirling) for measured in circuits]
            if own and fixed not in (None, shots):
                ignored.append(overridden_by_shots(where))
            if resilience.mitigates and backend.noise is not None:
                qubits = sorted({qubit for basis in bases for qubit in basis.qubits})
                plan = calibration_split(options, split.total, backend.max_shots)
                calibration = Calibration(circuit.num_qubits, qubits, backend, plan)
        except NotTwirlable as error:
            ignored.append(not_twirled(where, error))
            randomized = [None] * len(bases)
            split = Split(1, shots if own or fixed is None else fixed)
    parts = []
    for basis, measured, twirled in zip(bases, circuits, randomized):
        places: dict[int, list[tuple[int, ...]]] = {}
        for at in np.ndindex(rows.shape):
            if not basis.labels.isdisjoint(spread[at]):
                places.setdefault(int(rows[at]), []).append(at)
        runs = measured if twirled is None else twirled.template
        simulation = Simulation(runs, backend, f"The circuit of {where}", trusted=True)
        parts.append(Part(basis, simulation, twirled, places))
    flat = bindings.reshape(math.prod(shape), -1)
    return Pub(circuit, flat, rows, spread, precision, split, parts, calibration), ignored


def _precision(
    own: object, options: dict[str, Any], max_shots: int, where: str
) -> tuple[float, int]:
    """Returns the target precision and its shots. `default_shots` overrides `default_precision`."""
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
    # 1/64 squared is exact, but 1/sqrt(10000) squared is not: round the last digits.
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
        "shots": pub.split.total,
        "target_precision": pub.precision,
        "circuit_metadata": pub.circuit.metadata or {},
        "resilience": {},
        "num_randomizations": pub.split.randomizations,
        "simulation": summary_of([part.simulation for part in pub.parts]),
    }


def _job_metadata(resilience: Resilience, ignored_entries: list[dict[str, str]]) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "dynamical_decoupling": {"enable": False},
        "twirling": resilience.twirling.metadata(),
        "resilience": {
            "measure_mitigation": resilience.mitigates,
            "zne_mitigation": False,
            "pec_mitigation": False,
        },
        "version": 2,
    }
    if ignored_entries:
        metadata["ignored_options"] = ignored_entries
    return metadata


def _typed_result(pub: Pub, estimates: Estimates) -> dict[str, Any]:
    fields = {
        "evs": encode_array(estimates.evs),
        "stds": encode_array(estimates.stds),
        "ensemble_standard_error": encode_array(estimates.ensemble),
    }
    shape = list(estimates.evs.shape)
    data = {"field_names": list(fields), "shape": shape, "fields": fields}
    return typed("PubResult", {"data": typed("DataBin", data), "metadata": _metadata(pub)})


def _plain_result(pub: Pub, estimates: Estimates) -> dict[str, Any]:
    data = {
        "evs": estimates.evs.tolist(),
        "stds": estimates.stds.tolist(),
        "ensemble_standard_error": estimates.ensemble.tolist(),
    }
    return {"data": data, "metadata": _metadata(pub)}
