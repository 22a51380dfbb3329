"""Estimates the expectation values of one PUB by sampling its bases and averaging outcomes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
from qiskit import QuantumCircuit

from kit.report import Report

from .bases import Basis, Tally
from .engine import Simulation
from .mitigation import Calibration, Factors, Support, support_of
from .observables import Observable
from .pubs import pub_seed
from .twirling import Randomized, Split, sample_rows


@dataclass(frozen=True)
class Part:
    """One basis to measure, with the rows of the PUB's bindings that need it."""

    basis: Basis
    simulation: Simulation
    randomized: Randomized | None
    places: dict[int, list[tuple[int, ...]]]  # row → indices of its values in the result


@dataclass(frozen=True)
class Pub:
    """One PUB of the estimator, ready to be measured."""

    circuit: QuantumCircuit
    bindings: np.ndarray  # (bindings, parameters), one row per distinct parameter set
    rows: np.ndarray  # broadcast shape → row of `bindings`
    observables: np.ndarray  # broadcast shape → Observable
    precision: float
    split: Split
    parts: list[Part]
    calibration: Calibration | None

    @property
    def executions(self) -> int:
        """Circuits times shots, including the calibration."""
        shots = sum(len(part.places) for part in self.parts) * self.split.total
        return shots + (0 if self.calibration is None else self.calibration.split.total)


@dataclass(frozen=True)
class Estimates:
    """Expectation values and standard errors, each array of the PUB's broadcast shape."""

    evs: np.ndarray
    stds: np.ndarray  # computed from the spread over randomizations
    ensemble: np.ndarray  # computed from all shots


def is_constant(label: str) -> bool:
    """Returns whether a label is the identity on all qubits."""
    return label.count("I") == len(label)


def measure(pub: Pub, seed: int, report: Report, step: Callable[[], None]) -> Estimates:
    """Samples the PUB and returns its estimates. Calls `step` after each bound circuit.

    Raises ProgramError and JobCancelled.
    """
    factors = None
    if pub.calibration is not None:
        factors = pub.calibration.run(pub_seed(seed, len(pub.parts)), report)
    shape = pub.rows.shape
    evs, variances, ensemble = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    weights: dict[tuple[int, ...], dict[Support, float]] = {at: {} for at in np.ndindex(shape)}
    for at in np.ndindex(shape):
        observable = cast(Observable, pub.observables[at])
        evs[at] = sum(c for label, c in observable.items() if is_constant(label))
    for number, part in enumerate(pub.parts):
        rows = list(part.places)
        bound = pub.bindings[rows]
        own_seed = pub_seed(seed, number)
        sampled = sample_rows(part.simulation, part.randomized, bound, pub.split, own_seed, report)
        for row, randomizations in zip(rows, sampled):
            sums = [_Sum(part.basis, pub.observables[at], factors) for at in part.places[row]]
            for samples in randomizations:
                bits = samples.bits[:, pub.circuit.num_clbits :]
                for each in sums:
                    each.add(bits, samples.counts)
            for at, each in zip(part.places[row], sums):
                evs[at] += each.tally.mean
                variances[at] += each.tally.variance
                ensemble[at] += each.tally.shot_variance
                each.add_weights(weights[at])
            step()
    if factors is not None:
        for at in np.ndindex(shape):
            if weights[at]:
                uncertain = factors.tally(weights[at])
                variances[at] += uncertain.variance
                ensemble[at] += uncertain.shot_variance
    return Estimates(evs, np.sqrt(variances), np.sqrt(ensemble))


class _Sum:
    """The contribution of one basis to one observable."""

    def __init__(self, basis: Basis, observable: Observable, factors: Factors | None) -> None:
        self._basis, self._factors = basis, factors
        part = basis.part_of(observable)
        self._observable = part if factors is None else factors.correct(part)
        self.tally = Tally(sum(abs(c) for c in self._observable.values()))
        # The weight of a readout factor depends on the mean of its label.
        self._labels = {label: Tally(1.0) for label in part}

    def add(self, bits: np.ndarray, counts: np.ndarray) -> None:
        if self._factors is None:
            self.tally.add(self._basis.values(self._observable, bits), counts)
            return
        total = np.zeros(len(counts))
        for label, coefficient in self._observable.items():
            values = self._basis.values({label: 1.0}, bits)
            self._labels[label].add(values, counts)
            total += coefficient * values
        self.tally.add(total, counts)

    def add_weights(self, weights: dict[Support, float]) -> None:
        """Adds ∂value/∂factor = −coefficient · mean / factor² for each label."""
        if self._factors is None:
            return
        for label, tally in self._labels.items():
            support = support_of(label)
            slope = self._observable[label] * tally.mean / self._factors.factor(support)
            weights[support] = weights.get(support, 0.0) - slope
