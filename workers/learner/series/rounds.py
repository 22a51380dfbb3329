"""The contest of forecasts: every method forecasts up to three held-out windows of the past.

The smallest error over all windows wins, because one window alone is too often won by chance.
Combinations compete like other methods: the median of all methods, and the average of the three
best. These three are chosen for each window by their errors on the other windows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..contest import Algorithm, Contest, Contestant, Trial
from ..metrics import forecast_metrics
from . import regression
from .outliers import smoothed
from .outlook import MIDDLE, Outlook, averaged, combined, usable
from .reaction import Reaction
from .season import seasons_of
from .univariate import LONGEST_SEASON, NAIVE, contestants

# History, seasons, steps ahead → forecast.
Method = Callable[[np.ndarray, tuple[int, ...], int], Outlook]

MEDIAN = Algorithm("ensemble", "Combination of forecasts", "Median of all other forecasts")
BEST = Algorithm("best-three", "Average of the best", "Average of the three best other forecasts")
MOST_WINDOWS = 3
_BEST = 3  # members of the average of the best
_SMOOTHED = 2  # how many of the best methods are also tried on smoothed data


@dataclass(frozen=True)
class Window:
    """A history and the values that followed it."""

    train: np.ndarray
    test: np.ndarray


def windows_of(history: np.ndarray, test_length: int) -> list[Window]:
    """Returns windows whose test part has `test_length` intervals, oldest first.

    The last window is at the end of the history. Earlier ones are added as long as half of the
    history remains for training.
    """
    windows = []
    for back in range(MOST_WINDOWS):
        end = len(history) - back * test_length
        start = end - test_length
        if back > 0 and start < max(12, len(history) // 2):
            break
        windows.append(Window(history[:start], history[start:end]))
    return windows[::-1]


def test_length_of(history: int, window: int) -> int:
    """Returns the test length: the window to predict, but at most a third of the history."""
    return max(1, min(window, history // 3))


def methods(train: np.ndarray, interval: str) -> dict[Algorithm, Method]:
    """Returns the methods to try on histories of at least this length."""
    seasons = seasons_of(train, interval)
    entries: dict[Algorithm, Method] = {
        each.algorithm: each.method for each in contestants(train, seasons)
    }
    if len(train) > 6:
        entries[regression.LINEAR] = regression.linear
    if len(train) > 20 and any(each > LONGEST_SEASON for each in seasons):
        entries[regression.WITH_REGRESSORS] = regression.with_regressors
    return entries


class Rounds:
    """Runs the contest over `windows`. A contestant's outcome is its outlook for each window.

    `reactions` has the reaction to the features for each window, which is the same for all
    contestants: they forecast the target without the features, and the reaction is added.
    """

    def __init__(
        self,
        contest: Contest,
        windows: list[Window],
        interval: str,
        reactions: list[Reaction],
        properties: tuple[str, ...],
    ) -> None:
        self._contest, self._windows, self._interval = contest, windows, interval
        self._reactions, self._properties = reactions, properties
        self._plain = [r.without_features(w.train) for r, w in zip(reactions, windows)]

    def run(self, entries: dict[Algorithm, Method]) -> list[Contestant]:
        """Tests all methods and combinations. Returns the contestants, best first.

        Raises InputError if all fail, and JobCancelled.
        """
        for algorithm, method in entries.items():
            self._enter_method(algorithm, method, self._properties, self._plain)
        self._enter_combinations()
        self._enter_smoothed(entries)
        return self._contest.ranked()

    def _enter_method(
        self,
        algorithm: Algorithm,
        method: Method,
        properties: tuple[str, ...],
        histories: list[np.ndarray],
    ) -> None:
        def trial() -> Trial:
            outlooks = []
            for history, window, reaction in zip(histories, self._windows, self._reactions):
                self._contest.check()
                seasons = seasons_of(window.train, self._interval)
                outlook = method(history, seasons, len(window.test))
                outlooks.append(reaction.apply_to(outlook, len(history)))
            return self._score(outlooks)

        self._contest.enter(Contestant(algorithm, properties), trial)

    def _score(self, outlooks: list[Outlook]) -> Trial:
        if not all(usable(o, w.train) for o, w in zip(outlooks, self._windows)):
            raise ValueError("the forecast is not finite or is far from the data")
        truth = np.concatenate([window.test for window in self._windows])
        predicted = np.concatenate([outlook[MIDDLE] for outlook in outlooks])
        metrics = forecast_metrics(truth, predicted, self._windows[-1].train)
        return Trial(metrics, metrics["meanAbsoluteError"], outlooks)

    def _enter_combinations(self) -> None:
        singles = [c for c in self._contest.contestants if not c.failed]
        members = [c for c in singles if c.algorithm != NAIVE.algorithm]
        if len(members) < _BEST:
            return
        rounds = range(len(self._windows))
        median = [combined([m.outcome[i] for m in members]) for i in rounds]
        self._contest.enter(Contestant(MEDIAN, self._properties), lambda: self._score(median))
        if len(self._windows) > 1:
            best = [averaged([m.outcome[i] for m in self._best(singles, i)]) for i in rounds]
            self._contest.enter(Contestant(BEST, self._properties), lambda: self._score(best))

    def _best(self, singles: list[Contestant], but: int) -> list[Contestant]:
        def error(contestant: Contestant) -> float:
            return sum(
                float(np.abs(contestant.outcome[i][MIDDLE] - window.test).mean())
                for i, window in enumerate(self._windows)
                if i != but
            )

        return sorted(singles, key=error)[:_BEST]

    def _enter_smoothed(self, entries: dict[Algorithm, Method]) -> None:
        histories = [
            smoothed(plain, seasons_of(window.train, self._interval))
            for plain, window in zip(self._plain, self._windows)
        ]
        if all(np.array_equal(h, plain) for h, plain in zip(histories, self._plain)):
            return
        successful = sorted(
            (c for c in self._contest.contestants if not c.failed), key=lambda c: c.score
        )
        best = [c for c in successful if c.algorithm in entries and c.algorithm != NAIVE.algorithm]
        for contestant in best[:_SMOOTHED]:
            algorithm = contestant.algorithm
            names = (*self._properties, "Smoothed")
            self._enter_method(algorithm, entries[algorithm], names, histories)


def members_of(contestant: Contestant, ranked: list[Contestant]) -> list[Algorithm]:
    """Returns the methods that the contestant consists of."""
    singles = [
        c.algorithm
        for c in ranked
        if not c.failed and c.algorithm not in (MEDIAN, BEST) and "Smoothed" not in c.properties
    ]
    if contestant.algorithm == MEDIAN:
        return [algorithm for algorithm in singles if algorithm != NAIVE.algorithm]
    return singles[:_BEST] if contestant.algorithm == BEST else [contestant.algorithm]
