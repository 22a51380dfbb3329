"""kill -9 of the service: its sessions continue in their processes, and it finds them again."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from livy_http import Livy, until_there_is
from own_service import OwnService


@pytest.fixture
def service(tmp_path):
    own = OwnService(tmp_path)
    own.start()
    yield own
    livy = Livy(own.url)
    for session in livy.json("GET", "/sessions")["sessions"]:
        livy.delete(session["id"])
    own.stop()
    assert not list((tmp_path / "data" / "spark").iterdir())


def test_an_idle_and_a_busy_session_survive_a_restart_of_the_service(service, tmp_path):
    livy = Livy(service.url)
    with ThreadPoolExecutor(2) as pool:
        idle, busy = pool.map(lambda _: livy.session(), range(2))
    livy.run(idle, "x = 42")
    pids = [livy.text(session, "import os; os.getpid()") for session in (idle, busy)]
    running = livy.submit(busy, f"{until_there_is(tmp_path / 'gate')}\nprint('done')")
    behind = livy.submit(busy, "6 * 7")
    livy.until(f"/sessions/{busy}/statements/{running}", "running")
    service.kill()
    service.start()
    livy = Livy(service.url)
    assert livy.json("GET", f"/sessions/{idle}/state")["state"] == "idle"
    assert livy.json("GET", f"/sessions/{busy}/state")["state"] == "busy"
    (tmp_path / "gate").touch()
    assert livy.wait(busy, running)["output"]["data"]["text/plain"] == "done"
    assert livy.wait(busy, behind)["output"]["data"]["text/plain"] == "42"
    assert livy.text(idle, "x") == "42"
    assert [livy.text(session, "os.getpid()") for session in (idle, busy)] == pids
    assert livy.json("GET", f"/sessions/{busy}/statements/0")["output"]["data"]["text/plain"] == pids[1]
    assert livy.json("POST", "/sessions", {"kind": "pyspark"})["id"] == max(idle, busy) + 1


def test_a_statement_that_ends_while_the_service_is_down_keeps_its_result(service, tmp_path):
    livy = Livy(service.url)
    session = livy.session()
    running = livy.submit(session, f"{until_there_is(tmp_path / 'gate')}\nprint('done')")
    livy.until(f"/sessions/{session}/statements/{running}", "running")
    service.kill()
    (tmp_path / "gate").touch()
    time.sleep(2)  # for its end to come before the service; nothing is concluded from it
    service.start()
    livy = Livy(service.url)
    assert livy.wait(session, running)["output"]["data"]["text/plain"] == "done"
