"""Runs a variational loop of 30 evaluations in one session.

Each evaluation is a job that depends on the result of the previous job. The session holds the backend in
between, so after the first job no job waits for other users. The last lines show how long the jobs were queued.

    python vqe.py
"""

import sys
import warnings
from datetime import datetime

import numpy as np
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import SparsePauliOp
from qiskit_ibm_runtime import EstimatorV2, Session
from scipy.optimize import minimize

from server import find_service

warnings.filterwarnings("ignore", message="The EstimatorV2 class is deprecated")

BACKEND = "stint_line_5"
EVALUATIONS = 30
HAMILTONIAN = SparsePauliOp.from_list([("ZZ", 1.0), ("XI", 0.5), ("IX", 0.5)])  # two spins in a field


def ansatz():
    angles = ParameterVector("θ", 4)
    circuit = QuantumCircuit(2)
    circuit.ry(angles[0], 0)
    circuit.ry(angles[1], 1)
    circuit.cx(0, 1)
    circuit.ry(angles[2], 0)
    circuit.ry(angles[3], 1)
    return circuit


def queued_seconds(job):
    stamps = job.metrics()["timestamps"]
    waited = datetime.fromisoformat(stamps["running"]) - datetime.fromisoformat(stamps["created"])
    return waited.total_seconds()


def main():
    backend = find_service().backend(BACKEND)
    circuit = transpile(ansatz(), backend)
    observable = HAMILTONIAN.apply_layout(circuit.layout)
    exact = np.linalg.eigvalsh(HAMILTONIAN.to_matrix())[0]
    jobs, energies = [], []

    with Session(backend) as session:
        estimator = EstimatorV2(mode=session)

        def energy(angles):
            job = estimator.run([(circuit, observable, angles)], precision=0.01)
            jobs.append(job)
            energies.append(float(job.result()[0].data.evs))
            print(f"  {len(energies):>2}  {energies[-1]:+.4f}  {'·' * round(12 * (energies[-1] - exact))}")
            return energies[-1]

        print(f"Energy by evaluation; exact ground state {exact:+.4f}")
        options = {"maxiter": EVALUATIONS, "rhobeg": 0.8}
        minimize(energy, x0=[0.4, -0.3, 0.2, 0.1], method="COBYLA", options=options)

    waits = [queued_seconds(job) for job in jobs]
    print(f"\nBest energy {min(energies):+.4f} in {len(jobs)} jobs of session {session.session_id}")
    print(f"Queued: {waits[0]:.3f} s for the first job, {max(waits[1:]):.3f} s at most for the others")
    print(f"Usage:  {session.usage():.3f} s")

    if min(energies) > exact + 0.1:
        sys.exit(f"\nWrong: after {EVALUATIONS} evaluations the energy should be within 0.1 of {exact:.4f}.")


if __name__ == "__main__":
    main()
