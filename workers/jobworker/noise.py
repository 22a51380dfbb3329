"""Builds a noise model from backend properties: gate errors, relaxation, readout.

The rules are those of Aer for a device: a gate first relaxes each of its qubits for the gate's
length (T1, T2), then depolarises them so that its average error is the reported `gate_error`.
There is one deviation: T2 is limited to T1. Relaxation is then a mixture of resets and phase
flips, which the stabilizer method can simulate. A longer T2 would limit Clifford circuits to few
qubits.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from qiskit_aer.noise import (
    NoiseModel,
    QuantumError,
    ReadoutError,
    depolarizing_error,
    thermal_relaxation_error,
)

_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9, "ps": 1e-12}


class Noise:
    """The errors of one device, by gate and device qubits. Times are in seconds."""

    def __init__(self, properties: dict[str, Any], dt: float | None) -> None:
        self._dt = dt
        self._relaxation: list[tuple[float, float]] = []  # (T1, T2) by qubit
        self._readout: list[tuple[float, float]] = []  # (P(1|0), P(0|1)) by qubit
        for entries in properties.get("qubits", ()):
            values = _values(entries)
            t1 = values.get("T1", math.inf)
            self._relaxation.append((t1, min(values.get("T2", math.inf), t1)))
            error = values.get("readout_error", 0.0)
            self._readout.append(
                (values.get("prob_meas1_prep0", error), values.get("prob_meas0_prep1", error))
            )
        # (gate, qubits) → (average error, length)
        self._gates: dict[tuple[str, tuple[int, ...]], tuple[float, float]] = {}
        for gate in properties.get("gates", ()):
            values = _values(gate.get("parameters", ()))
            key = (gate["gate"], tuple(gate["qubits"]))
            self._gates[key] = (values.get("gate_error", 0.0), values.get("gate_length", 0.0))
        self._errors: dict[tuple[str, tuple[int, ...]], QuantumError | None] = {}
        self._channels: dict[tuple[str, tuple[int, ...]], np.ndarray | None] = {}
        self._models: dict[tuple[tuple[int, ...], frozenset[Any]], NoiseModel] = {}

    def model(
        self, active: tuple[int, ...], used: frozenset[tuple[str, tuple[int, ...]]]
    ) -> NoiseModel:
        """Returns the Aer model for a circuit on the device qubits `active`, renumbered 0, 1, ….

        `used` has the (gate, device qubits) of the circuit. The model has no others, to save time.
        """
        key = (active, used)
        if key not in self._models:
            if len(self._models) >= 64:
                self._models.clear()
            self._models[key] = self._build(active, used)
        return self._models[key]

    def _build(
        self, active: tuple[int, ...], used: frozenset[tuple[str, tuple[int, ...]]]
    ) -> NoiseModel:
        place = {qubit: position for position, qubit in enumerate(active)}
        model = NoiseModel(basis_gates=["id", "rz", "sx", "x", "cz", "cx", "ecr"])
        for name, qubits in sorted(used):
            error = self._error(name, qubits)
            if error is not None:
                model.add_quantum_error(error, name, [place[q] for q in qubits], warnings=False)
        for qubit in active:
            up, down = self.readout(qubit)
            if up or down:
                model.add_readout_error(
                    ReadoutError([[1 - up, up], [down, 1 - down]]), [place[qubit]]
                )
        return model

    def _error(self, name: str, qubits: tuple[int, ...]) -> QuantumError | None:
        key = (name, qubits)
        if key not in self._errors:
            self._errors[key] = self._make_error(*self._gates.get(key, (0.0, 0.0)), qubits)
        return self._errors[key]

    def _make_error(
        self, average_error: float, length: float, qubits: tuple[int, ...]
    ) -> QuantumError | None:
        """Returns relaxation for `length`, plus depolarising up to `average_error` = 1 − F."""
        relax = self.relaxation(qubits, length)
        depolarise = self._depolarising(average_error, length, qubits)
        if depolarise == 0:
            return relax
        error = depolarizing_error(depolarise, len(qubits))
        return error.compose(relax) if relax is not None else error

    def _depolarising(self, average_error: float, length: float, qubits: tuple[int, ...]) -> float:
        """Returns the probability of full depolarising that, with relaxation, gives the error."""
        size = 2 ** len(qubits)
        fidelity = (size * self._process_fidelity(qubits, length) + 1) / (size + 1)
        probability = size * (average_error - (1 - fidelity)) / (size * fidelity - 1)
        return float(min(max(probability, 0.0), 1.0))

    def pauli_channel(self, name: str, qubits: tuple[int, ...]) -> np.ndarray | None:
        """Returns a gate's error as Pauli probabilities (4^n,); None if it has no error.

        Relaxation is replaced by its Pauli twirl. The bits of the index, lowest first, are x of
        each qubit, then z of each qubit.
        """
        key = (name, qubits)
        if key not in self._channels:
            error, length = self._gates.get(key, (0.0, 0.0))
            channel = self._make_channel(error, length, qubits)
            self._channels[key] = channel if channel[0] < 1 else None
        return self._channels[key]

    def _make_channel(
        self, average_error: float, length: float, qubits: tuple[int, ...]
    ) -> np.ndarray:
        count, size = len(qubits), 4 ** len(qubits)
        depolarise = self._depolarising(average_error, length, qubits)
        channel = np.full(size, depolarise / size)
        channel[0] += 1 - depolarise
        for position, qubit in enumerate(qubits):
            t1, t2 = self._times(qubit)
            flip = (1 - math.exp(-length / t1)) / 4  # of X and of Y
            phase = (1 - math.exp(-length / t2)) / 2 - flip
            twirl = {0: 1 - 2 * flip - phase, 1: flip, 2: phase, 3: flip}
            mixed = np.zeros(size)
            for pauli, probability in twirl.items():
                shift = (pauli & 1) << position | (pauli >> 1) << (count + position)
                mixed += probability * channel[np.arange(size) ^ shift]
            channel = mixed
        return channel

    def readout(self, qubit: int) -> tuple[float, float]:
        """Returns (P(1|0), P(0|1)) of a device qubit."""
        return self._readout[qubit] if qubit < len(self._readout) else (0.0, 0.0)

    def relaxation(self, qubits: tuple[int, ...], length: float) -> QuantumError | None:
        """Returns the error of a delay of `length` seconds on `qubits`; None if there is none."""
        if length <= 0 or all(math.isinf(self._times(qubit)[1]) for qubit in qubits):
            return None
        error: QuantumError | None = None
        for qubit in qubits:
            t1, t2 = self._times(qubit)
            single = thermal_relaxation_error(t1, t2, length)
            error = single if error is None else error.expand(single)
        return error

    def delay_seconds(self, duration: float, unit: str) -> float:
        """Returns a delay in seconds; 0 if its unit is `dt` and the device has no `dt`."""
        if unit == "dt":
            return duration * self._dt if self._dt else 0.0
        return duration * _SECONDS.get(unit, 0.0)

    def _times(self, qubit: int) -> tuple[float, float]:
        missing = (math.inf, math.inf)
        return self._relaxation[qubit] if qubit < len(self._relaxation) else missing

    def _process_fidelity(self, qubits: tuple[int, ...], length: float) -> float:
        """Returns the product over the qubits of (1 + 2·exp(−t/T2) + exp(−t/T1)) / 4."""
        fidelity = 1.0
        for qubit in qubits:
            t1, t2 = self._times(qubit)
            fidelity *= (1 + 2 * math.exp(-length / t2) + math.exp(-length / t1)) / 4
        return fidelity


def _values(entries: Any) -> dict[str, float]:
    """Converts `{date, name, unit, value}` rows to name → value, with times in seconds."""
    return {
        entry["name"]: entry["value"] * _SECONDS.get(entry.get("unit", ""), 1.0)
        for entry in entries
    }
