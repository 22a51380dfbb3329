"""Computes how much a matrix product state loses when its bonds are truncated.

Aer reports the discarded values only in a log that is never cleared, so this runs in a separate
process: `python -m jobworker.truncation` reads a request as JSON from stdin and prints a number.
"""

from __future__ import annotations

import base64
import io
import json
import re
import subprocess
import sys

from qiskit import QuantumCircuit, qpy
from qiskit_aer import AerSimulator

from .failures import ProgramError

_DISCARDED = re.compile(r"discarded_value=([-+.\deE]+)")


def truncation_error(circuit: QuantumCircuit, bond: int, memory_mb: int) -> float:
    """Returns the sum of the squared singular values that truncation at `bond` discards.

    The sum is 0 for an exact state. `circuit` must have no free parameters; it runs once, without
    noise. `memory_mb` is in MiB. Raises ProgramError if the process fails.
    """
    ideal = circuit.copy_empty_like()
    for instruction in circuit.data:
        if instruction.name != "quantum_channel":
            ideal.append(instruction)
    buffer = io.BytesIO()
    qpy.dump(ideal, buffer)
    request = {
        "circuit": base64.b64encode(buffer.getvalue()).decode(),
        "bond": bond,
        "memory_mb": memory_mb,
    }
    done = subprocess.run(
        [sys.executable, "-m", "jobworker.truncation"],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise ProgramError(f"The truncation error could not be computed: {last[:300]}")
    return float(done.stdout)


def measure(request: dict[str, object]) -> float:
    """Computes the truncation error. Runs inside the separate process."""
    data = base64.b64decode(str(request["circuit"]))
    (circuit,) = qpy.load(io.BytesIO(data))
    simulator = AerSimulator(
        method="matrix_product_state",
        max_memory_mb=request["memory_mb"],
        matrix_product_state_max_bond_dimension=request["bond"],
        mps_log_data=True,
        chop_threshold=1e-30,  # smaller losses are not logged
    )
    result = simulator.run([circuit], shots=1, seed_simulator=1).result()
    if not result.success:
        raise RuntimeError(result.status)
    log = result.results[0].metadata["MPS_log_data"]
    return sum(float(value) for value in _DISCARDED.findall(log))


if __name__ == "__main__":
    print(measure(json.load(sys.stdin)))
