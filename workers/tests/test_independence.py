"""Rows of a sweep and randomizations of a circuit must not share their random numbers."""

import numpy as np
import pytest
from given import device, h
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

from jobworker.engine import Simulation
from kit.report import SilentReport

SHOTS = 2000
ROWS = 16


def measured_twice():
    circuit = QuantumCircuit(1, 2)
    for clbit in range(2):
        h(circuit, 0)
        circuit.measure(0, clbit)
    return circuit


def with_a_branch():
    circuit = QuantumCircuit(1, 2)
    circuit.sx(0)
    circuit.rz(Parameter("angle"), 0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(0)
    circuit.sx(0)
    circuit.measure(0, 1)
    return circuit


@pytest.mark.parametrize("make", [measured_twice, with_a_branch])
def test_equal_rows_of_a_circuit_that_runs_shot_by_shot_are_independent(make):
    circuit = make()
    simulation = Simulation(circuit, device(), "The circuit")
    rows = np.zeros((ROWS, circuit.num_parameters))
    ones = [
        int(samples.counts[samples.bits[:, 1]].sum())
        for samples in simulation.run(rows, SHOTS, 1, SilentReport())
    ]
    # The mean square of the difference of two independent binomials is 2·n/4.
    assert np.mean(np.diff(ones) ** 2) > 0.2 * SHOTS / 2
