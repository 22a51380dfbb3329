"""The program `regression`: a number from the other columns (nexosis dialect, algorithms)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kit.failures import InputError
from kit.report import Report

from ..ask import Ask, ask_of
from ..contest import Contestant, Messages
from ..metrics import regression_metrics
from ..output import result_text, texts_of, write_rows
from ..table import read_table
from ..values import numbers
from .candidates import regressors
from .importance import importance
from .models import Model
from .scores import numbers_of
from .supervised import Problem, compete, known_rows, problem_of, selection

FEWEST = 5  # rows


def run(params: str, place: Any, report: Report) -> str:
    """The result as JSON text. Raises InputError and JobCancelled."""
    ask = ask_of(params)
    messages = Messages()
    report.progress(0, 0, "Reading the data")
    if not ask.goal.is_number:
        raise InputError(
            f"The target column '{ask.goal.name}' is declared {ask.goal.data_type}; regression "
            "needs a numeric target. For categories use classification."
        )
    table = known_rows(ask, read_table(ask), FEWEST, messages)
    messages.inform(f"{table.count} observations were found in the data source.")
    target = numbers(table.columns[ask.goal.name], ask.goal)
    told = ~np.isnan(target)
    if not told.all():
        table, target = _without_gaps(ask, table, told, target)
    problem = problem_of(ask, table, target, False, messages)
    candidates = regressors(len(problem.train), len(problem.encoding.names), ask.seed)
    contest, ranked = compete(problem, candidates, _Task(), ask.seed, report, messages)
    champion = ranked[0]
    contest.step(f"Fitting {champion.algorithm.name} to all rows")
    encoding, matrix = problem.whole()
    estimator = champion.outcome.fit(matrix, target)
    model = Model(
        "regression", ask.goal.name, problem.columns, sorted(ask.missing), encoding, estimator, []
    )
    contest.finish("Writing the model")
    return result_text(
        {
            "metrics": champion.metrics,
            "algorithm": champion.algorithm.wire(),
            "intervals": ["0.5"],
            "rows": _rows(ask, problem, champion, "results.csv"),
            "messages": messages.items,
            "contestants": [
                {
                    "id": i,
                    "algorithm": contestant.algorithm.wire(),
                    "metrics": contestant.metrics,
                    "dataSourceProperties": list(contestant.properties),
                    "champion": i == 0,
                    "rows": _rows(ask, problem, contestant, f"contestant-{i}.csv"),
                }
                for i, contestant in enumerate(ranked)
            ],
            "selection": {"metricSets": [selection(problem)]},
            "model": model.save(ask.folder),
            "details": {"featureImportance": importance(ranked, problem.encoding.names)},
        }
    )


def _without_gaps(ask: Ask, table: Any, told: np.ndarray, target: np.ndarray) -> Any:
    """Drop rows whose target is the word NaN."""
    if told.sum() < FEWEST:
        raise InputError(f"Too few rows have a number in the target column '{ask.goal.name}'.")
    return table.take(np.flatnonzero(told)), target[told]


class _Task:
    """Numbers; the champion has the least root mean square error."""

    stratified = False

    def raw(self, fitted: Sequence[Any], matrix: np.ndarray) -> np.ndarray:
        return numbers_of(fitted, matrix)

    def error(self, truth: np.ndarray, raw: np.ndarray) -> float:
        return float(np.sqrt(((truth - raw) ** 2).mean()))

    def losses(self, truth: np.ndarray, raw: np.ndarray) -> np.ndarray:
        # Not the squares that `error` sums up: a few far misses would drown the clearest lead.
        return np.asarray(np.abs(truth - raw))

    def describe(self, truth: np.ndarray, raw: np.ndarray) -> dict[str, float]:
        return regression_metrics(truth, raw)


def _rows(ask: Ask, problem: Problem, contestant: Contestant, name: str) -> dict[str, Any] | None:
    if contestant.failed:
        return None
    predicted = texts_of(contestant.outcome.held)
    actual = problem.table.columns[ask.goal.name].take(problem.test).to_pylist()
    return write_rows(ask.folder, name, problem.test_rows(ask.goal.name, predicted, actual))
