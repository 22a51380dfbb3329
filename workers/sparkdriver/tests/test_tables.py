"""Tests of the conversion of Python values to tables."""

import datetime
import uuid
from decimal import Decimal

import numpy as np
import pytest
from pyspark.sql import Row

from sparkdriver.tables import MixedColumn, table_of


def parts(value):
    table = table_of(value)
    return [(h["name"], h["type"]) for h in table["headers"]], table["data"]


@pytest.mark.parametrize(
    ("value", "headers", "data"),
    [
        ([], [], []),
        (5, [("0", "INT_TYPE")], [[5]]),
        ([1, None], [("0", "INT_TYPE")], [[1], [None]]),
        ([None], [("0", "NULL_TYPE")], [[None]]),
        ({"b": 1, "a": "x"}, [("a", "STRING_TYPE"), ("b", "INT_TYPE")], [["x", 1]]),
        ([[1, True], (2.5,)][:1], [("0", "INT_TYPE"), ("1", "BOOLEAN_TYPE")], [[1, True]]),
        ([[1, 2], [3]], [("0", "INT_TYPE"), ("1", "INT_TYPE")], [[1, 2], [3, None]]),
        ([Row(z=1, a="x")], [("z", "INT_TYPE"), ("a", "STRING_TYPE")], [[1, "x"]]),
        (Row(z=1), [("z", "INT_TYPE")], [[1]]),
        ([np.int64(3)], [("0", "INT_TYPE")], [[3]]),
        (np.array([[1.5], [2.5]]), [("0", "DOUBLE_TYPE")], [[1.5], [2.5]]),
    ],
)
def test_rows_and_columns(value, headers, data):
    assert parts(value) == (headers, data)


def test_every_type_of_cell():
    moment = datetime.datetime.fromisoformat("2020-01-02T03:04:05")
    cells = [moment.date(), moment, Decimal("1.10"), [1, Decimal(2)], {"k": moment}]
    assert parts([cells]) == (
        [
            ("0", "DATE_TYPE"),
            ("1", "TIMESTAMP_TYPE"),
            ("2", "DECIMAL_TYPE"),
            ("3", "ARRAY_TYPE"),
            ("4", "MAP_TYPE"),
        ],
        [["2020-01-02", "2020-01-02 03:04:05", "1.10", [1, "2"], {"k": "2020-01-02 03:04:05"}]],
    )


def test_a_value_of_any_other_type_is_its_text():
    number = uuid.UUID(int=7)
    cells = [number, b"\x00a", {1}, datetime.timedelta(days=1, seconds=2), 1 + 2j]
    texts = [str(cell) for cell in cells]
    headers = [(str(place), "STRING_TYPE") for place in range(5)]
    assert parts([cells]) == (headers, [texts])
    assert parts([[[number], {"k": {2}}]])[1] == [[[str(number)], {"k": "{2}"}]]
    assert parts([number, None, "x"]) == (
        [("0", "STRING_TYPE")],
        [[str(number)], [None], ["x"]],
    )


def test_a_column_has_one_type():
    with pytest.raises(MixedColumn, match="column 'a' has INT_TYPE and DOUBLE_TYPE"):
        table_of([{"a": 1}, {"a": None}, {"a": 1.5}])
