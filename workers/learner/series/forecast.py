"""The program `forecast`: runs a contest on the end of the history, then forecasts."""

from __future__ import annotations

from typing import Any

import numpy as np

from kit.report import Report

from ..contest import Algorithm, Contest, Contestant, Messages
from ..dates import date_texts
from ..output import Rows, result_text, texts_of, write_rows
from ..session import Session, read_session
from . import regression
from .outlier_rows import outlier_rows
from .outliers import smoothed
from .outlook import LEVELS, MIDDLE, Outlook, averaged, combined, usable
from .prepare import Series, prepare
from .reaction import Reaction, reaction_of
from .rounds import BEST, Method, Rounds, Window, members_of, methods, test_length_of, windows_of
from .season import seasons_of
from .univariate import NAIVE


def run(params: str, backend: Any, report: Report) -> str:
    """Returns the result as JSON text. Raises InputError and JobCancelled."""
    session = read_session(params)
    messages = Messages()
    report.progress(0, 0, "Reading the data")
    series = prepare(session, messages).without_partial()
    test_length = test_length_of(len(series.history), len(series.window_times))
    if test_length < len(series.window_times):
        messages.inform(
            f"The accuracy was measured on {test_length} intervals at a time, not on "
            f"{len(series.window_times)}: the history is too short."
        )
    windows = windows_of(series.history, test_length)
    features, names = _features(series, windows[0].train, messages)
    seasons = seasons_of(series.history, series.interval)
    reaction = reaction_of(series.history, seasons, features)
    _report_weak_features(series, names, reaction, messages)
    entries = methods(windows[0].train, series.interval)
    contest = Contest(report, messages, len(entries) + 5)
    reactions = [
        reaction_of(w.train, seasons_of(w.train, series.interval), features) for w in windows
    ]
    rounds = Rounds(contest, windows, series.interval, reactions, series.properties)
    ranked = rounds.run(entries)
    contest.step(f"Fitting {ranked[0].algorithm.name} to all of the history")
    outlook, champion = _final(ranked, entries, series, reaction)
    ranked.sort(key=lambda contestant: contestant is not champion)
    contest.finish("Writing the forecast")
    details: dict[str, Any] = {"outliers": outlier_rows(session.folder, series, seasons, reaction)}
    if names:
        most = max(float(reaction.strengths.max()), 1e-300)
        details["featureImportance"] = dict(zip(names, (reaction.strengths / most).tolist()))
    files = {
        level: write_rows(session.folder, f"results-{level}.csv", _rows(series, outlook[i]))
        for i, level in enumerate(LEVELS)
    }
    return result_text(
        {
            "metrics": champion.metrics,
            "algorithm": champion.algorithm.to_json(),
            "intervals": list(LEVELS),
            "rows": _with_levels(files),
            "messages": messages.items,
            "contestants": [
                {
                    "id": i,
                    "algorithm": contestant.algorithm.to_json(),
                    "metrics": contestant.metrics,
                    "dataSourceProperties": list(contestant.properties),
                    "champion": i == 0,
                    "rows": _test_rows(session, series, windows[-1], contestant, i),
                }
                for i, contestant in enumerate(ranked)
            ],
            "selection": {"metricSets": [selection(series, test_length, len(names), len(windows))]},
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


def _report_weak_features(
    series: Series, names: tuple[str, ...], reaction: Reaction, messages: Messages
) -> None:
    vague = [f"'{name}'" for name, size in zip(names, reaction.strengths) if size == 0]
    if vague:
        more = f" and {len(vague) - 5} more" if len(vague) > 5 else ""
        messages.inform(
            f"The history shows no clear influence of {', '.join(vague[:5])}{more} on "
            f"'{series.target}': {'it does' if len(vague) == 1 else 'they do'} not move the "
            "forecast."
        )


def _final(
    ranked: list[Contestant],
    entries: dict[Algorithm, Method],
    series: Series,
    reaction: Reaction,
) -> tuple[Outlook, Contestant]:
    """Returns the forecast of the best contestant that can be fitted to the whole history."""
    seasons = seasons_of(series.history, series.interval)
    plain = reaction.without_features(series.history)
    for contestant in ranked:
        if contestant.failed:
            break
        history = plain
        if "Smoothed" in contestant.properties:
            history = smoothed(history, seasons)
        outlooks = []
        for algorithm in members_of(contestant, ranked):
            outlook = _fitted(entries[algorithm], history, seasons, series.horizon, reaction)
            if outlook is not None:
                outlooks.append(outlook)
        if outlooks:
            join = averaged if contestant.algorithm == BEST else combined
            return join(outlooks)[:, series.skipped :], contestant
    outlook = reaction.apply_to(NAIVE.method(plain, seasons, series.horizon), len(plain))
    return outlook[:, series.skipped :], ranked[0]


def _fitted(
    method: Method,
    history: np.ndarray,
    seasons: tuple[int, ...],
    steps: int,
    reaction: Reaction,
) -> Outlook | None:
    try:
        outlook = reaction.apply_to(method(history, seasons, steps), len(history))
    except Exception:  # noqa: BLE001 - it fitted the shorter history but not this one
        return None
    return outlook if usable(outlook, history) else None


def _rows(series: Series, predicted: np.ndarray) -> Rows:
    rows: Rows = {series.time_name: series.window, series.target: texts_of(predicted)}
    if not np.isnan(series.actual).all():
        rows[f"{series.target}:actual"] = texts_of(series.actual)
    return rows


def _test_rows(
    session: Session, series: Series, window: Window, contestant: Contestant, place: int
) -> dict[str, Any] | None:
    """Writes the contestant's forecast of the last window, one file for each level."""
    if contestant.failed:
        return None
    times = date_texts(series.history_times[-len(window.test) :])
    files = {}
    for i, level in enumerate(LEVELS):
        rows: Rows = {
            series.time_name: times,
            series.target: texts_of(contestant.outcome[-1][i]),
            f"{series.target}:actual": texts_of(window.test),
        }
        files[level] = write_rows(session.folder, f"contestant-{place}-{level}.csv", rows)
    return _with_levels(files)


def _with_levels(files: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {**files[LEVELS[MIDDLE]], "files": {level: f["path"] for level, f in files.items()}}


def selection(series: Series, test_length: int, features: int, windows: int = 1) -> dict[str, Any]:
    """Returns the counts of the last window. Earlier windows have shorter training parts."""
    history = series.history
    mean, deviation = float(history.mean()), float(history.std())
    metrics = {
        "observationCount": len(history),
        "trainingCount": len(history) - test_length,
        "testCount": test_length,
        "windowCount": windows,
        "featureCount": features,
        "mean": mean,
        "standardDeviation": deviation,
    }
    if mean != 0:
        metrics["coefficientOfVariation"] = deviation / abs(mean)
    return {"dataSetProperties": list(series.properties), "metrics": metrics}
