"""Devices, circuits and params for tests, in the form that the client writes."""

from __future__ import annotations

import json
from functools import cache
from itertools import pairwise
from math import pi
from pathlib import Path
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit_ibm_runtime.json import RuntimeDecoder, RuntimeEncoder

from jobworker.device import Device, device_of
from jobworker.programs import PROGRAMS
from kit.report import SilentReport

ROOT = Path(__file__).resolve().parents[2]


@cache
def wire(name: str, part: str) -> str:
    return (ROOT / "devices" / name / f"{part}.json").read_text()


def backend(name: str = "stint_line_5", **options: Any) -> dict[str, Any]:
    """Returns the `backend` object of a start message; with noise for the noisy device."""
    return {
        "name": name,
        "options": {
            "configuration": json.loads(wire(name, "configuration")),
            "properties": json.loads(wire(name, "properties")),
            "noise": name == "stint_hex_27",
            **options,
        },
    }


def device(name: str = "stint_line_5", **options: Any) -> Device:
    return device_of(backend(name, **options))


def h(circuit: QuantumCircuit, qubit: int) -> None:
    """Appends a Hadamard gate in the devices' basis."""
    circuit.rz(pi / 2, qubit)
    circuit.sx(qubit)
    circuit.rz(pi / 2, qubit)


def cx(circuit: QuantumCircuit, control: int, target: int) -> None:
    h(circuit, target)
    circuit.cz(control, target)
    h(circuit, target)


def ghz(path: list[int], width: int) -> QuantumCircuit:
    circuit = QuantumCircuit(width)
    h(circuit, path[0])
    for control, target in pairwise(path):
        cx(circuit, control, target)
    return circuit


def bell(measured: bool = True) -> QuantumCircuit:
    circuit = ghz([0, 1], 2)
    if measured:
        circuit.measure_all()
    return circuit


def tilted(measured: bool = True) -> QuantumCircuit:
    """Returns a circuit with P(1) = (1 − cos θ) / 2 for its one parameter θ."""
    circuit = QuantumCircuit(1)
    circuit.sx(0)
    circuit.rz(pi - Parameter("theta"), 0)
    circuit.sx(0)
    if measured:
        circuit.measure_all()
    return circuit


NO_VALUES = np.zeros((0,))


def params(*pubs: Any, support_qiskit: bool = True, **options: Any) -> str:
    """Returns params of `sampler` or `estimator` as the client's encoder writes them."""
    body = {"pubs": list(pubs), "version": 2, "options": options, "support_qiskit": support_qiskit}
    return json.dumps(body, cls=RuntimeEncoder)


def run(program: str, text: str, on: Device | None = None) -> str:
    return PROGRAMS[program](text, on or device(), SilentReport())


def decoded(text: str) -> Any:
    return RuntimeDecoder().decode(text)


SEED: dict[str, Any] = {"simulator": {"seed_simulator": 11}}
