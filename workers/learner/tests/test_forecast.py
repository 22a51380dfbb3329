import numpy as np
import pytest

from .given import SERIES, WEEK, days, severities, shop, weekly_sales

LEVELS = ["0.01", "0.05", "0.2", "0.5", "0.8", "0.95", "0.99"]


@pytest.fixture(scope="module")
def result(home):
    return home.run("forecast", shop(), SERIES, "sales", interval="day", **WEEK)


def test_there_is_one_row_per_interval_with_both_ends(home, result):
    rows = home.rows(result["rows"])
    assert result["rows"]["columns"] == ["day", "sales"]
    assert [row["day"] for row in rows] == [f"2017-05-0{i}T00:00:00.0000000Z" for i in range(1, 8)]
    truth = 100 + 10 * np.sin(2 * np.pi * np.arange(120, 127) / 7)
    assert np.abs([float(row["sales"]) for row in rows] - truth).max() < 4
    assert set(result["metrics"]) == {
        "meanAbsoluteError",
        "meanAbsolutePercentError",
        "meanAbsoluteScaledError",
        "rootMeanSquareError",
        "rSquared",
    }
    assert result["metrics"]["meanAbsoluteScaledError"] < 0.5


def test_each_level_has_rows_of_its_own_in_rising_order(home, result):
    assert result["intervals"] == LEVELS
    files = result["rows"]["files"]
    values = np.array(
        [[float(row["sales"]) for row in home.rows(files[level])] for level in LEVELS]
    )
    assert (np.diff(values, axis=0) > 0).all()


def test_the_champion_is_the_contestant_with_the_least_error(home, result):
    errors = [c["metrics"].get("meanAbsoluteError", np.inf) for c in result["contestants"]]
    assert len(errors) >= 3
    assert errors == sorted(errors)
    assert result["contestants"][0]["champion"]
    assert result["contestants"][0]["algorithm"] == result["algorithm"]
    assert result["contestants"][0]["metrics"] == result["metrics"]
    assert "seasonal-naive" in [c["algorithm"]["key"] for c in result["contestants"]]
    tested = home.rows(result["contestants"][0]["rows"])
    assert [row["day"][:10] for row in tested] == days(7, "2017-04-24")
    counts = result["selection"]["metricSets"][0]["metrics"]
    assert (counts["observationCount"], counts["trainingCount"], counts["testCount"]) == (
        120,
        113,
        7,
    )


def test_the_same_data_gives_the_same_result(home, session, result):
    again = session.run("forecast", shop(), SERIES, "sales", interval="day", **WEEK)
    assert again == result
    assert session.rows(again["rows"]) == home.rows(result["rows"])


def test_a_start_inside_the_data_learns_from_earlier_values_and_shows_later_ones(session):
    later = shop()
    later["sales"][110:] = [1e6] * 10
    window = {"start": "2017-04-21", "end": "2017-05-02"}
    result = session.run("forecast", later, SERIES, "sales", interval="day", **window)
    rows = session.rows(result["rows"])
    assert [row["sales:actual"] for row in rows] == ["1000000"] * 10 + [""] * 2
    assert max(float(row["sales"]) for row in rows) < 200


def test_a_start_after_a_gap_keeps_the_phase_of_the_season(session):
    window = {"start": "2017-05-11", "end": "2017-05-17"}
    result = session.run("forecast", shop(), SERIES, "sales", interval="day", **window)
    truth = 100 + 10 * np.sin(2 * np.pi * np.arange(130, 137) / 7)
    forecast = [float(row["sales"]) for row in session.rows(result["rows"])]
    assert np.abs(forecast - truth).max() < 5


def test_a_feature_with_future_values_moves_the_forecast(session):
    rng = np.random.default_rng(3)
    promo = (rng.random(127) < 0.2).astype(int)
    promo[120:] = [0, 1, 0, 0, 1, 0, 0]
    cells = {
        "day": days(127),
        "sales": [*np.array(weekly_sales(120)) + 50 * promo[:120], *[""] * 7],
        "promo": ["yes" if each else "no" for each in promo],
    }
    columns = {**SERIES, "promo": "logical feature"}
    result = session.run("forecast", cells, columns, "sales", interval="day", **WEEK)
    forecast = np.array([float(row["sales"]) for row in session.rows(result["rows"])])
    truth = 100 + 10 * np.sin(2 * np.pi * np.arange(120, 127) / 7) + 50 * promo[120:]
    assert np.abs(forecast - truth).max() < 8
    assert result["details"]["featureImportance"] == {"promo": 1.0}


def test_a_feature_without_future_values_is_left_out_with_a_warning(session):
    cells = {**shop(), "promo": [i % 2 for i in range(120)]}
    columns = {**SERIES, "promo": "numeric feature"}
    result = session.run("forecast", cells, columns, "sales", interval="day", **WEEK)
    assert any(
        "'promo' has no values in the prediction" in m for m in severities(result, "warning")
    )
    assert "featureImportance" not in result["details"]


def test_words_become_features_and_keys_and_roleless_columns_do_not(session):
    cells = {
        "day": days(127),
        "sales": [*weekly_sales(120), *[""] * 7],
        "sky": [("sun", "rain", "fog")[i % 3] for i in range(127)],
        "id": list(range(127)),
        "note": ["x"] * 127,
    }
    columns = {**SERIES, "sky": "string feature", "id": "numeric key", "note": "text none"}
    result = session.run("forecast", cells, columns, "sales", interval="day", **WEEK)
    assert set(result["details"]["featureImportance"]) == {"sky:fog", "sky:rain", "sky:sun"}


def test_few_days_are_enough_with_a_warning_and_two_are_not(session):
    window = {"start": "2017-01-04", "end": "2017-01-05"}
    result = session.run("forecast", shop(3), SERIES, "sales", interval="day", **window)
    assert len(session.rows(result["rows"])) == 2
    assert any("only 3 values" in message for message in severities(result, "warning"))
    message = session.refusal("forecast", shop(2), SERIES, "sales", interval="day", **window)
    assert "at least 3 are needed" in message


def test_missing_days_are_imputed_as_declared(session):
    cells = {"day": [*days(60)[:20], *days(60)[40:]], "sales": [5.0] * 40}
    window = {"start": "2017-03-02", "end": "2017-03-03"}
    measure = session.run("forecast", cells, SERIES, "sales", interval="day", **window)
    assert measure["selection"]["metricSets"][0]["metrics"]["mean"] == 5
    zeroes = {**SERIES, "sales": "numeric target"}
    numeric = session.run("forecast", cells, zeroes, "sales", interval="day", **window)
    assert numeric["selection"]["metricSets"][0]["metrics"]["mean"] == pytest.approx(5 * 40 / 60)
    assert "Imputed" in numeric["contestants"][0]["dataSourceProperties"]


@pytest.mark.parametrize(
    ("interval", "count", "first"),
    [("hour", 25, "2017-05-01T00"), ("week", 1, "2017-05-01T00"), ("day", 2, "2017-05-01T00")],
)
def test_intervals_from_hour_to_week(session, interval, count, first):
    window = {"start": "2017-05-01T00:30:00Z", "end": "2017-05-02T00:15:00Z"}
    cells = {name: values[-22:] for name, values in shop().items()}
    result = session.run("forecast", cells, SERIES, "sales", interval=interval, **window)
    rows = session.rows(result["rows"])
    assert len(rows) == count
    assert rows[0]["day"].startswith(first)


def test_years_of_a_cycle_without_a_calendar_are_followed(session):
    years = np.arange(1800, 1960)
    cells = {
        "day": list(years),
        "sales": list(50 + 40 * np.sin(2 * np.pi * years / 11) + (years % 3)),
    }
    window = {"start": "1960-01-01", "end": "1970-01-01"}
    result = session.run("forecast", cells, SERIES, "sales", interval="year", **window)
    assert result["metrics"]["meanAbsoluteScaledError"] < 0.2


def test_a_spike_is_reported_as_outlier_with_its_usual_value(session):
    cells = shop()
    cells["sales"][50] = 900
    result = session.run("forecast", cells, SERIES, "sales", interval="day", **WEEK)
    (outlier,) = session.rows(result["details"]["outliers"])
    assert outlier["day"] == "2017-02-20T00:00:00.0000000Z"
    assert outlier["sales:actual"] == "900"
    assert float(outlier["sales:smooth"]) < 200
    assert any("Smoothed" in c["dataSourceProperties"] for c in result["contestants"])


def test_a_constant_target_stays_constant(session):
    cells = {"day": days(60), "sales": [7] * 60}
    window = {"start": "2017-03-02", "end": "2017-03-03"}
    result = session.run("forecast", cells, SERIES, "sales", interval="day", **window)
    assert [float(r["sales"]) for r in session.rows(result["rows"])] == pytest.approx([7, 7], 1e-3)
    assert "rSquared" not in result["metrics"]
