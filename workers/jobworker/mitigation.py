"""Measurement error mitigation with twirled readout (TREX).

If every measurement is flipped at random and flipped back, readout errors only shrink the mean of
a product of outcomes, by a factor that depends on the measured qubits and on nothing else. The
factor is measured on |0…0⟩, where the product is 1 without errors, and divided out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from qiskit import QuantumCircuit

from .bases import Tally
from .device import Device
from .engine import Simulation
from .observables import LETTERS, Observable
from .report import Report
from .twirling import Randomized, Split, Twirling, sample_rows

DEFAULT_RANDOMIZATIONS = 32

Support = tuple[int, ...]  # the qubits a Pauli string acts on


def support_of(label: str) -> Support:
    return tuple(q for q, letter in enumerate(reversed(label)) if letter != "I")


def has_projectors(observable: Mapping[str, Any]) -> bool:
    """Whether a letter is no Pauli. A factor of its own for each term would be needed."""
    return any(
        LETTERS[letter][2] != -1 for label in observable for letter in label if letter != "I"
    )


class Calibration:
    """The circuit that measures the factors of some qubits."""

    def __init__(self, num_qubits: int, qubits: list[int], device: Device, split: Split) -> None:
        circuit = QuantumCircuit(num_qubits, len(qubits))
        circuit.measure(qubits, range(len(qubits)))
        self._columns = {qubit: column for column, qubit in enumerate(qubits)}
        self._randomized = Randomized(circuit, Twirling(gates=False, measures=True))
        self._simulation = Simulation(
            self._randomized.template, device, "The calibration circuit", trusted=True
        )
        self.split = split

    def run(self, seed: int, report: Report) -> Factors:
        bits, counts = [], []
        none = np.zeros((1, 0))
        (parts,) = sample_rows(self._simulation, self._randomized, none, self.split, seed, report)
        for samples in parts:
            bits.append(samples.bits)
            counts.append(samples.counts)
        return Factors(self._columns, np.concatenate(bits), np.concatenate(counts))


class Factors:
    """Measured factors; 1 is a readout without errors."""

    def __init__(self, columns: dict[int, int], bits: np.ndarray, counts: np.ndarray) -> None:
        self._columns, self._bits, self._counts = columns, bits, counts
        self._known: dict[Support, float] = {}

    def factor(self, support: Support) -> float:
        if support not in self._known:
            mean = float(self._signs(support) @ self._counts) / int(self._counts.sum())
            # A factor that cannot be told from zero would make the value infinite.
            self._known[support] = max(mean, 1 / np.sqrt(self._counts.sum()))
        return self._known[support]

    def correct(self, observable: Observable) -> Observable:
        """Coefficients that make up for the readout errors."""
        return {label: c / self.factor(support_of(label)) for label, c in observable.items()}

    def variance(self, weights: Mapping[Support, float]) -> float:
        """Variance of Σ weight · factor: the factors come from the same shots."""
        tally = Tally(sum(abs(weight) for weight in weights.values()))
        values = np.zeros(len(self._counts))
        for support, weight in weights.items():
            values += weight * self._signs(support)
        tally.add(values, self._counts)
        return tally.shot_variance

    def _signs(self, support: Support) -> np.ndarray:
        columns = [self._columns[qubit] for qubit in support]
        return 1.0 - 2.0 * (self._bits[:, columns].sum(axis=1) % 2)
