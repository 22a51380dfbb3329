from pathlib import Path

import pytest

from .given import Session


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(tmp_path)
