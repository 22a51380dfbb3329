"""Jobs: finding, reading, labelling, cancelling and deleting them."""

from datetime import datetime, timedelta

import pytest
from qiskit_ibm_runtime import Batch, SamplerV2
from qiskit_ibm_runtime.exceptions import IBMError, RuntimeInvalidStateError, RuntimeJobNotFound

from circuits import bell, slow
from stint_http import instant
from waiting import until, within


def sample(backend, tags, mode=None, **options):
    sampler = SamplerV2(mode=mode or backend)
    sampler.options.environment.job_tags = tags
    for name, value in options.items():
        setattr(sampler.options, name, value)
    return sampler.run([bell(backend)], shots=20)


def ids(jobs):
    return [job.job_id() for job in jobs]


@pytest.fixture(scope="module")
def five(line5, hex27):
    """Five finished jobs with a unique tag. Two are tagged `even`; the last has another backend."""
    label = f"five-{datetime.now():%H%M%S%f}"
    jobs = []
    with Batch(line5) as batch:
        for index in range(4):
            tags = [label, "even"] if index % 2 == 0 else [label]
            jobs.append(sample(line5, tags, mode=batch))
        for job in jobs:
            job.result()
    jobs.append(sample(hex27, [label]))
    jobs[-1].result()
    return label, jobs, batch.session_id


def test_jobs_are_listed_newest_first_by_default(service, five):
    label, jobs, _ = five
    assert ids(service.jobs(job_tags=[label])) == ids(jobs)[::-1]
    assert ids(service.jobs(job_tags=[label], descending=False)) == ids(jobs)


def test_limit_and_skip_select_a_range(service, five):
    label, jobs, _ = five
    assert ids(service.jobs(job_tags=[label], limit=2)) == ids(jobs)[:2:-1]
    assert ids(service.jobs(job_tags=[label], limit=2, skip=1)) == ids(jobs)[3:1:-1]
    assert ids(service.jobs(job_tags=[label], limit=None)) == ids(jobs)[::-1]


@pytest.mark.parametrize("skip", [5, 6, 500])
def test_skipping_beyond_the_end_returns_an_empty_list(service, five, skip):
    with within(15, "service.jobs beyond the end"):
        assert service.jobs(job_tags=[five[0]], skip=skip, limit=3) == []


def test_job_tags_must_all_match(service, five):
    label, jobs, _ = five
    assert ids(service.jobs(job_tags=[label, "even"])) == [jobs[2].job_id(), jobs[0].job_id()]
    assert service.jobs(job_tags=[label, "even", "never-used"]) == []


def test_other_filters_narrow_the_list(service, five):
    label, jobs, session_id = five
    assert ids(service.jobs(job_tags=[label], session_id=session_id, limit=9)) == ids(jobs)[3::-1]
    assert ids(service.jobs(job_tags=[label], backend_name="stint_hex_27")) == ids(jobs)[4:]
    assert len(service.jobs(job_tags=[label], program_id="sampler")) == 5
    assert service.jobs(job_tags=[label], program_id="estimator") == []
    assert len(service.jobs(job_tags=[label], pending=False)) == 5
    assert service.jobs(job_tags=[label], pending=True) == []


def test_creation_time_bounds_are_inclusive(service, five):
    label, jobs, _ = five
    third = jobs[2].creation_date
    later = service.jobs(job_tags=[label], created_after=third)
    earlier = service.jobs(job_tags=[label], created_before=third)
    assert set(ids(later)) | set(ids(earlier)) == set(ids(jobs))
    assert jobs[2].job_id() in set(ids(later)) & set(ids(earlier))
    assert service.jobs(job_tags=[label], created_after=datetime.now() + timedelta(hours=1)) == []


def test_a_job_read_by_id_is_the_submitted_job(service, five, line5):
    job = service.job(five[1][0].job_id())
    assert job.primitive_id == "sampler"
    assert job.session_id == five[2]
    assert sorted(job.tags) == sorted([five[0], "even"])
    assert job.backend().name == "stint_line_5"
    assert job.done()
    assert job.result()[0].data.meas.num_shots == 20
    assert abs(datetime.now().astimezone() - job.creation_date) < timedelta(minutes=10)


def test_inputs_are_returned_as_submitted(service, five, line5):
    inputs = service.job(five[1][0].job_id()).inputs
    assert inputs["pubs"][0][0] == bell(line5)
    assert inputs["pubs"][0][2] == 20


@pytest.mark.parametrize(
    "filters", [{"session_id": "s9"}, {"backend_name": "no_such_device"}, {"program_id": "smapler"}]
)
def test_an_unknown_filter_value_raises_an_error_with_that_value(service, filters):
    with pytest.raises(IBMError, match=next(iter(filters.values()))):
        service.jobs(**filters)


def test_an_unknown_job_is_not_found(service):
    with pytest.raises(RuntimeJobNotFound):
        service.job("no-such-job")


def test_metrics_and_usage_agree(five):
    job = five[1][0]
    metrics = job.metrics()
    created, running, finished = (
        instant(metrics["timestamps"][key]) for key in ("created", "running", "finished")
    )
    assert created <= running < finished
    assert metrics["usage"]["status"] == "complete"
    assert job.usage() == pytest.approx((finished - running).total_seconds(), abs=0.01)
    assert metrics["usage"]["quantum_seconds"] == metrics["usage"]["qpu_charge_time_seconds"]


def test_logs_are_text(five):
    assert isinstance(five[1][0].logs(), str)


def test_tags_can_be_replaced_and_cleared(service, line5, tag):
    job = sample(line5, [tag, "draft"])
    job.result()
    assert sorted(job.update_tags([tag, "final cut"])) == sorted([tag, "final cut"])
    assert ids(service.jobs(job_tags=[tag, "final cut"])) == [job.job_id()]
    assert service.jobs(job_tags=[tag, "draft"]) == []
    assert job.update_tags([]) == []
    assert service.jobs(job_tags=[tag]) == []


def test_queued_and_running_jobs_can_be_cancelled(service, line5, rest, leave_nothing, tag):
    running = leave_nothing.job(SamplerV2(mode=line5).run(slow(line5, 80)))
    queued = leave_nothing.job(sample(line5, [tag]))
    until("the slow job runs", running.running)
    assert queued.status() == "QUEUED"
    assert ids(service.jobs(pending=True, job_tags=[tag])) == [queued.job_id()]

    queued.cancel()
    assert service.job(queued.job_id()).status() == "CANCELLED"
    with pytest.raises(RuntimeInvalidStateError):
        service.job(queued.job_id()).result()

    running.cancel()
    # The service asks the job to stop, and kills it after ten seconds.
    state = rest.ended(running.job_id(), timeout=40)
    assert state["status"] == "Cancelled"
    assert state.get("reason_code") is None
    assert service.job(running.job_id()).cancelled()
    sample(line5, [tag]).result(timeout=30)  # the lane is free again


def test_a_finished_job_cannot_be_cancelled(five):
    with pytest.raises(RuntimeInvalidStateError):
        five[1][0].cancel()
    assert five[1][0].done()


def test_a_deleted_job_is_not_found(service, line5, tag):
    job = sample(line5, [tag])
    job.result()
    service.delete_job(job.job_id())
    with pytest.raises(RuntimeJobNotFound):
        service.job(job.job_id())
    assert service.jobs(job_tags=[tag]) == []
    with pytest.raises(RuntimeJobNotFound):
        service.delete_job(job.job_id())


def test_the_result_of_a_private_job_can_be_read_once_and_its_inputs_never(service, line5, rest):
    sampler = SamplerV2(mode=line5)
    sampler.options.environment.private = True
    job = sampler.run([bell(line5)], shots=30)
    assert job.result()[0].data.meas.num_shots == 30
    assert not job.inputs
    assert rest.job(job.job_id())["private"] is True
    assert service.job(job.job_id()).result() is None


def test_a_user_of_another_instance_cannot_see_or_delete_a_job(other_service, five):
    with pytest.raises(RuntimeJobNotFound):
        other_service.job(five[1][0].job_id())
    with pytest.raises(RuntimeJobNotFound):
        other_service.delete_job(five[1][0].job_id())
    assert other_service.jobs(job_tags=[five[0]]) == []
