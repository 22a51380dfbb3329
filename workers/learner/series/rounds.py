"""The forecast's contest: every method forecasts up to three held-out windows of the past.

One window alone is won by luck too often, so the least error over all of them decides. Combinations
take part like any other contestant: the median of all methods, and the average of the three best,
who are chosen for each window by their errors on the other windows only.
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
_BEST = 3  # members of an average of the best
_SMOOTHED = 2  # how many of the best methods are tried on smoothed data, too


@dataclass(frozen=True)
class Window:
    """A history and what followed it."""

    train: np.ndarray
    test: np.ndarray


def windows_of(history: np.ndarray, held: int) -> list[Window]:
    """Windows of `held` intervals, oldest first, the last one at the end.

    There are earlier ones while half of the history stays to learn from.
    """
    found = []
    for back in range(MOST_WINDOWS):
        end = len(history) - back * held
        start = end - held
        if back > 0 and start < max(12, len(history) // 2):
            break
        found.append(Window(history[:start], history[start:end]))
    return found[::-1]


def held_out(history: int, window: int) -> int:
    """As many intervals as are asked for, but never more than a third of the history."""
    return max(1, min(window, history // 3))


def methods(train: np.ndarray, interval: str) -> dict[Algorithm, Method]:
    """What is worth trying on histories of at least this length."""
    seasons = seasons_of(train, interval)
    found: dict[Algorithm, Method] = {
        each.algorithm: each.method for each in contestants(train, seasons)
    }
    if len(train) > 6:
        found[regression.LINEAR] = regression.linear
    if len(train) > 20 and any(each > LONGEST_SEASON for each in seasons):
        found[regression.WITH_REGRESSORS] = regression.with_regressors
    return found


class Rounds:
    """Runs the contest over `windows`; a contestant's outcome is its outlook for each of them.

    Of each window's `reactions` to the features every contestant gets the same: it forecasts the
    target without them, and what they change comes on top.
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
        self._plain = [r.without(w.train) for r, w in zip(reactions, windows)]

    def play(self, entries: dict[Algorithm, Method]) -> list[Contestant]:
        """All contestants, best first. `contest.step` is called once per contestant."""
        for algorithm, method in entries.items():
            self._enter(algorithm, method, self._properties, self._plain)
        self._enter_combinations()
        self._enter_smoothed(entries)
        return self._contest.ranked()

    def _enter(
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
                outlooks.append(reaction.onto(outlook, len(history)))
            return self._judged(outlooks)

        self._contest.enter(Contestant(algorithm, properties), trial)

    def _judged(self, outlooks: list[Outlook]) -> Trial:
        if not all(usable(o, w.train) for o, w in zip(outlooks, self._windows)):
            raise ValueError("the forecast is not finite or runs away")
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
        self._contest.enter(Contestant(MEDIAN, self._properties), lambda: self._judged(median))
        if len(self._windows) > 1:
            best = [averaged([m.outcome[i] for m in self._best(singles, i)]) for i in rounds]
            self._contest.enter(Contestant(BEST, self._properties), lambda: self._judged(best))

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
        able = sorted((c for c in self._contest.contestants if not c.failed), key=lambda c: c.score)
        best = [c for c in able if c.algorithm in entries and c.algorithm != NAIVE.algorithm]
        for contestant in best[:_SMOOTHED]:
            algorithm = contestant.algorithm
            names = (*self._properties, "Smoothed")
            self._enter(algorithm, entries[algorithm], names, histories)


def members_of(contestant: Contestant, ranked: list[Contestant]) -> list[Algorithm]:
    """The methods whose forecasts make up the contestant's."""
    singles = [
        c.algorithm
        for c in ranked
        if not c.failed and c.algorithm not in (MEDIAN, BEST) and "Smoothed" not in c.properties
    ]
    if contestant.algorithm == MEDIAN:
        return [algorithm for algorithm in singles if algorithm != NAIVE.algorithm]
    return singles[:_BEST] if contestant.algorithm == BEST else [contestant.algorithm]
