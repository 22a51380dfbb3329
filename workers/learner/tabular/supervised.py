"""Code that regression and classification share: choice of rows, split, and the contest.

A fifth of the rows is held out. The champion is chosen by cross-validation on the other rows only,
so that the choice does not bias the metrics on the held-out rows. Then the champion is fitted again
to all rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from sklearn.model_selection import KFold, ShuffleSplit, StratifiedKFold, StratifiedShuffleSplit

from kit.failures import InputError
from kit.report import Report

from ..contest import Contest, Contestant, Messages, Trial
from ..limits import MAX_MODEL_ROWS
from ..output import Rows
from ..session import Column, Session
from ..table import Table
from .candidates import BLEND, BLENDED, Candidate
from .encoding import Encoding, Values, feature_columns, learn_encoding, read_values, rows_that_fit

TEST_SHARE = 0.2
_FOLDS = 5
_CLEAR = 2.0  # standard errors by which a single method must be better than the blend
_ONE_FOLD_FROM = 6_000  # least rows for which a single validation part is accurate enough


Make = Callable[[], Any]


class Task(Protocol):
    """The differences between regression and classification."""

    stratified: bool

    def raw(self, fitted: Sequence[Any], matrix: np.ndarray) -> np.ndarray:
        """Returns the average raw prediction of `fitted` for each row."""

    def error(self, truth: np.ndarray, raw: np.ndarray) -> float:
        """Returns the error that decides the contest, in cross-validation."""

    def losses(self, truth: np.ndarray, raw: np.ndarray) -> np.ndarray:
        """Returns the loss of each prediction, on a scale that large losses do not dominate."""

    def describe(self, truth: np.ndarray, raw: np.ndarray) -> dict[str, float]:
        """Returns the metrics of a result, on the held-out rows."""


@dataclass(frozen=True)
class Problem:
    """Rows with a known target, and their split into training and test rows."""

    table: Table
    columns: list[Column]
    values: Values
    target: np.ndarray
    train: np.ndarray  # indices of rows
    test: np.ndarray  # indices of rows
    encoding: Encoding  # learned from the training rows

    def matrix(self, rows: np.ndarray, encoding: Encoding | None = None) -> np.ndarray:
        """Returns the matrix (rows, features) of the rows with these indices."""
        values = {name: column[rows] for name, column in self.values.items()}
        return (encoding or self.encoding).matrix(values)

    def whole(self) -> tuple[Encoding, np.ndarray]:
        """Returns the encoding and the matrix of all rows, for the champion's final fit."""
        encoding = learn_encoding(self.columns, self.values)
        return encoding, self.matrix(np.arange(len(self.target)), encoding)

    def test_rows(self, name: str, predicted: list[str], actual: list[str]) -> Rows:
        """Returns the prediction, the actual value and the original features of the test rows."""
        table = self.table.take(pa.array(self.test))
        rows: Rows = {name: predicted, f"{name}:actual": actual}
        return rows | {c.name: table.columns[c.name].to_pylist() for c in self.columns}


def sampled(table: Table, most: int, seed: int, messages: Messages) -> Table:
    """Returns `most` random rows of a longer table, in their order."""
    if table.count <= most:
        return table
    messages.warn(f"{most:,} of {table.count:,} rows, chosen at random, were used.")
    rows = np.random.default_rng(seed).choice(table.count, most, replace=False)
    return table.take(pa.array(np.sort(rows)))


def known_rows(session: Session, table: Table, least: int, messages: Messages) -> Table:
    """Returns the rows whose target has a value, or a sample of them if there are too many.

    Raises InputError if there are fewer than `least`.
    """
    target_column = session.target_column
    texts = table.columns[target_column.name]
    valid = np.flatnonzero(texts.is_valid().to_numpy())
    if len(valid) < table.count:
        messages.warn(
            f"{table.count - len(valid)} rows without a value in the target column "
            f"'{target_column.name}' were left out."
        )
        table = table.take(pa.array(valid))
    if table.count < least:
        raise InputError(
            f"Only {table.count} row{'s have' if table.count != 1 else ' has'} a value in the "
            f"target column '{target_column.name}'; at least {least} are needed."
        )
    width = max(1, len(session.with_role("feature")))
    return sampled(table, rows_that_fit(table.count, width, MAX_MODEL_ROWS), session.seed, messages)


def problem_of(
    session: Session, table: Table, target: np.ndarray, stratified: bool, messages: Messages
) -> Problem:
    """Splits and encodes the rows of a table. Raises InputError.

    `stratified`: whether both parts must contain all classes of the target.
    """
    columns = feature_columns(session, table, messages)
    if not columns:
        raise InputError(
            "There is no feature to learn from: besides the target the data needs at least one "
            "column with the role 'feature' whose values differ."
        )
    values = read_values(table, columns)
    train, test = _split(target, stratified, session.seed)
    encoding = learn_encoding(columns, {name: column[train] for name, column in values.items()})
    if not encoding.names:
        raise InputError("The text columns have no words to learn from.")
    return Problem(table, columns, values, target, train, test, encoding)


def _split(target: np.ndarray, stratified: bool, seed: int) -> tuple[np.ndarray, np.ndarray]:
    count = len(target)
    size = max(1, round(count * TEST_SHARE))
    if stratified:
        size = max(size, len(np.unique(target)))
        splitter: Any = StratifiedShuffleSplit(1, test_size=size, random_state=seed)
    else:
        splitter = ShuffleSplit(1, test_size=size, random_state=seed)
    train, test = next(splitter.split(np.zeros(count), target))
    return np.sort(train), np.sort(test)


@dataclass(frozen=True)
class Outcome:
    """A contestant's predictions and fits. Raw predictions are numbers, or scores by class."""

    cross_validated: np.ndarray  # on the training rows, each by a fit without that row
    held_out: np.ndarray  # on the held-out rows
    makes: tuple[Make, ...]  # constructors of its estimators, whose predictions are averaged
    fitted: tuple[Any, ...]

    def fit(self, matrix: np.ndarray, target: np.ndarray) -> list[Any]:
        """Returns new estimators, fitted to these rows."""
        return [make().fit(matrix, target) for make in self.makes]


def compete(
    problem: Problem,
    candidates: list[Candidate],
    task: Task,
    seed: int,
    report: Report,
    messages: Messages,
) -> tuple[Contest, list[Contestant]]:
    """Tests all candidates and their blend. Returns the contest and the contestants, best first.

    A contestant's outcome is an `Outcome`. Raises InputError and JobCancelled.
    """
    contest = Contest(report, messages, len(candidates) + 2)
    matrix, target = problem.matrix(problem.train), problem.target[problem.train]
    held_out, truth = problem.matrix(problem.test), problem.target[problem.test]
    parts = _parts(target, task.stratified, seed)
    cross_validated = np.concatenate([check for _, check in parts])

    def scored(outcome: Outcome) -> Trial:
        return Trial(
            task.describe(truth, outcome.held_out),
            task.error(target[cross_validated], outcome.cross_validated),
            outcome,
        )

    for algorithm, make in candidates:

        def trial(make: Make = make) -> Trial:
            answers = []
            for fit, check in parts:
                report.check()
                answers.append(task.raw([make().fit(matrix[fit], target[fit])], matrix[check]))
            report.check()
            fitted = make().fit(matrix, target)
            return scored(
                Outcome(np.concatenate(answers), task.raw([fitted], held_out), (make,), (fitted,))
            )

        contest.enter(Contestant(algorithm, properties(problem)), trial)
    members = [c for c in contest.contestants if c.algorithm in BLENDED and not c.failed]
    if len(members) > 1:
        blend = _blend([member.outcome for member in members])
        contest.enter(Contestant(BLEND, properties(problem)), lambda: scored(blend))
        _prefer_blend(contest.contestants, task, target[cross_validated])
    return contest, contest.ranked()


def _prefer_blend(contestants: list[Contestant], task: Task, truth: np.ndarray) -> None:
    """Ranks the blend first unless the best method is better by more than two standard errors.

    The best of eight methods is better by one standard error just by chance, and an average is the
    safer choice.
    """
    best = min(contestants, key=lambda contestant: contestant.score)
    blend = contestants[-1]
    if best is blend or blend.failed:
        return
    lead = task.losses(truth, blend.outcome.cross_validated) - task.losses(
        truth, best.outcome.cross_validated
    )
    if lead.mean() <= _CLEAR * lead.std() / np.sqrt(len(lead)):
        blend.score = np.nextafter(best.score, -np.inf)


def _blend(outcome: list[Outcome]) -> Outcome:
    """Returns the average of several outcomes, without new fits."""
    return Outcome(
        np.mean([each.cross_validated for each in outcome], axis=0),
        np.mean([each.held_out for each in outcome], axis=0),
        tuple(make for each in outcome for make in each.makes),
        tuple(fitted for each in outcome for fitted in each.fitted),
    )


def properties(problem: Problem) -> tuple[str, ...]:
    """Returns the kinds of preparation, in the words of results."""
    gaps = any(problem.table.columns[column.name].null_count > 0 for column in problem.columns)
    return ("Imputed", "Scaled") if gaps else ("Scaled",)


def _parts(target: np.ndarray, stratified: bool, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    count = len(target)
    rows = np.zeros(count)
    if stratified:
        smallest = int(np.unique(target, return_counts=True)[1].min())
        if count >= _ONE_FOLD_FROM:
            single = StratifiedShuffleSplit(1, test_size=TEST_SHARE, random_state=seed)
            return list(single.split(rows, target))
        folds = max(2, min(_FOLDS, smallest))
        splitter: Any = StratifiedKFold(folds, shuffle=True, random_state=seed)
    elif count >= _ONE_FOLD_FROM:
        splitter = ShuffleSplit(1, test_size=TEST_SHARE, random_state=seed)
    else:
        splitter = KFold(max(2, min(_FOLDS, count)), shuffle=True, random_state=seed)
    return list(splitter.split(rows, target))


def selection(problem: Problem) -> dict[str, Any]:
    """Returns the counts of rows and features, in the form of results."""
    return {
        "dataSetProperties": list(properties(problem)),
        "metrics": {
            "observationCount": len(problem.target),
            "trainingCount": len(problem.train),
            "testCount": len(problem.test),
            "featureCount": len(problem.encoding.names),
        },
    }
