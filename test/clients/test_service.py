"""The account, its backends and its usage."""

import os
import re
import uuid
from datetime import datetime, timedelta

import pytest
from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2
from qiskit_ibm_runtime.accounts.exceptions import InvalidAccountError
from qiskit_ibm_runtime.exceptions import IBMInputValueError

from circuits import bell


def test_the_client_needs_only_environment_variables(service, stint):
    account = service.active_account()
    assert account["token"] == stint["token"]
    assert account["url"].endswith("/experimental/api/v1")
    assert service.active_instance() == stint["crn"]


def test_discovery_lists_the_instance_of_the_token_and_no_other(service, other_service, stint):
    mine = {entry["crn"]: entry for entry in service.instances()}
    assert stint["crn"] in mine
    assert stint["crn_2"] not in mine
    assert mine[stint["crn"]]["name"]
    pricing = {"free", "trial", "paygo", "paid", "subscription", "unknown"}
    assert mine[stint["crn"]]["pricing_type"] in pricing
    assert stint["crn_2"] in {entry["crn"] for entry in other_service.instances()}


def test_an_instance_can_be_chosen_by_its_name(service, stint):
    name = next(entry["name"] for entry in service.instances() if entry["crn"] == stint["crn"])
    by_name = QiskitRuntimeService(instance=name)
    assert by_name.backend("stint_line_5").name == "stint_line_5"
    assert by_name.active_instance() == stint["crn"]


def test_the_only_instance_is_used_if_none_is_given(stint):
    found = QiskitRuntimeService(
        channel="ibm_quantum_platform", token=stint["token"], url=os.environ["QISKIT_IBM_URL"]
    )
    assert found.backend("stint_line_5").name == "stint_line_5"


def test_the_constructor_refuses_another_instance(stint):
    with pytest.raises(IBMInputValueError):
        QiskitRuntimeService(instance=stint["crn_2"])


def test_the_constructor_refuses_a_wrong_token(stint):
    with pytest.raises(InvalidAccountError):
        QiskitRuntimeService(token="x" * 40, url=os.environ["QISKIT_IBM_URL"], instance=stint["crn"])


def test_the_client_can_skip_the_discovery_of_instances(monkeypatch):
    monkeypatch.setenv("QISKIT_FUNCTIONS_EXPERIMENTAL", "1")
    monkeypatch.setenv("GLOBAL_SEARCH_URL", "http://127.0.0.1:9")
    assert QiskitRuntimeService().backend("stint_line_5").num_qubits == 5


def test_backends_can_be_filtered(service):
    names = {backend.name for backend in service.backends()}
    assert {"stint_line_5", "stint_hex_27"} <= names
    large = {backend.name for backend in service.backends(min_num_qubits=20)}
    assert "stint_hex_27" in large
    assert "stint_line_5" not in large
    assert [backend.name for backend in service.backends("stint_line_5")] == ["stint_line_5"]
    real = {backend.name for backend in service.backends(simulator=False, operational=True)}
    assert {"stint_line_5", "stint_hex_27"} <= real
    few = {b.name for b in service.backends(filters=lambda backend: backend.num_qubits < 10)}
    assert "stint_line_5" in few
    assert "stint_hex_27" not in few


def test_an_unknown_backend_is_not_found(service):
    with pytest.raises(Exception, match="No backend matches"):
        service.backend("stint_nowhere")


def test_least_busy_returns_an_online_backend_with_enough_qubits(service):
    assert service.least_busy(min_num_qubits=20).name == "stint_hex_27"
    assert service.least_busy().status().operational


def test_the_target_describes_the_device(line5, hex27):
    assert line5.num_qubits == 5
    pairs = {frozenset(edge) for edge in line5.coupling_map.get_edges()}
    assert pairs == {frozenset((qubit, qubit + 1)) for qubit in range(4)}
    assert {"rz", "sx", "x", "measure"} <= set(line5.target.operation_names)
    assert hex27.num_qubits == 27
    assert hex27.target.num_qubits == 27
    assert hex27.simulator is False


def test_properties_of_the_noisy_device_contain_its_errors(hex27):
    properties = hex27.properties()
    assert len(properties.qubits) == 27
    assert properties.t1(0) > 0
    assert 0 < properties.readout_error(0) < 0.5
    assert 0 < properties.gate_error("sx", 0) < 0.1
    assert hex27.properties(datetime=datetime.now() + timedelta(minutes=1)) is not None


def test_status_counts_the_queue(line5):
    status = line5.status()
    assert status.operational is True
    assert status.status_msg == "active"
    assert status.pending_jobs >= 0
    assert status.backend_version.count(".") == 2


def test_a_paused_backend_has_that_status_and_is_not_the_least_busy(admin, line5):
    admin.set_status("stint_line_5", "paused", "calibration")
    try:
        status = line5.status()
        assert (status.operational, status.status_msg) != (True, "active")
        fresh = QiskitRuntimeService()  # a service keeps the list that it saw first
        assert fresh.least_busy(filters=lambda b: b.name.startswith("stint_")).name == "stint_hex_27"
    finally:
        admin.set_status("stint_line_5", "online")
    assert line5.status().status_msg == "active"


def test_usage_grows_with_each_job(service, rest, scripted):
    before = service.usage()["usage_consumed_seconds"]
    rest.ended(rest.submit(scripted(), params={"duration": 1.1}))
    after = service.usage()
    assert isinstance(after["usage_consumed_seconds"], int)
    assert after["usage_consumed_seconds"] > before
    assert after.get("usage_limit_reached", False) is False


def test_the_remaining_budget_is_whole_seconds(stint, admin):
    name = f"budget-{uuid.uuid4().hex[:8]}"
    assert admin.post("/instances", json={"name": name, "budget_seconds": 100}).status_code == 201
    made = admin.post("/tokens", json={"user": "alice", "instance": name, "role": "user"}).json()
    service = QiskitRuntimeService(
        channel="ibm_quantum_platform",
        url=os.environ["QISKIT_IBM_URL"],
        token=made["token"],
        instance=made["crn"],
    )
    assert service.usage()["usage_remaining_seconds"] == 100
    assert isinstance(service.usage()["usage_remaining_seconds"], int)


def test_backends_have_physical_qubits(service):
    assert {b.name: b.physical_qubits for b in service.backends()}["stint_line_5"] == 5


def test_a_job_has_the_qiskit_version_and_an_estimated_running_time(line5):
    job = SamplerV2(mode=line5).run([bell(line5)], shots=10)
    job.result()
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", job.metrics()["qiskit_version"])
    assert job.usage_estimation["quantum_seconds"] > 0


def test_a_job_has_the_properties_of_its_backend(hex27):
    job = SamplerV2(mode=hex27).run([bell(hex27)], shots=50)
    job.result()
    assert len(job.properties().qubits) == 27
