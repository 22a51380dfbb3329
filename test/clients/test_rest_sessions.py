"""Sessions by plain HTTP: bodies, refusals, repetition."""

import pytest

from stint_http import instant, problem


def close(rest, session_id):
    return rest.call("DELETE", f"/sessions/{session_id}/close")


def test_a_request_without_a_body_opens_a_dedicated_session_on_the_default_backend(rest):
    answer = rest.post("/sessions")
    assert answer.status_code in (200, 201), answer.text
    session = answer.json()
    assert session["mode"] == "dedicated"
    assert session["state"] == "open"
    assert session["accepting_jobs"] is True
    assert session["backend_name"] in {device["name"] for device in rest.get_json("/backends")["devices"]}
    assert len(session["timestamps"]) == 1
    assert session["timestamps"][0]["status"] == "open"
    assert instant(session["timestamps"][0]["timestamp"])
    assert close(rest, session["id"]).status_code == 204


def test_a_requested_limit_is_granted_and_the_others_are_lowered_to_it(rest):
    session = rest.open_session("stint_line_5", max_ttl=20)
    assert session["max_ttl"] == 20
    assert session["interactive_ttl"] <= session["active_ttl"] <= 20
    close(rest, session["id"])


@pytest.mark.parametrize(
    "body",
    [
        {"mode": "shared", "backend": "stint_line_5"},
        {"mode": "dedicated", "backend": "stint_line_5", "max_ttl": 0},
        {"mode": "dedicated", "backend": "stint_line_5", "max_ttl": -5},
        {"mode": "dedicated", "backend": "stint_line_5", "max_ttl": 1.5},
        {"mode": "dedicated", "backend": "stint_line_5", "max_ttl": "100"},
        {"mode": "dedicated", "backend": "stint_line_5", "max_ttl": 10**12},
        {"mode": "dedicated", "backend": "stint_line_5", "max_ttl": 10, "interactive_ttl": 20},
        {"mode": "dedicated", "backend": "stint_line_5", "interactive_ttl": 30, "active_ttl": 20},
        {"mode": "dedicated", "backend": 5},
        [],
        "dedicated",
        17,
    ],
)
def test_an_invalid_body_is_400_with_a_message(rest, body):
    answer = rest.post("/sessions", json=body)
    assert answer.status_code == 400, answer.text
    assert problem(answer)


def test_an_unknown_backend_is_named_in_the_refusal(rest):
    for answer in (
        rest.post("/sessions", json={"mode": "batch", "backend": "stint_nowhere"}),
        rest.post("/jobs", json={"program_id": "sampler", "backend": "stint_nowhere", "params": {}}),
        rest.get("/backends/stint_nowhere/configuration"),
        rest.get("/backends/stint_nowhere/status"),
    ):
        assert answer.status_code in (400, 404)
        assert "stint_nowhere" in problem(answer)["message"]


def test_a_submit_to_a_closed_session_is_409_with_code_1217_and_stores_nothing(rest, scripted):
    backend = scripted()
    session = rest.open_session(backend)["id"]
    close(rest, session)
    before = rest.get_json("/jobs?limit=1")["count"]
    body = {"program_id": "scripted", "backend": backend, "params": {"duration": 0}, "session_id": session}
    answer = rest.post("/jobs", json=body)
    assert answer.status_code == 409
    assert problem(answer)["code"] == 1217
    assert "closed" in problem(answer)["message"]
    assert rest.get_json("/jobs?limit=1")["count"] == before
    assert rest.get_json(f"/jobs?session_id={session}")["count"] == 0


def test_a_submit_to_an_unknown_session_is_refused_but_not_with_404(rest, scripted):
    unknown = "8e5c1f4e-0000-4000-8000-000000000000"
    body = {"program_id": "scripted", "backend": scripted(), "params": {"duration": 0}, "session_id": unknown}
    answer = rest.post("/jobs", json=body)
    assert answer.status_code in (400, 403, 409)
    assert problem(answer)


def test_patch_is_idempotent_and_resumes_only_a_draining_session(rest, scripted):
    session = rest.open_session(scripted())["id"]
    job = rest.submit(rest.session(session)["backend_name"], params={"duration": 60}, session_id=session)
    path = f"/sessions/{session}"
    assert rest.call("PATCH", path, json={"accepting_jobs": False}).status_code == 204
    assert rest.session(session)["accepting_jobs"] is False
    assert rest.call("PATCH", path, json={"accepting_jobs": False}).status_code == 204
    assert rest.call("PATCH", path, json={"accepting_jobs": True}).status_code == 204
    assert rest.session(session)["accepting_jobs"] is True
    assert rest.post(f"/jobs/{job}/cancel").status_code == 204
    assert rest.ended(job)["status"] == "Cancelled"
    assert rest.session(session)["state"] == "active"
    assert rest.call("PATCH", path, json={"accepting_jobs": False}).status_code == 204
    closed = rest.session(session)
    assert closed["state"] == "closed"
    assert closed["state_reason"].strip()
    assert rest.call("PATCH", path, json={"accepting_jobs": False}).status_code == 204
    assert rest.call("PATCH", path, json={"accepting_jobs": True}).status_code == 409
    assert close(rest, session).status_code == 204
    assert rest.session(session)["closed_at"] == closed["closed_at"]


@pytest.mark.parametrize("body", ["{}", '{"accepting_jobs": "false"}', '{"accepting_jobs": null}', "[]"])
def test_patch_requires_a_boolean(rest, scripted, body):
    session = rest.open_session(scripted())["id"]
    headers = {"Content-Type": "application/json"}
    answer = rest.call("PATCH", f"/sessions/{session}", data=body, headers=headers)
    assert answer.status_code == 400
    assert rest.session(session)["accepting_jobs"] is True
    close(rest, session)


def test_a_closed_session_has_the_user_in_its_reason(rest, scripted):
    session = rest.open_session(scripted())["id"]
    assert close(rest, session).status_code == 204
    assert close(rest, session).status_code == 204
    assert "closed by user" in rest.session(session)["state_reason"]


def test_max_ttl_closes_the_session_and_fails_its_queued_jobs(rest, scripted):
    backend = scripted()
    session = rest.open_session(backend, max_ttl=2)["id"]
    jobs = [rest.submit(backend, params={"duration": 3}, session_id=session) for _ in range(2)]
    closed = rest.in_state(session, "closed")
    assert "max_ttl" in closed["state_reason"]
    life = (instant(closed["closed_at"]) - instant(closed["started_at"])).total_seconds()
    assert life == 2
    assert rest.ended(jobs[1])["reason_code"] == 1217
    assert rest.ended(jobs[0])["status"] == "Completed"
    assert rest.session(session)["elapsed_time"] >= 3


def test_every_request_for_an_unknown_session_is_404(rest):
    path = "/sessions/8e5c1f4e-0000-4000-8000-000000000000"
    for method, suffix, body in (
        ("GET", "", None),
        ("PATCH", "", {"accepting_jobs": False}),
        ("DELETE", "/close", None),
    ):
        answer = rest.call(method, path + suffix, json=body)
        assert answer.status_code == 404
        assert problem(answer)
