"""How failures look to the Python user."""

import pytest
from qiskit_ibm_runtime import SamplerV2
from qiskit_ibm_runtime.exceptions import IBMRuntimeError, RuntimeJobFailureError, RuntimeJobMaxTimeoutError
from qiskit_ibm_runtime.json import RuntimeEncoder

from circuits import rotation, slow
from stint_http import FINAL


def sampler_body(backend, pub):
    params = {"pubs": [pub], "version": 2, "support_qiskit": True, "options": {}}
    fields = {"program_id": "sampler", "backend": backend, "params": params}
    return RuntimeEncoder().encode(fields)


def test_invalid_program_input_raises_a_readable_failure(service, line5, rest):
    unbound = [rotation(line5), None, 10]  # a parameter and no value for it
    body = sampler_body("stint_line_5", unbound)
    answer = rest.post_text("/jobs", body)
    assert answer.ok, answer.text
    job = service.job(answer.json()["id"])
    with pytest.raises(RuntimeJobFailureError, match="(?i)parameter") as failure:
        job.result(timeout=40)
    assert "Traceback" not in str(failure.value)
    assert job.errored()
    assert "arameter" in job.error_message()
    assert job.status() == "ERROR"
    assert isinstance(job.logs(), str)
    assert job.usage() >= 0


def test_a_failing_program_raises_its_reason(service, rest, scripted):
    job_id = rest.submit(scripted(), params={"duration": 0.2, "outcome": "failed"})
    rest.ended(job_id)
    with pytest.raises(RuntimeJobFailureError, match=r"Unable to retrieve job result\. .*\w"):
        service.job(job_id).result(timeout=20)


def test_exceeding_max_execution_time_raises_a_max_timeout(service, line5, rest, leave_nothing):
    sampler = SamplerV2(mode=line5)
    sampler.options.max_execution_time = 1
    job = leave_nothing.job(sampler.run(slow(line5, 80)))
    with pytest.raises(RuntimeJobMaxTimeoutError, match="1305"):
        job.result(timeout=30)
    state = rest.job(job.job_id())["state"]
    assert state["status"] == "Cancelled"
    assert state["reason_code"] == 1305
    assert state["reason"].strip()
    assert service.job(job.job_id()).errored()
    assert rest.get(f"/jobs/{job.job_id()}/results").ok


def test_the_results_of_a_failed_job_are_2xx(rest, scripted):
    job_id = rest.submit(scripted(), params={"duration": 0, "outcome": "failed"})
    assert rest.ended(job_id)["status"] == "Failed"
    assert rest.get(f"/jobs/{job_id}/results").status_code in (200, 204)


def test_a_max_execution_time_above_the_sessions_limit_is_refused(line5, service, rest, leave_nothing):
    from qiskit_ibm_runtime import Session

    opened = rest.open_session("stint_line_5", max_ttl=60, active_ttl=60, interactive_ttl=5)
    session = Session.from_id(leave_nothing.session(opened["id"]), service=service)
    sampler = SamplerV2(mode=session)
    sampler.options.max_execution_time = 600
    with pytest.raises(IBMRuntimeError, match="400"):
        sampler.run(slow(line5, 0.1))


def test_a_session_stays_usable_after_a_failed_job(rest, scripted):
    backend = scripted()
    session = rest.open_session(backend)["id"]
    bad = rest.submit(backend, params={"duration": 0.1, "outcome": "failed"}, session_id=session)
    good = rest.submit(backend, params={"duration": 0.1}, session_id=session)
    assert rest.ended(bad)["status"] == "Failed"
    assert rest.ended(good)["status"] == "Completed"
    assert rest.session(session)["state"] == "active"
    rest.call("DELETE", f"/sessions/{session}/close")
    assert rest.status(bad) in FINAL
