import pytest

from .given import SERIES, severities, shop

EVENT = {"start": "2017-04-21", "end": "2017-04-30"}


def raised(by: float) -> dict:
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


def test_nothing_is_claimed_where_nothing_happened(session):
    result = session.run("impact", shop(), SERIES, "sales", interval="day", **EVENT)
    assert 0.05 < result["metrics"]["pValue"] <= 0.5


def test_a_covariate_explains_what_is_not_the_event(session):
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


def test_an_event_before_all_data_or_after_it_is_refused(session):
    early = {"start": "2016-01-01", "end": "2016-01-05"}
    said = session.refusal("impact", shop(), SERIES, "sales", interval="day", **early)
    assert "no value before 2016-01-01" in said
    late = {"start": "2017-06-01", "end": "2017-06-05"}
    said = session.refusal("impact", shop(), SERIES, "sales", interval="day", **late)
    assert "no value between the start and end date" in said


def test_the_same_data_gives_the_same_answer(session):
    one = session.run("impact", raised(2), SERIES, "sales", interval="day", **EVENT)
    two = session.run("impact", raised(2), SERIES, "sales", interval="day", **EVENT)
    assert one == two
