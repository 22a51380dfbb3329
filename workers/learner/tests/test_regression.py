import pytest

from .given import MEASURES, measures, severities


@pytest.fixture(scope="module")
def result(home):
    return home.run("regression", measures(), MEASURES, "y")


def test_the_held_out_rows_are_shown_with_prediction_and_actual_value(home, result):
    rows = home.rows(result["rows"])
    assert result["rows"]["columns"] == ["y", "y:actual", "a", "kind", "noise"]
    assert len(rows) == 16
    expected_pairs = {(str(a), kind) for a, kind in zip(measures()["a"], measures()["kind"])}
    assert all((row["a"], row["kind"]) in expected_pairs for row in rows)
    errors = [abs(float(row["y"]) - float(row["y:actual"])) for row in rows]
    assert result["metrics"]["meanAbsoluteError"] == pytest.approx(sum(errors) / 16)
    assert set(result["metrics"]) == {
        "meanAbsoluteError",
        "meanAbsolutePercentError",
        "rootMeanSquareError",
        "rSquared",
    }
    assert result["metrics"]["rSquared"] > 0.95
    assert result["intervals"] == ["0.5"]


def test_several_methods_compete_and_all_scores_are_kept(result):
    keys = [c["algorithm"]["key"] for c in result["contestants"]]
    assert {"ridge", "random-forest", "gradient-boosting", "baseline"} <= set(keys)
    assert all(c["metrics"] and c["rows"] for c in result["contestants"])
    assert [c["champion"] for c in result["contestants"]] == [True] + [False] * (len(keys) - 1)
    counts = result["selection"]["metricSets"][0]["metrics"]
    assert counts == {
        "observationCount": 80,
        "trainingCount": 64,
        "testCount": 16,
        "featureCount": 4,
    }


def test_a_linear_method_and_not_a_blend_wins_on_a_line(result):
    errors = {
        c["algorithm"]["key"]: c["metrics"]["meanAbsoluteError"] for c in result["contestants"]
    }
    assert result["algorithm"]["key"] in ("ridge", "lasso")
    assert 3 * errors[result["algorithm"]["key"]] < errors["blend"]


def test_only_features_with_an_influence_are_important(result):
    weights = result["details"]["featureImportance"]
    assert set(weights) == {"a", "kind:green", "kind:red", "noise"}
    assert max(weights.values()) == 1
    assert weights["noise"] < 0.1


def test_the_same_data_gives_the_same_model(home, session, result):
    first = home.predict(result, [{"a": "1", "kind": "red"}])
    two = session.run("regression", measures(), MEASURES, "y")
    second = session.predict(two, [{"a": "1", "kind": "red"}])
    # The archive of the model contains the time of writing.
    assert {**result, "model": None} == {**two, "model": None}
    assert first == second


def test_rows_without_target_are_left_out_and_gaps_in_features_filled(session):
    cells = measures()
    cells["y"][:10] = ["", "N/A", "NaN", *[""] * 7]
    cells["a"][20:25] = [""] * 5
    result = session.run("regression", cells, MEASURES, "y", missing_values=["N/A"])
    assert result["selection"]["metricSets"][0]["metrics"]["observationCount"] == 70
    assert result["selection"]["metricSets"][0]["dataSetProperties"] == ["Imputed", "Scaled"]
    assert any("without a value in the target" in text for text in severities(result, "warning"))


def test_dates_text_and_logical_columns_are_features_too(session):
    cells = measures()
    cells["when"] = [f"2017-01-{1 + i % 28:02d}" for i in range(80)]
    cells["paid"] = ["Yes" if i % 2 else "no" for i in range(80)]
    cells["remark"] = [("quick brown fox", "lazy dog", "")[i % 3] for i in range(80)]
    columns = {**MEASURES, "when": "date", "paid": "logical", "remark": "text"}
    result = session.run("regression", cells, columns, "y")
    names = set(result["details"]["featureImportance"])
    assert {"when", "when:month", "paid", "remark:quick brown", "remark:lazy"} <= names


def test_a_date_as_target_is_refused(session):
    columns = {**MEASURES, "y": "string target"}
    message = session.refusal("regression", measures(), columns, "y")
    assert "'y' is declared string; regression needs a numeric target" in message
