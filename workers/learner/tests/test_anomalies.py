from typing import Any

import numpy as np
import pytest

from .given import severities


def readings(count: int = 150) -> dict[str, Any]:
    """Returns readings of two sensors that agree except in three rows."""
    rng = np.random.default_rng(4)
    first = rng.normal(size=count)
    second = first + 0.1 * rng.normal(size=count)
    second[[10, 70, 130]] += (9, -8, 10)
    return {
        "id": [f"r{i}" for i in range(count)],
        "first": list(first.round(4)),
        "second": list(second.round(4)),
        "label": ["x"] * count,
    }


READINGS = {
    "id": "string key",
    "first": "numericMeasure feature",
    "second": "numericMeasure feature",
    "label": "string target",
}


@pytest.fixture(scope="module")
def result(home):
    return home.run("anomalies", readings(), READINGS)


def test_about_a_tenth_is_flagged_and_the_odd_rows_are_among_them(home, result):
    rows = home.rows(result["rows"])
    assert 0.05 < result["metrics"]["percentAnomalies"] < 0.15
    assert len(rows) == round(150 * result["metrics"]["percentAnomalies"])
    assert result["rows"]["columns"] == ["anomaly", "id", "first", "second", "label"]
    assert {"r10", "r70", "r130"} <= {row["id"] for row in rows}
    assert all(float(row["anomaly"]) < 0 for row in rows)
    assert any("without the target" in text for text in severities(result, "warning"))


def test_clean_data_has_no_anomalies(session):
    result = session.run("anomalies", readings(), READINGS, contains_anomalies=False)
    assert result["metrics"] == {"percentAnomalies": 0}
    assert session.rows(result["rows"]) == []


def test_all_rows_have_a_score_and_a_distance(home, result):
    assert result["details"]["anomalyScores"]["count"] == 150
    rows = home.rows(result["details"]["mahalanobisDistances"])
    far = sorted(rows, key=lambda row: -float(row["mahalanobis_distance"]))[:3]
    assert {row["id"] for row in far} == {"r10", "r70", "r130"}


def test_several_methods_are_compared(result):
    keys = {c["algorithm"]["key"] for c in result["contestants"]}
    assert keys == {"isolation-forest", "local-outlier-factor", "one-class-svm"}
