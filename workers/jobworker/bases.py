"""Measuring observables: which Pauli bases are needed, how to read values out of the outcomes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit

from .observables import LETTERS, Observable


@dataclass(frozen=True)
class Basis:
    """A basis per measured qubit, and the labels that are read from it."""

    letters: dict[int, str]  # qubit → X, Y or Z
    labels: frozenset[str]

    @property
    def qubits(self) -> list[int]:
        """Measured qubits; outcome column k belongs to the k-th."""
        return sorted(self.letters)

    def measure(self, circuit: QuantumCircuit) -> QuantumCircuit:
        """`circuit` followed by this basis's rotations and measurements into new clbits.

        The rotations are ideal h and sdg: they belong to the measurement, not to the circuit.
        """
        measured = circuit.copy()
        outcomes = ClassicalRegister(len(self.qubits), _free_name(circuit))
        measured.add_register(outcomes)
        for column, qubit in enumerate(self.qubits):
            if self.letters[qubit] == "Y":
                measured.sdg(qubit)
            if self.letters[qubit] in "XY":
                measured.h(qubit)
            measured.measure(qubit, outcomes[column])
        return measured

    def estimate(
        self, observable: Observable, bits: np.ndarray, counts: np.ndarray
    ) -> tuple[float, float]:
        """(mean, variance of the mean) of the observable's part measured in this basis.

        `bits` is (outcomes, measured qubits), `counts` (outcomes,). The variance never drops
        below what the rule of succession allows: n equal shots do not prove certainty.
        """
        values, span = np.zeros(len(counts)), 0.0
        for label, coefficient in observable.items():
            if label in self.labels:
                values += coefficient * self._values(label, bits)
                span += abs(coefficient)
        if span == 0.0:
            return 0.0, 0.0
        shots = int(counts.sum())
        mean = float(values @ counts) / shots
        variance = float((values - mean) ** 2 @ counts) / max(shots - 1, 1)
        floor = 4 * span**2 * (shots + 1) / (shots + 2) ** 2
        return mean, max(variance, floor) / shots

    def _values(self, label: str, bits: np.ndarray) -> np.ndarray:
        values = np.ones(len(bits))
        for column, qubit in enumerate(self.qubits):
            letter = label[-1 - qubit]
            if letter != "I":
                _, zero, one = LETTERS[letter]
                values *= np.where(bits[:, column], one, zero)
        return values


def choose_bases(labels: Iterable[str]) -> list[Basis]:
    """Few bases that together measure all labels: greedy, longest labels first."""
    groups: list[tuple[dict[int, str], set[str]]] = []
    for label in sorted(labels, key=lambda text: (text.count("I"), text)):
        needed = {
            qubit: LETTERS[letter][0]
            for qubit, letter in enumerate(reversed(label))
            if letter != "I"
        }
        for letters, members in groups:
            if all(letters.get(qubit, basis) == basis for qubit, basis in needed.items()):
                letters.update(needed)
                members.add(label)
                break
        else:
            groups.append((needed, {label}))
    return [Basis(letters, frozenset(members)) for letters, members in groups]


def _free_name(circuit: QuantumCircuit) -> str:
    taken = {register.name for register in circuit.cregs}
    name = "estimate"
    while name in taken:
        name += "_"
    return name
