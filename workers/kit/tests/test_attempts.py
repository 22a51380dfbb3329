from kit.attempts import Attempt, Attempts, NotTaken
from kit.messages import Acknowledge, Cancel, Start, completed


def start(job: str, token: str = "1") -> Start:
    return Start(job, token, "program", {"name": "b", "options": {}}, "{}", "warning")


def accepted(attempts: Attempts, job: str) -> Attempt:
    attempt = attempts.take(start(job))
    assert isinstance(attempt, Attempt)
    return attempt


def test_one_attempt_is_taken_at_a_time():
    attempts = Attempts()
    attempt = accepted(attempts, "a")
    assert attempts.current is attempt
    assert attempts.take(start("b")) is NotTaken.BUSY
    attempts.end(completed(attempt.start, "1"))
    assert attempts.current is None
    assert isinstance(attempts.take(start("b")), Attempt)


def test_a_repeated_start_is_not_executed_again_but_a_new_token_makes_a_new_attempt():
    attempts = Attempts()
    attempts.take(start("a"))
    assert attempts.take(start("a")) is NotTaken.KNOWN
    assert attempts.take(start("a", "2")) is NotTaken.BUSY


def test_a_cancel_has_effect_once_and_only_on_its_own_attempt():
    attempts = Attempts()
    attempt = accepted(attempts, "a")
    assert attempts.cancel(Cancel("a", "0")) is None
    assert attempts.cancel(Cancel("b", "1")) is None
    assert attempts.cancel(Cancel("a", "1")) is attempt
    assert attempts.cancel(Cancel("a", "1")) is None
    assert attempt.cancelled.is_set()


def test_a_result_is_kept_until_it_is_acknowledged():
    attempts = Attempts(keeps_results=True)
    first = completed(accepted(attempts, "a").start, "1")
    attempts.end(first)
    attempts.take(start("b"))
    resume, results = attempts.unacknowledged()
    assert (resume.running, resume.ended, results) == ([("b", "1")], [("a", "1")], [first])
    assert attempts.take(start("a")) is first
    attempts.acknowledge(Acknowledge("a", "1"))
    resume, results = attempts.unacknowledged()
    assert (resume.running, resume.ended, results) == ([("b", "1")], [], [])


def test_results_are_not_kept_by_default():
    attempts = Attempts()
    attempts.end(completed(accepted(attempts, "a").start, "1"))
    assert attempts.unacknowledged()[1] == []


def test_refusing_another_attempt_does_not_end_the_running_one():
    attempts = Attempts(keeps_results=True)
    attempt = accepted(attempts, "a")
    attempts.end(completed(start("b"), "refused"))
    assert attempts.current is attempt
