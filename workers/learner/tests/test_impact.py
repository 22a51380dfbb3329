from typing import Any

import pandas as pd
import pytest

from .given import SERIES, severities, shop

EVENT = {"start": "2017-04-21", "end": "2017-04-30"}


def raised(by: float) -> dict[str, Any]:
    cells = shop()
    cells["sales"][110:] = [value + by for value in cells["sales"][110:]]
    return cells


def test_an_effect_is_found_with_its_size_and_interval(session):
    result = session.run("impact", raised(5), SERIES, "sales", interval="day", **EVENT)
    between = result["details"]["effectInterval"]
    assert set(result["metrics"]) == {"pValue", "absoluteEffect", "relativeEffect"}
    assert result["metrics"]["pValue"] < 0.01
    assert between["lower"] < 50 < between["upper"]
    rows = session.rows(result["rows"])
    assert len(rows) == 10
    actual = sum(float(row["sales:actual"]) for row in rows)
    predicted = sum(float(row["sales"]) for row in rows)
    assert result["metrics"]["absoluteEffect"] == pytest.approx(actual - predicted, abs=1e-3)
    relative = (actual - predicted) / predicted
    assert result["metrics"]["relativeEffect"] == pytest.approx(relative, abs=1e-3)
    assert result["intervals"] == ["0.5"]


def test_no_effect_is_reported_if_there_was_none(session):
    result = session.run("impact", shop(), SERIES, "sales", interval="day", **EVENT)
    assert 0.05 < result["metrics"]["pValue"] <= 0.5


def test_a_covariate_explains_changes_that_the_event_did_not_cause(session):
    cells = raised(5)
    cells["rain"] = [float(i > 105) for i in range(120)]
    cells["sales"] = [s - 8 * r for s, r in zip(cells["sales"], cells["rain"])]
    columns = {**SERIES, "rain": "numericMeasure feature"}
    result = session.run("impact", cells, columns, "sales", interval="day", **EVENT)
    between = result["details"]["effectInterval"]
    assert between["lower"] < 50 < between["upper"]


def test_several_models_compete_and_the_order_is_by_error(session):
    result = session.run("impact", shop(), SERIES, "sales", interval="day", **EVENT)
    errors = [c["metrics"]["meanAbsoluteError"] for c in result["contestants"] if c["metrics"]]
    assert len(errors) >= 3
    assert errors == sorted(errors)


def test_days_without_a_value_do_not_count(session):
    cells = raised(5)
    cells["sales"][119] = ""
    result = session.run("impact", cells, SERIES, "sales", interval="day", **EVENT)
    assert 30 < result["metrics"]["absoluteEffect"] < 60
    assert any("1 of 10 intervals" in message for message in severities(result, "warning"))


def weekly(session, count: int, end: str) -> dict[str, Any]:
    """Runs weekly sales. 120 days are 17 weeks up to 30 April, a Sunday."""
    cells = {name: values[:count] for name, values in shop().items()}
    columns = {"day": "date timestamp", "sales": "numeric target zeroes sum"}
    event = {"start": "2017-04-10", "end": end}
    result: dict[str, Any] = session.run(
        "impact", cells, columns, "sales", interval="week", **event
    )
    return result


def test_a_week_within_which_the_data_ends_does_not_count(session):
    result = weekly(session, 119, "2017-04-29")
    assert any("2017-04-24" in message for message in severities(result, "warning"))
    rows = session.rows(result["rows"])
    assert [row["sales:actual"] != "" for row in rows] == [True, True, False]
    # The sum of only six of the seven days would be a hundred less.
    assert abs(result["metrics"]["absoluteEffect"]) < 50


def test_a_week_that_the_data_ends_with_counts(session):
    result = weekly(session, 120, "2017-04-26")
    assert not any("ends within" in message for message in severities(result, "warning"))
    assert all(row["sales:actual"] != "" for row in session.rows(result["rows"]))


def test_a_week_within_which_the_data_begins_is_not_part_of_the_history(session):
    cells = {name: values[3:] for name, values in shop().items()}
    columns = {"day": "date timestamp", "sales": "numeric target zeroes sum"}
    event = {"start": "2017-04-10", "end": "2017-04-30"}
    result = session.run("impact", cells, columns, "sales", interval="week", **event)
    # From Wednesday 4 January on: the weeks from 9 January to 3 April are whole.
    assert result["selection"]["metricSets"][0]["metrics"]["observationCount"] == 13
    assert abs(result["metrics"]["absoluteEffect"]) < 50


def test_a_part_of_a_week_alone_is_refused(session):
    cells = {name: values[:117] for name, values in shop().items()}
    event = {"start": "2017-04-24", "end": "2017-04-27"}
    message = session.refusal("impact", cells, SERIES, "sales", interval="week", **event)
    assert "ends within the last week of the event" in message


@pytest.mark.parametrize("stamp", ["MS", "ME"])
def test_months_with_one_value_are_whole(session, stamp):
    times = list(pd.date_range("2015-01-01", periods=38, freq=stamp).strftime("%Y-%m-%d"))
    cells = {"day": times, "sales": shop(38)["sales"]}
    event = {"start": "2017-12-01", "end": times[-1]}
    result = session.run("impact", cells, SERIES, "sales", interval="month", **event)
    assert all(row["sales:actual"] != "" for row in session.rows(result["rows"]))


def test_an_event_before_all_data_or_after_it_is_refused(session):
    early = {"start": "2016-01-01", "end": "2016-01-05"}
    message = session.refusal("impact", shop(), SERIES, "sales", interval="day", **early)
    assert "no value before 2016-01-01" in message
    late = {"start": "2017-06-01", "end": "2017-06-05"}
    message = session.refusal("impact", shop(), SERIES, "sales", interval="day", **late)
    assert "no value between the start and end date" in message


def test_the_same_data_gives_the_same_result(session):
    one = session.run("impact", raised(2), SERIES, "sales", interval="day", **EVENT)
    two = session.run("impact", raised(2), SERIES, "sales", interval="day", **EVENT)
    assert one == two
