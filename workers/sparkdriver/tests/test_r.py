"""Tests of R statements without Spark, in a session whose operator allows plain R."""

import base64
import json
import os
import signal
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest

from sparkdriver.pythoncode import StatementError
from sparkdriver.rcode import RCode
from sparkdriver.rprocess import RDied, RProcess, find_r

from .session import Session, wait_for
from .test_cancel import interrupted


@pytest.fixture(scope="module")
def without_sparkr(tmp_path_factory):
    """An environment in which R finds a broken SparkR before any other."""
    library = tmp_path_factory.mktemp("library")
    (library / "SparkR").mkdir()
    (library / "SparkR" / "DESCRIPTION").write_text("Package: SparkR\nVersion: 0.0\n")
    return {"R_LIBS": str(library)}


@pytest.fixture(scope="module")
def r(tmp_path_factory, without_sparkr):
    folder = tmp_path_factory.mktemp("r")
    session = Session(folder, without_sparkr, kind="sparkr", plain_r=True)
    session.wait_until_idle()
    yield session
    session.end()


@pytest.fixture
def process(tmp_path):
    """An R process without a driver."""
    command = find_r()
    assert command is not None
    running = RProcess(command, tmp_path, tmp_path / "printed")
    yield running
    running.close()


def text(session, code):
    return session.text(code, "sparkr")


def error(session, code):
    output = session.run(code, "sparkr")
    assert (output["status"], output["ename"]) == ("error", "Error")
    return output


def test_the_log_says_that_there_is_no_spark(r):
    """Must be the first test of the module, before any R statement."""
    assert "R runs without Spark in this session: SparkR was not found." in r.log("stderr")
    assert "object 'spark' not found" in error(r, "spark")["evalue"]


def test_variables_stay_and_a_session_has_other_kinds(r):
    assert text(r, "x <- 20") == ""
    assert text(r, "x + 1") == "[1] 21"
    assert r.text("x = 'of Python'\nx") == "'of Python'"
    assert text(r, "x") == "[1] 20"


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("1 + 2", "[1] 3"),
        ("x = 1\n\ny = 2\n\nx + y", "[1] 3"),
        ("1\n2", "[1] 2"),
        ('print("1")\nprint("2")', '[1] "1"\n[1] "2"'),
        ("cat(3)", "3"),
        ('cat("\\n\\n a \\n\\n")', "\n a \n"),
        ('cat("out\\n"); message("err"); 7', "out\nerr\n[1] 7"),
        ("invisible(5)", ""),
        ("(x <- 5)", "[1] 5"),
        ("NULL", "NULL"),
        ("", ""),
        ("# nothing", ""),
        ("f <- function(x) x + 1\nf", "function (x) \nx + 1"),
        ("data.frame(a = 1:2, w = c('ü', '🐈'))", "  a  w\n1 1  ü\n2 2 🐈"),
        ("größe <- 'ñ'\nnchar(größe)", "[1] 1"),
        ('"it\'s \\"quoted\\" \\\\ here"', '[1] "it\'s \\"quoted\\" \\\\ here"'),
        ("a <- 1\r\nb <- 2\r\na + b", "[1] 3"),
        ("cat('\\033[31mred\\033[0m')", "red"),
        ("setClass('P', representation(x = 'numeric')); new('P', x = 1)@x", "[1] 1"),
        ("for (i in 1:2) print(i)", "[1] 1\n[1] 2"),
        ("readLines('stdin')", "character(0)"),
        ("readline('? ')", '? \n[1] ""'),
        ("system('echo from a shell')", "from a shell"),
        ("system(\"printf 'a\\\\0b\\\\377'\"); invisible()", "a\0b\ufffd"),
        ("return(4)", "[1] 4"),
        ("browser(); 1", 'Called from: eval(parse(text = "browser(); 1"))\n[1] 1'),
        ("unlist(parallel::mclapply(1:2, function(i) i * 2))", "[1] 2 4"),
    ],
)
def test_shown_values(r, code, shown):
    assert r.data(code, "sparkr") == {"text/plain": shown}


@pytest.mark.parametrize(
    ("code", "value"),
    [
        (
            "nowhere",
            "[1] \"Error in eval(parse(text = \\\"nowhere\\\")): object 'nowhere' not found\"",
        ),
        (
            "x[",
            (
                r'[1] "Error in parse(text = \"x[\"): <text>:2:0: '
                r'unexpected end of input\n1: x[\n   ^"'
            ),
        ),
        ("f <- function(n) stop('no: ', n)\nf('ü')", '[1] "Error in f(\\"ü\\"): no: ü"'),
        ("stop(structure(class = c('a', 'condition'), list()))", None),
        ("f <- function() f()\nf()", None),
        ("print(structure(1, class = 'broken'))", None),
        ("break", None),
        ("invokeRestart('abort')", '[1] "Error: aborted"'),
        ("a <- '\0'", None),
        ("\ud800", None),
    ],
)  # fmt: skip
def test_the_output_of_an_error(r, code, value):
    if "broken" in code:
        r.run("print.broken <- function(x, ...) stop('cannot')", "sparkr")
    output = error(r, code)
    assert value is None or output["evalue"] == value
    assert output["evalue"].startswith('[1] "')
    assert text(r, "1") == "[1] 1"


def test_a_mistake_in_the_syntax_runs_nothing(r):
    r.run("ran <- FALSE", "sparkr")
    error(r, "ran <- TRUE\nx <- (")
    assert text(r, "ran") == "[1] FALSE"


def test_output_before_an_error_is_part_of_its_traceback(r):
    output = error(r, "print('before'); cat('more'); stop('after')")
    assert output["traceback"] == ['[1] "before"\n', "more\n"]


def test_warnings_follow_the_output(r):
    shown = text(r, "f <- function() { warning('careful'); 3 }\nf()")
    assert shown == "[1] 3\nWarning message:\nIn f() : careful"
    assert text(r, "4") == "[1] 4"
    assert "converted from warning" in error(r, "options(warn = 2); as.integer('a')")["evalue"]
    assert "introduced by coercion" in text(r, "options(warn = 0); as.integer('a')")


@pytest.mark.parametrize(
    "code",
    [
        "plot(1:3)",
        "library(graphics)\nhist(c(1, 2, 2), main = 'größe')\n",
        "plot(1:2); plot(1:3)",
        "draw <- function() barplot(1:3)\ninvisible(draw())",
        "plot(1:3); invisible(dev.off())",
    ],
)
def test_a_plot_is_a_picture(r, code):
    data = r.data(code, "sparkr")
    assert data["text/plain"] == ""
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert r.data("'plot'", "sparkr") == {"text/plain": '[1] "plot"'}


def test_a_plot_is_next_to_text_and_a_plot_to_the_users_own_device_is_a_file(r, tmp_path):
    assert r.data("plot(1:3); 5", "sparkr")["text/plain"] == "[1] 5"
    path = tmp_path / "own.png"
    assert "image/png" not in r.data(f"png('{path}'); plot(1); invisible(dev.off())", "sparkr")
    assert path.read_bytes().startswith(b"\x89PNG")


def test_code_and_output_of_megabytes(r):
    assert text(r, f"nchar('{'ü' * 3_000_000}')") == "[1] 3000000"
    assert text(r, " + ".join(["1"] * 2000)) == "[1] 2000"
    assert len(text(r, "cat(strrep('x', 3e7))")) == 30_000_000
    assert text(r, "1") == "[1] 1"


@pytest.mark.parametrize(
    "harm",
    [
        "closeAllConnections()",
        "c <- file <- paste0 <- writeBin <- function(...) stop('mine')",
        "rm(list = ls(all.names = TRUE))",
        "setwd('/')",
        "options(error = quote(stop('again')), device = NULL)",
        "graphics.off()",
        "sink(tempfile()); print(1); sink()",
        "while (TRUE) break",
    ],
)
def test_a_cell_that_changes_r_does_not_damage_the_session(r, harm):
    r.run(harm, "sparkr")
    assert text(r, "1 + 1") == "[1] 2"
    r.run("rm(list = ls(all.names = TRUE)); options(error = NULL)", "sparkr")


LOOPS = {
    "a loop": "while (TRUE) {}",
    "a sleep": "Sys.sleep(60)",
    "a child process": "system('sleep 60'); Sys.sleep(60)",
    "printing": "repeat print('x')",
    "a loop that swallows the first": "tryCatch(repeat {}, interrupt = function(e) repeat {})",
    "a loop that swallows errors": "repeat try(stop('no'), silent = TRUE)",
    "a statement's own printing": "structure(1, class = 'slow')",
}


@pytest.mark.parametrize("what", LOOPS)
def test_cancel(r, what):
    r.run("kept <- 0; print.slow <- function(x, ...) repeat {}", "sparkr")
    message = interrupted(r, f"kept <- 1\n{LOOPS[what]}", "sparkr")
    assert json.loads(message["result"])["evalue"] == "The statement was cancelled."
    assert text(r, "kept") == "[1] 1"
    assert text(r, "Sys.sleep(0.2); 2") == "[1] 2"


def test_cancels_around_the_end_of_a_statement_never_harm_the_next(r):
    for number in range(60):
        job = r.start(f"Sys.sleep({number % 10} / 300)\n{number}", "sparkr")
        r.read_type("started")
        time.sleep(number % 7 / 100)  # varies the moment of the cancel; the test holds for any
        r.cancel(job)
        output = r.result(job)["result"]
        assert '"ok"' in output or "cancelled" in output
        assert text(r, "sum(1:10)") == "[1] 55"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("my_ta", {"my_table"}),
        ("x <- 1\nmy_table$co", {"count", "colour"}),
        ("stats::rnor", {"rnorm"}),
        ("mean(my_ta", {"my_table"}),
        ("", set()),
    ],
)
def test_completion(r, code, expected):
    r.run("my_table <- data.frame(count = 1, colour = 2, other = 3)", "sparkr")
    r.send(type="suggest", request=7, kind="sparkr", code=code + " # rest", cursor=len(code))
    assert set(r.read_type("suggestions")["words"]) == expected


def test_there_are_no_completions_while_a_statement_runs(r):
    job = r.start("repeat {}", "sparkr")
    r.read_type("started")
    r.send(type="suggest", request=8, kind="sparkr", code="rnor", cursor=4)
    assert r.read_type("suggestions")["words"] == []
    r.cancel(job)
    assert r.result(job)["outcome"] == "cancelled"


def test_the_end_of_r_ends_the_session_as_in_livy(tmp_path, without_sparkr):
    session = Session(tmp_path, without_sparkr, kind="shared", plain_r=True)
    session.wait_until_idle()
    session.start("cat('last words\\n'); quit(status = 3)", "sparkr")
    session.wait_until_gone()
    assert session.process.returncode == 4
    assert session.log("stderr").endswith(": ends: R ended with code 3\nlast words\n")


def test_r_ends_with_its_session(tmp_path, without_sparkr):
    session = Session(tmp_path, without_sparkr, kind="shared", plain_r=True)
    session.wait_until_idle()
    path = tmp_path / "runs"
    session.start(f"system('sleep 600 &'); file.create('{path}'); repeat {{}}", "sparkr")
    wait_for(path.exists, "the loop")
    session.process.kill()
    session.wait_until_gone()


def test_a_crash_is_noticed_although_a_program_that_r_started_keeps_running(process):
    with pytest.raises(RDied) as caught:
        process.request("run", "system('sleep 60 &'); tools::pskill(Sys.getpid(), 9)", "/nowhere")
    assert caught.value.code == -9
    with pytest.raises(RDied):
        process.request("run", "x" * 1_000_000, "/nowhere")
    os.killpg(process.pid, signal.SIGKILL)


def test_text_is_utf_8_whatever_the_locale_of_the_service(tmp_path, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C")
    command = find_r()
    assert command is not None
    process = RProcess(command, tmp_path, tmp_path / "printed")
    assert process.request("run", "cat(nchar('ü'), 'ü')", "/nowhere") == ("ok", "")
    process.close()
    assert (tmp_path / "printed").read_text("utf-8") == "1 ü"


def make_r(folder, plain):
    """Creates an RCode, which fails before it needs Spark."""
    settings = SimpleNamespace(folder=folder, temporary=folder, plain_r=plain)
    spark: Any = SimpleNamespace(settings=settings)
    return RCode(spark, folder / "printed", lambda _: None, threading.Event())


def test_without_sparkr_the_refusal_says_what_to_install(tmp_path, monkeypatch, without_sparkr):
    monkeypatch.setenv("R_LIBS", without_sparkr["R_LIBS"])
    with pytest.raises(StatementError) as caught:
        make_r(tmp_path, plain=False)
    assert (caught.value.ename, caught.value.evalue) == (
        "InterpreterError",
        "Fail to start interpreter",
    )
    assert "R finds no SparkR" in caught.value.trace[0]
    assert "plain_r" in caught.value.trace[0]


def test_without_r_the_refusal_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StatementError) as caught:
        make_r(tmp_path, plain=True)
    assert caught.value.ename == "InterpreterError"
    assert "install Debian's r-base-core" in caught.value.trace[0]
