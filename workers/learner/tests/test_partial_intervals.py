"""A partial interval at an end of the data is predicted, and is not part of the history."""

import numpy as np
import pandas as pd
import pytest

from .given import days, severities

SUM = {"day": "date timestamp", "sales": "numeric target zeroes sum"}
MEAN = {"day": "date timestamp", "sales": "numericMeasure target mean mean"}


def stamps(start: str, end: str, step: str) -> list[str]:
    return list(pd.date_range(start, end, freq=step).strftime("%Y-%m-%dT%H:%M:%S"))


def run(session, times, interval, start, end, columns=SUM, values=None):
    values = [10.0] * len(times) if values is None else values
    result = session.run(
        "forecast",
        {"day": times, "sales": values},
        columns,
        "sales",
        interval=interval,
        start=start,
        end=end,
    )
    return result, session.rows(result["rows"])


def metric(result, name):
    return result["selection"]["metricSets"][0]["metrics"][name]


def messages_about(result, verb):
    return [m for m in severities(result, "informational") if f"The data {verb} within" in m]


CASES = {
    # The last value of the history, and the sum of a whole interval with 10 for each step.
    "day to month": ("2014-01-01", "2017-01-05", "D", "month", "2017-01-01", 36, 310),
    "hour to day": ("2017-01-01", "2017-03-01 04:00", "h", "day", "2017-03-01", 59, 240),
    "day to week": ("2015-01-05", "2017-01-04", "D", "week", "2017-01-02", 104, 70),
    "month to year": ("1990-01-01", "2017-05-01", "MS", "year", "2017-01-01", 27, 120),
    "minute to hour": ("2017-01-01", "2017-01-03 05:10", "10min", "hour", "2017-01-03T05", 53, 60),
}


@pytest.mark.parametrize("case", CASES)
def test_a_partial_last_interval_is_left_out_and_predicted(session, case):
    first, last, step, interval, begun, whole, total = CASES[case]
    times = stamps(first, last, step)
    end = pd.Timestamp(begun) + pd.DateOffset(**{f"{interval}s": 1})
    result, rows = run(session, times, interval, begun, str(end))
    assert metric(result, "observationCount") == whole
    assert rows[0]["day"].startswith(begun[:13])
    assert [float(row["sales"]) for row in rows] == pytest.approx([total] * len(rows), rel=0.1)
    # The actual value of a part is not shown next to the forecast of the whole interval.
    assert "sales:actual" not in rows[0]


@pytest.mark.parametrize("case", CASES)
def test_a_forecast_that_starts_after_a_partial_interval_does_not_use_it_as_a_whole_one(
    session, case
):
    first, last, step, interval, _, whole, total = CASES[case]
    later = pd.Timestamp(last) + pd.Timedelta(days=400 if interval == "year" else 35)
    if interval in ("hour", "day"):
        later = pd.Timestamp(last) + pd.Timedelta(days=1)
    result, rows = run(session, stamps(first, last, step), interval, str(later), str(later))
    assert metric(result, "observationCount") == whole
    assert len(rows) == 1
    assert float(rows[0]["sales"]) == pytest.approx(total, rel=0.1)
    assert len(messages_about(result, "ends")) == 1


def test_a_partial_first_interval_is_also_left_out(session):
    result, _ = run(
        session, stamps("2014-01-29", "2016-12-31", "D"), "month", "2017-01-01", "2017-02-01"
    )
    assert (metric(result, "observationCount"), metric(result, "mean")) == (
        35,
        pytest.approx(305, 0.01),
    )
    (words,) = messages_about(result, "starts")
    assert words == (
        "The data starts within the month from 2014-01-01T00:00:00.0000000Z, which was left out of "
        "the history."
    )


def test_the_mean_of_a_partial_interval_is_not_used_either(session):
    """The first hours of a day are colder than its mean."""
    times = stamps("2017-01-01", "2017-02-10 05:00", "h")
    values = [20 + 10 * np.sin(2 * np.pi * (int(t[11:13]) - 9) / 24) for t in times]
    result, rows = run(session, times, "day", "2017-02-10", "2017-02-11", MEAN, values)
    assert metric(result, "observationCount") == 40
    assert [float(row["sales"]) for row in rows] == pytest.approx([20, 20], abs=0.5)


@pytest.mark.parametrize(
    "inside", ["2017-01-03", "2017-01-31T23:00:00", "2017-01-01T00:00:00+00:00"]
)
def test_dates_inside_the_partial_interval_request_all_of_it(session, inside):
    _, rows = run(session, stamps("2014-01-01", "2017-01-05", "D"), "month", inside, inside)
    assert [row["day"] for row in rows] == ["2017-01-01T00:00:00.0000000Z"]
    assert float(rows[0]["sales"]) == pytest.approx(310, rel=0.1)


def test_a_day_of_another_zone_begins_and_ends_within_days_of_utc(session):
    local = pd.date_range("2017-01-01", "2017-03-01 23:00", freq="h", tz="America/New_York")
    times = [t.isoformat() for t in local]
    result, _ = run(session, times, "day", "2017-03-02", "2017-03-03")
    # 60 local days are 59 whole days of UTC.
    assert metric(result, "observationCount") == 59
    assert metric(result, "mean") == 240


@pytest.mark.parametrize(
    ("start", "end"), [("2017-01-01", "2017-03-31"), ("2016-12-20", "2017-03-20")]
)
def test_a_history_with_too_few_whole_intervals_is_refused(session, start, end):
    times = stamps(start, end, "D")[:-5]
    cells = {"day": times, "sales": [10.0] * len(times)}
    window = {"start": "2017-04-01", "end": "2017-05-01"}
    words = session.refusal("forecast", cells, SUM, "sales", interval="month", **window)
    assert "Only 2 whole months with a value lie before 2017-04-01" in words


def test_one_partial_interval_after_one_whole_interval_is_refused(session):
    times = stamps("2017-01-01", "2017-02-05", "D")
    cells = {"day": times, "sales": [10.0] * len(times)}
    window = {"start": "2017-03-01", "end": "2017-03-01"}
    words = session.refusal("forecast", cells, SUM, "sales", interval="month", **window)
    assert "Only 1 whole month with a value lie" in words


REGULAR = {
    "business days": stamps("2016-01-01", "2017-04-28", "B"),  # a Friday; Sunday ends the month
    "all of a month": stamps("2016-01-01", "2017-04-30", "D"),
    "starts of months": stamps("2014-01-01", "2017-04-01", "MS"),
    "ends of months": stamps("2014-01-01", "2017-04-30", "ME"),
    "twice a month": sorted(
        [
            *stamps("2014-01-01", "2017-04-01", "MS"),
            *[
                f"{y}-{m:02d}-15T00:00:00"
                for y in range(2014, 2018)
                for m in range(1, 13)
                if (y, m) <= (2017, 4)
            ],
        ]
    ),
}


@pytest.mark.parametrize("kind", REGULAR)
def test_a_whole_last_interval_stays(session, kind):
    times = REGULAR[kind]
    result, _ = run(session, times, "month", "2017-05-01", "2017-05-01")
    months = len({t[:7] for t in times})
    assert metric(result, "observationCount") == months
    assert messages_about(result, "ends") == messages_about(result, "starts") == []


def test_one_value_a_day_at_any_time_of_it_is_a_whole_day(session):
    rng = np.random.default_rng(5)
    times = [f"{day}T{hour:02d}:00:00" for day, hour in zip(days(60), rng.integers(1, 24, 60))]
    times[-1] = f"{times[-1][:10]}T00:00:00"
    result, _ = run(session, times, "day", "2017-03-02", "2017-03-03")
    assert metric(result, "observationCount") == 60
