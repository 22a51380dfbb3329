from pathlib import Path

import pytest

from kit.failures import InputError
from learner.tabular import models

from .given import MEASURES, measures
from .test_anomalies import READINGS, readings
from .test_classification import PLANTS, plants


@pytest.fixture(scope="module")
def trained(home):
    return home.run("regression", measures(), MEASURES, "y")


def test_rows_are_returned_as_text_with_the_predicted_target(home, trained):
    (row,) = home.predict(trained, [{"a": 1.5, "kind": "red", "noise": None}])["rows"]
    assert {name: row[name] for name in ("a", "kind", "noise")} == {
        "a": "1.5",
        "kind": "red",
        "noise": None,
    }
    assert 8 < float(row["y"]) < 11


def test_names_match_in_any_case_and_a_given_target_is_overwritten(home, trained):
    answer = home.predict(trained, [{"A": "0", "KIND": "green", "Y": "999", "extra": "e"}])
    (row,) = answer["rows"]
    assert list(row) == ["A", "KIND", "Y", "extra"]
    assert abs(float(row["Y"])) < 2


def test_missing_unknown_and_unreadable_values_do_not_fail_the_call(home, trained):
    answer = home.predict(trained, [{"a": "high", "kind": "blue"}, {"a": "1", "kind": "red"}])
    alone = home.predict(trained, [{"a": "1", "kind": "red"}])
    assert answer["rows"][1] == alone["rows"][0]
    messages = [message["message"] for message in answer["messages"]]
    assert any("'noise' is not in the rows" in text for text in messages)
    assert any("'a' that are no numericMeasure" in text for text in messages)


def test_class_scores_are_added_on_request(session):
    result = session.run("classification", plants(), PLANTS, "plant")
    rows_to_predict = [{"long": "0", "wide": "5"}, {"long": "3", "wide": "2"}]
    rows = session.predict(result, rows_to_predict, include_class_scores=True)["rows"]
    assert [row["plant"] for row in rows] == ["kind 0", "kind 1"]
    assert float(rows[0]["plant:kind 0"]) > 0.5 > float(rows[0]["plant:kind 1"])
    assert set(session.predict(result, rows_to_predict)["rows"][0]) == {"long", "wide", "plant"}


def test_anomalies_get_the_score_of_training(session):
    result = session.run("anomalies", readings(), READINGS)
    whole = session.rows(result["details"]["anomalyScores"])
    rows = [{"first": row["first"], "second": row["second"]} for row in whole]
    again = session.predict(result, rows)["rows"]
    assert [row["anomaly"] for row in again] == pytest.approx([row["anomaly"] for row in whole])


def test_a_second_prediction_needs_no_file(home, trained):
    home.predict(trained, [{"a": "1"}])
    path = Path(home.last_params["folder"]) / "model.skops"
    path.rename(path.with_suffix(".away"))
    home.predict(trained, [{"a": "1"}])
    path.with_suffix(".away").rename(path)


def test_a_file_with_another_checksum_is_refused(home, trained):
    models._loaded.clear()
    path = Path(home.last_params["folder"]) / "model.skops"
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(InputError, match="not the one its session wrote"):
        home.predict(trained, [{"a": "1"}])
    path.unlink()
    with pytest.raises(InputError, match="is gone"):
        home.predict(trained, [{"a": "1"}])


def test_no_rows_are_refused(home, trained):
    with pytest.raises(InputError, match="at least one row"):
        home.predict(trained, [])
