"""Drives a running Stint with the unmodified clients of Livy, on real Spark.

The server is given by STINT_LIVY (Livy alone on its port, where requests need no credentials), STINT_URL with STINT_USER
and STINT_TOKEN (the service itself) and STINT_ADMIN_TOKEN. STINT_SPARK_FILES is a folder whose files batches may name.
"""

import os
import tempfile

import pytest

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


@pytest.fixture(scope="module")
def session(livy):
    """One session for a whole file: starting Spark takes longer than all that is asked of it."""
    made = livy.session()
    yield made
    livy.delete(made)
