"""Runs ten independent jobs in a batch. They share the backend's lanes, and the batch is charged for the sum of its jobs.

python batch.py
"""

import sys
import warnings
from datetime import datetime

from qiskit import QuantumCircuit, transpile
from qiskit_ibm_runtime import Batch, SamplerV2

from server import find_service

warnings.filterwarnings("ignore", message="The SamplerV2 class is deprecated")

BACKEND = "stint_hex_27"
SIZES = range(2, 12)
SHOTS = 2000
WIDTH = 50


def ghz(qubits):
    circuit = QuantumCircuit(qubits)
    circuit.h(0)
    for qubit in range(qubits - 1):
        circuit.cx(qubit, qubit + 1)
    circuit.measure_all()
    return circuit


def times(job):
    stamps = job.metrics()["timestamps"]
    return [datetime.fromisoformat(stamps[key]) for key in ("running", "finished")]


def main():
    backend = find_service().backend(BACKEND)
    circuits = [transpile(ghz(size), backend, optimization_level=3, seed_transpiler=7) for size in SIZES]

    with Batch(backend) as batch:
        sampler = SamplerV2(mode=batch)
        jobs = [sampler.run([circuit], shots=SHOTS) for circuit in circuits]  # submitted without waiting
    # Leaving the block closes the batch to new jobs. Submitted jobs still run.

    counts = [job.result()[0].data.meas.get_counts() for job in jobs]
    spans = [times(job) for job in jobs]
    begin, end = min(start for start, _ in spans), max(stop for _, stop in spans)
    scale = WIDTH / (end - begin).total_seconds()

    shares = []
    print("qubits  all equal  when it ran")
    for size, found, (start, stop) in zip(SIZES, counts, spans, strict=True):
        equal = (found.get("0" * size, 0) + found.get("1" * size, 0)) / SHOTS
        shares.append(equal)
        before = round(scale * (start - begin).total_seconds())
        length = max(1, round(scale * (stop - start).total_seconds()))
        print(f"{size:>6}  {equal:>9.1%}  {' ' * before}{'█' * length}")

    print(f"\nFrom first start to last end  {(end - begin).total_seconds():.3f} s")
    print(f"Usage of the batch            {batch.usage():.3f} s, the sum of its jobs")

    if min(shares) < 0.5:
        sys.exit("\nWrong: mild noise leaves most shots of a GHZ state all equal.")


if __name__ == "__main__":
    main()
