from pathlib import Path

import pytest

from learner.limits import one_thread

one_thread()  # as in a worker, before anything imports numpy

from .given import Session  # noqa: E402


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(tmp_path)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A session for a result that several tests of a file use."""
    return Session(tmp_path_factory.mktemp("home"))
