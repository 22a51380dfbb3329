"""Requests from the documentation of Livy and HDInsight that no client library sends."""

import time

import requests


def until_there_is(path):
    """Returns code that runs until the test creates a file, so that timing does not matter."""
    return f"import os, time\nwhile not os.path.exists({str(path)!r}): time.sleep(0.01)"


class Livy:
    """`auth` is (user, token) for HDInsight's form; None for a port without credentials."""

    def __init__(self, url, auth=None):
        self.url, self.auth = url.rstrip("/"), auth
        self.http = requests.Session()

    def call(self, method, path, body=None):
        headers = {"Content-Type": "application/json"}
        return self.http.request(
            method, self.url + path, json=body, auth=self.auth, headers=headers, timeout=120
        )

    def json(self, method, path, body=None):
        answer = self.call(method, path, body)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def until(self, path, *states, seconds=240.0, every=0.05):
        """Waits until the state of the object at `path` is one of these, and returns the object."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            seen = self.json("GET", path)
            if seen["state"] in states:
                return seen
            assert seen["state"] not in ("dead", "error", "killed"), seen
            time.sleep(every)
        raise AssertionError(f"{path} is {seen['state']} after {seconds} s, not {states}")

    def session(self, kind="pyspark", **more):
        made = self.json("POST", "/sessions", {"kind": kind, **more})
        self.until(f"/sessions/{made['id']}", "idle")
        return made["id"]

    def submit(self, session, code, **more):
        return self.json("POST", f"/sessions/{session}/statements", {"code": code, **more})["id"]

    def wait(self, session, statement, seconds=120.0):
        path = f"/sessions/{session}/statements/{statement}"
        return self.until(path, "available", "cancelled", seconds=seconds, every=0.02)

    def run(self, session, code, **more):
        return self.wait(session, self.submit(session, code, **more))["output"]

    def text(self, session, code, **more):
        return self.run(session, code, **more)["data"]["text/plain"]

    def delete(self, session):
        return self.call("DELETE", f"/sessions/{session}")
