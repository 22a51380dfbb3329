"""The client library of sparkmagic 0.23.0, used as its kernels and magics do."""

import builtins
import signal
import threading
import time
from _thread import interrupt_main

import pytest
from IPython.core.interactiveshell import InteractiveShell
from sparkmagic.livyclientlib.command import Command
from sparkmagic.livyclientlib.endpoint import Endpoint
from sparkmagic.livyclientlib.exceptions import SparkStatementCancelledException
from sparkmagic.livyclientlib.livyreliablehttpclient import LivyReliableHttpClient
from sparkmagic.livyclientlib.livysession import LivySession
from sparkmagic.livyclientlib.sparkcontroller import SparkController
from sparkmagic.livyclientlib.sqlquery import SQLQuery
from sparkmagic.utils import configuration


class Display:
    """Replaces the notebook and collects its output."""

    def display(self, *_):
        pass

    def write(self, _):
        pass

    send_error = html = writeln = write


@pytest.fixture(scope="module")
def endpoint(url):
    # In notebooks this is a builtin. sparkmagic uses it when a statement is interrupted.
    builtins.get_ipython = InteractiveShell.instance
    # A busy machine may take longer than a minute to start a JVM.
    configuration.override("livy_session_startup_timeout_seconds", 240)
    configuration.override("heartbeat_refresh_seconds", 1)
    return Endpoint(url, None)


@pytest.fixture(scope="module")
def notebook(endpoint):
    client = LivyReliableHttpClient.from_endpoint(endpoint)
    session = LivySession(client, {"kind": "pyspark"}, Display(), heartbeat_timeout=30)
    session.start()
    yield session
    session.delete()


def test_a_session_starts_and_executes_code(notebook):
    assert notebook.status == "idle"
    assert Command("x = 20\nprint(x + 1)").execute(notebook)[:2] == (True, "21")
    ok, text, _ = Command("1 / 0").execute(notebook)
    assert not ok
    assert "ZeroDivisionError" in text


def test_an_sql_query_returns_a_frame(notebook):
    frame = SQLQuery("SELECT id AS n, id * 2 AS twice FROM range(4)").execute(notebook)
    assert frame.to_dict("list") == {"n": [0, 1, 2, 3], "twice": [0, 2, 4, 6]}


def test_an_interrupt_cancels_the_statement_and_keeps_the_variables(notebook, livy):
    # The signal may be ignored if the tests run in the background.
    signal.signal(signal.SIGINT, signal.default_int_handler)

    def interrupt():
        while livy.json("GET", f"/sessions/{notebook.id}/state")["state"] != "busy":
            time.sleep(0.05)
        time.sleep(0.5)  # the client has its answer and waits for the end
        interrupt_main()

    threading.Thread(target=interrupt, daemon=True).start()
    # The statement never ends without the cancel.
    with pytest.raises(SparkStatementCancelledException):
        Command("while True:\n    pass").execute(notebook)
    assert Command("print(x)").execute(notebook)[:2] == (True, "20")


def test_the_client_sends_heartbeats_to_the_session(notebook, livy):
    assert livy.json("GET", f"/sessions/{notebook.id}")["heartbeatTimeoutInSecond"] == 30
    assert notebook._heartbeat_thread.is_alive()


def test_sessions_can_be_listed_and_deleted(endpoint, notebook, livy):
    controller = SparkController(Display())
    assert notebook.id in [each.id for each in controller.get_all_sessions_endpoint(endpoint)]
    made = livy.json("POST", "/sessions", {"kind": "pyspark"})["id"]
    controller.delete_session_by_id(endpoint, made)
    assert livy.call("GET", f"/sessions/{made}").status_code == 404
