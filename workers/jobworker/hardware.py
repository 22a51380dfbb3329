"""Circuits in hardware qubits (`$3`) act on the device, which has more qubits than they name."""

from __future__ import annotations

import re

from qiskit import QuantumCircuit

from .payload import inside, type_of

_HARDWARE_QUBIT = re.compile(r"\$\d")


def for_observables(
    circuit: QuantumCircuit, source: object, observables: object, device_qubits: int
) -> QuantumCircuit:
    """The circuit, as wide as the device where its observables have a letter for each qubit of it.

    OpenQASM 3 of a transpiled circuit names only the qubits it uses, while observables that were
    laid out for the device speak of all. `source` is the circuit as it was sent.
    """
    if not isinstance(source, str) or not _HARDWARE_QUBIT.search(source):
        return circuit
    if circuit.num_qubits >= device_qubits or _letters(observables) != device_qubits:
        return circuit
    wide = QuantumCircuit(device_qubits, metadata=circuit.metadata)
    wide.add_bits(circuit.clbits)
    for register in circuit.cregs:
        wide.add_register(register)
    return wide.compose(circuit, qubits=range(circuit.num_qubits), clbits=circuit.clbits)


def _letters(observables: object) -> int | None:
    """How long the first Pauli string is; None where there is none in plain sight."""
    value = observables
    while True:
        if isinstance(value, str):
            return len(value)
        if type_of(value) == "ObservablesArray":
            value = inside(value)
        elif isinstance(value, list) and value:
            value = value[0]
        elif isinstance(value, dict) and value and "__type__" not in value:
            value = next(iter(value))
        else:
            return None
