"""Tests of SQL statements."""

import json

import pytest

from .session import wait_for


def answer(session, query):
    return session.data(query, "sql")["application/json"]


def test_schema_and_rows(shared):
    result = answer(shared, "SELECT 1 AS a, 'ü' AS b, CAST(NULL AS INT) AS c")
    assert result["data"] == [[1, "ü", None]]
    assert result["schema"]["type"] == "struct"
    assert result["schema"]["fields"][1] == {
        "name": "b", "type": "string", "nullable": False, "metadata": {}
    }  # fmt: skip
    assert shared.data("SELECT 1", "sql").keys() == {"application/json"}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("DATE'2020-01-02'", "2020-01-02"),
        ("TIMESTAMP'2020-01-02 03:04:05.5 UTC'", "2020-01-02T03:04:05.500000Z"),
        ("TIMESTAMP'2020-01-02 03:04:05 UTC'", "2020-01-02T03:04:05Z"),
        ("TIMESTAMP_NTZ'2020-01-02 03:04:05'", "2020-01-02T03:04:05"),
        ("CAST(1.10 AS DECIMAL(10, 2))", 1.1),
        ("CAST(12345678901234567890 AS DECIMAL(20, 0))", 12345678901234567890),
        ("DOUBLE('NaN')", None),
        ("DOUBLE('-Infinity')", None),
        ("X'00FF'", "AP8="),
        ("ARRAY(DATE'2020-01-02', NULL)", ["2020-01-02", None]),
        ("NAMED_STRUCT('k', 1.5D, 'l', X'00')", {"k": 1.5, "l": "AA=="}),
        ("MAP(1, DATE'2020-01-02')", {"1": "2020-01-02"}),
        ("INTERVAL '1' DAY", "1 day, 0:00:00"),
        ("TRUE", True),
        ("9007199254740993L", 9007199254740993),
    ],
)
def test_values(shared, expression, value):
    assert answer(shared, f"SELECT {expression}")["data"] == [[value]]


@pytest.mark.parametrize(
    ("expression", "digits"),
    [
        ("CAST(9007199254740993 AS BIGINT)", "9007199254740993"),
        ("1.10BD", "1.10"),
        ("5.00BD", "5.00"),
        ("12345678901234567890.123456789BD", "12345678901234567890.123456789"),
        ("-99999999999999999999999999999999999999BD", "-99999999999999999999999999999999999999"),
        ("ARRAY(0.1234567890123456789BD, NULL)", "[0.1234567890123456789, null]"),
        ("NAMED_STRUCT('k', MAP('l', 20000000000.00000000001BD))",
         '{"k": {"l": 20000000000.00000000001}}'),
        ("CAST(0 AS DECIMAL(38, 18))", "0E-18"),
    ],
)  # fmt: skip
def test_numbers_keep_their_digits(shared, expression, digits):
    text = shared.result(shared.start(f"SELECT {expression}", "sql"))["result"]
    assert f'"data": [[{digits}]]' in text
    json.loads(text)


def test_rows_end_at_the_limit_and_columns_may_share_a_name(shared):
    assert answer(shared, "SELECT id, id FROM range(1000)")["data"] == [[n, n] for n in range(20)]
    assert answer(shared, "SELECT id FROM range(0)")["data"] == []


def test_only_a_truncated_result_has_a_note_about_it(shared):
    cut = answer(shared, "SELECT id FROM range(21)")
    assert (len(cut["data"]), cut["truncated"]["rows"]) == (20, 20)
    assert "Only the first 20 rows" in cut["truncated"]["message"]
    assert "livy.rsc.sql.num-rows" in cut["truncated"]["message"]
    wait_for(
        lambda: "only the first 20 rows are shown" in shared.log("stderr"), "a line in the log"
    )
    whole = answer(shared, "SELECT id FROM range(20)")
    assert whole.keys() == {"schema", "data"}
    assert len(whole["data"]) == 20


def test_a_statement_that_creates_something_has_neither_columns_nor_rows(shared):
    result = answer(shared, "CREATE OR REPLACE TEMPORARY VIEW made AS SELECT 5 AS n;")
    assert result == {"schema": {"type": "struct", "fields": []}, "data": []}
    assert shared.text("spark.table('made').first().n") == "5"


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("not valid SQL!", "PARSE_SYNTAX_ERROR"),
        ("SELECT 1; SELECT 2", "PARSE_SYNTAX_ERROR"),
        ("SELECT * FROM nowhere", "TABLE_OR_VIEW_NOT_FOUND"),
        ("SELECT 1 / 0", "DIVIDE_BY_ZERO"),
        ("", "PARSE"),
    ],
)
def test_errors(shared, query, word):
    output = shared.run(query, "sql")
    assert output["ename"] == "Error"
    assert word in output["evalue"]
    assert "\n\tat " not in output["evalue"]
    assert output["traceback"]
    assert all(line.startswith("at ") and line.endswith("\n") for line in output["traceback"])
