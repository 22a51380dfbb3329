"""Compares Pauli frames with Aer's own noisy simulation of the same circuits."""

from typing import Any

import numpy as np
import pytest
from given import NO_VALUES, SEED, decoded, device, ghz, params, run
from qiskit import ClassicalRegister, QuantumCircuit
from qiskit.quantum_info import hellinger_fidelity

from jobworker import engine
from jobworker.engine import Simulation
from jobworker.frames import sample_frames
from kit.report import SilentReport

GATES = ["h", "s", "sdg", "sx", "sxdg", "x", "y", "z", "id", "cx", "cy", "cz", "ecr", "swap"]


def scrambled(seed: int) -> QuantumCircuit:
    """Returns random Clifford gates of all kinds, with a measurement and a reset between them."""
    rng = np.random.default_rng(seed)
    circuit = QuantumCircuit(4, 5)
    for step in range(40):
        gate = GATES[rng.integers(len(GATES))]
        count = 2 if gate in ("cx", "cy", "cz", "ecr", "swap") else 1
        getattr(circuit, gate)(*map(int, rng.permutation(4)[:count]))
        circuit.rz(np.pi / 2 * int(rng.integers(4)), int(rng.integers(4)))
        if step == 20:
            circuit.measure(0, 4)
            circuit.reset(1)
    circuit.measure(range(4), range(4))
    return circuit


def counts(circuit: QuantumCircuit, on, shots: int = 8000) -> dict[str, int]:
    simulation = Simulation(circuit, on, "The circuit", trusted=True)
    (samples,) = simulation.run(np.zeros((1, 0)), shots, 5, SilentReport())
    return tally(samples.bits, samples.counts)


def tally(bits: np.ndarray, weights: np.ndarray) -> dict[str, int]:
    """Returns the count of each outcome, such as "0101…" with clbit 0 first."""
    totals: dict[str, int] = {}
    for row, count in zip(bits, weights):
        key = "".join("01"[int(bit)] for bit in row)
        totals[key] = totals.get(key, 0) + int(count)
    return totals


class Quiet:
    """A noise model without noise."""

    def pauli_channel(self, *_):
        return None

    def readout(self, _):
        return 0.0, 0.0


@pytest.mark.parametrize("seed", range(12))
def test_frames_without_errors_reproduce_the_ideal_distribution(seed):
    circuit = scrambled(seed)
    ideal = counts(circuit, device("stint_line_5"))
    key = next(iter(ideal))
    reference = np.array([bit == "1" for bit in key])
    quiet: Any = Quiet()
    bits = sample_frames(circuit, tuple(range(4)), quiet, reference, 8000, np.random.default_rng(1))
    framed = tally(bits, np.ones(len(bits), dtype=int))
    assert set(framed) <= set(ideal)
    assert hellinger_fidelity(framed, ideal) > 0.99


def test_frames_err_as_often_as_aer(monkeypatch):
    circuit = ghz([0, 1, 2, 3, 5, 8], 27)
    for _ in range(6):
        circuit.cz(5, 8)
        circuit.cz(0, 1)
    circuit.add_register(ClassicalRegister(6, "c"))
    circuit.measure([0, 1, 2, 3, 5, 8], range(6))
    exact = counts(circuit, device("stint_hex_27"), 40_000)
    monkeypatch.setattr(engine, "MAX_DENSITY_QUBITS", 0)
    framed = counts(circuit, device("stint_hex_27"), 40_000)
    right = [
        sum(totals[key] for key in ("000000", "111111")) / 40_000 for totals in (exact, framed)
    ]
    assert 0.7 < right[0] < 0.95
    assert right[1] == pytest.approx(right[0], abs=0.012)
    assert hellinger_fidelity(exact, framed) > 0.995


def test_a_seed_fixes_the_frames():
    circuit = ghz([0, 1, 2, 3, 5, 8, 11, 14, 16], 27)
    circuit.measure_all()
    text = params([circuit, NO_VALUES, 300], **SEED)
    arrays = [
        decoded(run("sampler", text, device("stint_hex_27")))[0].data.meas.array for _ in range(2)
    ]
    assert (arrays[0] == arrays[1]).all()
