"""The program `classification`: a category from the other columns (nexosis dialect, algorithms)."""

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

from ..ask import Ask, ask_of
from ..contest import Contestant, Messages
from ..metrics import classification_metrics
from ..output import Rows, result_text, texts_of, write_rows
from ..table import Table, read_table
from ..values import OPPOSITE, encoded, words
from .candidates import classifiers
from .importance import importance
from .models import Model
from .scores import class_scores
from .supervised import Problem, compete, known_rows, problem_of, selection

SMALLEST_CLASS = 5  # rows
MOST_CLASSES = 200
_SHOWN = 20  # warnings of single classes


def run(params: str, place: Any, report: Report) -> str:
    """The result as JSON text. Raises InputError and JobCancelled."""
    ask = ask_of(params)
    messages = Messages()
    report.progress(0, 0, "Reading the data")
    table = _with_no(ask, read_table(ask), messages)
    table = known_rows(ask, table, 2 * SMALLEST_CLASS, messages)
    messages.inform(f"{table.count} observations were found in the data source.")
    table, target, classes = _classes(ask, table, messages)
    task = _Task(classes)
    problem = problem_of(ask, table, target, True, messages)
    candidates = classifiers(
        len(problem.train), len(problem.encoding.names), len(classes), ask.balance, ask.seed
    )
    contest, ranked = compete(problem, candidates, task, ask.seed, report, messages)
    champion = ranked[0]
    contest.step(f"Fitting {champion.algorithm.name} to all rows")
    encoding, matrix = problem.whole()
    estimator = champion.outcome.fit(matrix, target)
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
    predicted = champion.outcome.held.argmax(axis=1)
    actual = target[problem.test]
    return result_text(
        {
            "metrics": champion.metrics,
            "algorithm": champion.algorithm.wire(),
            "intervals": [],
            "rows": _rows(ask, problem, task, champion, "results.csv"),
            "messages": messages.items,
            "contestants": [
                {
                    "id": i,
                    "algorithm": contestant.algorithm.wire(),
                    "metrics": contestant.metrics,
                    "dataSourceProperties": list(contestant.properties),
                    "champion": i == 0,
                    "rows": _rows(ask, problem, task, contestant, f"contestant-{i}.csv"),
                }
                for i, contestant in enumerate(ranked)
            ],
            "selection": {"metricSets": [selection(problem)]},
            "model": model.save(ask.folder),
            "details": {
                "confusionMatrix": {
                    "classes": classes,
                    "matrix": confusion_matrix(actual, predicted, labels=range(len(classes))),
                },
                "classScores": {
                    "classes": classes,
                    **write_rows(
                        ask.folder,
                        "class-scores.csv",
                        _score_rows(ask, problem, task, champion),
                    ),
                },
                "featureImportance": importance(ranked, problem.encoding.names),
            },
        }
    )


def _with_no(ask: Ask, table: Table, messages: Messages) -> Table:
    """Empty is FALSE in a logical target that says only yes: otherwise it would have one class.

    Beside a FALSE that is said, an empty cell may be a row that nobody has judged yet.
    """
    goal = ask.goal
    texts = table.columns[goal.name]
    _, distinct = encoded(texts)
    said = set(distinct)
    if goal.data_type != "logical" or goal.imputation != "zeroes" or texts.null_count == 0:
        return table
    if not said or any(text.lower() not in OPPOSITE for text in said):
        return table
    word = min(said)
    no = OPPOSITE[word.lower()]
    no = no.upper() if word.isupper() else no.title() if word.istitle() else no
    messages.inform(
        f"{texts.null_count} rows without a value in the target column '{goal.name}' count as "
        f"{no}, because the others all say {', '.join(sorted(said))}."
    )
    filled = pc.fill_null(texts, no)
    return Table({**table.columns, goal.name: filled}, table.count)


def _classes(ask: Ask, table: Table, messages: Messages) -> tuple[Table, np.ndarray, list[str]]:
    """The rows of classes that are large enough, each one's place among the classes, and these."""
    labels = words(table.columns[ask.goal.name])
    # Python's texts throughout: numpy's own lose a NUL at their end, and two classes become one.
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
            f"The target column '{ask.goal.name}' has {len(classes)} class"
            f"{'es' if len(classes) != 1 else ''} with at least {SMALLEST_CLASS} records; a "
            "classification needs 2. Add records, or use regression for a numeric target."
        )
    if len(classes) > MOST_CLASSES:
        raise InputError(
            f"The target column '{ask.goal.name}' has {len(classes)} classes; "
            f"at most {MOST_CLASSES} can be told apart. For a numeric target use regression."
        )
    place = {name: i for i, name in enumerate(classes)}
    places = np.array([place.get(label, -1) for label in labels])
    kept = np.flatnonzero(places >= 0)
    return table.take(kept), places[kept], classes


class _Task:
    """Scores per class; the champion has the highest macro F1, of equals the surest scores."""

    stratified = True

    def __init__(self, classes: list[str]) -> None:
        self.classes, self.named = classes, np.asarray(classes, object)

    def raw(self, fitted: Sequence[Any], matrix: np.ndarray) -> np.ndarray:
        return class_scores(fitted, matrix, len(self.classes))

    def error(self, truth: np.ndarray, raw: np.ndarray) -> float:
        found = f1_score(truth, raw.argmax(axis=1), average="macro", zero_division=0)
        surprise = -np.log(np.maximum(raw[np.arange(len(truth)), truth], 1e-6)).mean()
        return 1.0 - float(found) + 1e-6 * float(surprise)

    def losses(self, truth: np.ndarray, raw: np.ndarray) -> np.ndarray:
        """1 for a wrong answer, more for one about a rare class, as macro F1 has it."""
        counts = np.bincount(truth, minlength=len(self.classes))
        return np.asarray(
            (raw.argmax(axis=1) != truth) * len(truth) / (len(self.classes) * counts[truth])
        )

    def describe(self, truth: np.ndarray, raw: np.ndarray) -> dict[str, float]:
        return classification_metrics(truth, raw)

    def labels(self, raw: np.ndarray) -> np.ndarray:
        return np.asarray(self.named[raw.argmax(axis=1)])


def _rows(
    ask: Ask, problem: Problem, task: _Task, contestant: Contestant, name: str
) -> dict[str, Any] | None:
    if contestant.failed:
        return None
    predicted = task.labels(contestant.outcome.held)
    actual = task.named[problem.target[problem.test]]
    rows = problem.test_rows(ask.goal.name, list(predicted), list(actual))
    return write_rows(ask.folder, name, rows)


def _score_rows(ask: Ask, problem: Problem, task: _Task, champion: Contestant) -> Rows:
    goal, scores = ask.goal.name, champion.outcome.held
    actual = list(task.named[problem.target[problem.test]])
    features = problem.test_rows(goal, list(task.labels(scores)), actual)
    rows: Rows = {goal: features.pop(goal)}
    last = {f"{goal}:actual": features.pop(f"{goal}:actual")}
    rows |= {f"{goal}:{each}": texts_of(scores[:, i]) for i, each in enumerate(task.classes)}
    return rows | features | last
