"""A planned promotion has the same effect on a forecast as past ones. The tests add an effect of
known size to a series whose promotions are TRUE or empty."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from .given import Session, days, severities

COLUMNS = {
    "day": "date timestamp",
    "sales": "numericMeasure target",
    "promo": "logical feature",
}


def daily(count: int, level: np.ndarray | float, wave: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    steps = np.arange(count)
    week = 1 + wave * np.sin(2 * np.pi * steps / 7)
    return level * week * (1 + 0.03 * rng.normal(size=count))


def growing() -> tuple[np.ndarray, list[str]]:
    """Returns sales that double within 300 days, with a weekly season."""
    return daily(314, np.linspace(400, 820, 314), 0.3, 1), days(314)


def flat() -> tuple[np.ndarray, list[str]]:
    return daily(134, 500.0, 0.1, 2), days(134)


def monthly() -> tuple[np.ndarray, list[str]]:
    rng = np.random.default_rng(3)
    steps = np.arange(84)
    season = 80 * np.sin(2 * np.pi * steps / 12)
    times = pd.date_range("2010-01-01", periods=84, freq="MS").strftime("%Y-%m-%d")
    return 900 + 2 * steps + season + 10 * rng.normal(size=84), list(times)


SERIES = {
    "growing": (growing, 14, "day"),
    "flat": (flat, 14, "day"),
    "monthly": (monthly, 8, "month"),
}
PLANTED = {"+30 %": lambda y, on: y * (1 + 0.3 * on), "+100": lambda y, on: y + 100 * on}


def promotions(count: int, ahead: int, rate: float = 0.12) -> np.ndarray:
    on = np.random.default_rng(7).random(count) < rate
    on[-ahead:] = False
    on[[-ahead + 2, -ahead + 5]] = True
    return on


def predicted(
    session: Session, name: str, sales: np.ndarray, on: np.ndarray, planned: bool
) -> np.ndarray:
    _, ahead, interval = SERIES[name]
    times = SERIES[name][0]()[1]
    known = len(sales) - ahead
    marks = np.where(on, "TRUE", "").tolist()
    if not planned:
        marks[known:] = [""] * ahead
    cells = {"day": times, "sales": [*sales[:known].round(3), *[""] * ahead], "promo": marks}
    window = {"start": times[known], "end": times[-1]}
    result = session.run("forecast", cells, COLUMNS, "sales", interval=interval, **window)
    return np.array([float(row["sales"]) for row in session.rows(result["rows"])])


@pytest.mark.parametrize("effect", PLANTED)
@pytest.mark.parametrize("name", SERIES)
def test_a_planned_promotion_moves_the_forecast_by_its_past_effect(session, name, effect):
    base, _ = SERIES[name][0]()
    ahead = SERIES[name][1]
    on = promotions(len(base), ahead)
    sales = PLANTED[effect](base, on.astype(float))
    moved = predicted(session, name, sales, on, True) - predicted(session, name, sales, on, False)
    future = on[-ahead:]
    expected = (sales - base)[-ahead:][future]
    assert np.abs(moved[~future]).max() < 1e-6 * base.mean()
    assert moved[future] == pytest.approx(expected, rel=0.2)


@pytest.mark.parametrize("name", SERIES)
def test_a_promotion_without_any_effect_does_not_move_the_forecast(session, name):
    sales, _ = SERIES[name][0]()
    on = promotions(len(sales), SERIES[name][1])
    moved = predicted(session, name, sales, on, True) - predicted(session, name, sales, on, False)
    assert np.abs(moved).max() < 0.01 * sales.mean()


def test_a_price_moves_the_forecast_as_it_did_in_the_past(session):
    base, times = flat()
    rng = np.random.default_rng(11)
    price = rng.choice([9.0, 10.0, 11.0, 12.0], len(base))
    price[-14:] = 10.0
    sales = base - 40 * (price - 10)
    columns = {**COLUMNS, "price": "numericMeasure feature"}
    del columns["promo"]

    def forecast(future: float) -> np.ndarray:
        cells = {
            "day": times,
            "sales": [*sales[:-14].round(3), *[""] * 14],
            "price": [*price[:-14], *[future] * 14],
        }
        window = {"start": times[-14], "end": times[-1]}
        result = session.run("forecast", cells, columns, "sales", interval="day", **window)
        return np.array([float(row["sales"]) for row in session.rows(result["rows"])])

    assert forecast(12.0) - forecast(10.0) == pytest.approx(np.full(14, -80.0), rel=0.2)


def planned(
    session: Session, promo: list[str], columns: dict[str, str], ahead: int = 14
) -> dict[str, Any]:
    base, times = flat()
    known = len(base) - ahead
    on = np.array([mark in ("TRUE", "1") for mark in promo[:known]] + [False] * ahead, float)
    sales = (base + 100 * on).round(3)
    cells = {"day": times, "sales": [*sales[:known], *[""] * ahead], "promo": promo}
    cells = {name: values[: len(promo)] for name, values in cells.items()}
    window = {"start": times[known], "end": times[-1]}
    return session.run("forecast", cells, columns, "sales", interval="day", **window)


def marks(word: str = "TRUE") -> list[str]:
    return [word if on else "" for on in promotions(134, 14)]


def test_one_row_of_the_future_is_enough_as_in_the_guide(session):
    base, times = flat()
    on = promotions(134, 14)
    cells = {
        "day": [*times[:120], times[125]],
        "sales": [*(base + 100 * on)[:120].round(3), ""],
        "promo": [*np.where(on[:120], "TRUE", ""), "TRUE"],
    }
    window = {"start": times[120], "end": times[133]}
    result = session.run("forecast", cells, COLUMNS, "sales", interval="day", **window)
    sales_forecast = np.array([float(row["sales"]) for row in session.rows(result["rows"])])
    assert sales_forecast[5] - base[125] == pytest.approx(100, abs=35)
    assert np.abs(np.delete(sales_forecast - base[120:], 5)).max() < 60
    # The other days have no value, so no promotion is planned for them.
    assert result["details"]["featureImportance"] == {"promo": 1.0}


def test_a_column_of_true_and_empty_cells_is_false_without_future_values(session):
    result = planned(session, marks()[:120], COLUMNS)
    (warning,) = [m for m in severities(result, "warning") if "promo" in m]
    assert "no values in the prediction range and counts as FALSE there" in warning
    assert result["details"]["featureImportance"] == {"promo": 1.0}


def test_a_column_that_also_contains_false_is_not_used_without_future_values(session):
    marked = [mark or "FALSE" for mark in marks()[:120]]
    result = planned(session, marked, COLUMNS)
    assert any("was not used" in m for m in severities(result, "warning"))
    assert "featureImportance" not in result["details"]


def test_an_imputation_that_is_set_applies(session):
    columns = {**COLUMNS, "promo": "logical feature mode mode"}
    result = planned(session, marks(), columns)
    assert any("'promo' has the same value throughout" in m for m in severities(result, "warning"))
    assert "featureImportance" not in result["details"]


def test_ones_and_empty_cells_in_a_column_of_numbers_are_also_a_promotion(session):
    columns = {**COLUMNS, "promo": "numericMeasure feature presence mode"}
    result = planned(session, marks("1"), columns)
    assert result["details"]["featureImportance"] == {"promo": 1.0}


def test_one_word_and_empty_cells_are_also_a_promotion(session):
    columns = {**COLUMNS, "promo": "string feature presence mode"}
    base, times = flat()
    on = promotions(134, 14)
    cells = {
        "day": times,
        "sales": [*(base + 100 * on)[:120].round(3), *[""] * 14],
        "promo": np.where(on, "fair", "").tolist(),
    }
    window = {"start": times[120], "end": times[133]}
    result = session.run("forecast", cells, columns, "sales", interval="day", **window)
    assert result["details"]["featureImportance"] == {"promo:fair": 1.0}
    sales_forecast = np.array([float(row["sales"]) for row in session.rows(result["rows"])])
    assert (sales_forecast - base[120:])[on[120:]] == pytest.approx([100, 100], abs=45)


def test_levels_of_a_promotion_stay_in_order_and_are_no_narrower_than_without(session):
    def levels(promo: list[str]) -> np.ndarray:
        files = planned(session, promo, COLUMNS)["rows"]["files"]
        return np.array([[float(r["sales"]) for r in session.rows(files[q])] for q in files])

    on, off = levels(marks()), levels([*marks()[:120], *[""] * 14])
    assert (np.diff(on, axis=0) > 0).all()
    assert (on[-1] - on[0] > off[-1] - off[0] - 1e-6).all()
    assert on[-1][2] - on[0][2] > off[-1][2] - off[0][2]


def test_an_influence_that_is_not_clear_is_reported(session):
    base, times = flat()
    cells = {
        "day": times,
        "sales": [*base[:120].round(3), *[""] * 14],
        "promo": marks(),
    }
    window = {"start": times[120], "end": times[133]}
    result = session.run("forecast", cells, COLUMNS, "sales", interval="day", **window)
    messages = [m for m in severities(result, "informational") if "promo" in m]
    assert messages == [
        "The history shows no clear influence of 'promo' on 'sales': it does not move the forecast."
    ]
