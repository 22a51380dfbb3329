from typing import Any

import numpy as np
import pytest

from .given import severities


def plants(counts: tuple[int, ...] = (40, 40), seed: int = 2) -> dict[str, Any]:
    """Returns plants whose two lengths separate the kinds, except for a few plants."""
    rng = np.random.default_rng(seed)
    kinds = [f"kind {i}" for i, count in enumerate(counts) for _ in range(count)]
    centre = np.array([int(kind[-1]) for kind in kinds]) * 3.0
    return {
        "long": list((centre + rng.normal(size=len(kinds))).round(3)),
        "wide": list((5 - centre + rng.normal(size=len(kinds))).round(3)),
        "plant": kinds,
    }


PLANTS = {
    "long": "numericMeasure feature",
    "wide": "numericMeasure feature",
    "plant": "string target",
}


@pytest.fixture(scope="module")
def result(home):
    return home.run("classification", plants(), PLANTS, "plant")


def test_two_classes_have_all_measures_and_more_have_no_roc_area(session, result):
    names = {
        "macroAverageF1Score",
        "accuracy",
        "macroAveragePrecision",
        "macroAverageRecall",
        "matthewsCorrelationCoefficient",
    }
    assert set(result["metrics"]) == names | {"rocAreaUnderCurve"}
    assert result["metrics"]["macroAverageF1Score"] > 0.9
    assert result["intervals"] == []
    three = session.run("classification", plants((20, 20, 20)), PLANTS, "plant")
    assert set(three["metrics"]) == names


def test_the_confusion_matrix_counts_the_held_out_rows(home, result):
    confusion = result["details"]["confusionMatrix"]
    assert confusion["classes"] == ["kind 0", "kind 1"]
    assert [sum(row) for row in confusion["matrix"]] == [8, 8]  # a fifth of each class
    rows = home.rows(result["rows"])
    right = sum(row["plant"] == row["plant:actual"] for row in rows)
    assert right == sum(confusion["matrix"][i][i] for i in range(2))


def test_each_row_has_a_score_for_each_class(home, result):
    scores = result["details"]["classScores"]
    expected = ["plant", "plant:kind 0", "plant:kind 1", "long", "wide", "plant:actual"]
    assert scores["columns"] == expected
    for row in home.rows(scores):
        best = max(("kind 0", "kind 1"), key=lambda kind: float(row[f"plant:{kind}"]))
        assert row["plant"] == best


def test_small_classes_are_left_out_with_a_warning_each(session):
    result = session.run("classification", plants((40, 40, 4)), PLANTS, "plant")
    assert any("'kind 2' has only 4" in text for text in severities(result, "warning"))
    assert result["details"]["confusionMatrix"]["classes"] == ["kind 0", "kind 1"]
    message = session.refusal("classification", plants((40, 4)), PLANTS, "plant")
    assert "has 1 class with at least 5 records" in message


def test_a_numeric_target_keeps_its_labels_as_text(session):
    cells = plants()
    cells["plant"] = ["10.50" if kind == "kind 0" else "7" for kind in cells["plant"]]
    columns = {**PLANTS, "plant": "numericMeasure target"}
    result = session.run("classification", cells, columns, "plant")
    assert result["details"]["confusionMatrix"]["classes"] == ["10.50", "7"]


def test_balance_gives_a_rare_class_more_weight(session):
    def recall(balance: bool) -> float:
        rng = np.random.default_rng(5)
        kinds = ["common"] * 180 + ["rare"] * 20
        long = [*rng.normal(0, 1, 180), *rng.normal(1.5, 1, 20)]
        cells = {"long": long, "plant": kinds}
        columns = {"long": PLANTS["long"], "plant": PLANTS["plant"]}
        result = session.run("classification", cells, columns, "plant", balance=balance)
        logistic = next(c for c in result["contestants"] if c["algorithm"]["key"] == "logistic")
        rows = [r for r in session.rows(logistic["rows"]) if r["plant:actual"] == "rare"]
        return float(np.mean([row["plant"] == "rare" for row in rows]))

    assert recall(True) > recall(False)


def test_labels_that_differ_by_a_nul_are_two_classes(session):
    cells = plants()
    cells["plant"] = ["kind\0" if kind == "kind 0" else "kind" for kind in cells["plant"]]
    result = session.run("classification", cells, PLANTS, "plant")
    assert result["metrics"]["accuracy"] > 0.9
    confusion = result["details"]["confusionMatrix"]
    assert confusion["classes"] == ["kind", "kind\0"]
    assert [sum(row) for row in confusion["matrix"]] == [8, 8]
    rows = session.rows(result["rows"])
    right = sum(row["plant"] == row["plant:actual"] for row in rows)
    assert right == sum(confusion["matrix"][i][i] for i in range(2))
    predicted = session.predict(result, [{"long": "0", "wide": "5"}, {"long": "3", "wide": "2"}])
    assert [row["plant"] for row in predicted["rows"]] == ["kind\0", "kind"]


@pytest.mark.parametrize("label", ["0", "01"])
def test_labels_that_look_like_numbers_stay_unchanged(session, label):
    cells = plants()
    cells["plant"] = [label if kind == "kind 0" else "1" for kind in cells["plant"]]
    result = session.run("classification", cells, PLANTS, "plant")
    assert result["details"]["confusionMatrix"]["classes"] == sorted([label, "1"])
    assert all(c["metrics"] for c in result["contestants"])
