"""Tests of R statements with Spark. Collected only if SparkR is installed (conftest.py)."""

import json

import pytest

from .session import Session
from .test_cancel import interrupted

WAIT = (
    'SparkR:::callJMethod(SparkR:::newJObject("java.util.concurrent.CountDownLatch", 1L), "await")'
)


@pytest.fixture(scope="module")
def r(tmp_path_factory):
    session = Session(tmp_path_factory.mktemp("sparkr"), kind="sparkr")
    session.wait_until_idle()
    yield session
    session.end()


def text(session, code):
    return session.text(code, "sparkr")


def test_the_session_has_what_livys_has(r):
    """Must be the first test of the module. sparkmagic reads `spark`."""
    assert "with SparkR" in r.log("stderr")
    assert text(r, "class(sc)") == '[1] "jobj"'
    assert text(r, "spark").startswith("Java ref type org.apache.spark.sql")
    assert text(r, "identical(spark, sqlContext)") == "[1] TRUE"


def test_tables(r):
    r.run("people <- createDataFrame(data.frame(n = c(1, 2, 3), w = c('a', 'ü', '🐈')))", "sparkr")
    assert text(r, "people") == "SparkDataFrame[n:double, w:string]"
    assert text(r, "collect(select(people, 'n'))") == "  n\n1 1\n2 2\n3 3"
    assert text(r, "count(people)") == "[1] 3"
    assert "UNRESOLVED" in r.run("select(people, 'nowhere')", "sparkr")["evalue"]
    assert text(r, "nrow(collect(filter(people, people$n > 1)))") == "[1] 2"


def test_code_on_the_workers(r):
    code = "d <- createDataFrame(data.frame(n = c(1, 2)))\ndapplyCollect(d, function(x) x * 2)"
    assert text(r, code) == "  n\n1 2\n2 4"
    assert text(r, "unlist(spark.lapply(1:3, function(i) i * i))") == "[1] 1 4 9"


def test_r_sees_the_views_of_the_other_kinds_and_they_see_its_own(r):
    r.run("createOrReplaceTempView(createDataFrame(data.frame(a = 1:2)), 'of_r')", "sparkr")
    assert r.data("SELECT sum(a) FROM of_r", "sql")["application/json"]["data"] == [[3]]
    r.run("spark.range(5).createOrReplaceTempView('of_python')")
    assert text(r, "count(sql('SELECT * FROM of_python'))") == "[1] 5"


def test_sparkmagics_sql(r):
    """Runs the code that sparkmagic's %%sql sends."""
    code = "for (.i in SparkR:::collect(toJSON(sql('SELECT 0 AS id')))$value) print(.i)"
    assert text(r, code) == '[1] "{\\"id\\":0}"'


def test_progress(r, tmp_path):
    path = tmp_path / "go"
    code = f"spark.lapply(1:4, function(i) while (i > 2 && !file.exists('{path}')) Sys.sleep(0.01))"
    job = r.start(f"{code}; 1", "sparkr")
    message = r.read_type("progress")
    assert (message["job"], 0 < message["done"] < message["total"]) == (job, True)
    path.touch()
    assert '"ok"' in r.result(job)["result"]


JOBS = {
    "a job": "collect(sql('SELECT sum(id % 7) FROM range(10000000000000)'))",
    "code on the workers": "spark.lapply(1:2, function(i) Sys.sleep(15))",
    "a job that is tried again": "repeat try(spark.lapply(1:2, function(i) Sys.sleep(15)))",
    "a wait in the JVM": WAIT,
    "short calls to the JVM": "repeat SparkR:::callJStatic('java.lang.System', 'nanoTime')",
    "a wait after one that was left": f"tryCatch({WAIT}, interrupt = function(e) {WAIT})",
}


@pytest.mark.parametrize("what", JOBS)
def test_cancel(r, what):
    r.run("kept <- 0; n <- createDataFrame(data.frame(n = 1:4))", "sparkr")
    message = interrupted(r, f"kept <- 1\n{JOBS[what]}", "sparkr")
    assert json.loads(message["result"])["evalue"] == "The statement was cancelled."
    # The variables and the connection to the JVM are intact, and no job continues.
    assert text(r, "kept") == "[1] 1"
    assert text(r, "count(n)") == "[1] 4"
    assert text(r, "SparkR:::callJStatic('java.lang.Math', 'abs', -3L)") == "[1] 3"
    assert r.text("len(sc.statusTracker().getActiveJobsIds())") == "0"


def test_connections_that_a_cell_closes_are_opened_again(r):
    r.run("closeAllConnections()", "sparkr")
    assert text(r, "count(sql('SELECT 1'))") == "[1] 1"


def test_nobody_can_read_the_secret_of_the_backend(r):
    """It is neither on a command line nor in the environment, which programs inherit."""
    assert text(r, "grep('SECRET|SPARKR', names(Sys.getenv()), value = TRUE)") == "character(0)"
    assert text(r, "length(commandArgs(trailingOnly = TRUE))") == "[1] 2"


def test_r_uses_a_spark_that_was_started_again(tmp_path):
    """Must be the last test: it has its own session, which starts R with its first statement."""
    session = Session(tmp_path, kind="shared")
    session.wait_until_idle()
    assert text(session, "count(sql('SELECT 1'))") == "[1] 1"
    session.run("sc.stop()")
    assert session.run("count(sql('SELECT 1'))", "sparkr")["status"] == "error"
    session.run("from pyspark.sql import SparkSession\nspark = SparkSession.builder.getOrCreate()")
    assert text(session, "count(sql('SELECT 1'))") == "[1] 1"
    session.end()
