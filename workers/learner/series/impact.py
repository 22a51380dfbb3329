"""The program `impact`: what the target would have been without the event, and how far it was off.

The models compete on the end of the history before the event. The winner's uncertainty of the sum
over the window is checked against windows of the same length before the event and widened if it
was too sure of itself there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import t as student

from jobworker.failures import InputError
from jobworker.report import Report

from ..ask import ask_of
from ..contest import Contest, Contestant, Messages, Trial
from ..dates import printed
from ..metrics import forecast_metrics
from ..output import Rows, finite, result_text, texts_of, write_rows
from .forecast import held_out, selection
from .prepare import Series, prepare
from .regression import chosen_features, scaled
from .season import seasons_of, waves
from .structural import RECENT, STRUCTURES, Fitted, Structure

LEVEL = 0.95  # of the effect's interval
_CHECKS = 12  # most earlier windows that the uncertainty is checked against


@dataclass(frozen=True)
class Effect:
    """What the event changed in sum; `predicted` per interval of the window."""

    predicted: np.ndarray
    absolute: float
    relative: float
    p_value: float
    lower: float
    upper: float


def run(params: str, place: Any, report: Report) -> str:
    ask = ask_of(params)
    messages = Messages()
    report.progress(0, 0, "Reading the data")
    series = prepare(ask, messages)
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
    history = series.history[-RECENT:]
    held = held_out(len(history), len(series.window_times))
    seasons = seasons_of(history, series.interval)
    extra = _covariates(series, history, seasons)
    train, test = history[:-held], history[-held:]
    contest = Contest(report, messages, len(STRUCTURES) + 1)
    for structure in _suitable(len(train), extra.shape[1]):
        contest.enter(
            Contestant(structure.algorithm, series.properties),
            _trial(structure, train, test, extra),
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
                    "rows": _test_rows(ask.folder, i, c, series, test),
                }
                for i, c in enumerate(ranked)
            ],
            "selection": {"metricSets": [selection(series, held, len(series.feature_names))]},
            "model": None,
            "details": {
                "effectInterval": {"level": LEVEL, "lower": effect.lower, "upper": effect.upper}
            },
        }
    )


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


def _trial(
    structure: Structure, train: np.ndarray, test: np.ndarray, extra: np.ndarray
) -> Callable[[], Trial]:
    def trial() -> Trial:
        ahead = Fitted(structure, train, extra).ahead(len(train), np.ones(len(test)))
        metrics = forecast_metrics(test, ahead.mean, train)
        return Trial(metrics, metrics["meanAbsoluteError"], ahead.mean)

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
            effect = effect_of(fitted, history, series)
        except (ValueError, np.linalg.LinAlgError):
            continue  # it could do the shorter history; the next one may do this
        return contestant, effect
    raise InputError("No model could be fitted to the values before the start date.")


def effect_of(fitted: Fitted, history: np.ndarray, series: Series) -> Effect:
    known = ~np.isnan(series.actual)
    weights = np.concatenate([np.zeros(series.skipped), known.astype(float)])
    ahead = fitted.ahead(len(history), weights)
    predicted = ahead.mean[series.skipped :]
    expected = float(predicted[known].sum())
    absolute = float(series.actual[known].sum()) - expected
    ratios = _checked(fitted, history, weights)
    # A wider prediction where the past shows that it is needed, never a narrower one.
    widening = max(1.0, float(np.sqrt(np.mean(ratios**2)))) if ratios.size else 1.0
    deviation = max(ahead.sum_deviation * widening, 1e-12 * max(1.0, abs(expected)))
    freedom = max(3, len(history) - len(fitted.result.params) - fitted.result.model.k_exog)
    p_value = float(student.sf(abs(absolute) / deviation, freedom))
    reach = float(student.ppf(0.5 + LEVEL / 2, freedom)) * deviation
    if not np.isfinite([expected, absolute, p_value, reach]).all():
        raise ValueError("the effect is not finite")
    return Effect(
        predicted,
        absolute,
        absolute / expected if expected != 0 else float("nan"),
        p_value,
        absolute - reach,
        absolute + reach,
    )


def _checked(fitted: Fitted, history: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Errors of the sum over earlier windows, in deviations as predicted there."""
    steps, count = len(weights), len(history)
    first = max(fitted.burn_in, count // 3)
    origins = list(range(count - steps, first, -max(steps, (count - first) // _CHECKS)))[:_CHECKS]
    ratios = []
    for origin in origins:
        ahead = fitted.ahead(origin, weights)
        error = float(weights @ (history[origin : origin + steps] - ahead.mean))
        if ahead.sum_deviation > 0:
            ratios.append(error / ahead.sum_deviation)
    return np.array(ratios)


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
        series.target: texts_of(contestant.outcome),
        f"{series.target}:actual": texts_of(test),
    }
    return write_rows(folder, f"contestant-{i}.csv", rows)
