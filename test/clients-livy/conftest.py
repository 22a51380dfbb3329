"""Drives a running Stint with the unmodified clients of Livy, on real Spark.

The server is given by STINT_LIVY (Livy alone on its port, where requests need no credentials), STINT_URL with STINT_USER
and STINT_TOKEN (the service itself) and STINT_ADMIN_TOKEN. STINT_SPARK_FILES is a folder whose files batches may name.
"""

import os
import tempfile
from datetime import datetime

import pytest
import requests

from livy_http import Livy

SETTINGS = (
    "STINT_LIVY",
    "STINT_URL",
    "STINT_USER",
    "STINT_TOKEN",
    "STINT_ADMIN_TOKEN",
    "STINT_SPARK_FILES",
)
if missing := [name for name in SETTINGS if not os.environ.get(name)]:
    raise pytest.UsageError(f"this suite needs a running server; not set: {', '.join(missing)}")

STINT = {name.removeprefix("STINT_").lower(): os.environ[name] for name in SETTINGS}
# Before the clients are imported: both write below HOME.
home = tempfile.mkdtemp(prefix="stint-livy-clients-")
os.environ.update(HOME=home, AIRFLOW_HOME=home, SPARKMAGIC_CONF_DIR=home)


@pytest.fixture(scope="session")
def stint():
    """The settings by name: livy, url, user, token, admin_token, spark_files."""
    return STINT


@pytest.fixture(scope="session")
def url():
    return STINT["livy"]


@pytest.fixture(scope="session")
def livy():
    return Livy(STINT["livy"])


@pytest.fixture(scope="session")
def hdinsight():
    return Livy(STINT["url"] + "/livy", (STINT["user"], STINT["token"]))


@pytest.fixture(scope="session")
def moments(stint):
    """Returns the times of a session's events of these types, in seconds on the service's clock.

    What the service is to do within a second or two is measured so: how long its answers take on their way is no matter.
    """

    def of(session, *types):
        path = f"{stint['url']}/api/v1/sessions/{session}/events"
        headers = {"authorization": f"Bearer {stint['token']}"}
        events, after = [], 0
        while after is not None:
            page = requests.get(path, {"after": after}, headers=headers, timeout=60).json()
            events, after = events + page["events"], page["next"]
        return [datetime.fromisoformat(each["at"]).timestamp() for each in events if each["type"] in types]

    return of


@pytest.fixture(scope="module")
def session(livy):
    """One session for a whole file, because a start of Spark takes longer than all its tests."""
    made = livy.session()
    yield made
    livy.delete(made)
