"""Reduces a device circuit to what must be simulated: active qubits, delays as relaxation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import ControlFlowOp, ParameterExpression
from qiskit.circuit.library import RZGate

from .device import Device, walk

# Angles this close (radians) to a multiple of π/2 are treated as equal to it. Samplexes compute in
# single precision, with errors of 1e-7, which no number of shots could show.
ANGLE_TOLERANCE = 1e-6

_CLIFFORD_NAMES = "id x y z h s sdg sx sxdg cx cy cz ecr swap measure reset barrier quantum_channel"
_CLIFFORD = frozenset(_CLIFFORD_NAMES.split())


def activity(
    circuit: QuantumCircuit,
) -> tuple[tuple[int, ...], frozenset[tuple[str, tuple[int, ...]]]]:
    """Returns the device qubits that have more than delays, and every (gate, qubits) in use."""
    active: set[int] = set()
    used: set[tuple[str, tuple[int, ...]]] = set()
    for instruction, qubits in walk(circuit):
        if instruction.name in ("barrier", "delay"):
            continue
        active.update(qubits)
        used.add((instruction.name, qubits))
    return tuple(sorted(active)), frozenset(used)


def reduce_circuit(
    circuit: QuantumCircuit, active: tuple[int, ...], device: Device
) -> QuantumCircuit:
    """Returns the circuit on its active qubits, without barriers and with delays as relaxation."""
    reduced = QuantumCircuit(len(active))
    reduced.add_bits(circuit.clbits)
    for register in circuit.cregs:
        reduced.add_register(register)
    for variable in circuit.iter_declared_vars():
        reduced.add_uninitialized_var(variable)
    reduced_qubit = {circuit.qubits[qubit]: reduced.qubits[i] for i, qubit in enumerate(active)}
    for instruction in circuit.data:
        if instruction.name == "barrier":
            continue
        if instruction.name == "delay":
            qubit = circuit.find_bit(instruction.qubits[0]).index
            _append_delay(reduced, instruction.operation, qubit, active, device)
            continue
        qubits = [reduced_qubit[qubit] for qubit in instruction.qubits]
        reduced._append(instruction.replace(qubits=qubits))
    return reduced


def _append_delay(
    reduced: QuantumCircuit, delay: Any, qubit: int, active: Sequence[int], device: Device
) -> None:
    if device.noise is None or qubit not in active:
        return
    duration = delay.duration
    if isinstance(duration, ParameterExpression) or not isinstance(duration, (int, float)):
        return  # the duration is not known yet: treat it as no delay
    seconds = device.noise.delay_seconds(duration, delay.unit)
    error = device.noise.relaxation((qubit,), seconds)
    if error is not None:
        reduced.append(error, [active.index(qubit)])


def snap_angles(circuit: QuantumCircuit) -> QuantumCircuit:
    """Returns the circuit with rz angles near a multiple of π/2 rounded to it.

    Otherwise rounding errors would make a Clifford circuit non-Clifford.
    """
    snapped = circuit.copy()
    for index, instruction in enumerate(circuit.data):
        if instruction.name == "rz":
            angle = float(instruction.params[0])
            quarter = round(angle / (math.pi / 2))
            if abs(angle - quarter * math.pi / 2) < ANGLE_TOLERANCE:
                snapped.data[index] = instruction.replace(
                    operation=RZGate((quarter % 4) * math.pi / 2)
                )
    return snapped


def is_clifford(circuit: QuantumCircuit) -> bool:
    """Returns whether the circuit, including its blocks, has only Clifford gates."""
    for instruction, _ in walk(circuit):
        if instruction.name == "rz":
            turns = float(instruction.params[0]) / (math.pi / 2)
            if abs(turns - round(turns)) > ANGLE_TOLERANCE:
                return False
        elif instruction.name not in _CLIFFORD and not isinstance(
            instruction.operation, ControlFlowOp
        ):
            return False
    return True
