"""A contest: every contestant is tried on the same held-out data, the best one wins.

A contestant that fails is listed last without metrics; the session fails only if all do.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from kit.failures import InputError
from kit.report import Report
from kit.texts import shortened

from .output import finite


@dataclass(frozen=True)
class Algorithm:
    """How the clients see a method. `key` is stable, the other two are for people."""

    key: str
    name: str
    description: str

    def wire(self) -> dict[str, str]:
        """As results name it."""
        return {"name": self.name, "description": self.description, "key": self.key}


@dataclass
class Contestant:
    """One method on one preparation of the data. `score`: lower is better; infinite is failed."""

    algorithm: Algorithm
    properties: tuple[str, ...] = ()
    metrics: dict[str, float] = field(default_factory=dict)
    score: float = math.inf
    outcome: Any = None  # what the trial returned, for the program's own use
    importance: dict[str, float] | None = None

    @property
    def failed(self) -> bool:
        """Whether it could not be tried."""
        return not math.isfinite(self.score)


@dataclass(frozen=True)
class Trial:
    """The outcome of trying a contestant."""

    metrics: dict[str, float]
    score: float
    outcome: Any = None


@dataclass
class Messages:
    """What the session tells its user, in order and each once."""

    items: list[dict[str, str]] = field(default_factory=list)

    def say(self, severity: str, message: str) -> None:
        """Adds a message, once."""
        item = {"severity": severity, "message": message}
        if item not in self.items:
            self.items.append(item)

    def inform(self, message: str) -> None:
        """Adds a message for information."""
        self.say("informational", message)

    def warn(self, message: str) -> None:
        """Adds a warning."""
        self.say("warning", message)


class Contest:
    """Tries contestants one by one, with a progress message each."""

    def __init__(self, report: Report, messages: Messages, steps: int) -> None:
        self._report, self._messages = report, messages
        self._done, self._steps = 0, steps
        self.contestants: list[Contestant] = []

    def enter(self, contestant: Contestant, trial: Callable[[], Trial]) -> None:
        """Try one. What a method says against the data in its own words is not for the user."""
        self.step(f"Trying {contestant.algorithm.name}")
        self.contestants.append(contestant)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tried = trial()
        except (InputError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - a method may fail on some data; the others go on
            reason = shortened(f"{type(error).__name__}: {error}".split("\n")[0], 200)
            self._messages.say("debug", f"{contestant.algorithm.name} could not be used: {reason}")
            return
        if not math.isfinite(tried.score):
            return
        contestant.metrics = finite(tried.metrics)
        contestant.score, contestant.outcome = tried.score, tried.outcome

    def check(self) -> None:
        """Give a cancel a chance, between two steps of a trial."""
        self._report.check()

    def step(self, message: str) -> None:
        """Reports that the next step begins."""
        self._report.progress(min(self._done, self._steps), self._steps, message)
        self._done += 1

    def finish(self, message: str) -> None:
        """Reports that all steps are done."""
        self._report.progress(self._steps, self._steps, message)

    def ranked(self) -> list[Contestant]:
        """Best first, failed last; equals stay in the order they entered."""
        ranking = sorted(self.contestants, key=lambda contestant: contestant.score)
        if not ranking or ranking[0].failed:
            raise InputError(
                "No algorithm could be used on this data: check that the target varies and that "
                "there are enough rows with a value."
            )
        return ranking
