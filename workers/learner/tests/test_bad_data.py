"""Bad data gives a helpful error message, never an exception of a library."""

import json
from pathlib import Path

import numpy as np
import pytest

from kit.failures import InputError
from kit.report import SilentReport
from learner.programs import PROGRAMS

from .given import MEASURES, SERIES, WEEK, days, measures, severities, shop
from .test_anomalies import READINGS
from .test_classification import PLANTS, plants

TABLES = [("regression", MEASURES, "y"), ("classification", PLANTS, "plant")]


@pytest.mark.parametrize("text", ["", "day,sales\n", "\n"])
def test_no_rows(session, text):
    message = session.refusal("forecast", text, SERIES, "sales", interval="day", **WEEK)
    assert message == "The data has no rows."


@pytest.mark.parametrize(("program", "columns", "target"), TABLES)
def test_one_row(session, program, columns, target):
    cells = {name: ["1"] for name in columns}
    message = session.refusal(program, cells, columns, target)
    assert f"Only 1 row has a value in the target column '{target}'" in message


def test_one_row_of_a_series_and_of_readings(session):
    message = session.refusal("forecast", shop(1), SERIES, "sales", interval="day", **WEEK)
    assert "Only 1 day with a value" in message
    cells = {name: ["1"] for name in READINGS}
    assert "1 rows; at least 5" in session.refusal("anomalies", cells, READINGS)


def test_text_in_a_numeric_target(session):
    cells = shop()
    cells["sales"][41] = "sold out"
    message = session.refusal("forecast", cells, SERIES, "sales", interval="day", **WEEK)
    assert (
        "Column 'sales' is declared numericMeasure, but its value 'sold out' in row 42" in message
    )
    result = session.run(
        "forecast", cells, SERIES, "sales", interval="day", missing_values=["sold out"], **WEEK
    )
    assert result["metrics"]


@pytest.mark.parametrize("word", ["inf", "-Infinity", "1e999"])
def test_infinite_values_are_refused_with_their_row(session, word):
    cells = measures()
    cells["a"][4] = word
    message = session.refusal("regression", cells, MEASURES, "y")
    assert f"Column 'a' has the value '{word}' in row 5; numbers must be finite" in message


def test_nan_counts_as_missing(session):
    cells = shop()
    cells["sales"][3:6] = ["NaN", "nan", ""]
    result = session.run("forecast", cells, SERIES, "sales", interval="day", **WEEK)
    assert "117 observations were found" in severities(result, "informational")[0]


def test_dates_in_three_formats_are_one_series(session):
    cells = shop()
    for i in range(0, 120, 3):
        year, month, day = cells["day"][i].split("-")
        cells["day"][i] = f"{month}/{day}/{year}"
        cells["day"][i + 1] += "T00:00:00.000Z"
    result = session.run("forecast", cells, SERIES, "sales", interval="day", **WEEK)
    assert result["contestants"][0]["dataSourceProperties"] == []
    assert result["selection"]["metricSets"][0]["metrics"]["observationCount"] == 120


def test_a_value_that_is_no_date(session):
    cells = shop()
    cells["day"][7] = "next Tuesday"
    message = session.refusal("forecast", cells, SERIES, "sales", interval="day", **WEEK)
    assert "Column 'day'" in message
    assert "'next Tuesday' in row 8 is not a date" in message


def test_a_date_too_far_away_to_calculate_with(session):
    cells = shop()
    cells["day"][7] = "9999-12-31T00:00:00.000Z"
    message = session.refusal("forecast", cells, SERIES, "sales", interval="day", **WEEK)
    assert "'9999-12-31T00:00:00.000Z' in row 8 is no date of the years 1678 to 2261" in message
    far = {"start": "2017-03-01", "end": "2999-01-01T00:00:00+00:00"}
    message = session.refusal("forecast", shop(), SERIES, "sales", interval="day", **far)
    assert "end date '2999-01-01T00:00:00+00:00' is no date of the years 1678 to 2261" in message


def test_a_header_of_more_than_a_megabyte(session):
    names = [f"c{i}{'x' * 200}" for i in range(6000)]
    text = "\n".join([",".join(names)] + [",".join(["1"] * 6000)] * 3) + "\n"
    message = session.refusal("anomalies", text, dict.fromkeys(names, "numeric feature"))
    assert message == "The data has 3 rows; at least 5 are needed."


def test_a_row_of_more_than_16_megabytes(session):
    text = f"a,b\n1,{'x' * (40 << 20)}\n2,y\n"
    message = session.refusal("anomalies", text, {"a": "numeric feature", "b": "string feature"})
    assert message == (
        "A row of the data is longer than 16 MB. Shorten its values or use fewer columns."
    )


def test_repeated_timestamps_are_aggregated_and_reported(session):
    cells = {name: values * 2 for name, values in shop().items()}
    result = session.run("forecast", cells, SERIES, "sales", interval="day", **WEEK)
    assert any("120 rows repeat a timestamp" in m for m in severities(result, "informational"))
    assert result["contestants"][0]["dataSourceProperties"] == ["Aggregated"]


def test_a_timestamp_without_rows_and_rows_without_timestamp(session):
    cells = shop()
    cells["day"][5:8] = ["", "", ""]
    result = session.run("forecast", cells, SERIES, "sales", interval="day", **WEEK)
    assert any("3 rows without a value in 'day'" in m for m in severities(result, "warning"))
    cells["day"] = [""] * 120
    message = session.refusal("forecast", cells, SERIES, "sales", interval="day", **WEEK)
    assert "'day' is empty in every row" in message


def test_an_end_centuries_away(session):
    window = {"start": "2017-05-01", "end": "2217-05-01"}
    message = session.refusal("forecast", shop(), SERIES, "sales", interval="day", **window)
    assert "at most 10,000 can be predicted" in message


def test_a_row_with_too_few_cells(session):
    message = session.refusal("forecast", "day,sales\n2017-01-01\n", SERIES, "sales", **WEEK)
    assert "not a readable CSV" in message


def test_quotes_line_ends_and_foreign_letters_in_cells(session):
    cells = plants()
    cells["plant"] = [
        'a "long", name\nover lines' if kind == "kind 0" else "Löwenzahn 🌼"
        for kind in cells["plant"]
    ]
    result = session.run("classification", cells, PLANTS, "plant")
    names = {row["plant"] for row in session.rows(result["rows"])}
    assert names == {'a "long", name\nover lines', "Löwenzahn 🌼"}


def test_features_that_are_all_the_same(session):
    cells = {**measures(), "a": [1] * 80, "kind": ["red"] * 80, "noise": [""] * 80}
    message = session.refusal("regression", cells, MEASURES, "y")
    assert "There is no feature to learn from" in message


@pytest.mark.parametrize("program", ["classification", "anomalies"])
def test_ten_thousand_columns(session, program):
    rng = np.random.default_rng(0)
    names = [f"c{i}" for i in range(10_000)]
    lines = [",".join([*names, "y"])]
    lines += [
        ",".join([*map(str, row), str(int(row[0] > 5))])
        for row in rng.integers(0, 10, (60, 10_000))
    ]
    columns = {**dict.fromkeys(names, "numericMeasure feature"), "y": "numericMeasure target"}
    target = None if program == "anomalies" else "y"
    result = session.run(program, "\n".join(lines) + "\n", columns, target)
    assert result["selection"]["metricSets"][0]["metrics"]["featureCount"] == 10_000


def test_ten_thousand_columns_of_a_series(session):
    rng = np.random.default_rng(0)
    names = [f"c{i}" for i in range(10_000)]
    lines = [",".join(["day", "sales", *names])]
    rows = zip(days(67), shop(67)["sales"], rng.integers(0, 10, (67, 10_000)))
    lines += [",".join([day, str(sales), *map(str, row)]) for day, sales, row in rows]
    columns = {**SERIES, **dict.fromkeys(names, "numericMeasure feature")}
    window = {"start": "2017-03-02", "end": "2017-03-08"}
    text = "\n".join(lines) + "\n"
    result = session.run("forecast", text, columns, "sales", interval="day", **window)
    assert any("most related to the target" in m for m in severities(result, "warning"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data": {"path": "/nowhere.csv"}}, "cannot be read"),
        ({"data": {}}, "need data.path"),
        ({"columns": []}, "need columns"),
        ({"folder": "/nowhere"}, "does not exist"),
        ({"target": "other"}, "'other' is not a column"),
        ({"interval": "minute"}, "no interval"),
        ({"start": "soon"}, "start date 'soon' is not a date"),
        ({"end": "2016-01-01"}, "must not be after"),
    ],
)
def test_invalid_params_are_refused(session, change, message):
    params = session.params(shop(), SERIES, "sales", interval="day", **WEEK) | change
    with pytest.raises(InputError, match=message):
        PROGRAMS["forecast"](json.dumps(params), {}, SilentReport())


def test_a_text_target_and_no_timestamp(session):
    text = {**SERIES, "sales": "string target"}
    message = session.refusal("forecast", shop(), text, "sales", interval="day", **WEEK)
    assert "needs a numeric target" in message
    none = {**SERIES, "day": "date feature"}
    message = session.refusal("forecast", shop(), none, "sales", interval="day", **WEEK)
    assert "exactly one column with the role 'timestamp'" in message


def test_a_refusal_leaves_no_files_behind(session):
    cells = shop()
    cells["sales"][3] = "x"
    session.refusal("forecast", cells, SERIES, "sales", interval="day", **WEEK)
    folder = Path(session.home / f"session-{session.count}")
    assert [path.name for path in folder.iterdir()] == ["data.csv"]
