"""The unmodified Python client (PyPI nexosisapi) against a running service with the real learner."""

import io
import os
import time
from datetime import datetime, timedelta

import pytest
from nexosisapi import Client
from nexosisapi.client.client_error import ClientError
from nexosisapi.column_metadata import ColumnMetadata
from nexosisapi.list_queries import DatasetListQuery, ModelListQuery, SessionListQuery
from nexosisapi.status import Status
from nexosisapi.time_interval import TimeInterval

DAY_ONE = datetime(2017, 1, 1)
RHYTHM = [0, 3, 5, 4, 9, 12, 2]


def sales_on(n: int) -> float:
    """Returns the sales of the n-th day: a weekly pattern, a trend, and 30 more on ten days."""
    return 100 + n / 10 + RHYTHM[n % 7] + (n * 37 % 11) / 10 + (30 if 150 <= n < 160 else 0)


def day(n: int) -> datetime:
    return DAY_ONE + timedelta(days=n - 1)


@pytest.fixture(scope="module")
def client():
    return Client(os.environ["STINT_TOKEN"], os.environ["STINT_URL"] + "/nexosis/v1/")


@pytest.fixture(scope="module")
def sales(client):
    rows = [{"day": day(n).isoformat(), "sales": sales_on(n)} for n in range(1, 201)]
    metadata = {
        "day": ColumnMetadata({"dataType": "date", "role": "timestamp"}),
        "sales": ColumnMetadata({"dataType": "numericMeasure", "role": "target"}),
    }
    client.datasets.create("py-sales", rows, metadata)
    yield "py-sales"
    client.datasets.remove("py-sales", cascade=["session", "model"])


@pytest.fixture(scope="module")
def points(client):
    lines = ["x,y,sum,kind"]
    for i in range(120):
        far = i % 2
        x, y = far * 5 + i * 13 % 10 / 10, far * 3 + i * 7 % 10 / 10
        lines.append(f"{x},{y},{2 * x + 3 * y},{'far' if far else 'near'}")
    client.datasets.create_csv("py points", io.StringIO("\n".join(lines)))
    yield "py points"
    client.datasets.remove("py points", cascade=["session", "model"])


def finished(client, session):
    assert session.status in (Status.requested, Status.started)
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        now = client.sessions.get(session.session_id)
        if now.status == Status.completed:
            return client.sessions.get_results(session.session_id)
        assert now.status not in (Status.failed, Status.cancelled), now
        time.sleep(0.2)
    raise AssertionError("The session did not end in time.")


def test_data_is_read_by_page_and_date(client, sales):
    read = client.datasets.get(
        sales, page_size=10, start_date=datetime(2017, 6, 1), end_date=datetime(2017, 6, 30)
    )
    assert (read.item_total, len(read.data)) == (30, 10)
    assert read.metadata["sales"].data_type.name == "numericMeasure"
    found = client.datasets.list(DatasetListQuery(partial_name="PY-"))
    assert [each.name for each in found] == [sales]


def test_data_is_read_as_csv(client, sales):
    written = io.BytesIO()
    client.datasets.get_csv(sales, written, page_size=2)
    assert written.getvalue().decode().splitlines()[0] == "day,sales"


def test_a_forecast_has_results_and_a_contest(client, sales):
    session = client.sessions.create_forecast(sales, "sales", day(201), day(210), TimeInterval.day)
    assert session.dataset_count is not None
    results = finished(client, session)
    assert len(results.data) == 10
    assert all(abs(float(row["sales"]) - 125) < 15 for row in results.data)
    assert results.metrics["meanAbsoluteScaledError"] < 1
    contest = client.sessions.get_contest(session.session_id)
    assert len(contest.contestants) >= 3
    champion = client.sessions.get_champion(session.session_id)
    assert champion.data and champion.metrics
    assert client.sessions.get_contest_selection_criteria(session.session_id).metric_sets
    assert client.sessions.get_timeseries_outliers(session.session_id) is not None


def test_an_impact_analysis_finds_the_effect(client, sales):
    session = client.sessions.analyze_impact(sales, "sales", "campaign", day(150), day(159))
    results = finished(client, session)
    assert sorted(results.metrics) == ["absoluteEffect", "pValue", "relativeEffect"]
    assert 200 < results.metrics["absoluteEffect"] < 400
    assert results.metrics["pValue"] < 0.05


def test_a_regression_can_predict(client, points):
    results = finished(client, client.sessions.train_model(points, "sum"))
    assert results.metrics["rSquared"] > 0.9
    predicted = client.models.predict(results.model_id, [{"x": 5.5, "y": 3.5, "kind": "far", "sum": 0}])
    assert abs(float(predicted.data[0]["sum"]) - 21.5) < 4
    assert client.models.get_model(results.model_id).prediction_domain == "regression"
    listed = client.models.list(ModelListQuery(options={"datasource_name": points}))
    assert results.model_id in [each.model_id for each in listed]
    client.models.remove(results.model_id)
    with pytest.raises(ClientError) as refused:
        client.models.get_model(results.model_id)
    assert refused.value.status == 404


def test_a_classification_has_scores_and_can_predict(client, points):
    session = client.sessions.train_model(points, "kind", prediction_domain="classification")
    results = finished(client, session)
    assert results.metrics["macroAverageF1Score"] > 0.9
    matrix = client.sessions.get_confusion_matrix(session.session_id)
    assert sorted(matrix.classes) == ["far", "near"]
    assert client.sessions.get_class_scores(session.session_id, page_size=5).data
    assert client.sessions.get_feature_importance(session.session_id) is not None
    scored = client.models.predict(results.model_id, [{"x": 0.2, "y": 0.1}], {"includeClassScores": True})
    assert scored.data[0]["kind"] == "near"


def test_anomalies_are_found(client, points):
    """The client requests a regression without a target, which means anomalies."""
    session = client.sessions.train_anomalies_model(points)
    assert session.prediction_domain == "anomalies"
    results = finished(client, session)
    assert all(float(row["anomaly"]) < 0 for row in results.data)
    scores = client.sessions.get_anomaly_scores(session.session_id, page_size=5)
    assert len(scores.data) == 5
    assert client.sessions.get_distance_metrics(session.session_id, page_size=5).data


def test_sessions_are_listed_and_removed(client, sales):
    session = client.sessions.create_forecast(sales, "sales", day(201), day(205))
    listed = client.sessions.list(SessionListQuery(options={"datasource_name": sales}))
    assert session.session_id in [each.session_id for each in listed]
    # The session is queued or running here.
    client.sessions.remove(session.session_id)
    with pytest.raises(ClientError) as refused:
        client.sessions.get(session.session_id)
    assert refused.value.status == 404


def test_removing_sessions_without_a_filter_is_refused(client):
    with pytest.raises(ClientError) as refused:
        client.sessions.remove_sessions()
    assert (refused.value.status, refused.value.error_details.error_type) == (400, "SomeParametersRequired")


def test_the_account_balance_is_zero(client):
    assert client.get_account_balance() == 0.0
