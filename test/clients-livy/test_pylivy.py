"""The package `livy` 0.8.0 from PyPI."""

import pandas
import pytest
from livy import LivyBatch, LivySession, SessionKind, SparkRuntimeError


@pytest.fixture(scope="module")
def pyspark(url):
    with LivySession.create(url, kind=SessionKind.PYSPARK) as session:
        yield session


def test_code_runs_and_variables_are_kept(pyspark, capsys):
    pyspark.run("x = 20\nprint('hello')")
    assert capsys.readouterr().out == "hello\n"
    assert pyspark.run("x + 1").text == "21"


def test_an_error_in_the_code_is_raised(pyspark):
    with pytest.raises(SparkRuntimeError, match="ZeroDivisionError"):
        pyspark.run("1 / 0")
    assert pyspark.run("x + 2").text == "22"


def test_an_uploaded_frame_can_be_downloaded(pyspark):
    frame = pandas.DataFrame({"n": [1, 2, 3], "word": ["a", "ü", "🐈"]})
    pyspark.upload("sent", frame)
    pandas.testing.assert_frame_equal(pyspark.download("sent"), frame, check_like=True)


def test_sql_results_can_be_downloaded(url):
    with LivySession.create(url, kind=SessionKind.SQL) as session:
        session.run("CREATE TEMPORARY VIEW pairs AS SELECT 1 AS n, 'a' AS word UNION ALL SELECT 2, 'b'")
        frame = session.download_sql("SELECT * FROM pairs ORDER BY n")
        assert frame.to_dict("list") == {"n": [1, 2], "word": ["a", "b"]}


def test_scala_code_runs(url, capsys):
    with LivySession.create(url, kind=SessionKind.SPARK) as session:
        session.run("val x = 20")
        session.run("println(x + 1)")
        assert "21" in capsys.readouterr().out
        session.run('val frame = spark.range(3).toDF("n")')
        assert session.download("frame").to_dict("list") == {"n": [0, 1, 2]}


def test_r_code_runs(url, capsys):
    with LivySession.create(url, kind=SessionKind.SPARKR) as session:
        session.run("x <- 20\ncat('größe\\n')")
        assert capsys.readouterr().out == "größe\n"
        assert session.run("x + 1").text == "[1] 21"
        with pytest.raises(SparkRuntimeError, match="nowhere.* not found"):
            session.run("nowhere")
        assert session.run("plot(1:3)").text == ""
        assert session.run("x + 2").text == "[1] 22"


def test_a_batch_runs_and_has_a_log(url, stint):
    batch = LivyBatch.create(url, file=f"{stint['spark_files']}/count.py", args=["7"])
    batch.wait()
    assert batch.state.value == "success"
    # Reads the whole log. The default is the last 100 lines, and Spark writes more to stderr.
    assert "counted 7" in batch.log(from_=0, size=-1)
    batch.kill()
