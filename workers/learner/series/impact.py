"""The program `impact`: what the target would have been without the event, and how far it was off.

The models compete on held-out windows of the history before the event; see `effect` for how sure
the winner may be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from kit.failures import InputError
from kit.report import Report

from ..ask import ask_of
from ..contest import Contest, Contestant, Messages, Trial
from ..dates import printed
from ..metrics import forecast_metrics
from ..output import Rows, finite, result_text, texts_of, write_rows
from .effect import LEVEL, Effect, effect_of
from .forecast import selection
from .prepare import Series, prepare
from .regression import chosen_features, scaled
from .rounds import Window, held_out, windows_of
from .season import seasons_of, waves
from .structural import RECENT, STRUCTURES, Fitted, Structure


def run(params: str, place: Any, report: Report) -> str:
    """The result as JSON text. Raises InputError and JobCancelled."""
    ask = ask_of(params)
    messages = Messages()
    report.progress(0, 0, "Reading the data")
    series = _whole(prepare(ask, messages), messages)
    history = series.history[-RECENT:]
    held = held_out(len(history), len(series.window_times))
    seasons = seasons_of(history, series.interval)
    extra = _covariates(series, history, seasons)
    windows = windows_of(history, held)
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
            "algorithm": champion.algorithm.wire(),
            "intervals": ["0.5"],
            "rows": write_rows(ask.folder, "results.csv", rows),
            "messages": messages.items,
            "contestants": [
                {
                    "id": i,
                    "algorithm": c.algorithm.wire(),
                    "metrics": c.metrics,
                    "dataSourceProperties": list(c.properties),
                    "champion": i == 0,
                    "rows": _test_rows(ask.folder, i, c, series, windows[-1].test),
                }
                for i, c in enumerate(ranked)
            ],
            "selection": {"metricSets": [selection(series, held, extra.shape[1], len(windows))]},
            "model": None,
            "details": {
                "effectInterval": {"level": LEVEL, "lower": effect.lower, "upper": effect.upper}
            },
        }
    )


def _whole(series: Series, messages: Messages) -> Series:
    """The same with the intervals alone that can be compared: those with a value, and all of it."""
    known = ~np.isnan(series.actual)
    if not known.any():
        raise InputError(
            f"Column '{series.target}' has no value between the start and end date; an impact "
            "analysis compares what happened then with what was to be expected."
        )
    if not known.all():
        messages.warn(
            f"{int((~known).sum())} of {len(known)} intervals of the event have no value and do "
            "not count for the effect."
        )
    if series.cut is None:
        return series
    words = (
        f"The data ends within the last {series.interval} of the event, that from "
        f"{series.window[series.cut]}"
    )
    if known.sum() == 1:
        raise InputError(
            f"{words}, and there is no other to compare; choose a shorter interval or add the rest."
        )
    messages.warn(f"{words}, which does not count for the effect.")
    return series.without_cut()


def _covariates(series: Series, history: np.ndarray, seasons: tuple[int, ...]) -> np.ndarray:
    """Waves and features for the recent history and everything after it."""
    older = len(series.history) - len(history)
    chosen = chosen_features(series.history, series.features)
    features = scaled(series.features[older:, chosen], len(history))
    return np.column_stack([waves(len(history) + series.horizon, seasons), features])


def _suitable(count: int, covariates: int) -> tuple[Structure, ...]:
    if count > covariates + 8:
        return STRUCTURES
    return (STRUCTURES[0], STRUCTURES[3])


@dataclass(frozen=True)
class Tried:
    """A structure's predictions of the held-out windows, and how far off it was in sum."""

    predicted: list[np.ndarray]
    surprises: np.ndarray  # errors of the sums, in deviations as predicted


def _trial(
    structure: Structure, windows: list[Window], extra: np.ndarray, report: Report
) -> Callable[[], Trial]:
    def trial() -> Trial:
        predicted, surprises = [], []
        for window in windows:
            report.check()
            weights = np.ones(len(window.test))
            ahead = Fitted(structure, window.train, extra).ahead(len(window.train), weights)
            predicted.append(ahead.mean)
            surprises.append((window.test - ahead.mean).sum() / max(ahead.sum_deviation, 1e-12))
        truth = np.concatenate([window.test for window in windows])
        metrics = forecast_metrics(truth, np.concatenate(predicted), windows[-1].train)
        return Trial(metrics, metrics["meanAbsoluteError"], Tried(predicted, np.array(surprises)))

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
            surprises = contestant.outcome.surprises
            effect = effect_of(fitted, history, series.actual, series.skipped, surprises)
        except (ValueError, np.linalg.LinAlgError):
            continue  # it could do the shorter history; the next one may do this
        return contestant, effect
    raise InputError("No model could be fitted to the values before the start date.")


def _metrics(effect: Effect) -> dict[str, float]:
    """Rounded to four decimals, as the hosted service did."""
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
        series.time_name: printed(series.history_times[-len(test) :]),
        series.target: texts_of(contestant.outcome.predicted[-1]),
        f"{series.target}:actual": texts_of(test),
    }
    return write_rows(folder, f"contestant-{i}.csv", rows)
