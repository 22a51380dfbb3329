"""The client-side primitives and the executor below them."""

import numpy as np
import pytest
from qiskit.quantum_info import SparsePauliOp
from qiskit_ibm_runtime import Session
from qiskit_ibm_runtime.executor import Executor
from qiskit_ibm_runtime.executor_estimator import EstimatorV2
from qiskit_ibm_runtime.executor_sampler import SamplerV2
from qiskit_ibm_runtime.quantum_program import QuantumProgram

from circuits import bell, bell_state, ghz, rotation


def test_the_client_side_sampler_returns_bell_counts_in_a_session(line5):
    with Session(line5) as session:
        job = SamplerV2().run([bell(line5)], shots=2048)
        counts = job.result(timeout=50)[0].data.meas.get_counts()
    assert job.primitive_id == "executor"
    assert job.session_id == session.session_id
    assert set(counts) == {"00", "11"}
    assert abs(counts["00"] - 1024) < 6 * 23


def test_the_client_side_sampler_accepts_parameter_sweeps(line5):
    angles = np.linspace(0, np.pi, 20)
    with Session(line5):
        job = SamplerV2().run([(rotation(line5), angles.reshape(20, 1)), ghz(line5, 5)], shots=1000)
        result = job.result(timeout=50)
    bits = result[0].data.meas
    ones = [bits.get_counts(index).get("1", 0) / 1000 for index in range(20)]
    assert np.allclose(ones, np.sin(angles / 2) ** 2, atol=6 * 0.5 / np.sqrt(1000))
    assert set(result[1].data.meas.get_counts()) == {"00000", "11111"}


def test_the_client_side_sampler_supports_measurement_twirling(line5):
    sampler = SamplerV2(mode=line5)
    sampler.options.twirling.enable_measure = True
    counts = sampler.run([bell(line5)], shots=1024).result(timeout=50)[0].data.meas.get_counts()
    assert set(counts) == {"00", "11"}


@pytest.mark.parametrize("level", [0, 1])
def test_the_client_side_estimator_returns_zz_of_a_bell_pair(line5, level):
    isa = bell_state(line5)
    with Session(line5):
        estimator = EstimatorV2()
        estimator.options.resilience_level = level
        pub = (isa, [SparsePauliOp(pauli).apply_layout(isa.layout) for pauli in ("ZZ", "XX", "ZI")])
        evs = estimator.run([pub], precision=0.03).result(timeout=50)[0].data.evs
    assert np.allclose(evs, [1, 1, 0], atol=6 * 0.03)


def test_the_executor_returns_booleans_by_register_and_passthrough_data(line5):
    program = QuantumProgram(shots=256, passthrough_data={"note": "kept", "values": [1, 2.5, None, True]})
    program.append_circuit_item(bell(line5))
    program.append_circuit_item(rotation(line5), circuit_arguments=np.array([[0.0], [np.pi]]))
    job = Executor(mode=line5).run(program)
    result = job.result(timeout=50)
    first, second = result[0]["meas"], result[1]["meas"]
    assert first.shape == (256, 2)
    assert first.dtype == bool
    assert (first[:, 0] == first[:, 1]).all()
    assert second.shape == (2, 256, 1)
    assert not second[0].any()
    assert second[1].all()
    assert result.passthrough_data == {"note": "kept", "values": [1, 2.5, None, True]}


def test_executor_jobs_can_be_filtered_by_program(service, line5):
    program = QuantumProgram(shots=16)
    program.append_circuit_item(bell(line5))
    job = Executor(mode=line5).run(program)
    job.result(timeout=50)
    assert service.jobs(program_id="executor", limit=1)[0].job_id() == job.job_id()
    assert service.job(job.job_id()).inputs["quantum_program"].shots == 16
