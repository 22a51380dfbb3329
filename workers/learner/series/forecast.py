"""The program `forecast`: a contest on the end of the history, then the winner's forecast."""

from __future__ import annotations

from typing import Any

import numpy as np

from jobworker.report import Report

from ..ask import Ask, ask_of
from ..contest import Algorithm, Contest, Contestant, Messages
from ..dates import printed
from ..output import Rows, result_text, texts_of, write_rows
from . import regression
from .outlier_rows import outlier_rows
from .outliers import smoothed
from .outlook import LEVELS, MIDDLE, Outlook, averaged, combined, usable
from .prepare import Series, prepare
from .rounds import BEST, Method, Rounds, Window, held_out, members_of, methods, windows_of
from .season import seasons_of
from .univariate import NAIVE


def run(params: str, place: Any, report: Report) -> str:
    ask = ask_of(params)
    messages = Messages()
    report.progress(0, 0, "Reading the data")
    series = prepare(ask, messages)
    held = held_out(len(series.history), len(series.window_times))
    if held < len(series.window_times):
        messages.inform(
            f"The accuracy was measured on {held} intervals at a time, not on "
            f"{len(series.window_times)}: the history is too short."
        )
    windows = windows_of(series.history, held)
    features, names = _features(series, windows[0].train, messages)
    entries = methods(windows[0].train, series.interval, bool(names))
    contest = Contest(report, messages, len(entries) + 5)
    rounds = Rounds(contest, windows, series.interval, features, series.properties)
    ranked = rounds.play(entries)
    contest.step(f"Fitting {ranked[0].algorithm.name} to all of the history")
    outlook, champion = _final(ranked, entries, series, features)
    ranked.sort(key=lambda contestant: contestant is not champion)
    contest.finish("Writing the forecast")
    seasons = seasons_of(series.history, series.interval)
    details: dict[str, Any] = {"outliers": outlier_rows(ask.folder, series, seasons)}
    if names:
        details["featureImportance"] = regression.importance(
            series.history, seasons, features, names
        )
    files = {
        level: write_rows(ask.folder, f"results-{level}.csv", _rows(series, outlook[i]))
        for i, level in enumerate(LEVELS)
    }
    return result_text(
        {
            "metrics": champion.metrics,
            "algorithm": champion.algorithm.wire(),
            "intervals": list(LEVELS),
            "rows": _with_levels(files),
            "messages": messages.items,
            "contestants": [
                {
                    "id": i,
                    "algorithm": contestant.algorithm.wire(),
                    "metrics": contestant.metrics,
                    "dataSourceProperties": list(contestant.properties),
                    "champion": i == 0,
                    "rows": _test_rows(ask, series, windows[-1], contestant, i),
                }
                for i, contestant in enumerate(ranked)
            ],
            "selection": {"metricSets": [selection(series, held, len(names), len(windows))]},
            "model": None,
            "details": details,
        }
    )


def _features(
    series: Series, train: np.ndarray, messages: Messages
) -> tuple[np.ndarray, tuple[str, ...]]:
    chosen = regression.chosen_features(train, series.features)
    names = tuple(series.feature_names[i] for i in chosen)
    if len(names) < len(series.feature_names):
        messages.warn(
            f"{len(names)} of {len(series.feature_names)} features were used, those most related "
            "to the target."
        )
    return series.features[:, chosen], names


def _final(
    ranked: list[Contestant],
    entries: dict[Algorithm, Method],
    series: Series,
    features: np.ndarray,
) -> tuple[Outlook, Contestant]:
    """The forecast of the best contestant that can be fitted to the whole history."""
    seasons = seasons_of(series.history, series.interval)
    for contestant in ranked:
        if contestant.failed:
            break
        history = series.history
        if "Smoothed" in contestant.properties:
            history = smoothed(history, seasons)
        outlooks = []
        for algorithm in members_of(contestant, ranked):
            outlook = _fitted(entries[algorithm], history, seasons, series.horizon, features)
            if outlook is not None:
                outlooks.append(outlook)
        if outlooks:
            join = averaged if contestant.algorithm == BEST else combined
            return join(outlooks)[:, series.skipped :], contestant
    return NAIVE.method(series.history, seasons, series.horizon)[:, series.skipped :], ranked[0]


def _fitted(
    method: Method,
    history: np.ndarray,
    seasons: tuple[int, ...],
    steps: int,
    features: np.ndarray,
) -> Outlook | None:
    try:
        outlook = method(history, seasons, steps, features)
    except Exception:  # noqa: BLE001 - it could do the shorter history; the next may do this one
        return None
    return outlook if usable(outlook, history) else None


def _rows(series: Series, predicted: np.ndarray) -> Rows:
    rows: Rows = {series.time_name: series.window, series.target: texts_of(predicted)}
    if not np.isnan(series.actual).all():
        rows[f"{series.target}:actual"] = texts_of(series.actual)
    return rows


def _test_rows(
    ask: Ask, series: Series, window: Window, contestant: Contestant, place: int
) -> dict[str, Any] | None:
    """The contestant's forecast of the last window, at each level."""
    if contestant.failed:
        return None
    times = printed(series.history_times[-len(window.test) :])
    files = {}
    for i, level in enumerate(LEVELS):
        rows: Rows = {
            series.time_name: times,
            series.target: texts_of(contestant.outcome[-1][i]),
            f"{series.target}:actual": texts_of(window.test),
        }
        files[level] = write_rows(ask.folder, f"contestant-{place}-{level}.csv", rows)
    return _with_levels(files)


def _with_levels(files: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {**files[LEVELS[MIDDLE]], "files": {level: f["path"] for level, f in files.items()}}


def selection(series: Series, held: int, features: int, windows: int = 1) -> dict[str, Any]:
    """The counts are those of the last window; earlier windows learn from less."""
    history = series.history
    mean, deviation = float(history.mean()), float(history.std())
    metrics = {
        "observationCount": len(history),
        "trainingCount": len(history) - held,
        "testCount": held,
        "windowCount": windows,
        "featureCount": features,
        "mean": mean,
        "standardDeviation": deviation,
    }
    if mean != 0:
        metrics["coefficientOfVariation"] = deviation / abs(mean)
    return {"dataSetProperties": list(series.properties), "metrics": metrics}
