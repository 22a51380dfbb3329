"""Chooses the Pauli bases that measure observables, and computes values from the outcomes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit

from .budget import spend_instructions
from .failures import CODE_EXECUTIONS, InputError
from .observables import LETTERS, Observable

MAX_LABELS = 200_000
MAX_BASES = 10_000

# Letter → the character code of the basis it is measured in; 0 for I.
_CODES = {"I": 0} | {letter: ord(basis) for letter, (basis, _, _) in LETTERS.items()}


@dataclass(frozen=True)
class Basis:
    """A basis for each measured qubit, and the labels that it measures."""

    letters: dict[int, str]  # qubit → X, Y or Z
    labels: frozenset[str]

    @property
    def qubits(self) -> list[int]:
        """The measured qubits. Outcome column k belongs to the k-th of them."""
        return sorted(self.letters)

    def measure(self, circuit: QuantumCircuit, where: str = "The circuit") -> QuantumCircuit:
        """Returns `circuit` followed by this basis's rotations and measurements into new clbits.

        The rotations are ideal h and sdg gates: they are part of the measurement, not of the
        circuit. Raises InputError if the job's circuits become too long.
        """
        spend_instructions(len(circuit.data), where)
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
        """Returns the labels of `observable` that this basis measures, with coefficients."""
        return {label: c for label, c in observable.items() if label in self.labels}

    def values(self, observable: Observable, bits: np.ndarray) -> np.ndarray:
        """Returns the observable's value for each outcome, float64 (outcomes,).

        `bits` is (outcomes, measured qubits), bool.
        """
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
    """The mean of a value over shots and its variance, collected by randomization."""

    def __init__(self, span: float) -> None:
        """`span`: the value is between -span and span."""
        self._span = span
        self._shots, self._sum, self._squares = 0, 0.0, 0.0
        self._means: list[float] = []  # one per randomization

    def add(self, values: np.ndarray, counts: np.ndarray) -> None:
        """Adds the outcomes of one randomization: their values and counts, both (outcomes,)."""
        shots, total = int(counts.sum()), float(values @ counts)
        self._shots += shots
        self._sum += total
        self._squares += float(values**2 @ counts)
        self._means.append(total / shots)

    @property
    def mean(self) -> float:
        """The mean over all shots."""
        return self._sum / self._shots

    @property
    def shot_variance(self) -> float:
        """The variance of the mean, assuming that all shots are independent.

        At least the variance that the rule of succession gives, because n equal shots do not prove
        certainty.
        """
        spread = (self._squares - self._shots * self.mean**2) / max(self._shots - 1, 1)
        return max(spread, self._floor) / self._shots

    @property
    def variance(self) -> float:
        """The variance of the mean from the spread over randomizations.

        With only one randomization it is `shot_variance`.
        """
        if len(self._means) < 2:
            return self.shot_variance
        spread = float(np.var(self._means, ddof=1)) / len(self._means)
        return max(spread, self._floor / self._shots)

    @property
    def _floor(self) -> float:
        return 4 * self._span**2 * (self._shots + 1) / (self._shots + 2) ** 2


def choose_bases(labels: Iterable[str], where: str = "The observables") -> list[Basis]:
    """Returns few bases that together measure all labels: greedy, longest labels first.

    Raises InputError if there are more labels or bases than one PUB may have.
    """
    ordered = sorted(labels, key=lambda text: (text.count("I"), text))
    if not ordered:
        return []
    # Row k: the letter that the k-th basis measures on each qubit; 0 where it is still free.
    table = np.zeros((16, len(ordered[0])), dtype=np.uint8)
    members: list[set[str]] = []
    for label in ordered:
        needed = np.array([_CODES[letter] for letter in reversed(label)], dtype=np.uint8)
        rows = table[: len(members)]
        fits = ((rows == 0) | (needed == 0) | (rows == needed)).all(axis=1)
        index = int(fits.argmax()) if fits.any() else len(members)
        if index == len(members):
            members.append(set())
            _check_bases(len(ordered), len(members), where)
        if index == len(table):
            table = np.concatenate([table, np.zeros_like(table)])
        table[index] = np.maximum(table[index], needed)
        members[index].add(label)
    return [
        Basis({qubit: chr(code) for qubit, code in enumerate(row.tolist()) if code}, frozenset(own))
        for row, own in zip(table, members)
    ]


def _check_bases(labels: int, bases: int, where: str) -> None:
    if labels > MAX_LABELS or bases > MAX_BASES:
        raise InputError(
            f"The observables of {where} have {labels:,} different Pauli strings in {bases:,} or "
            f"more bases; at most {MAX_LABELS:,} in {MAX_BASES:,} fit into a PUB.",
            CODE_EXECUTIONS,
        )


def _free_name(circuit: QuantumCircuit) -> str:
    taken = {register.name for register in circuit.cregs}
    name = "estimate"
    while name in taken:
        name += "_"
    return name
