import numpy as np
import pytest

from learner.series.filling import aggregated, imputed
from learner.series.intervals import ordinals, starts

GAP = np.nan


@pytest.mark.parametrize(
    ("how", "expected"),
    [("sum", 10), ("mean", 2.5), ("median", 2), ("mode", 2), ("min", 2), ("max", 4)],
)
def test_values_of_one_interval_are_aggregated(how, expected):
    values = np.array([2.0, 2.0, 4.0, GAP, 2.0])
    assert aggregated(values, np.array([0, 0, 0, 0, 0]), 2, how)[0] == expected
    assert np.isnan(aggregated(values, np.array([0, 0, 0, 0, 0]), 2, how)[1])


@pytest.mark.parametrize(
    ("how", "filled"),
    [("zeroes", 0), ("mean", 5), ("median", 2), ("mode", 2), ("min", 1), ("max", 8)],
)
def test_gaps_are_filled(how, filled):
    values = np.array([1.0, 2.0, GAP, GAP, 8.0, 2.0])
    assert list(imputed(values, how)) == [1, 2, filled, filled, 8, 2]


def test_a_gap_at_the_end_takes_the_nearest_known_value():
    assert list(imputed(np.array([GAP, 3.0, 5.0, GAP]), "mean")) == [3, 3, 5, 5]


@pytest.mark.parametrize(
    ("interval", "start"),
    [
        ("hour", "2017-03-15T13:00"),
        ("day", "2017-03-15"),
        ("week", "2017-03-13"),
        ("month", "2017-03-01"),
        ("year", "2017-01-01"),
    ],
)
def test_a_time_falls_into_the_interval_around_it(interval, start):
    time = np.array(["2017-03-15T13:59:59"], "datetime64[ns]")  # a Wednesday
    assert starts(ordinals(time, interval), interval)[0] == np.datetime64(start, "ns")


def test_weeks_before_1970_start_on_mondays_too():
    time = np.array(["1958-03-30T00:00"], "datetime64[ns]")  # a Sunday
    assert starts(ordinals(time, "week"), "week")[0] == np.datetime64("1958-03-24", "ns")
