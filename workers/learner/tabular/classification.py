"""The program `classification`: a category from the other columns (contracts/nexosis §7.4)."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import confusion_matrix, f1_score

from jobworker.failures import InputError
from jobworker.report import Report

from ..ask import Ask, ask_of
from ..contest import Contestant, Messages
from ..metrics import classification_metrics
from ..output import Rows, result_text, texts_of, write_rows
from ..table import Table, read_table
from ..values import words
from .candidates import classifiers
from .importance import importance
from .models import Model
from .scores import labels_and_scores
from .supervised import Problem, compete, known_rows, problem_of, selection

SMALLEST_CLASS = 5  # rows
MOST_CLASSES = 200
_SHOWN = 20  # warnings of single classes


def run(params: str, place: Any, report: Report) -> str:
    ask = ask_of(params)
    messages = Messages()
    report.progress(0, 0, "Reading the data")
    table = known_rows(ask, read_table(ask), 2 * SMALLEST_CLASS, messages)
    messages.inform(f"{table.count} observations were found in the data source.")
    table, target, classes = _classes(ask, table, messages)
    problem = problem_of(ask, table, target, True, messages)
    candidates = classifiers(
        len(problem.train), len(problem.encoding.names), len(classes), ask.balance, ask.seed
    )

    def measure(fitted: Any, matrix: np.ndarray, actual: np.ndarray) -> tuple[dict, Any]:
        predicted, scores = labels_and_scores(fitted, matrix, classes)
        return classification_metrics(actual, predicted, scores, classes), (predicted, scores)

    contest, ranked = compete(
        problem, candidates, _error, measure, True, ask.seed, report, messages
    )
    champion = ranked[0]
    contest.step(f"Fitting {champion.algorithm.name} to all rows")
    encoding, matrix = problem.whole()
    estimator = champion.outcome[1]().fit(matrix, target)
    model = Model(
        "classification",
        ask.goal.name,
        problem.columns,
        sorted(ask.missing),
        encoding,
        estimator,
        classes,
    )
    contest.finish("Writing the model")
    predicted, _ = champion.outcome[0]
    actual = target[problem.test]
    return result_text(
        {
            "metrics": champion.metrics,
            "algorithm": champion.algorithm.wire(),
            "intervals": [],
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
            "details": {
                "confusionMatrix": {
                    "classes": classes,
                    "matrix": confusion_matrix(actual, predicted, labels=classes),
                },
                "classScores": {
                    "classes": classes,
                    **write_rows(
                        ask.folder, "class-scores.csv", _score_rows(ask, problem, champion, classes)
                    ),
                },
                "featureImportance": importance(ranked, problem.encoding.names),
            },
        }
    )


def _classes(ask: Ask, table: Table, messages: Messages) -> tuple[Table, np.ndarray, list[str]]:
    """The rows of classes that are large enough, their labels, and the classes in order."""
    labels = words(table.columns[ask.goal.name])
    found, counts = np.unique(labels.astype(str), return_counts=True)
    small = [(str(n), int(c)) for n, c in zip(found, counts) if c < SMALLEST_CLASS]
    for name, count in small[:_SHOWN]:
        messages.warn(
            f"Class '{name[:60]}' has only {count} of the {SMALLEST_CLASS} records it needs and "
            "was left out."
        )
    if len(small) > _SHOWN:
        messages.warn(f"{len(small) - _SHOWN} more classes were left out for the same reason.")
    classes = sorted({str(name) for name in found} - {name for name, _ in small})
    if len(classes) < 2:
        raise InputError(
            f"The target column '{ask.goal.name}' has {len(classes)} class"
            f"{'es' if len(classes) != 1 else ''} with at least {SMALLEST_CLASS} records; a "
            "classification needs 2. Add records, or use regression for a numeric target."
        )
    if len(classes) > MOST_CLASSES:
        raise InputError(
            f"The target column '{ask.goal.name}' has {len(classes)} classes; "
            f"at most {MOST_CLASSES} can be told apart. For a numeric target use regression."
        )
    kept = np.flatnonzero(np.isin(labels.astype(str), classes))
    return table.take(kept), labels[kept].astype(object), classes


def _error(actual: np.ndarray, predicted: np.ndarray) -> float:
    return 1.0 - float(f1_score(actual, predicted, average="macro", zero_division=0))


def _rows(ask: Ask, problem: Problem, contestant: Contestant, name: str) -> dict[str, Any] | None:
    if contestant.failed:
        return None
    predicted, _ = contestant.outcome[0]
    actual = [str(label) for label in problem.target[problem.test]]
    rows = problem.test_rows(ask.goal.name, [str(label) for label in predicted], actual)
    return write_rows(ask.folder, name, rows)


def _score_rows(ask: Ask, problem: Problem, champion: Contestant, classes: list[str]) -> Rows:
    predicted, scores = champion.outcome[0]
    goal = ask.goal.name
    rows: Rows = {goal: [str(label) for label in predicted]}
    rows |= {f"{goal}:{each}": texts_of(scores[:, i]) for i, each in enumerate(classes)}
    whole = problem.test_rows(goal, [], [str(label) for label in problem.target[problem.test]])
    actual = {f"{goal}:actual": whole.pop(f"{goal}:actual")}
    del whole[goal]
    return rows | whole | actual
