"""Submits STORM_JOBS jobs through the Qiskit client and prints the number of ids received."""

import os

from qiskit import QuantumCircuit
from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2
from qiskit_ibm_runtime.exceptions import IBMRuntimeError

backend = QiskitRuntimeService().backend("stint_line_5")
circuit = QuantumCircuit(5)
circuit.sx(0)
circuit.measure_all()
sampler = SamplerV2(mode=backend)


def submit() -> str:
    """Submits a job. The client gives up if a connection breaks, so its user tries again."""
    while True:
        try:
            return sampler.run([circuit], shots=1).job_id()
        except IBMRuntimeError as error:
            if "Connection aborted" not in str(error):
                raise


print(len({submit() for _ in range(int(os.environ["STORM_JOBS"]))}))
