"""Plain HTTP access to a Stint server, for users without the Python client."""

import http.client
from datetime import datetime
from urllib.parse import urlsplit

import requests

from waiting import until

FINAL = ("Completed", "Failed", "Cancelled")


def instant(text):
    """Parses an ISO time from the wire, which must be UTC and end in Z."""
    assert text.endswith("Z"), f"not a UTC time ending in Z: {text!r}"
    return datetime.fromisoformat(text)


def problem(response):
    """Returns the first entry of the `errors` list of a refusal."""
    errors = response.json()["errors"]
    assert errors and errors[0]["message"].strip(), response.text
    return errors[0]


class Rest:
    """Calls an API below one base path with one bearer token."""

    def __init__(self, url, token, crn=None, base="/api/v1"):
        self.url, self.base = url, base
        self.http = requests.Session()
        self.http.headers["Authorization"] = f"Bearer {token}"
        self.http.headers["IBM-API-Version"] = "2026-04-15"
        if crn:
            self.http.headers["Service-CRN"] = crn

    def call(self, method, path, **options):
        options.setdefault("timeout", 60)
        return self.http.request(method, self.url + self.base + path, **options)

    def get(self, path, **options):
        return self.call("GET", path, **options)

    def post(self, path, **options):
        return self.call("POST", path, **options)

    def get_json(self, path):
        response = self.get(path)
        assert response.status_code == 200, f"{path}: {response.status_code} {response.text[:300]}"
        return response.json()

    def post_text(self, path, text):
        """Sends JSON text exactly as written."""
        return self.post(path, data=text.encode(), headers={"Content-Type": "application/json"})

    def open_session(self, backend, mode="dedicated", **limits):
        response = self.post("/sessions", json={"mode": mode, "backend": backend, **limits})
        assert response.ok, f"{response.status_code} {response.text}"
        return response.json()

    def submit(self, backend, program="scripted", params=None, **fields):
        body = {"program_id": program, "backend": backend, "params": params or {}, **fields}
        response = self.post("/jobs", json=body)
        assert response.ok, f"{response.status_code} {response.text}"
        return response.json()["id"]

    def job(self, job_id):
        return self.get_json(f"/jobs/{job_id}?exclude_params=true")

    def status(self, job_id):
        return self.job(job_id)["state"]["status"]

    def ended(self, job_id, timeout=60):
        """Waits for the end of a job and returns its state object."""

        def final_state():
            state = self.job(job_id)["state"]
            return state if state["status"] in FINAL else None

        return until(f"job {job_id} ends", final_state, timeout)

    def times(self, job_id):
        """Returns the times at which a finished job was created, started and finished."""
        stamps = self.get_json(f"/jobs/{job_id}/metrics")["timestamps"]
        return [instant(stamps[key]) for key in ("created", "running", "finished")]

    def session(self, session_id):
        return self.get_json(f"/sessions/{session_id}")

    def in_state(self, session_id, state, timeout=30):
        def reached():
            seen = self.session(session_id)
            return seen if seen["state"] == state else None

        return until(f"session {session_id} is {state}", reached, timeout)


class Admin(Rest):
    """Calls the operator API."""

    def __init__(self, url, token):
        super().__init__(url, token, base="/api/v1/admin")

    def add_backend(self, name, driver="scripted", **settings):
        response = self.post("/backends", json={"name": name, "driver": driver, **settings})
        assert response.status_code in (200, 201), f"{response.status_code} {response.text}"
        return response.json()

    def set_status(self, backend, status, reason="client suite"):
        response = self.call("PATCH", f"/backends/{backend}", json={"status": status, "reason": reason})
        assert response.status_code == 200, f"{response.status_code} {response.text}"


def send_oversized(url, path, token, megabytes):
    """Sends a body that the server should refuse; reads the answer even after an early close."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
    block = b" " * (1 << 20)
    try:
        connection.putrequest("POST", parts.path + path)
        connection.putheader("Authorization", f"Bearer {token}")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(megabytes << 20))
        connection.endheaders()
        try:
            for _ in range(megabytes):
                connection.send(block)
        except (BrokenPipeError, ConnectionResetError):
            pass
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()
