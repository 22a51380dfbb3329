"""Airflow's LivyHook in HDInsight's form: paths below /livy, with a user's name and token."""

import os
import time
from urllib.parse import urlsplit

import pytest


@pytest.fixture
def hook(stint):
    at = urlsplit(stint["url"])
    login = f"{stint['user']}:{stint['token']}"
    os.environ["AIRFLOW_CONN_LIVY_STINT"] = f"livy://{login}@{at.hostname}:{at.port}"
    from airflow.providers.apache.livy.hooks.livy import LivyHook

    return LivyHook(livy_conn_id="livy_stint", endpoint_prefix="/livy")


def ended(hook, batch, seconds=240):
    deadline = time.monotonic() + seconds
    while (state := hook.get_batch_state(batch)) not in hook.TERMINAL_STATES:
        assert time.monotonic() < deadline, state
        time.sleep(0.5)
    return state.value


def test_a_batch_runs_to_its_end(hook, stint):
    batch = hook.post_batch(
        file=f"{stint['spark_files']}/count.py",
        args=["5"],
        num_executors="1",
        conf={"spark.ui.enabled": "false"},
    )
    assert ended(hook, batch) == "success"
    # Airflow reads the log from the start. Spark's own lines follow, in any number.
    assert "counted 5" in hook.get_batch_logs(batch, 0, 100)["log"]
    hook.dump_batch_logs(batch)
    assert hook.get_batch(batch)["appId"] is None
    assert hook.delete_batch(batch) == {"msg": "deleted"}


def test_a_failing_batch_is_dead(hook, stint):
    batch = hook.post_batch(file=f"{stint['spark_files']}/count.py", args=["many"])
    assert ended(hook, batch) == "dead"
    assert hook.delete_batch(batch) == {"msg": "deleted"}
