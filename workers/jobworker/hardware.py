"""Widens circuits in hardware qubits (`$3`) to the device, which has more qubits than they name."""

from __future__ import annotations

import re

from qiskit import QuantumCircuit

from .payload import inside, type_of

_HARDWARE_QUBIT = re.compile(r"\$\d")


def for_observables(
    circuit: QuantumCircuit, source: object, observables: object, device_qubits: int
) -> QuantumCircuit:
    """Returns the circuit, as wide as the device if its observables have that many letters.

    OpenQASM 3 of a transpiled circuit names only the qubits it uses, but observables that were
    laid out for the device have a letter for every qubit. `source` is the circuit as the client
    sent it.
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
    """Returns the length of the first Pauli string; None if none is found."""
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
