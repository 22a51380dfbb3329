"""Sessions for tests: most share one, since Spark takes seconds to start."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.find_spark_home import _find_spark_home

from sparkdriver.sparkr import find_sparkr

from .session import Session

# PyPI's Spark comes without SparkR, and no package index has one for it.
if find_sparkr(Path(_find_spark_home()), os.environ) is None:
    collect_ignore = ["test_sparkr.py"]


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """For tests that leave the session usable. Its kind is one that starts every interpreter."""
    session = Session(tmp_path_factory.mktemp("shared"), kind="spark", sql_rows=20, plain_r=True)
    session.wait_until_idle()
    yield session
    session.end()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Session]:
    """For tests that end it. Still starting when the test begins."""
    session = Session(tmp_path)
    yield session
    session.end()
