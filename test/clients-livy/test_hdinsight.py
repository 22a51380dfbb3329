"""The operations of HDInsight's page on interactive sessions, with a user's name and token."""

import pytest


@pytest.fixture(scope="module")
def created(hdinsight):
    """Creates a session with the jars and files of the page, if the cluster can read them."""
    body = {
        "kind": "spark",
        "jars": [],
        "files": [],
        "driverMemory": "1G",
        "driverCores": 2,
        "executorMemory": "1G",
        "executorCores": 10,
        "numExecutors": 10,
    }
    answer = hdinsight.call("POST", "/sessions", body)
    assert answer.status_code == 201
    yield answer.json()
    hdinsight.delete(answer.json()["id"])


def test_a_session_can_be_created(created):
    assert created["kind"] == "spark"
    assert created["state"] in ("not_started", "starting")
    assert isinstance(created["id"], int)
    assert isinstance(created["log"], list)


def test_the_active_sessions_can_be_listed(hdinsight, created):
    listed = hdinsight.json("GET", "/sessions")
    assert listed["from"] == 0
    assert listed["total"] == len(listed["sessions"])
    assert created["id"] in [each["id"] for each in listed["sessions"]]


def test_one_session_can_be_read(hdinsight, created):
    assert hdinsight.json("GET", f"/sessions/{created['id']}")["id"] == created["id"]
    hdinsight.until(f"/sessions/{created['id']}", "idle")


def test_a_statement_can_be_executed_and_read(hdinsight, created):
    path = f"/sessions/{created['id']}/statements"
    answer = hdinsight.call("POST", path, {"code": "1 + 1"})
    assert answer.status_code == 201
    assert answer.json()["id"] == 0
    done = hdinsight.wait(created["id"], 0)
    assert done["output"] == {"status": "ok", "execution_count": 0, "data": {"text/plain": "res0: Int = 2\n"}}
    assert [each["id"] for each in hdinsight.json("GET", path)["statements"]] == [0]


def test_a_session_can_be_deleted(hdinsight):
    made = hdinsight.json("POST", "/sessions", {"kind": "pyspark"})["id"]
    assert hdinsight.call("DELETE", f"/sessions/{made}").json() == {"msg": "deleted"}
    assert hdinsight.call("GET", f"/sessions/{made}").status_code == 404


def test_a_request_without_credentials_is_401(hdinsight):
    import requests

    answer = requests.get(f"{hdinsight.url}/sessions", timeout=10)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Basic realm="Stint"')
