"""Sessions for tests. Most tests share one, because Spark takes seconds to start."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.find_spark_home import _find_spark_home

from sparkdriver.sparkr import find_sparkr

from .session import Session

# Spark from PyPI does not contain SparkR, and no package index has a matching one.
if find_sparkr(Path(_find_spark_home()), os.environ) is None:
    collect_ignore = ["test_sparkr.py"]


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A session for tests that do not end it. It can start every interpreter."""
    session = Session(tmp_path_factory.mktemp("shared"), kind="spark", sql_rows=20, plain_r=True)
    session.wait_until_idle()
    yield session
    session.end()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Session]:
    """A session for tests that end it. It is still starting when the test begins."""
    session = Session(tmp_path)
    yield session
    session.end()
