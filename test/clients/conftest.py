"""Drives a running Stint with the unmodified qiskit-ibm-runtime client.

The server is given by STINT_URL, STINT_TOKEN and STINT_CRN (a user), STINT_TOKEN_2 and STINT_CRN_2 (a user of
another instance) and STINT_ADMIN_TOKEN. It offers the backends stint_line_5 (one lane, no noise) and
stint_hex_27 (five lanes, mild noise). The client is told about it by environment variables only.
"""

import os
import tempfile
import uuid

import pytest

from stint_http import Admin, Rest
from waiting import within

SETTINGS = ("STINT_URL", "STINT_TOKEN", "STINT_TOKEN_2", "STINT_CRN", "STINT_CRN_2", "STINT_ADMIN_TOKEN")
if missing := [name for name in SETTINGS if not os.environ.get(name)]:
    raise pytest.UsageError(f"this suite needs a running server; not set: {', '.join(missing)}")

STINT = {name.removeprefix("STINT_").lower(): os.environ[name] for name in SETTINGS}
STINT["url"] = STINT["url"].rstrip("/")

# Set before the import: the client reads HOME then, and the rest when a service is constructed.
for name in [name for name in os.environ if name.startswith("QISKIT_")]:
    del os.environ[name]
os.environ.update(
    HOME=tempfile.mkdtemp(prefix="stint-clients-"),
    IAM_URL=STINT["url"],
    QISKIT_IBM_URL=STINT["url"] + "/experimental/api/v1",
    QISKIT_IBM_TOKEN=STINT["token"],
    QISKIT_IBM_INSTANCE=STINT["crn"],
    GLOBAL_SEARCH_URL=STINT["url"] + "/search",
    GLOBAL_CATALOG_URL=STINT["url"] + "/catalog/api/v1",
)


@pytest.fixture(autouse=True)
def _deadline(request):
    mark = request.node.get_closest_marker("deadline")
    seconds = mark.args[0] if mark else 60
    with within(seconds, request.node.name):
        yield


@pytest.fixture(scope="session")
def stint():
    """The settings by name: url, token, crn, token_2, crn_2, admin_token."""
    return STINT


@pytest.fixture(scope="session")
def service():
    from qiskit_ibm_runtime import QiskitRuntimeService

    return QiskitRuntimeService()


@pytest.fixture(scope="session")
def other_service():
    from qiskit_ibm_runtime import QiskitRuntimeService

    return QiskitRuntimeService(
        channel="ibm_quantum_platform",
        url=os.environ["QISKIT_IBM_URL"],
        token=STINT["token_2"],
        instance=STINT["crn_2"],
    )


@pytest.fixture(scope="session")
def line5(service):
    return service.backend("stint_line_5")


@pytest.fixture(scope="session")
def hex27(service):
    return service.backend("stint_hex_27")


@pytest.fixture(scope="session")
def rest():
    return Rest(STINT["url"], STINT["token"], STINT["crn"])


@pytest.fixture(scope="session")
def other_rest():
    return Rest(STINT["url"], STINT["token_2"], STINT["crn_2"])


@pytest.fixture(scope="session")
def admin():
    return Admin(STINT["url"], STINT["admin_token"])


@pytest.fixture(scope="module")
def scripted(admin):
    """Makes backends with scripted jobs: `scripted(lanes=2)` returns the name of a new one."""
    made = []

    def make(**settings):
        name = f"scripted_{uuid.uuid4().hex[:8]}"
        admin.add_backend(name, **settings)
        made.append(name)
        return name

    yield make
    for name in made:
        admin.set_status(name, "offline")


@pytest.fixture
def leave_nothing(rest, other_rest):
    """Cancels the given jobs after the test, so that a failure does not block the next test."""
    sessions, jobs = [], []

    class Register:
        def session(self, session):
            sessions.append(session if isinstance(session, str) else session.session_id)
            return session

        def job(self, job):
            jobs.append(job if isinstance(job, str) else job.job_id())
            return job

    yield Register()
    for who in (rest, other_rest):
        for session_id in sessions:
            who.call("DELETE", f"/sessions/{session_id}/close")
        for job_id in jobs:
            who.post(f"/jobs/{job_id}/cancel")


@pytest.fixture
def tag():
    """A unique job tag."""
    return f"t-{uuid.uuid4().hex[:12]}"
