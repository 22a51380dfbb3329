"""What regression and classification share: rows, a fair split, and the contest.

A fifth of the rows is held back. The champion is chosen by cross-validation on the other rows
alone, so that the measures on the held-back rows are not flattered by the choice; then it is
fitted again to all rows.
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

from ..ask import Ask, Column
from ..contest import Contest, Contestant, Messages, Trial
from ..limits import MAX_MODEL_ROWS
from ..output import Rows
from ..table import Table
from .candidates import BLEND, BLENDED, Candidate
from .encoding import Encoding, Values, feature_columns, learn_encoding, read_values, rows_that_fit

TEST_SHARE = 0.2
_FOLDS = 5
_CLEAR = 2.0  # standard errors by which a single method must lead the blend
_ONE_FOLD_FROM = 6_000  # rows from which a single validation part is accurate enough


Make = Callable[[], Any]


class Task(Protocol):
    """What differs between regression and classification."""

    stratified: bool

    def raw(self, fitted: Sequence[Any], matrix: np.ndarray) -> np.ndarray:
        """The average answer of `fitted` for each row."""

    def error(self, truth: np.ndarray, raw: np.ndarray) -> float:
        """What the champion has least of, in cross-validation."""

    def losses(self, truth: np.ndarray, raw: np.ndarray) -> np.ndarray:
        """How bad each answer is, on a scale on which a few answers do not outweigh the others."""

    def describe(self, truth: np.ndarray, raw: np.ndarray) -> dict[str, float]:
        """The measures of the contract on the held-back rows."""


@dataclass(frozen=True)
class Problem:
    """Rows with a known target, split. `rows` are table rows, the masks say their part."""

    table: Table
    columns: list[Column]
    values: Values
    target: np.ndarray
    train: np.ndarray  # row numbers
    test: np.ndarray
    encoding: Encoding  # learned from the training rows

    def matrix(self, rows: np.ndarray, encoding: Encoding | None = None) -> np.ndarray:
        """Rows × features of these rows, by their numbers."""
        values = {name: column[rows] for name, column in self.values.items()}
        return (encoding or self.encoding).matrix(values)

    def whole(self) -> tuple[Encoding, np.ndarray]:
        """The encoding and the matrix of all rows, for the champion's last fit."""
        encoding = learn_encoding(self.columns, self.values)
        return encoding, self.matrix(np.arange(len(self.target)), encoding)

    def test_rows(self, name: str, predicted: list[str], actual: list[str]) -> Rows:
        """Every feature as it was given, the prediction, and what was true."""
        taken = self.table.take(pa.array(self.test))
        rows: Rows = {name: predicted, f"{name}:actual": actual}
        return rows | {c.name: taken.columns[c.name].to_pylist() for c in self.columns}


def sampled(table: Table, most: int, seed: int, messages: Messages) -> Table:
    """A random part of a table that is too long, in its order."""
    if table.count <= most:
        return table
    messages.warn(f"{most:,} of {table.count:,} rows, chosen at random, were used.")
    rows = np.random.default_rng(seed).choice(table.count, most, replace=False)
    return table.take(pa.array(np.sort(rows)))


def known_rows(ask: Ask, table: Table, least: int, messages: Messages) -> Table:
    """The rows whose target has a value, no more of them than can be worked on."""
    goal = ask.goal
    texts = table.columns[goal.name]
    valid = np.flatnonzero(texts.is_valid().to_numpy())
    if len(valid) < table.count:
        messages.warn(
            f"{table.count - len(valid)} rows without a value in the target column '{goal.name}' "
            "were left out."
        )
        table = table.take(pa.array(valid))
    if table.count < least:
        raise InputError(
            f"Only {table.count} row{'s have' if table.count != 1 else ' has'} a value in the "
            f"target column '{goal.name}'; at least {least} are needed."
        )
    width = max(1, len(ask.of_role("feature")))
    return sampled(table, rows_that_fit(table.count, width, MAX_MODEL_ROWS), ask.seed, messages)


def problem_of(
    ask: Ask, table: Table, target: np.ndarray, stratified: bool, messages: Messages
) -> Problem:
    """What is to be learned from the table. Raises InputError."""
    columns = feature_columns(ask, table, messages)
    if not columns:
        raise InputError(
            "There is no feature to learn from: besides the target the data needs at least one "
            "column with the role 'feature' whose values differ."
        )
    values = read_values(table, columns)
    train, test = _split(target, stratified, ask.seed)
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
class Tried:
    """What a contestant did. Raw answers are numbers, or scores with a column per class."""

    checked: np.ndarray  # raw answers on the training rows, each by a fit that did not see the row
    held: np.ndarray  # raw answers on the held-back rows
    makes: tuple[Make, ...]  # what it is made of; answers of several are averaged
    fitted: tuple[Any, ...]

    def fit(self, matrix: np.ndarray, target: np.ndarray) -> list[Any]:
        """The same, fitted to other rows."""
        return [make().fit(matrix, target) for make in self.makes]


def compete(
    problem: Problem,
    candidates: list[Candidate],
    task: Task,
    seed: int,
    report: Report,
    messages: Messages,
) -> tuple[Contest, list[Contestant]]:
    """All contestants, best first, with `Tried` as outcome. `contest.step` once per contestant."""
    contest = Contest(report, messages, len(candidates) + 2)
    matrix, target = problem.matrix(problem.train), problem.target[problem.train]
    held, truth = problem.matrix(problem.test), problem.target[problem.test]
    parts = _parts(target, task.stratified, seed)
    checked = np.concatenate([check for _, check in parts])

    def judged(tried: Tried) -> Trial:
        return Trial(
            task.describe(truth, tried.held), task.error(target[checked], tried.checked), tried
        )

    for algorithm, make in candidates:

        def trial(make: Make = make) -> Trial:
            answers = []
            for fit, check in parts:
                report.check()
                answers.append(task.raw([make().fit(matrix[fit], target[fit])], matrix[check]))
            report.check()
            fitted = make().fit(matrix, target)
            return judged(
                Tried(np.concatenate(answers), task.raw([fitted], held), (make,), (fitted,))
            )

        contest.enter(Contestant(algorithm, properties(problem)), trial)
    members = [c for c in contest.contestants if c.algorithm in BLENDED and not c.failed]
    if len(members) > 1:
        blend = _blend([member.outcome for member in members])
        contest.enter(Contestant(BLEND, properties(problem)), lambda: judged(blend))
        _prefer_blend(contest.contestants, task, target[checked])
    return contest, contest.ranked()


def _prefer_blend(contestants: list[Contestant], task: Task, truth: np.ndarray) -> None:
    """Put the blend before a best that is ahead by no more than two standard errors.

    The best of eight is ahead by one through luck alone, and an average is the safer choice.
    """
    best = min(contestants, key=lambda contestant: contestant.score)
    blend = contestants[-1]
    if best is blend or blend.failed:
        return
    lead = task.losses(truth, blend.outcome.checked) - task.losses(truth, best.outcome.checked)
    if lead.mean() <= _CLEAR * lead.std() / np.sqrt(len(lead)):
        blend.score = np.nextafter(best.score, -np.inf)


def _blend(tried: list[Tried]) -> Tried:
    """The average of several, from answers that are there already."""
    return Tried(
        np.mean([each.checked for each in tried], axis=0),
        np.mean([each.held for each in tried], axis=0),
        tuple(make for each in tried for make in each.makes),
        tuple(fitted for each in tried for fitted in each.fitted),
    )


def properties(problem: Problem) -> tuple[str, ...]:
    """What was done to the data, as results name it."""
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
    """Counts of rows and features, as results name them."""
    return {
        "dataSetProperties": list(properties(problem)),
        "metrics": {
            "observationCount": len(problem.target),
            "trainingCount": len(problem.train),
            "testCount": len(problem.test),
            "featureCount": len(problem.encoding.names),
        },
    }
