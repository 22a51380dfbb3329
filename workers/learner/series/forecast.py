"""The program `forecast`: a contest on the end of the history, then the winner's forecast."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jobworker.report import Report

from ..ask import Ask, ask_of
from ..contest import Algorithm, Contest, Contestant, Messages, Trial
from ..dates import printed
from ..metrics import forecast_metrics
from ..output import Rows, result_text, texts_of, write_rows
from . import regression
from .outlier_rows import outlier_rows
from .outliers import smoothed
from .outlook import LEVELS, MIDDLE, Outlook, combined, usable
from .prepare import Series, prepare
from .season import seasons_of
from .univariate import NAIVE, contestants

Method = Callable[[np.ndarray, int, np.ndarray], Outlook]  # history, steps, features of both

ENSEMBLE = Algorithm("ensemble", "Combination of forecasts", "Median of the other forecasts")
_SMOOTHED = 2  # how many of the best methods are tried on smoothed data, too


def run(params: str, place: Any, report: Report) -> str:
    ask = ask_of(params)
    messages = Messages()
    report.progress(0, 0, "Reading the data")
    series = prepare(ask, messages)
    return _answer(ask, series, messages, report)


def _answer(ask: Ask, series: Series, messages: Messages, report: Report) -> str:
    held = held_out(len(series.history), len(series.window_times))
    if held < len(series.window_times):
        messages.inform(
            f"The accuracy was measured on the last {held} intervals of the history, not on "
            f"{len(series.window_times)}: the history is too short."
        )
    train, test = series.history[:-held], series.history[-held:]
    seasons = seasons_of(train, series.interval)
    chosen = regression.chosen_features(train, series.features)
    features = series.features[:, chosen]
    names = tuple(series.feature_names[i] for i in chosen)
    if len(names) < len(series.feature_names):
        messages.warn(
            f"{len(names)} of {len(series.feature_names)} features were used, those most related "
            "to the target."
        )
    entries = methods(train, seasons, bool(names))
    contest = Contest(report, messages, len(entries) + _SMOOTHED + 2)
    for algorithm, method in entries:
        contest.enter(
            Contestant(algorithm, series.properties), _trial(method, train, test, features)
        )
    _enter_ensemble(contest, series.properties, train, test)
    _enter_smoothed(contest, dict(entries), series.properties, (train, test), seasons, features)
    ranked = contest.ranked()
    contest.step(f"Fitting {ranked[0].algorithm.name} to all of the history")
    outlook, champion = _final(ranked, dict(entries), series, seasons, features)
    ranked.sort(key=lambda contestant: contestant is not champion)
    contest.finish("Writing the forecast")
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
            "rows": {**files["0.5"], "files": {level: f["path"] for level, f in files.items()}},
            "messages": messages.items,
            "contestants": _contestants(ask, series, ranked, test),
            "selection": {"metricSets": [selection(series, held, len(names))]},
            "model": None,
            "details": details,
        }
    )


def held_out(history: int, window: int) -> int:
    """As many intervals as are asked for, but never more than a third of the history."""
    return max(1, min(window, history // 3))


def methods(
    train: np.ndarray, seasons: tuple[int, ...], has_features: bool
) -> list[tuple[Algorithm, Method]]:
    entries: list[tuple[Algorithm, Method]] = [
        (each.algorithm, lambda y, h, x, each=each: each.method(y, seasons, h))
        for each in contestants(train, seasons)
    ]
    if len(train) > 6:
        entries.append(
            (regression.LINEAR, lambda y, h, x: regression.linear(y, seasons, h, x)),
        )
    if len(train) > 20 and (has_features or any(each > 24 for each in seasons)):
        entries.append(
            (
                regression.WITH_REGRESSORS,
                lambda y, h, x: regression.with_regressors(y, seasons, h, x),
            )
        )
    return entries


def _trial(
    method: Method, train: np.ndarray, test: np.ndarray, features: np.ndarray
) -> Callable[[], Trial]:
    def trial() -> Trial:
        steps = len(test)
        outlook = method(train, steps, features[: len(train) + steps])
        return judged(outlook, train, test)

    return trial


def judged(outlook: Outlook, train: np.ndarray, test: np.ndarray) -> Trial:
    if not usable(outlook, train):
        raise ValueError("the forecast is not finite or runs away")
    metrics = forecast_metrics(test, outlook[MIDDLE], train)
    return Trial(metrics, metrics["meanAbsoluteError"], outlook)


def _members(contest: Contest) -> list[Contestant]:
    """All but the naive one: chosen before anyone's score is known, so the score stays honest."""
    return [c for c in contest.contestants if not c.failed and c.algorithm.key != "seasonal-naive"]


def _enter_ensemble(
    contest: Contest, properties: tuple[str, ...], train: np.ndarray, test: np.ndarray
) -> None:
    members = _members(contest)
    if len(members) < 3:
        return
    outlook = combined([member.outcome for member in members])
    contest.enter(Contestant(ENSEMBLE, properties), lambda: judged(outlook, train, test))


def _enter_smoothed(
    contest: Contest,
    entries: dict[Algorithm, Method],
    properties: tuple[str, ...],
    data: tuple[np.ndarray, np.ndarray],
    seasons: tuple[int, ...],
    features: np.ndarray,
) -> None:
    train, test = data
    smooth = smoothed(train, seasons)
    if np.array_equal(smooth, train):
        return
    best = [
        c for c in contest.ranked() if c.algorithm in entries and c.algorithm != NAIVE.algorithm
    ]
    for contestant in best[:_SMOOTHED]:
        method = entries[contestant.algorithm]

        def trial(method: Method = method) -> Trial:
            outlook = method(smooth, len(test), features[: len(train) + len(test)])
            return judged(outlook, train, test)

        contest.enter(Contestant(contestant.algorithm, (*properties, "Smoothed")), trial)


def _final(
    ranked: list[Contestant],
    entries: dict[Algorithm, Method],
    series: Series,
    seasons: tuple[int, ...],
    features: np.ndarray,
) -> tuple[Outlook, Contestant]:
    """The forecast of the best contestant that can be fitted to the whole history."""
    members = [c.algorithm for c in ranked if not c.failed and "Smoothed" not in c.properties]
    for contestant in ranked:
        if contestant.failed:
            break
        history = series.history
        if "Smoothed" in contestant.properties:
            history = smoothed(history, seasons)
        used = [contestant.algorithm]
        if contestant.algorithm == ENSEMBLE:
            used = [a for a in members if a not in (ENSEMBLE, NAIVE.algorithm)]
        found = [_fitted(entries[algorithm], history, series, features) for algorithm in used]
        outlooks = [outlook for outlook in found if outlook is not None]
        if outlooks:
            whole = combined(outlooks) if len(outlooks) > 1 else outlooks[0]
            return whole[:, series.skipped :], contestant
    outlook = NAIVE.method(series.history, seasons, series.horizon)
    return outlook[:, series.skipped :], ranked[0]


def _fitted(
    method: Method, history: np.ndarray, series: Series, features: np.ndarray
) -> Outlook | None:
    try:
        outlook = method(history, series.horizon, features)
    except Exception:  # noqa: BLE001 - a method that could do the shorter history; the next may do this
        return None
    return outlook if usable(outlook, history) else None


def _rows(series: Series, predicted: np.ndarray) -> Rows:
    rows: Rows = {series.time_name: series.window, series.target: texts_of(predicted)}
    if not np.isnan(series.actual).all():
        rows[f"{series.target}:actual"] = texts_of(series.actual)
    return rows


def _contestants(
    ask: Ask, series: Series, ranked: list[Contestant], test: np.ndarray
) -> list[dict[str, Any]]:
    times = printed(series.history_times[-len(test) :])
    answer = []
    for i, contestant in enumerate(ranked):
        files = {}
        if not contestant.failed:
            for j, level in enumerate(LEVELS):
                rows: Rows = {
                    series.time_name: times,
                    series.target: texts_of(contestant.outcome[j]),
                    f"{series.target}:actual": texts_of(test),
                }
                files[level] = write_rows(ask.folder, f"contestant-{i}-{level}.csv", rows)
        answer.append(
            {
                "id": i,
                "algorithm": contestant.algorithm.wire(),
                "metrics": contestant.metrics,
                "dataSourceProperties": list(contestant.properties),
                "champion": i == 0,
                "rows": {**files["0.5"], "files": {n: f["path"] for n, f in files.items()}}
                if files
                else None,
            }
        )
    return answer


def selection(series: Series, held: int, features: int) -> dict[str, Any]:
    history = series.history
    mean, deviation = float(history.mean()), float(history.std())
    metrics = {
        "observationCount": len(history),
        "trainingCount": len(history) - held,
        "testCount": held,
        "featureCount": features,
        "mean": mean,
        "standardDeviation": deviation,
    }
    if mean != 0:
        metrics["coefficientOfVariation"] = deviation / abs(mean)
    return {"dataSetProperties": list(series.properties), "metrics": metrics}
