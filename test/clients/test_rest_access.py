"""Access: which credentials are accepted, and what their users see."""

import base64
import json
import time

import pytest
import requests

from stint_http import Rest, problem


@pytest.fixture(scope="module")
def jwt(stint):
    return exchange(stint["url"], stint["token"]).json()["access_token"]


def exchange(url, key, **headers):
    form = {
        "grant_type": "urn:ibm:params:oauth:grant-type:apikey",
        "apikey": key,
        "response_type": "cloud_iam",
    }
    return requests.post(f"{url}/identity/token", data=form, headers=headers, timeout=30)


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def jobs_with(stint, authorization):
    headers = {"Service-CRN": stint["crn"]}
    if authorization is not None:
        headers["Authorization"] = authorization
    return requests.get(f"{stint['url']}/api/v1/jobs?limit=1", headers=headers, timeout=30)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "apikey"])
def test_the_raw_token_is_accepted(stint, scheme):
    assert jobs_with(stint, f"{scheme} {stint['token']}").status_code == 200


def test_a_jwt_from_the_token_exchange_is_accepted(stint, jwt):
    assert jobs_with(stint, f"Bearer {jwt}").status_code == 200
    body = claims(jwt)
    assert body["iat"] <= time.time() + 5
    assert body["exp"] - body["iat"] >= 600, "renewed after 80 % of its life: a short one costs requests"


def test_the_token_exchange_accepts_a_form_with_a_misspelt_content_type(stint):
    misspelt = {"Content-Type": "applicaton/x-www-form-urlencoded"}
    assert exchange(stint["url"], stint["token"], **misspelt).status_code == 200


def test_the_token_exchange_refuses_a_wrong_key(stint):
    assert exchange(stint["url"], "x" * 40).status_code in (400, 401, 403)


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer wrong", "apikey wrong", "Basic YTpi", "Bearer a.b.c"]
)
def test_wrong_credentials_are_401_with_a_message(stint, authorization):
    answer = jobs_with(stint, authorization)
    assert answer.status_code == 401
    assert problem(answer)["message"]


def test_a_tampered_jwt_is_refused(stint, jwt):
    header, body, signature = jwt.split(".")
    later = {**claims(jwt), "exp": int(time.time()) + 10**6}
    forged = base64.urlsafe_b64encode(json.dumps(later).encode()).rstrip(b"=").decode()
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    for token in (f"{header}.{forged}.{signature}", f"{none}.{body}.", f"{none}.{forged}.{signature}"):
        assert jobs_with(stint, f"Bearer {token}").status_code == 401


@pytest.mark.parametrize("base", ["/api/v1", "/experimental/api/v1"])
def test_both_base_paths_serve_the_backends(stint, base):
    user = Rest(stint["url"], stint["token"], stint["crn"], base)
    names = {device["name"] for device in user.get_json("/backends")["devices"]}
    assert {"stint_line_5", "stint_hex_27"} <= names
    assert user.get_json("/backends?include_mocks=True")["devices"]


def test_the_crn_of_another_instance_gives_no_access(stint, other_rest, scripted):
    theirs = other_rest.submit(scripted(), params={"duration": 0})
    crossed = Rest(stint["url"], stint["token"], stint["crn_2"])
    assert crossed.get(f"/jobs/{theirs}").status_code in (401, 403, 404)
    listed = crossed.get("/jobs?limit=200")
    assert not listed.ok or theirs not in listed.text


def test_sessions_and_jobs_of_another_instance_are_404(rest, other_rest, scripted):
    backend = scripted()
    session = rest.open_session(backend)["id"]
    job = rest.submit(backend, params={"duration": 0.1}, session_id=session, tags=["mine"])
    rest.ended(job)
    attempts = [
        ("GET", f"/jobs/{job}", None),
        ("GET", f"/jobs/{job}/results", None),
        ("GET", f"/jobs/{job}/metrics", None),
        ("POST", f"/jobs/{job}/cancel", None),
        ("PUT", f"/jobs/{job}/tags", {"tags": ["theirs"]}),
        ("DELETE", f"/jobs/{job}", None),
        ("GET", f"/sessions/{session}", None),
        ("PATCH", f"/sessions/{session}", {"accepting_jobs": False}),
        ("DELETE", f"/sessions/{session}/close", None),
    ]
    for method, path, body in attempts:
        answer = other_rest.call(method, path, json=body)
        assert answer.status_code == 404, f"{method} {path}: {answer.status_code}"
        assert problem(answer)
    assert other_rest.get("/jobs?tags=mine").json()["count"] == 0
    intruder = {
        "program_id": "scripted",
        "backend": backend,
        "params": {"duration": 0},
        "session_id": session,
    }
    answer = other_rest.post("/jobs", json=intruder)
    assert 400 <= answer.status_code < 500
    assert rest.job(job)["tags"] == ["mine"]
    assert rest.session(session)["accepting_jobs"] is True
    rest.call("DELETE", f"/sessions/{session}/close")


@pytest.mark.parametrize("path", ["/backends", "/tokens", "/sessions", "/ledger", "/clock"])
def test_operator_requests_are_403_for_a_user(stint, admin, path):
    assert Rest(stint["url"], stint["token"], base="/api/v1/admin").get(path).status_code == 403
    assert admin.get(path).status_code == 200


def test_a_revoked_token_is_refused_immediately(stint, admin):
    made = admin.post("/tokens", json={"user": "passing-by", "instance": "guests", "role": "user"})
    assert made.status_code == 201
    guest = Rest(stint["url"], made.json()["token"], made.json()["crn"])
    assert guest.get("/jobs").status_code == 200
    jwt = exchange(stint["url"], made.json()["token"]).json()["access_token"]
    assert admin.call("DELETE", f"/tokens/{made.json()['id']}").ok
    assert guest.get("/jobs").status_code == 401
    assert Rest(stint["url"], jwt, made.json()["crn"]).get("/jobs").status_code == 401
    assert made.json()["token"] not in admin.get("/tokens").text


def test_health_needs_no_token(stint):
    for path in ("/health/live", "/health/ready"):
        assert requests.get(stint["url"] + path, timeout=10).status_code == 200
