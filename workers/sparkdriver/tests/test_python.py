"""Tests of Python statements: results, output, errors."""

import base64
import json

import pytest


def test_the_last_expression_is_shown_and_variables_stay(shared):
    assert shared.data("x = 20\nx + 1\nx + 2") == {"text/plain": "22"}
    assert shared.text("x") == "20"
    assert shared.text("None") == ""
    assert shared.text("x = 1") == ""
    assert shared.text("for i in range(3):\n    i") == "0\n1\n2"


def test_underscore_is_the_value_that_was_shown_last(shared):
    assert shared.text("a = b = 3\na, b") == "(3, 3)"
    assert shared.text("_") == "(3, 3)"
    shared.run("None\nc = 1\nprint(5)")
    assert shared.text("_[0] + 1") == "4"
    assert shared.text("_") == "4"
    # A variable of that name belongs to the user.
    shared.run("for _ in range(2): pass")
    assert shared.text("_") == "1"
    assert shared.run("del _")["status"] == "ok"


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_writing_to_a_stream_shows_what_was_written_and_no_number(shared, stream):
    assert shared.text(f"import sys\nsys.{stream}.write('text\\n')") == "text"


def test_the_execution_count_is_the_statements_number(shared):
    job = shared.start("1")
    output = json.loads(shared.result(job)["result"])
    assert output["execution_count"] == int(job.removeprefix("job-"))


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("print('a')\n2", "a\n2"),
        ("import sys\nprint('err', file=sys.stderr)\nprint('out')\n7", "out\n7\nerr"),
        ("print('  a  \\n\\n')", "  a"),
        ("print('Zürich → 🐈')", "Zürich → 🐈"),
        ("größe = 'ñ'\ngröße", "'ñ'"),
        ("print('\\ud800')", "\\ud800"),
        ("a = 1\r\nb = 2\r\nprint(a + b)", "3"),
        ("a = 1\rprint(a)", "1"),
        ("", ""),
        ("# nothing", ""),
        ("from __future__ import annotations\ndef f(x: nowhere): pass", ""),
        ("def f(x: nowhere): pass", ""),  # a __future__ import applies to later cells
    ],
)
def test_printed_output(shared, code, text):
    assert shared.data(code) == {"text/plain": text}


@pytest.mark.parametrize(
    ("code", "name", "value", "trace"),
    [
        (
            "nowhere",
            "NameError",
            "name 'nowhere' is not defined",
            ["Traceback (most recent call last):\n", "NameError: name 'nowhere' is not defined\n"],
        ),
        (
            "done = []\ndone.append(1)\n1 +",
            "SyntaxError",
            "invalid syntax (<stdin>, line 3)",
            [
                '  File "<stdin>", line 3\n',
                "    1 +\n",
                "       ^\n",
                "SyntaxError: invalid syntax\n",
            ],
        ),
        (
            "\ndef f():\n    return 1 / 0\n\nf()",
            "ZeroDivisionError",
            "division by zero",
            [
                "Traceback (most recent call last):\n",
                '  File "<stdin>", line 3, in f\n',
                "ZeroDivisionError: division by zero\n",
            ],
        ),
        (
            "try:\n    1 / 0\nexcept ZeroDivisionError:\n    raise KeyError('ä') from None",
            "KeyError",
            "'ä'",
            ["Traceback (most recent call last):\n", "KeyError: 'ä'\n"],
        ),
        (
            "import sys; sys.exit(3)",
            "SystemExit",
            "3",
            ["Traceback (most recent call last):\n", "SystemExit: 3\n"],
        ),
        (
            "input()",
            "EOFError",
            "EOF when reading a line",
            ["Traceback (most recent call last):\n", "EOFError: EOF when reading a line\n"],
        ),
    ],
)
def test_the_output_of_an_error(shared, code, name, value, trace):
    output = shared.run(code)
    assert (output["status"], output["ename"], output["evalue"]) == ("error", name, value)
    assert output["traceback"] == trace
    assert "data" not in output


def test_a_syntax_error_runs_nothing(shared):
    shared.run("ran = False")
    shared.run("ran = True\n)")
    assert shared.text("ran") == "False"


def test_exit_is_an_ordinary_error_and_leaves_input_usable(shared):
    assert shared.run("exit()")["ename"] == "SystemExit"
    assert shared.run("input()")["ename"] == "EOFError"


def test_an_error_whose_text_cannot_be_made(shared):
    code = "class E(Exception):\n    def __str__(self): raise ValueError\nraise E"
    assert shared.run(code)["ename"] == "E"


def test_output_before_an_error_is_part_of_its_traceback(shared):
    output = shared.run("print('before', end='')\n1 / 0")
    assert output["traceback"][:2] == ["before\n", "Traceback (most recent call last):\n"]
    assert shared.text("print('after')") == "after"


def test_output_of_child_processes_and_of_c_code(shared):
    code = "import os, subprocess\nprint('1'); subprocess.run(['echo', '2']); print('3')"
    assert (
        shared.text(f"{code}\nos.write(1, b'4\\xff')\nos.write(2, b'5'); None")
        == "1\n2\n3\n4\ufffd5"
    )
    c = "import ctypes\nc = ctypes.CDLL(None)\nc.puts(b'from C'); c.fflush(None); None"
    assert shared.text(c) == "from C"
    assert shared.text("1 + 1") == "2"


def test_a_logger_made_in_one_cell_writes_in_later_ones(shared):
    make = "import logging, sys\nlog = logging.getLogger('t')\n"
    shared.run(f"{make}log.addHandler(logging.StreamHandler(sys.stdout))")
    assert shared.text("log.warning('careful')") == "careful"


@pytest.mark.parametrize(
    "harm",
    [
        "import sys, io; sys.stdout = io.StringIO()",
        "import sys; sys.stdout.close(); sys.stderr.close()",
        "import os; os.close(1); os.close(2)",
        "import sys; sys.stdout = None",
        "import os; os.close(0)",
    ],
)
def test_changes_of_a_cell_to_the_streams_end_with_it(shared, harm):
    shared.run(harm)
    assert shared.text("import os\nos.system('echo shell')\nprint('python')") == "shell\npython"


def test_output_of_thirty_megabytes(shared):
    text = shared.text("print('ü' * 15_000_000)\nprint('x' * 15_000_000)")
    assert len(text) == 30_000_001
    assert shared.text("1") == "1"


def test_endless_printing_fills_neither_the_disk_nor_the_output(shared):
    text = shared.text("block = 'x' * (1 << 20)\nfor i in range(100): print(block)")
    assert text.startswith("xxx")
    assert "more bytes were dropped" in text[-100:]
    assert len(text) < (65 << 20)


def test_definitions_of_cells_can_be_pickled(shared):
    shared.run("class Point:\n    def __init__(self, x): self.x = x")
    assert shared.text("import pickle\npickle.loads(pickle.dumps(Point(3))).x") == "3"
    assert shared.text("sc.parallelize([1, 2]).map(lambda n: Point(n).x).sum()") == "3"


def test_the_names_a_session_begins_with(shared):
    code = "[type(o).__name__ for o in (sc, spark, sqlContext, HiveContext, cloudpickle)]"
    assert shared.text(code) == "['SparkContext', 'SparkSession', 'SQLContext', 'type', 'module']"


def test_the_working_directory_is_where_spark_puts_files(shared):
    code = "import os\nfrom pyspark import SparkFiles\nos.getcwd() == SparkFiles.getRootDirectory()"
    assert shared.text(code) == "True"
    assert shared.text("import tempfile; tempfile.gettempdir()") == repr(str(shared.folder / "tmp"))


def test_rows_as_json_come_without_a_warning(shared):
    code = "for row in spark.sql('SELECT 0 AS id').toJSON().take(1): print(row)"
    assert shared.text(code) == '{"id":0}'
    assert "ERROR" not in "".join(shared.run("spark.table('nowhere')")["traceback"])


def test_json(shared):
    shared.run("value = {'a': [1, 2.5, None, 'ü'], 'b': float('nan'), 'c': [float('inf')]}")
    assert shared.data("%json value") == {
        "application/json": {"a": [1, 2.5, None, "ü"], "b": None, "c": [None]}
    }


def test_printed_text_is_next_to_a_magics_value_and_only_the_last_chunk_counts(shared):
    code = "x = [1]\nprint('hello')\n%json x"
    assert shared.data(code) == {"application/json": [1], "text/plain": "hello"}
    assert shared.data("x = [1]\n%json x\nprint('bye')\n") == {"text/plain": "bye"}
    output = shared.run("x = 1\n\n%json x\nnowhere")
    assert output["ename"] == "NameError"


def test_a_percent_sign_inside_valid_python_is_no_magic(shared):
    assert shared.text("a = 7\nb = '''\n%json a\n'''\nlen(b)") == "9"
    assert shared.text("(17\n% 5)") == "2"


def test_line_numbers_after_a_magic_are_those_of_the_cell(shared):
    output = shared.run("x = 1\n%json x\n\ndef f():\n    return 1 / 0\nf()")
    assert output["traceback"][1] == '  File "<stdin>", line 5, in f\n'


@pytest.mark.parametrize(
    ("code", "name", "value"),
    [
        ("%json nowhere", "NameError", "name 'nowhere' is not defined"),
        ("%table nowhere", "NameError", "name 'nowhere' is not defined"),
        ("%json", "ValueError", "%json needs the name of one variable"),
        ("s = {1}\n%json s", "TypeError", "Object of type set is not JSON serializable"),
        ("l = []; l.append(l)\n%json l", "ValueError", "Circular reference detected"),
        (
            "m = [[1], ['a']]\n%table m",
            "TypeError",
            "table rows have different types: column '0' has INT_TYPE and STRING_TYPE",
        ),
        ("%", "UnknownMagic", "magic command not specified"),
        ("%other x", "UnknownMagic", "unknown magic command 'other'"),
        ("%matplot sc", "AttributeError", "'SparkContext' object has no attribute 'gcf'"),
    ],
)
def test_a_magic_that_fails(shared, code, name, value):
    output = shared.run(code)
    assert (output["status"], output["ename"], output["evalue"]) == ("error", name, value)
    assert shared.text("1") == "1"


def test_a_picture(shared):
    code = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\n%matplot plt"
    data = shared.data(code)
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
