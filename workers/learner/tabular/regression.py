"""The program `regression`: predicts a number from other columns (nexosis dialect, algorithms)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kit.failures import InputError
from kit.report import Report

from ..contest import Contestant, Messages
from ..metrics import regression_metrics
from ..output import result_text, texts_of, write_rows
from ..session import Session, read_session
from ..table import read_table
from ..values import numbers
from .candidates import regressors
from .importance import importance
from .models import Model
from .scores import numbers_of
from .supervised import Problem, compete, known_rows, problem_of, selection

FEWEST = 5  # rows


def run(params: str, backend: Any, report: Report) -> str:
    """Returns the result as JSON text. Raises InputError and JobCancelled."""
    session = read_session(params)
    messages = Messages()
    report.progress(0, 0, "Reading the data")
    column = session.target_column
    if not column.is_number:
        raise InputError(
            f"The target column '{column.name}' is declared {column.data_type}; regression "
            "needs a numeric target. For categories use classification."
        )
    table = known_rows(session, read_table(session), FEWEST, messages)
    messages.inform(f"{table.count} observations were found in the data source.")
    target = numbers(table.columns[session.target_column.name], session.target_column)
    has_target = ~np.isnan(target)
    if not has_target.all():
        table, target = _without_gaps(session, table, has_target, target)
    problem = problem_of(session, table, target, False, messages)
    candidates = regressors(len(problem.train), len(problem.encoding.names), session.seed)
    contest, ranked = compete(problem, candidates, _Task(), session.seed, report, messages)
    champion = ranked[0]
    contest.step(f"Fitting {champion.algorithm.name} to all rows")
    encoding, matrix = problem.whole()
    estimator = champion.outcome.fit(matrix, target)
    model = Model(
        "regression",
        session.target_column.name,
        problem.columns,
        sorted(session.missing),
        encoding,
        estimator,
        [],
    )
    contest.finish("Writing the model")
    return result_text(
        {
            "metrics": champion.metrics,
            "algorithm": champion.algorithm.to_json(),
            "intervals": ["0.5"],
            "rows": _rows(session, problem, champion, "results.csv"),
            "messages": messages.items,
            "contestants": [
                {
                    "id": i,
                    "algorithm": contestant.algorithm.to_json(),
                    "metrics": contestant.metrics,
                    "dataSourceProperties": list(contestant.properties),
                    "champion": i == 0,
                    "rows": _rows(session, problem, contestant, f"contestant-{i}.csv"),
                }
                for i, contestant in enumerate(ranked)
            ],
            "selection": {"metricSets": [selection(problem)]},
            "model": model.save(session.folder),
            "details": {"featureImportance": importance(ranked, problem.encoding.names)},
        }
    )


def _without_gaps(session: Session, table: Any, has_target: np.ndarray, target: np.ndarray) -> Any:
    """Drops rows whose target is the word NaN."""
    if has_target.sum() < FEWEST:
        raise InputError(
            f"Too few rows have a number in the target column '{session.target_column.name}'."
        )
    return table.take(np.flatnonzero(has_target)), target[has_target]


class _Task:
    """Predicts numbers. The champion has the smallest root mean square error."""

    stratified = False

    def raw(self, fitted: Sequence[Any], matrix: np.ndarray) -> np.ndarray:
        return numbers_of(fitted, matrix)

    def error(self, truth: np.ndarray, raw: np.ndarray) -> float:
        return float(np.sqrt(((truth - raw) ** 2).mean()))

    def losses(self, truth: np.ndarray, raw: np.ndarray) -> np.ndarray:
        # Not the squares of `error`, because a few large errors would hide a clear lead.
        return np.asarray(np.abs(truth - raw))

    def describe(self, truth: np.ndarray, raw: np.ndarray) -> dict[str, float]:
        return regression_metrics(truth, raw)


def _rows(
    session: Session, problem: Problem, contestant: Contestant, name: str
) -> dict[str, Any] | None:
    if contestant.failed:
        return None
    predicted = texts_of(contestant.outcome.held_out)
    actual = problem.table.columns[session.target_column.name].take(problem.test).to_pylist()
    return write_rows(
        session.folder, name, problem.test_rows(session.target_column.name, predicted, actual)
    )
