"""Forecasts sales: uploads a year of data, lets several algorithms compete, and prints the winner's prediction.

    python forecast.py

The client is the unmodified `nexosisapi` 3.0.85 from PyPI. Set STINT_URL to the server's address and STINT_TOKEN to your token.
The exit code is 0 only if the answers were right.
"""

import os
import random
import sys
import time
from datetime import datetime, timedelta

from nexosisapi import Client
from nexosisapi.column_metadata import ColumnMetadata
from nexosisapi.status import Status
from nexosisapi.time_interval import TimeInterval

NAME = "example-sales"
FIRST = datetime(2017, 1, 2)  # a Monday
DAYS = 365
AHEAD = 14
WEEK = [0, 3, 5, 4, 9, 30, 22]  # sales are highest at the weekend

CHANCE = [random.Random(n).gauss(0, 3) for n in range(DAYS + AHEAD)]


def sold(n):
    """Returns the sales of day n: a weekly pattern, a slow rise, and noise, which is the same in each run."""
    return 100 + n / 10 + WEEK[n % 7] + CHANCE[n]


def wait(client, session_id):
    shown = None
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        status = client.sessions.get(session_id).status
        if status != shown:
            print(f"  {status.name}")
            shown = status
        if status in (Status.completed, Status.failed, Status.cancelled):
            break
        time.sleep(0.2)
    if shown != Status.completed:
        sys.exit(f"\nWrong: the session is {shown.name} and should be completed.")


def main():
    client = Client(os.environ["STINT_TOKEN"], os.environ["STINT_URL"].rstrip("/") + "/nexosis/v1/")

    rows = [{"day": (FIRST + timedelta(days=n)).isoformat(), "sales": sold(n)} for n in range(DAYS)]
    columns = {
        "day": ColumnMetadata({"dataType": "date", "role": "timestamp"}),
        "sales": ColumnMetadata({"dataType": "numericMeasure", "role": "target"}),
    }
    client.datasets.create(NAME, rows, columns)
    print(f"Data set {NAME}: {len(rows)} days of sales")

    begin, end = FIRST + timedelta(days=DAYS), FIRST + timedelta(days=DAYS + AHEAD - 1)
    session = client.sessions.create_forecast(NAME, "sales", begin, end, TimeInterval.day)
    print(f"Session {session.session_id}: the {AHEAD} days from {begin:%Y-%m-%d} on")
    wait(client, session.session_id)

    contest = client.sessions.get_contest(session.session_id)
    results = client.sessions.get_results(session.session_id)
    print(f"\n{contest.champion['algorithm']['name']} won a contest of {len(contest.contestants)} algorithms")
    errors = []
    for n, row in enumerate(results.data):
        forecast, truth = float(row["sales"]), sold(DAYS + n)
        errors.append(abs(forecast - truth))
        print(
            f"  {FIRST + timedelta(days=DAYS + n):%a %d %b}  {'█' * round(forecast / 5):<36}{forecast:>6.1f}"
        )
    mean = sum(errors) / len(errors)
    print(f"The forecast is on average {mean:.1f} away from the true sales")

    client.datasets.remove(NAME, cascade=["session"])
    if len(errors) != AHEAD or mean > 6:
        sys.exit(f"\nWrong: the forecast should have {AHEAD} days, on average within 6 of the true sales.")


if __name__ == "__main__":
    main()
