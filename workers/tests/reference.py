"""An exact simulation that is independent of Aer, and random circuits to compare both."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import pi, sqrt

import numpy as np
from given import wire
from qiskit import QuantumCircuit

Gate = tuple[str, float, tuple[int, ...]]

_EDGES = [tuple(pair) for pair in json.loads(wire("stint_hex_27", "configuration"))["coupling_map"]]


def random_gates(width: int, depth: int, seed: int) -> list[Gate]:
    """Returns layers of random rotations on the first `width` qubits of stint_hex_27, each followed
    by cz on a random matching of its couplings.
    """
    rng = np.random.default_rng(seed)
    edges = [edge for edge in _EDGES if max(edge) < width]
    gates: list[Gate] = []
    for _ in range(depth):
        for qubit in range(width):
            gates += [
                (name, float(rng.uniform(0, 2 * pi)), (qubit,)) for name in ("rz", "sx", "rz")
            ]
        taken: set[int] = set()
        for edge in rng.permutation(edges).tolist():
            if taken.isdisjoint(edge):
                taken.update(edge)
                gates.append(("cz", 0.0, tuple(edge)))
    return gates


def inverse(gates: list[Gate]) -> Iterator[Gate]:
    for name, angle, qubits in reversed(gates):
        if name == "sx":
            yield ("rz", pi, qubits)
            yield (name, 0.0, qubits)
            yield ("rz", pi, qubits)
        else:
            yield (name, -angle, qubits)


def circuit_of(width: int, gates: list[Gate], measured: bool = True) -> QuantumCircuit:
    circuit = QuantumCircuit(width)
    for name, angle, qubits in gates:
        arguments = (angle, *qubits) if name == "rz" else qubits
        getattr(circuit, name)(*arguments)
    if measured:
        circuit.measure_all()
    return circuit


def mirrored(width: int, depth: int, seed: int) -> tuple[QuantumCircuit, str]:
    """Returns random layers, their inverse and random flips, and the only possible outcome.

    The left-most character of the outcome is qubit `width - 1`.
    """
    gates = random_gates(width, depth, seed)
    pattern = np.random.default_rng(seed + 1).integers(0, 2, width).tolist()
    flips = [("x", 0.0, (qubit,)) for qubit in range(width) if pattern[qubit]]
    circuit = circuit_of(width, [*gates, *inverse(gates), *flips])
    return circuit, "".join(map(str, reversed(pattern)))


def state_of(width: int, gates: list[Gate]) -> np.ndarray:
    """Returns the state vector (2^width,) of `gates` on |0…0⟩. Bit k of an index is qubit k."""
    state = np.zeros(2**width, dtype=np.complex128)
    state[0] = 1
    for name, angle, qubits in gates:
        view = state.reshape(-1, 2, 2 ** qubits[0])
        if name == "rz":
            view[:, 0] *= np.exp(-0.5j * angle)
            view[:, 1] *= np.exp(0.5j * angle)
        elif name == "sx":
            zero, one = view[:, 0].copy(), view[:, 1].copy()
            view[:, 0] = ((1 + 1j) * zero + (1 - 1j) * one) / 2
            view[:, 1] = ((1 - 1j) * zero + (1 + 1j) * one) / 2
        elif name == "cz":
            low, high = sorted(qubits)
            pair = state.reshape(-1, 2, 2 ** (high - low - 1), 2, 2**low)
            pair[:, 1, :, 1] *= -1
        else:
            raise ValueError(name)
    return state


def worst_deviation(counts: np.ndarray, probabilities: np.ndarray) -> float:
    """Returns the largest deviation of the counts from their expectation, in standard deviations.

    Only outcomes that are expected at least ten times are compared.
    """
    shots = counts.sum()
    often = probabilities * shots >= 10
    expected = probabilities[often] * shots
    deviation = np.sqrt(expected * (1 - probabilities[often]))
    return float((np.abs(counts[often] - expected) / deviation).max(initial=0.0))


def overlap_deviation(outcomes: np.ndarray, probabilities: np.ndarray) -> float:
    """Returns the deviation of the sampled outcomes' mean probability, in standard deviations.

    For states with too many outcomes to count.
    """
    mean = float((probabilities**2).sum())
    spread = sqrt(float((probabilities**3).sum()) - mean**2)
    return abs(float(probabilities[outcomes].mean()) - mean) * sqrt(len(outcomes)) / spread
