"""The program `classification`: predicts a category (nexosis dialect, algorithms)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow.compute as pc
from sklearn.metrics import confusion_matrix, f1_score

from kit.failures import InputError
from kit.report import Report
from kit.texts import shortened

from ..contest import Contestant, Messages
from ..metrics import classification_metrics
from ..output import Rows, result_text, texts_of, write_rows
from ..session import Session, read_session
from ..table import Table, read_table
from ..values import OPPOSITE, encoded, words
from .candidates import classifiers
from .importance import importance
from .models import Model
from .scores import class_scores
from .supervised import Problem, compete, known_rows, problem_of, selection

SMALLEST_CLASS = 5  # rows
MOST_CLASSES = 200
_SHOWN = 20  # most warnings about single classes


def run(params: str, backend: Any, report: Report) -> str:
    """Returns the result as JSON text. Raises InputError and JobCancelled."""
    session = read_session(params)
    messages = Messages()
    report.progress(0, 0, "Reading the data")
    table = _fill_false(session, read_table(session), messages)
    table = known_rows(session, table, 2 * SMALLEST_CLASS, messages)
    messages.inform(f"{table.count} observations were found in the data source.")
    table, target, classes = _classes(session, table, messages)
    task = _Task(classes)
    problem = problem_of(session, table, target, True, messages)
    candidates = classifiers(
        len(problem.train), len(problem.encoding.names), len(classes), session.balance, session.seed
    )
    contest, ranked = compete(problem, candidates, task, session.seed, report, messages)
    champion = ranked[0]
    contest.step(f"Fitting {champion.algorithm.name} to all rows")
    encoding, matrix = problem.whole()
    estimator = champion.outcome.fit(matrix, target)
    model = Model(
        "classification",
        session.target_column.name,
        problem.columns,
        sorted(session.missing),
        encoding,
        estimator,
        classes,
    )
    contest.finish("Writing the model")
    predicted = champion.outcome.held_out.argmax(axis=1)
    actual = target[problem.test]
    return result_text(
        {
            "metrics": champion.metrics,
            "algorithm": champion.algorithm.to_json(),
            "intervals": [],
            "rows": _rows(session, problem, task, champion, "results.csv"),
            "messages": messages.items,
            "contestants": [
                {
                    "id": i,
                    "algorithm": contestant.algorithm.to_json(),
                    "metrics": contestant.metrics,
                    "dataSourceProperties": list(contestant.properties),
                    "champion": i == 0,
                    "rows": _rows(session, problem, task, contestant, f"contestant-{i}.csv"),
                }
                for i, contestant in enumerate(ranked)
            ],
            "selection": {"metricSets": [selection(problem)]},
            "model": model.save(session.folder),
            "details": {
                "confusionMatrix": {
                    "classes": classes,
                    "matrix": confusion_matrix(actual, predicted, labels=range(len(classes))),
                },
                "classScores": {
                    "classes": classes,
                    **write_rows(
                        session.folder,
                        "class-scores.csv",
                        _score_rows(session, problem, task, champion),
                    ),
                },
                "featureImportance": importance(ranked, problem.encoding.names),
            },
        }
    )


def _fill_false(session: Session, table: Table, messages: Messages) -> Table:
    """Fills empty cells with FALSE in a logical target that contains only TRUE.

    Otherwise the target would have only one class. If the target also contains FALSE, an empty cell
    may be a row without a known class, so it is not filled.
    """
    target_column = session.target_column
    texts = table.columns[target_column.name]
    _, distinct = encoded(texts)
    distinct_words = set(distinct)
    if (
        target_column.data_type != "logical"
        or target_column.imputation != "zeroes"
        or texts.null_count == 0
    ):
        return table
    if not distinct_words or any(text.lower() not in OPPOSITE for text in distinct_words):
        return table
    word = min(distinct_words)
    no = OPPOSITE[word.lower()]
    no = no.upper() if word.isupper() else no.title() if word.istitle() else no
    messages.inform(
        f"{texts.null_count} rows without a value in the target column '{target_column.name}' "
        f"count as {no}, because the others all say {', '.join(sorted(distinct_words))}."
    )
    filled = pc.fill_null(texts, no)
    return Table({**table.columns, target_column.name: filled}, table.count)


def _classes(
    session: Session, table: Table, messages: Messages
) -> tuple[Table, np.ndarray, list[str]]:
    """Returns the rows of large enough classes, the index of each row's class, and the classes."""
    labels = words(table.columns[session.target_column.name])
    # Use Python strings: numpy strings lose a trailing NUL, so that two classes could become one.
    counts = Counter(labels)
    small = [(name, counts[name]) for name in sorted(counts) if counts[name] < SMALLEST_CLASS]
    for name, count in small[:_SHOWN]:
        messages.warn(
            f"Class '{shortened(name, 60)}' has only {count} of the {SMALLEST_CLASS} records it "
            "needs and was left out."
        )
    if len(small) > _SHOWN:
        messages.warn(f"{len(small) - _SHOWN} more classes were left out for the same reason.")
    classes = sorted(counts.keys() - {name for name, _ in small})
    if len(classes) < 2:
        raise InputError(
            f"The target column '{session.target_column.name}' has {len(classes)} class"
            f"{'es' if len(classes) != 1 else ''} with at least {SMALLEST_CLASS} records; a "
            "classification needs 2. Add records, or use regression for a numeric target."
        )
    if len(classes) > MOST_CLASSES:
        raise InputError(
            f"The target column '{session.target_column.name}' has {len(classes)} classes; "
            f"at most {MOST_CLASSES} can be told apart. For a numeric target use regression."
        )
    place = {name: i for i, name in enumerate(classes)}
    places = np.array([place.get(label, -1) for label in labels])
    rows = np.flatnonzero(places >= 0)
    return table.take(rows), places[rows], classes


class _Task:
    """Predicts scores for each class. The champion has the highest macro F1.

    Among equals, the one with the smallest log loss wins.
    """

    stratified = True

    def __init__(self, classes: list[str]) -> None:
        self.classes, self.class_names = classes, np.asarray(classes, object)

    def raw(self, fitted: Sequence[Any], matrix: np.ndarray) -> np.ndarray:
        return class_scores(fitted, matrix, len(self.classes))

    def error(self, truth: np.ndarray, raw: np.ndarray) -> float:
        f1 = f1_score(truth, raw.argmax(axis=1), average="macro", zero_division=0)
        log_loss = -np.log(np.maximum(raw[np.arange(len(truth)), truth], 1e-6)).mean()
        return 1.0 - float(f1) + 1e-6 * float(log_loss)

    def losses(self, truth: np.ndarray, raw: np.ndarray) -> np.ndarray:
        """Returns 0 for a correct prediction, and more for a wrong one the rarer its class is."""
        counts = np.bincount(truth, minlength=len(self.classes))
        return np.asarray(
            (raw.argmax(axis=1) != truth) * len(truth) / (len(self.classes) * counts[truth])
        )

    def describe(self, truth: np.ndarray, raw: np.ndarray) -> dict[str, float]:
        return classification_metrics(truth, raw)

    def labels(self, raw: np.ndarray) -> np.ndarray:
        return np.asarray(self.class_names[raw.argmax(axis=1)])


def _rows(
    session: Session, problem: Problem, task: _Task, contestant: Contestant, name: str
) -> dict[str, Any] | None:
    if contestant.failed:
        return None
    predicted = task.labels(contestant.outcome.held_out)
    actual = task.class_names[problem.target[problem.test]]
    rows = problem.test_rows(session.target_column.name, list(predicted), list(actual))
    return write_rows(session.folder, name, rows)


def _score_rows(session: Session, problem: Problem, task: _Task, champion: Contestant) -> Rows:
    target_column, scores = session.target_column.name, champion.outcome.held_out
    actual = list(task.class_names[problem.target[problem.test]])
    features = problem.test_rows(target_column, list(task.labels(scores)), actual)
    rows: Rows = {target_column: features.pop(target_column)}
    last = {f"{target_column}:actual": features.pop(f"{target_column}:actual")}
    rows |= {
        f"{target_column}:{each}": texts_of(scores[:, i]) for i, each in enumerate(task.classes)
    }
    return rows | features | last
