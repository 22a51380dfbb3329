"""Measurement error mitigation with twirled readout (TREX).

If every measurement is flipped at random and flipped back, readout errors only shrink the mean of
a product of outcomes, by a factor that depends only on the measured qubits. The factor is measured
on |0…0⟩, where the product is 1 without errors, and the mean is divided by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from qiskit import QuantumCircuit

from kit.report import Report

from .bases import Tally
from .device import Device
from .engine import Samples, Simulation
from .observables import LETTERS, Observable
from .twirling import Randomized, Split, Twirling, sample_rows

DEFAULT_RANDOMIZATIONS = 32

Support = tuple[int, ...]  # the qubits a Pauli string acts on


def support_of(label: str) -> Support:
    """Returns the qubits on which a label is not the identity, ascending."""
    return tuple(q for q, letter in enumerate(reversed(label)) if letter != "I")


def has_projectors(observable: Iterable[str]) -> bool:
    """Returns whether any letter is a projector, which this mitigation does not support.

    Each term of a projector would need its own factor.
    """
    return any(
        LETTERS[letter][2] != -1 for label in observable for letter in label if letter != "I"
    )


class Calibration:
    """Measures the readout factors of `qubits` with a circuit of its own."""

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
        """Measures the factors. `seed` is the seed of the whole calibration."""
        no_parameters = np.zeros((1, 0))
        (parts,) = sample_rows(
            self._simulation, self._randomized, no_parameters, self.split, seed, report
        )
        return Factors(self._columns, list(parts))


class Factors:
    """Measured readout factors. 1 means a readout without errors."""

    def __init__(self, columns: dict[int, int], randomizations: list[Samples]) -> None:
        self._columns, self._randomizations = columns, randomizations
        self._cache: dict[Support, float] = {}

    def factor(self, support: Support) -> float:
        """Returns the factor by which readout errors shrink the product on `support`; above 0."""
        if support not in self._cache:
            # Dividing by a factor that may be zero within its error would give infinite values.
            least = 1 / np.sqrt(sum(samples.counts.sum() for samples in self._randomizations))
            self._cache[support] = max(self.tally({support: 1.0}).mean, least)
        return self._cache[support]

    def correct(self, observable: Observable) -> Observable:
        """Returns the observable with coefficients that compensate for readout errors."""
        return {label: c / self.factor(support_of(label)) for label, c in observable.items()}

    def tally(self, weights: Mapping[Support, float]) -> Tally:
        """Returns Σ weight · factor with its uncertainty. All factors come from the same shots."""
        tally = Tally(sum(abs(weight) for weight in weights.values()))
        for samples in self._randomizations:
            values = np.zeros(len(samples.counts))
            for support, weight in weights.items():
                columns = [self._columns[qubit] for qubit in support]
                values += weight * (1.0 - 2.0 * (samples.bits[:, columns].sum(axis=1) % 2))
            tally.add(values, samples.counts)
        return tally
