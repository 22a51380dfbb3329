"""Acquire to release, as in a Slurm job, and QRMI's own Qiskit primitives."""

import json
import time

import pytest
import qrmi
from qiskit import QuantumCircuit, qasm3
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import generate_preset_pass_manager
from qrmi import Payload, QuantumResource, ResourceProvider, ResourceType, TaskStatus
from qrmi.primitives import QRMIService
from qrmi.primitives.ibm import EstimatorV2, SamplerV2, get_backend, get_target

from stint_qrmi import call, settings

ENDED = (TaskStatus.Completed, TaskStatus.Failed, TaskStatus.Cancelled)


def bell(measured=True):
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    if measured:
        circuit.measure_all()
    return circuit


def compiled(circuit, target):
    return generate_preset_pass_manager(optimization_level=1, target=target).run(circuit)


def sampler_task(qpu, circuit, shots):
    text = qasm3.dumps(compiled(circuit, get_target(qpu)))
    body = {"pubs": [[text, None, shots]], "options": {}, "version": 2, "support_qiskit": False}
    return qpu.task_start(Payload.QiskitPrimitive(input=json.dumps(body), program_id="sampler"))


def status_at_end(qpu, task, seconds=60):
    deadline = time.monotonic() + seconds
    while (status := qpu.task_status(task)) not in ENDED:
        assert time.monotonic() < deadline, f"task {task} is still {status}"
        time.sleep(0.1)
    return status


def test_an_online_backend_is_accessible(qpu):
    assert qpu.is_accessible() is True
    assert qpu.resource_id() == "stint_line_5"


def test_acquire_opens_a_session_and_release_closes_it(qpu):
    session = qpu.acquire()
    opened = call("GET", f"/sessions/{session}")
    assert (opened["backend_name"], opened["mode"], opened["max_ttl"]) == ("stint_line_5", "dedicated", 600)
    assert qpu.metadata() == {"backend_name": "stint_line_5", "session_id": session}
    assert qpu.acquire() == session
    qpu.release(session)
    assert call("GET", f"/sessions/{session}")["state"] == "closed"


def test_acquire_opens_a_new_session_if_the_previous_one_was_closed(acquired):
    qpu, session = acquired
    call("DELETE", f"/sessions/{session}/close")
    fresh = qpu.acquire()
    assert fresh != session
    assert call("GET", f"/sessions/{fresh}")["state"] == "open"
    qpu.release(fresh)


def test_the_target_contains_configuration_and_properties(qpu):
    target = json.loads(qpu.target().value)
    assert target["configuration"] == call("GET", "/backends/stint_line_5/configuration")
    assert target["properties"] == call("GET", "/backends/stint_line_5/properties")
    assert get_target(qpu).num_qubits == 5
    assert get_backend(qpu).status().operational is True


def test_a_task_runs_in_the_session_and_has_a_result_and_logs(acquired):
    qpu, session = acquired
    task = sampler_task(qpu, bell(), 100)
    assert call("GET", f"/jobs/{task}")["session_id"] == session
    assert status_at_end(qpu, task) == TaskStatus.Completed
    samples = json.loads(qpu.task_result(task).value)["results"][0]["data"]["meas"]["samples"]
    assert len(samples) == 100
    assert set(samples) == {"0x0", "0x3"}
    assert isinstance(qpu.task_logs(task), str)
    qpu.task_stop(task)
    assert qpu.task_status(task) == TaskStatus.Completed


def test_a_failed_task_has_a_reason_and_no_result(acquired):
    qpu, _ = acquired
    body = {"pubs": [["OPENQASM 3.0; nonsense"]], "options": {}, "version": 2, "support_qiskit": False}
    task = qpu.task_start(Payload.QiskitPrimitive(input=json.dumps(body), program_id="sampler"))
    assert status_at_end(qpu, task) == TaskStatus.Failed
    assert "OpenQASM" in call("GET", f"/jobs/{task}")["state"]["reason"]
    assert isinstance(qpu.task_logs(task), str)
    with pytest.raises(qrmi.TaskNotReadyError, match="Failed"):
        qpu.task_result(task)


@pytest.fixture
def waiting_qpu(acquired):
    """A second resource, whose tasks wait because another session holds the slot."""
    qpu, _ = acquired
    status_at_end(qpu, sampler_task(qpu, bell(), 10))
    waiting = QuantumResource("stint_line_5", qpu.resource_type())
    session = waiting.acquire()
    yield waiting, session
    call("DELETE", f"/sessions/{session}/close")


def test_a_waiting_task_can_be_stopped(waiting_qpu):
    qpu, _ = waiting_qpu
    task = sampler_task(qpu, bell(), 10)
    assert qpu.task_status(task) == TaskStatus.Queued
    qpu.task_stop(task)
    assert qpu.task_status(task) == TaskStatus.Cancelled


def test_release_closes_a_session_with_a_waiting_task(waiting_qpu):
    qpu, session = waiting_qpu
    task = sampler_task(qpu, bell(), 10)
    qpu.release(session)
    assert call("GET", f"/sessions/{session}")["state"] == "closed"
    assert call("GET", f"/jobs/{task}")["state"]["reason_code"] == 1217
    assert qpu.task_status(task) == TaskStatus.Failed


def test_an_unknown_task_raises_an_error_with_its_name(acquired):
    qpu, _ = acquired
    with pytest.raises(qrmi.QrmiError, match="no-such-task"):
        qpu.task_status("no-such-task")


def test_the_sampler_returns_counts(acquired):
    qpu, _ = acquired
    circuit = compiled(bell(), get_backend(qpu).target)
    job = SamplerV2(qpu, options={"default_shots": 200}).run([(circuit,)])
    counts = job.result()[0].data.meas.get_counts()
    assert set(counts) == {"00", "11"}
    assert sum(counts.values()) == 200
    assert job.done()
    assert isinstance(job.logs(), str)


def test_the_estimator_returns_expectation_values(acquired):
    qpu, _ = acquired
    circuit = compiled(bell(measured=False), get_backend(qpu).target)
    observables = [SparsePauliOp(word).apply_layout(circuit.layout) for word in ("ZZ", "XX", "ZI")]
    result = EstimatorV2(qpu).run([(circuit, observables)]).result()
    assert result[0].data.evs == pytest.approx([1, 1, 0], abs=0.1)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (None, {"stint_line_5", "stint_hex_27"}),
        ("num_qubits=20", {"stint_hex_27"}),
        ("name=stint_l*&status=online", {"stint_line_5"}),
    ],
)
def test_the_provider_lists_backends(kind, filters, expected):
    provider = ResourceProvider(getattr(ResourceType, kind), settings(kind))
    assert {resource.resource_id() for resource in provider.resources(filters)} == expected


def test_the_resources_of_a_slurm_job_are_found():
    resources = QRMIService().resources()
    assert {resource.resource_id() for resource in resources} == {"stint_line_5", "stint_hex_27"}
