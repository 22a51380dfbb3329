import numpy as np
import pytest

from learner.dates import date_texts, parse_dates


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2017-01-31", "2017-01-31T00:00"),
        ("2017-01-31 10:20:30", "2017-01-31T10:20:30"),
        ("2017-01-31T10:20:30.1234567Z", "2017-01-31T10:20:30.1234567"),
        ("2017-01-31T03:00:00+0300", "2017-01-31T00:00"),
        ("2017-01-31T00:00:00-01:30", "2017-01-31T01:30"),
        ("1-16-2017", "2017-01-16T00:00"),
        ("06-29-2017", "2017-06-29T00:00"),
        ("01/26/2017", "2017-01-26T00:00"),
        ("12/31/2012 0:00", "2012-12-31T00:00"),
        ("1/2/2017 3:04:05 PM", "2017-01-02T15:04:05"),
        ("1/2/2017 12:04 AM", "2017-01-02T00:04"),
        ("Tue Jan 10 2017 01:00:00 GMT+0100 (CET)", "2017-01-10T00:00"),
        ("Tue, 10 Jan 2017 00:00:00 GMT", "2017-01-10T00:00"),
        ("2017-1-5", "2017-01-05T00:00"),
        ("2017/01/05 10:00", "2017-01-05T10:00"),
        ("2017", "2017-01-01T00:00"),
        ("1749-01", "1749-01-01T00:00"),
    ],
)
def test_a_date_is_read_in_utc(text, moment):
    assert parse_dates(np.array([text], object))[0] == np.datetime64(moment, "ns")


@pytest.mark.parametrize(
    "text", ["", "abc", "13/13/2017", "2017-02-30", "12", "201701", "1/2/2017 13:00 PM", "1000"]
)
def test_a_text_that_is_not_a_date_is_not_guessed(text):
    assert np.isnat(parse_dates(np.array([text], object))[0])


def test_dates_are_printed_with_seven_digits():
    times = np.array(["2016-10-10T00:00:00.1234567"], "datetime64[ns]")
    assert date_texts(times) == ["2016-10-10T00:00:00.1234567Z"]
