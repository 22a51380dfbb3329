"""Drives a running Stint with the unmodified QRMI, the interface by which Slurm's plugin reaches a QPU.

QRMI reads its settings from the environment, under the name of each backend.
"""

import os

import pytest

from stint_qrmi import BACKENDS, KINDS, call, settings

os.environ.update(
    {
        f"{backend}_{name}": value
        for backend in BACKENDS
        for kind in KINDS
        for name, value in (settings(kind) | {f"QRMI_IBM_{KINDS[kind]}_SESSION_MAX_TTL": "600"}).items()
    },
    QRMI_JOB_QPU_RESOURCES=",".join(BACKENDS),
    QRMI_JOB_QPU_TYPES="qiskit-runtime-service,ibm-quantum-compute-service",
)


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def qpu(kind):
    """The device stint_line_5, used through QRMI."""
    from qrmi import QuantumResource, ResourceType

    return QuantumResource("stint_line_5", getattr(ResourceType, kind))


@pytest.fixture
def acquired(qpu):
    """The same device with a new session, and the session's id."""
    session = qpu.acquire()
    yield qpu, session
    call("DELETE", f"/sessions/{session}/close")
