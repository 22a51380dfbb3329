"""Tests of Scala statements."""

import pytest

from .session import Session, wait_for


def text(session: Session, code: str) -> str:
    return session.text(code, "spark")


def test_values_have_livys_numbers_and_form(shared):
    """Must be the first test of the module, because res numbers start at 0."""
    assert text(shared, "1 + 2") == "res0: Int = 3\n"
    assert text(shared, 'println("foo")') == "foo\n"
    assert (
        text(shared, "val x = 1\n\nval y = 2\n\nx + y") == "x: Int = 1\ny: Int = 2\nres4: Int = 3\n"
    )


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("val größe = \"→ 🐈\"", "größe: String = → 🐈\n"),
        ("var a = 1; val b = 2", "a: Int = 1\nb: Int = 2\n"),
        ('val s = "a\\nval z: Int = 3"', "s: String =\na\nval z: Int = 3\n"),
        ("// nothing", ""),
        ("/* nothing\n at all */", ""),
        ("/* open", ""),
        ("", ""),
        ("def twice(i: Int): Int =\n  i * 2\ntwice(4).toString.length", None),
        ("val l = Seq(3, 1)\n  .sorted\n  .map(_ + 1)", "l: Seq[Int] = List(2, 4)\n"),
        ("val t = if (1 > 2) \"a\"\nelse \"b\"", "t: String = b\n"),
        ("val m = Map(\n  1 -> 2\n)", "m: scala.collection.immutable.Map[Int,Int] = Map(1 -> 2)\n"),
        ("print(1)\nprint(2)", "12"),
        ('@deprecated("no", "1") def old() = 1\nprint(old())', "def old(): Int\n1"),
        ("System.out.println(1); System.err.println(3); println(2)", "1\n2\n3\n"),
    ],
)  # fmt: skip
def test_shown_values(shared, code, shown):
    output = text(shared, code)
    assert shown is None or output == shown


@pytest.mark.parametrize(
    ("code", "value", "trace"),
    [
        ("nope", "<console>:1: error: not found: value nope", ["       nope\n", "       ^\n"]),
        (
            "val a = 1\nval b = nope",
            "<console>:2: error: not found: value nope",
            ["a: Int = 1\n", "       val b = nope\n", "               ^\n"],
        ),
        (
            "val c = {\n  nope\n}",
            "<console>:2: error: not found: value nope",
            ["         nope\n", "         ^\n"],
        ),
        ("val l = List(", "incomplete statement", []),
    ],
)
def test_the_output_of_a_compiler_error(shared, code, value, trace):
    output = shared.run(code, "spark")
    assert (output["ename"], output["evalue"], output["traceback"]) == ("Error", value, trace)


def test_the_output_of_an_exception(shared):
    code = 'println("before")\ndef f(): Int = sys.error("boom")\nf()\nprintln("never")'
    output = shared.run(code, "spark")
    assert (output["ename"], output["evalue"]) == ("Error", "java.lang.RuntimeException: boom")
    assert output["traceback"][0] == "before\n"
    assert any("at f(<console>" in line for line in output["traceback"])
    assert all(line.endswith("\n") for line in output["traceback"])
    assert "never" not in "".join(output["traceback"])


def test_classes_of_cells_go_to_executors_and_back(shared):
    shared.data("case class P(a: Int)\nval k = 10", "spark")
    assert text(shared, "sc.parallelize(1 to 2).map(i => P(i + k)).collect()").endswith(
        "Array[P] = Array(P(11), P(12))\n"
    )
    assert text(shared, "Seq(P(1), P(2)).toDS().filter(_.a > 1).count()").endswith("Long = 1\n")


def test_all_languages_share_one_spark(shared):
    shared.data('spark.range(3).toDF("n").createOrReplaceTempView("numbers")', "spark")
    rows = shared.data("SELECT sum(n) FROM numbers", "sql")["application/json"]["data"]
    assert rows == [[3]]
    assert shared.text("spark.table('numbers').count()") == "3"
    shared.data("spark.range(7).createOrReplaceTempView('seven')")
    assert text(shared, 'spark.table("seven").count()').endswith("Long = 7\n")


def test_json_and_table(shared):
    shared.data('case class Q(a: Int, b: String)\nval q = Array(Q(1, "x"), Q(2, null))', "spark")
    assert shared.data("%json q", "spark") == {
        "application/json": [{"a": 1, "b": "x"}, {"a": 2, "b": None}]
    }
    table = shared.data("%table q", "spark")["application/vnd.livy.table.v1+json"]
    assert table == {
        "headers": [{"name": "a", "type": "BIGINT_TYPE"}, {"name": "b", "type": "STRING_TYPE"}],
        "data": [[1, "x"], [2, None]],
    }
    code = 'val rdd = sc.parallelize(1 to 100)\nprintln("hello")\n%json rdd'
    cut = {
        "application/json": list(range(1, 11)),
        "text/plain": "Only the first 10 rows are shown.",
    }
    assert shared.data(code, "spark") == cut
    assert shared.data("val ten = sc.parallelize(1 to 10)\n%json ten", "spark") == {
        "application/json": list(range(1, 11))
    }
    shared.run("val d21 = spark.range(21)\nval d20 = spark.range(20)", "spark")
    data = shared.data("%table d21", "spark")
    assert data["text/plain"] == "Only the first 20 rows are shown."
    assert len(data["application/vnd.livy.table.v1+json"]["data"]) == 20
    assert len(shared.data("%json d21", "spark")["application/json"]) == 20
    assert shared.data("%json d20", "spark").keys() == {"application/json"}
    assert shared.data("val n = Seq(Double.NaN, 1.5)\n%json n", "spark") == {
        "application/json": [None, 1.5]
    }
    assert shared.data("val i = Seq(1 / 0.0, 1.5)\n%json i", "spark")["application/json"][1] == 1.5
    assert shared.data("val d = spark.range(2)\n%json d", "spark") == {
        "application/json": [{"id": 0}, {"id": 1}]
    }


@pytest.mark.parametrize(
    ("value", "digits", "kind"),
    [
        ("9007199254740993L", "9007199254740993", "BIGINT_TYPE"),
        ('BigInt("123456789012345678901")', "123456789012345678901", "BIGINT_TYPE"),
        # JSON does not show which of these two is a double.
        ('BigDecimal("12345678901234567890.10")', "12345678901234567890.10", "DOUBLE_TYPE"),
        ("0.1", "0.1", "DOUBLE_TYPE"),
    ],
)
def test_numbers_keep_their_digits(shared, value, digits, kind):
    shared.data(f"val exact = Seq({value})", "spark")
    output = shared.result(shared.start("%json exact", "spark"))["result"]
    assert f'"application/json": [{digits}]' in output
    output = shared.result(shared.start("%table exact", "spark"))["result"]
    assert f'"headers": [{{"name": "0", "type": "{kind}"}}], "data": [[{digits}]]' in output


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ('new java.math.BigDecimal("1234567890.12345678901234567890")', "{}"),
        ('spark.sql("SELECT 1234567890.12345678901234567890BD AS a")', '[{{"a": {}}}]'),
    ],
)
def test_java_decimals_and_those_of_frames_keep_their_digits(shared, value, shown):
    shared.data(f"val single = {value}", "spark")
    output = shared.result(shared.start("%json single", "spark"))["result"]
    assert shown.format("1234567890.12345678901234567890") in output


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("%json nowhere", "NameError"),
        ("%json", "ValueError"),
        ("%other x", "UnknownMagic"),
        ("%", "UnknownMagic"),
        ('val mixed = Seq[Any](1, "a")\n%table mixed', "TypeError"),
    ],
)
def test_a_magic_that_fails(shared, code, name):
    assert shared.run(code, "spark")["ename"] == name


def test_completion(shared):
    shared.data('val word = "abc"', "spark")
    shared.send(type="suggest", request=5, kind="spark", code="word.", cursor=5)
    output = shared.read_type("suggestions")
    assert output["request"] == 5
    assert {"contains", "compareTo", "length"} <= set(output["words"])


@pytest.mark.parametrize("runs", [False, True], ids=["being compiled", "running"])
@pytest.mark.parametrize("code", ["while (true) {}", "Thread.sleep(60000)"])
def test_cancel(shared, code, runs):
    shared.data("val kept = 42", "spark")
    printed = shared.folder / "statement.out"
    before = printed.stat().st_size
    job = shared.start(f'println("it runs"); {code}', "spark")
    shared.read_type("started")
    if runs:
        wait_for(lambda: printed.stat().st_size > before, "the loop")
    shared.cancel(job)
    assert shared.result(job)["outcome"] == "cancelled"
    assert text(shared, "kept + 1").endswith("Int = 43\n")
    assert text(shared, "Thread.sleep(1); println(5)") == "5\n"


def test_a_cancel_between_two_lines_stops_the_cell(shared):
    shared.data("@volatile var count = 0", "spark")
    job = shared.start("\n".join(["count += 1; Thread.sleep(20)"] * 500), "spark")
    shared.read_type("started")
    shared.cancel(job)
    assert shared.result(job)["outcome"] == "cancelled"
    assert int(text(shared, "print(count)")) < 500
