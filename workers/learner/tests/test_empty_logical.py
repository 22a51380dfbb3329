"""An empty cell of a logical column means FALSE, in models and predictions as in forecasts."""

from typing import Any

import numpy as np
import pytest

from .given import Session, severities, shop


def marked(
    session: Session, domain: str, promo: str = "logical feature", word: str = "TRUE"
) -> dict[str, Any]:
    rng = np.random.default_rng(4)
    on = rng.random(120) < 0.3
    noise = rng.normal(size=120).round(3)
    sales = (50 + 20 * on + noise).round(3)
    cells = {"promo": np.where(on, word, ""), "noise": noise, "sales": sales}
    columns = {"promo": promo, "noise": "numericMeasure feature", "sales": "numericMeasure target"}
    if domain == "classification":
        cells["sales"] = np.where(on, "much", "little")
        columns["sales"] = "string target"
    return session.run(domain, {k: list(v) for k, v in cells.items()}, columns, "sales")


ROWS = [
    {"promo": "TRUE", "noise": 0},
    {"promo": "", "noise": 0},
    {"promo": None, "noise": 0},
    {"noise": 0},
    {"promo": False, "noise": 0},
]


def test_a_regression_learns_and_predicts_with_true_and_empty_cells(session):
    result = marked(session, "regression")
    assert result["metrics"]["rSquared"] > 0.9
    answers = [float(row["sales"]) for row in session.predict(result, ROWS)["rows"]]
    assert answers[0] == pytest.approx(70, abs=3)
    assert answers[1:] == pytest.approx([50] * 4, abs=3)
    assert len(set(answers[1:])) == 1


def test_a_classification_learns_and_predicts_with_true_and_empty_cells(session):
    result = marked(session, "classification")
    assert result["metrics"]["accuracy"] == 1
    answers = [row["sales"] for row in session.predict(result, ROWS)["rows"]]
    assert answers == ["much", "little", "little", "little", "little"]


def bought(session: Session, target: str, yes: str, no: str = "") -> dict[str, Any]:
    on = np.random.default_rng(4).random(120) < 0.3
    cells = {"x": list(np.where(on, 1, 0)), "buy": list(np.where(on, yes, no))}
    cells["buy"][:5] = [""] * 5
    columns = {"x": "numericMeasure feature", "buy": target}
    return session.run("classification", cells, columns, "buy")


@pytest.mark.parametrize(
    ("yes", "no"), [("TRUE", "FALSE"), ("true", "false"), ("Yes", "No"), ("1", "0")]
)
def test_a_target_of_true_and_empty_cells_has_two_classes(session, yes, no):
    result = bought(session, "logical target", yes)
    answers = [row["buy"] for row in session.predict(result, [{"x": 1}, {"x": 0}])["rows"]]
    assert answers == [yes, no]
    assert any(f"count as {no}" in each for each in severities(result, "informational"))


def test_empty_cells_of_a_target_that_also_contains_false_are_rows_without_a_label(session):
    result = bought(session, "logical target", "TRUE", "FALSE")
    assert any(
        "5 rows without a value" in each and "left out" in each
        for each in severities(result, "warning")
    )


def test_an_imputation_that_is_set_applies_to_models(session):
    result = marked(session, "regression", "logical feature mode mode")
    answers = [float(row["sales"]) for row in session.predict(result, ROWS)["rows"]]
    assert answers[0] == answers[1] == answers[2]


@pytest.mark.parametrize(("promo", "word"), [("numeric", "1"), ("string", "fair")])
def test_an_empty_cell_of_a_column_with_one_value_means_its_absence(session, promo, word):
    result = marked(session, "regression", f"{promo} feature presence mode", word)
    rows = [{"promo": word, "noise": 0}, {"promo": "", "noise": 0}, {"noise": 0}]
    answers = [float(row["sales"]) for row in session.predict(result, rows)["rows"]]
    assert answers == pytest.approx([70, 50, 50], abs=3)


def test_a_rare_true_among_empty_cells_is_an_anomaly(session):
    rng = np.random.default_rng(6)
    cells = {
        "alarm": ["TRUE" if i in (17, 90) else "" for i in range(120)],
        "x": list(rng.normal(size=120).round(3)),
    }
    columns = {"alarm": "logical feature", "x": "numericMeasure feature"}
    result = session.run("anomalies", cells, columns)
    worst = sorted(session.rows(result["rows"]), key=lambda row: float(row["anomaly"]))[:6]
    assert [row["alarm"] for row in worst].count("TRUE") == 2


def test_an_impact_excludes_promotions_of_true_and_empty_cells(session):
    on = np.random.default_rng(9).random(120) < 0.15
    on[110:] = [True, False] * 5
    cells = shop()
    cells["sales"] = list(np.array(cells["sales"]) + 30 * on)
    cells["promo"] = np.where(on, "TRUE", "").tolist()
    columns = {
        "day": "date timestamp",
        "sales": "numericMeasure target",
        "promo": "logical feature",
    }
    window = {"start": "2017-04-21", "end": "2017-04-30"}
    result = session.run("impact", cells, columns, "sales", interval="day", **window)
    # The event has no effect; its five promotions explain the 150 additional sales.
    assert abs(result["metrics"]["absoluteEffect"]) < 30
    assert result["metrics"]["pValue"] > 0.05
