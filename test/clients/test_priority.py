"""Priority: a variational loop keeps the backend while another user waits."""

from contextvars import Context

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import SparsePauliOp
from qiskit_ibm_runtime import Batch, EstimatorV2, SamplerV2, Session

from circuits import bell, compiled, slow
from stint_http import instant
from waiting import until

ITERATIONS = 30


def ansatz(backend):
    angles = ParameterVector("t", 4)
    circuit = QuantumCircuit(2)
    circuit.ry(angles[0], 0)
    circuit.ry(angles[1], 1)
    circuit.cx(0, 1)
    circuit.ry(angles[2], 0)
    circuit.ry(angles[3], 1)
    return compiled(circuit, backend, [0, 1])


def spsa(energy, start, evaluations, rng):
    """Simultaneous perturbation: two evaluations per step for any number of parameters."""
    point = np.array(start, dtype=float)
    for step in range(1, evaluations // 2 + 1):
        shift = 0.2 / step**0.101
        direction = rng.choice([-1.0, 1.0], size=point.size)
        slope = (energy(point + shift * direction) - energy(point - shift * direction)) / (2 * shift)
        point -= 0.6 / (step + 2) ** 0.602 * slope * direction
    return point


@pytest.mark.deadline(120)
def test_thirty_iterations_hold_the_backend_while_another_user_waits(
    service, other_service, line5, rest, other_rest, leave_nothing
):
    hamiltonian = SparsePauliOp.from_list([("ZZ", 1.0), ("XI", 0.5), ("IX", 0.5)])
    isa = ansatz(line5)
    observable = hamiltonian.apply_layout(isa.layout)
    theirs = other_service.backend("stint_line_5")
    visitor = bell(theirs)
    jobs, energies, foreign = [], [], []

    def visit_by_another_user():
        foreign.append(leave_nothing.job(SamplerV2(mode=theirs).run([visitor], shots=50)))

    with leave_nothing.session(Session(line5)) as session:
        estimator = EstimatorV2()

        def energy(point):
            job = estimator.run([(isa, observable, point)], precision=0.02)
            jobs.append(job)
            energies.append(float(job.result()[0].data.evs))
            if len(jobs) == 5:
                # An empty context: the client applies an open `with Session` to every primitive.
                Context().run(visit_by_another_user)
            return energies[-1]

        spsa(energy, [0.4, -0.3, 0.2, 0.1], ITERATIONS, np.random.default_rng(7))
        assert foreign[0].status() == "QUEUED"

    waiting = foreign[0]
    assert set(waiting.result(timeout=30)[0].data.meas.get_counts()) <= {"00", "11"}
    assert len(jobs) == ITERATIONS
    assert {job.session_id for job in jobs} == {session.session_id}
    listed = service.jobs(session_id=session.session_id, limit=None)
    assert {job.job_id() for job in listed} == {job.job_id() for job in jobs}

    visit = instant(waiting.metrics()["timestamps"]["running"])
    starts = [instant(job.metrics()["timestamps"]["running"]) for job in jobs]
    assert starts == sorted(starts)
    assert max(starts) < visit, "an iteration queued behind the other user"
    history = rest.session(session.session_id)["timestamps"]
    assert [entry["status"] for entry in history] == ["open", "active", "closed"]
    assert visit >= instant(history[-1]["timestamp"]), "the other user ran inside the session"
    assert min(energies) < energies[0], "thirty noisy steps should improve at least once"
    assert all(energy > -1.7 for energy in energies), "below the ground state of the Hamiltonian"


def test_another_users_job_starts_when_the_idle_session_goes_inactive(
    line5, service, other_rest, rest, other_service, leave_nothing
):
    theirs = other_service.backend("stint_line_5")
    visitor = bell(theirs)
    opened = rest.open_session("stint_line_5", interactive_ttl=2)
    session = Session.from_id(leave_nothing.session(opened["id"]), service=service)
    ours = leave_nothing.job(SamplerV2(mode=session).run(slow(line5, 3)))
    # Submitted during our session, so it waits for the session's end, including its idle time.
    job = leave_nothing.job(SamplerV2(mode=theirs).run([visitor], shots=50))
    ours.result(timeout=50)
    job.result(timeout=50)
    seen = rest.session(opened["id"])
    entered = [entry["status"] for entry in seen["timestamps"]]
    assert entered == ["open", "active", "inactive"]
    inactive = instant(seen["timestamps"][-1]["timestamp"])
    created, running, _ = other_rest.times(job.job_id())
    assert created < inactive <= running


def test_the_jobs_of_a_batch_share_the_lanes(rest, scripted):
    backend = scripted(lanes=3)
    batch = rest.open_session(backend, mode="batch")["id"]
    jobs = [rest.submit(backend, params={"duration": 3}, session_id=batch) for _ in range(3)]
    assert [rest.ended(job)["status"] for job in jobs] == ["Completed"] * 3
    times = [rest.times(job) for job in jobs]
    assert max(start for _, start, _ in times) < min(end for _, _, end in times), "they did not overlap"
    rest.call("PATCH", f"/sessions/{batch}", json={"accepting_jobs": False})
    assert rest.session(batch)["elapsed_time"] == pytest.approx(9, abs=0.5)


def test_a_dedicated_session_runs_jobs_in_parallel_and_is_charged_once(rest, scripted):
    backend = scripted(lanes=3)
    session = rest.open_session(backend)["id"]
    jobs = [rest.submit(backend, params={"duration": 3}, session_id=session) for _ in range(3)]
    for job in jobs:
        assert rest.ended(job)["status"] == "Completed"
    rest.call("PATCH", f"/sessions/{session}", json={"accepting_jobs": False})
    charged = rest.in_state(session, "closed")["elapsed_time"]
    assert 3 <= charged < 9, "three jobs one after the other would be nine seconds"


def test_five_jobs_of_a_batch_complete_on_five_lanes(hex27, rest, scripted):
    with Batch(hex27) as batch:
        sampler = SamplerV2()
        jobs = [sampler.run([bell(hex27)], shots=500) for _ in range(5)]
        for job in jobs:
            job.result(timeout=50)
    until("the batch closes", lambda: batch.status() == "Closed")
    assert all(job.done() for job in jobs)
