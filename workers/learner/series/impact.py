"""The program `impact`: predicts the target without an event, and estimates the event's effect.

The models compete on held-out windows of the history before the event. Module `effect` computes
the uncertainty of the winner's estimate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from kit.failures import InputError
from kit.report import Report

from ..contest import Contest, Contestant, Messages, Trial
from ..dates import date_texts
from ..metrics import forecast_metrics
from ..output import Rows, finite, result_text, texts_of, write_rows
from ..session import read_session
from .effect import LEVEL, Effect, effect_of
from .forecast import selection
from .prepare import Series, prepare
from .regression import chosen_features, scaled
from .rounds import Window, test_length_of, windows_of
from .season import seasons_of, waves
from .structural import RECENT, STRUCTURES, Fitted, Structure


def run(params: str, backend: Any, report: Report) -> str:
    """Returns the result as JSON text. Raises InputError and JobCancelled."""
    session = read_session(params)
    messages = Messages()
    report.progress(0, 0, "Reading the data")
    series = _comparable(prepare(session, messages), messages)
    history = series.history[-RECENT:]
    test_length = test_length_of(len(history), len(series.window_times))
    seasons = seasons_of(history, series.interval)
    extra = _covariates(series, history, seasons)
    windows = windows_of(history, test_length)
    contest = Contest(report, messages, len(STRUCTURES) + 1)
    for structure in _suitable(len(windows[0].train), extra.shape[1]):
        contest.enter(
            Contestant(structure.algorithm, series.properties),
            _trial(structure, windows, extra, report),
        )
    ranked = contest.ranked()
    contest.step("Estimating the effect")
    champion, effect = _first_effect(ranked, history, extra, series)
    ranked.sort(key=lambda contestant: contestant is not champion)
    contest.finish("Writing the result")
    rows: Rows = {
        series.time_name: series.window,
        series.target: texts_of(effect.predicted),
        f"{series.target}:actual": texts_of(series.actual),
    }
    return result_text(
        {
            "metrics": _metrics(effect),
            "algorithm": champion.algorithm.to_json(),
            "intervals": ["0.5"],
            "rows": write_rows(session.folder, "results.csv", rows),
            "messages": messages.items,
            "contestants": [
                {
                    "id": i,
                    "algorithm": c.algorithm.to_json(),
                    "metrics": c.metrics,
                    "dataSourceProperties": list(c.properties),
                    "champion": i == 0,
                    "rows": _test_rows(session.folder, i, c, series, windows[-1].test),
                }
                for i, c in enumerate(ranked)
            ],
            "selection": {
                "metricSets": [selection(series, test_length, extra.shape[1], len(windows))]
            },
            "model": None,
            "details": {
                "effectInterval": {"level": LEVEL, "lower": effect.lower, "upper": effect.upper}
            },
        }
    )


def _comparable(series: Series, messages: Messages) -> Series:
    """Returns the series without a partial interval in the window, which cannot be compared.

    Warns about intervals without a value. Raises InputError if no interval remains.
    """
    known = ~np.isnan(series.actual)
    if not known.any():
        raise InputError(
            f"Column '{series.target}' has no value between the start and end date; an impact "
            "analysis compares the values in that time with the expected ones."
        )
    if not known.all():
        messages.warn(
            f"{int((~known).sum())} of {len(known)} intervals of the event have no value and do "
            "not count for the effect."
        )
    if series.partial is None:
        return series
    words = (
        f"The data ends within the last {series.interval} of the event, that from "
        f"{series.window[series.partial]}"
    )
    if known.sum() == 1:
        raise InputError(
            f"{words}, and there is no other to compare; choose a shorter interval or add the rest."
        )
    messages.warn(f"{words}, which does not count for the effect.")
    return series.without_partial()


def _covariates(series: Series, history: np.ndarray, seasons: tuple[int, ...]) -> np.ndarray:
    """Returns waves and features as columns, for the recent history and all steps after it."""
    older = len(series.history) - len(history)
    chosen = chosen_features(series.history, series.features)
    features = scaled(series.features[older:, chosen], len(history))
    return np.column_stack([waves(len(history) + series.horizon, seasons), features])


def _suitable(count: int, covariates: int) -> tuple[Structure, ...]:
    if count > covariates + 8:
        return STRUCTURES
    return (STRUCTURES[0], STRUCTURES[3])


@dataclass(frozen=True)
class ImpactTrial:
    """A structure's predictions of the held-out windows, and the errors of their sums."""

    predicted: list[np.ndarray]
    standardized_errors: np.ndarray  # errors divided by the predicted deviations


def _trial(
    structure: Structure, windows: list[Window], extra: np.ndarray, report: Report
) -> Callable[[], Trial]:
    def trial() -> Trial:
        predicted, standardized_errors = [], []
        for window in windows:
            report.check()
            weights = np.ones(len(window.test))
            prediction = Fitted(structure, window.train, extra).predict(len(window.train), weights)
            predicted.append(prediction.mean)
            standardized_errors.append(
                (window.test - prediction.mean).sum() / max(prediction.sum_deviation, 1e-12)
            )
        truth = np.concatenate([window.test for window in windows])
        metrics = forecast_metrics(truth, np.concatenate(predicted), windows[-1].train)
        return Trial(
            metrics,
            metrics["meanAbsoluteError"],
            ImpactTrial(predicted, np.array(standardized_errors)),
        )

    return trial


def _first_effect(
    ranked: list[Contestant], history: np.ndarray, extra: np.ndarray, series: Series
) -> tuple[Contestant, Effect]:
    structures = {structure.algorithm: structure for structure in STRUCTURES}
    for contestant in ranked:
        if contestant.failed:
            break
        try:
            fitted = Fitted(structures[contestant.algorithm], history, extra)
            standardized_errors = contestant.outcome.standardized_errors
            effect = effect_of(fitted, history, series.actual, series.skipped, standardized_errors)
        except (ValueError, np.linalg.LinAlgError):
            continue  # it fitted the shorter history but not this one; try the next contestant
        return contestant, effect
    raise InputError("No model could be fitted to the values before the start date.")


def _metrics(effect: Effect) -> dict[str, float]:
    """Returns the metrics, rounded to four decimals like those of the hosted service."""
    return finite(
        {
            "pValue": round(effect.p_value, 4),
            "absoluteEffect": round(effect.absolute, 4),
            "relativeEffect": round(effect.relative, 4),
        }
    )


def _test_rows(
    folder: Any, i: int, contestant: Contestant, series: Series, test: np.ndarray
) -> dict[str, Any] | None:
    if contestant.failed:
        return None
    rows: Rows = {
        series.time_name: date_texts(series.history_times[-len(test) :]),
        series.target: texts_of(contestant.outcome.predicted[-1]),
        f"{series.target}:actual": texts_of(test),
    }
    return write_rows(folder, f"contestant-{i}.csv", rows)
