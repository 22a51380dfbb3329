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

    def part_of(self, observable: Observable) -> Observable:
        """The labels of `observable` that are read from this basis."""
        return {label: c for label, c in observable.items() if label in self.labels}

    def values(self, observable: Observable, bits: np.ndarray) -> np.ndarray:
        """The observable's value for each outcome. `bits` is (outcomes, measured qubits)."""
        values = np.zeros(len(bits))
        for label, coefficient in observable.items():
            values += coefficient * self._values(label, bits)
        return values

    def _values(self, label: str, bits: np.ndarray) -> np.ndarray:
        values = np.ones(len(bits))
        for column, qubit in enumerate(self.qubits):
            letter = label[-1 - qubit]
            if letter != "I":
                _, zero, one = LETTERS[letter]
                values *= np.where(bits[:, column], one, zero)
        return values


class Tally:
    """The mean of a value over shots, and how uncertain it is, gathered randomization by
    randomization."""

    def __init__(self, span: float) -> None:
        """`span`: the value lies between -span and span."""
        self._span = span
        self._shots, self._sum, self._squares = 0, 0.0, 0.0
        self._means: list[float] = []  # one per randomization

    def add(self, values: np.ndarray, counts: np.ndarray) -> None:
        """Outcomes of one randomization: both (outcomes,)."""
        shots, total = int(counts.sum()), float(values @ counts)
        self._shots += shots
        self._sum += total
        self._squares += float(values**2 @ counts)
        self._means.append(total / shots)

    @property
    def mean(self) -> float:
        return self._sum / self._shots

    @property
    def shot_variance(self) -> float:
        """Variance of the mean if all shots are independent.

        It never drops below what the rule of succession allows: n equal shots do not prove
        certainty.
        """
        spread = (self._squares - self._shots * self.mean**2) / max(self._shots - 1, 1)
        return max(spread, self._floor) / self._shots

    @property
    def variance(self) -> float:
        """Variance of the mean by the spread over randomizations; by shots if there is only one."""
        if len(self._means) < 2:
            return self.shot_variance
        spread = float(np.var(self._means, ddof=1)) / len(self._means)
        return max(spread, self._floor / self._shots)

    @property
    def _floor(self) -> float:
        return 4 * self._span**2 * (self._shots + 1) / (self._shots + 2) ** 2


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
