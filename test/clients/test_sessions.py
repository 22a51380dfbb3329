"""A session from start to end, as the client shows it."""

import re
from importlib.metadata import version

import pytest
from qiskit_ibm_runtime import Batch, SamplerV2, Session
from qiskit_ibm_runtime.exceptions import IBMInputValueError, IBMRuntimeError, RuntimeJobFailureError

from circuits import bell, slow
from stint_http import instant
from waiting import until

CLIENT = tuple(int(part) for part in version("qiskit-ibm-runtime").split(".")[:2])


def sample(mode, backend, shots=100):
    return SamplerV2(mode=mode).run([bell(backend)], shots=shots)


def test_status_goes_from_pending_through_in_progress_to_closed(line5, leave_nothing):
    session = leave_nothing.session(Session(line5))
    assert session.status() == "Pending"
    sample(session, line5).result()
    assert session.status() == "In progress, accepting new jobs"
    session.close()
    assert session.status() == "Closed"


def test_a_draining_session_finishes_its_jobs_and_then_closes(line5, leave_nothing):
    session = leave_nothing.session(Session(line5))
    running = leave_nothing.job(SamplerV2(mode=session).run(slow(line5, 3)))
    queued = sample(session, line5)
    until("the first job runs", running.running)
    session.close()
    assert session.status() == "In progress, not accepting new jobs"
    assert queued.result(timeout=50)[0].data.meas.num_shots == 100
    assert running.done()
    until("the session closes with its last job", lambda: session.status() == "Closed")


def test_cancel_fails_queued_jobs_and_lets_the_running_job_finish(line5, rest, leave_nothing):
    session = leave_nothing.session(Session(line5))
    running = leave_nothing.job(SamplerV2(mode=session).run(slow(line5, 3)))
    queued = sample(session, line5)
    until("the first job runs", running.running)
    session.cancel()
    assert session.status() == "Closed"
    with pytest.raises(RuntimeJobFailureError, match=r"1217.*session"):
        queued.result(timeout=10)
    assert len(running.result(timeout=50)) >= 1
    assert rest.session(session.session_id)["accepting_jobs"] is False


def test_details_contain_the_granted_limits_and_the_history(line5, rest, leave_nothing):
    session = leave_nothing.session(Session(line5, max_time="2h 30m"))
    fresh = session.details()
    assert fresh["id"] == session.session_id
    assert fresh["backend_name"] == "stint_line_5"
    assert fresh["mode"] == "dedicated"
    assert fresh["state"] == "open"
    assert fresh["accepting_jobs"] is True
    assert fresh["max_time"] == 9000
    assert 1 <= fresh["interactive_timeout"] <= fresh["active_timeout"] <= 9000
    never = (
        "started_at",
        "activated_at",
        "closed_at",
        "last_job_started",
        "last_job_completed",
        "usage_time",
    )
    assert [fresh[key] for key in never] == [None] * 6

    sample(session, line5).result()
    session.close()
    closed = session.details()
    assert closed["state"] == "closed"
    assert closed["accepting_jobs"] is False
    order = ("started_at", "last_job_started", "last_job_completed", "closed_at")
    times = [instant(closed[key]) for key in order]
    assert times == sorted(times)
    history = rest.session(session.session_id)["timestamps"]
    assert [entry["status"] for entry in history] == ["open", "active", "closed"]
    assert history[1]["timestamp"] == closed["activated_at"]
    if CLIENT >= (0, 51):
        assert closed["timestamps"] == history


def test_a_session_is_charged_from_its_first_start_to_its_close(line5, leave_nothing):
    session = leave_nothing.session(Session(line5))
    assert session.usage() is None
    sample(session, line5).result()
    sample(session, line5).result()
    live = session.usage()
    session.close()
    details = session.details()
    committed = (instant(details["closed_at"]) - instant(details["started_at"])).total_seconds()
    assert session.usage() == pytest.approx(committed, abs=0.002)
    assert 0 < live <= session.usage()


def test_a_batch_is_charged_the_sum_of_its_jobs(hex27, rest, leave_nothing):
    with leave_nothing.session(Batch(hex27)) as batch:
        sampler = SamplerV2()
        jobs = [sampler.run([bell(hex27)], shots=100) for _ in range(4)]
        for job in jobs:
            job.result()
    until("the batch closes", lambda: batch.status() == "Closed")
    assert all(job.session_id == batch.session_id for job in jobs)
    times = [rest.times(job.job_id()) for job in jobs]
    assert batch.usage() == pytest.approx(
        sum((end - start).total_seconds() for _, start, end in times), abs=0.01
    )
    assert batch.usage() == pytest.approx(sum(job.usage() for job in jobs), abs=0.01)


@pytest.mark.parametrize(
    ("right", "wrong", "mode"), [(Session, Batch, "dedicated"), (Batch, Session, "batch")]
)
def test_from_id_returns_the_session_and_refuses_the_other_class(
    service, line5, leave_nothing, right, wrong, mode
):
    session = leave_nothing.session(right(line5))
    found = right.from_id(session.session_id, service=service)
    assert found.session_id == session.session_id
    assert found.backend() == "stint_line_5"
    job = sample(found, line5)
    job.result()
    assert job.session_id == session.session_id
    with pytest.raises(IBMInputValueError, match=f"execution mode {mode}"):
        wrong.from_id(session.session_id, service=service)


def test_from_id_of_an_unknown_session_raises_not_found(service):
    with pytest.raises(IBMInputValueError, match="not found"):
        Session.from_id("8e5c1f4e-0000-4000-8000-000000000000", service=service)


def test_running_on_a_closed_session_raises_the_message_of_the_service(service, line5, leave_nothing):
    session = leave_nothing.session(Session(line5))
    same = Session.from_id(session.session_id, service=service)
    session.close()
    with pytest.raises(IBMRuntimeError, match=r"session is closed"):
        sample(session, line5)  # refused by the client itself
    with pytest.raises(IBMRuntimeError) as refused:
        sample(same, line5)
    assert "409" in str(refused.value)
    assert "1217" in str(refused.value)
    assert "closed" in str(refused.value)


def test_closing_and_cancelling_again_is_harmless(line5):
    with Session(line5) as session:
        session.close()
        session.close()
        session.cancel()
    session.cancel()
    assert session.status() == "Closed"


@pytest.mark.parametrize(("text", "seconds"), [("2h 30m", 9000), ("90s", 90), ("20m 1h", 4800), (75, 75)])
def test_max_time_is_granted_as_requested(line5, text, seconds):
    with Batch(line5, max_time=text) as batch:
        assert batch.details()["max_time"] == seconds


def test_a_max_time_above_the_limit_is_400_and_names_the_limit(line5):
    with pytest.raises(Exception, match="400 Client Error") as refused:
        Session(line5, max_time="400d")
    words = str(refused.value)
    assert "max_ttl" in words
    limits = [int(number) for number in re.findall(r"\d+", words.split("url:")[1])]
    assert any(60 <= number < 34_560_000 for number in limits), f"the limit is not named: {words}"


def test_an_idle_session_becomes_inactive_and_active_again_with_its_next_job(
    service, line5, rest, leave_nothing
):
    opened = rest.open_session("stint_line_5", interactive_ttl=1)
    session = Session.from_id(leave_nothing.session(opened["id"]), service=service)
    sample(session, line5).result()
    rest.in_state(opened["id"], "inactive")
    assert session.status() == "Pending"
    idle = rest.session(opened["id"])
    gap = instant(idle["timestamps"][-1]["timestamp"]) - instant(idle["last_job_completed"])
    assert gap.total_seconds() == pytest.approx(1, abs=0.01)
    sample(session, line5).result()
    session.close()
    history = [entry["status"] for entry in rest.session(opened["id"])["timestamps"]]
    assert history[:4] == ["open", "active", "inactive", "active"]
    assert history[-1] == "closed"
