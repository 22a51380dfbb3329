"""A contest: all contestants are tested on the same held-out data, and the best one wins.

A contestant that fails is listed last, without metrics. The session fails only if all of them fail.
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
    """A method as clients see it. `key` never changes; the name and description are for people."""

    key: str
    name: str
    description: str

    def to_json(self) -> dict[str, str]:
        """Returns the method in the form that results have."""
        return {"name": self.name, "description": self.description, "key": self.key}


@dataclass
class Contestant:
    """One method on one preparation of the data.

    `score`: lower is better; infinity means that the method failed.
    """

    algorithm: Algorithm
    properties: tuple[str, ...] = ()
    metrics: dict[str, float] = field(default_factory=dict)
    score: float = math.inf
    outcome: Any = None  # the trial's outcome, for the program
    importance: dict[str, float] | None = None

    @property
    def failed(self) -> bool:
        """Whether the method failed on this data."""
        return not math.isfinite(self.score)


@dataclass(frozen=True)
class Trial:
    """The result of testing a contestant. `score` and `outcome` are as in Contestant."""

    metrics: dict[str, float]
    score: float
    outcome: Any = None


@dataclass
class Messages:
    """The session's messages for its user, in order and without repetitions."""

    items: list[dict[str, str]] = field(default_factory=list)

    def add(self, severity: str, message: str) -> None:
        """Adds a message unless it is already in the list."""
        item = {"severity": severity, "message": message}
        if item not in self.items:
            self.items.append(item)

    def inform(self, message: str) -> None:
        """Adds a message for information."""
        self.add("informational", message)

    def warn(self, message: str) -> None:
        """Adds a warning."""
        self.add("warning", message)


class Contest:
    """Tests contestants one by one, and reports progress for each."""

    def __init__(self, report: Report, messages: Messages, steps: int) -> None:
        self._report, self._messages = report, messages
        self._done, self._steps = 0, steps
        self.contestants: list[Contestant] = []

    def enter(self, contestant: Contestant, trial: Callable[[], Trial]) -> None:
        """Adds a contestant and tests it. Errors of the method become debug messages.

        Raises InputError, MemoryError and JobCancelled.
        """
        self.step(f"Trying {contestant.algorithm.name}")
        self.contestants.append(contestant)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                result = trial()
        except (InputError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - a method may fail on some data
            reason = shortened(f"{type(error).__name__}: {error}".split("\n")[0], 200)
            self._messages.add("debug", f"{contestant.algorithm.name} could not be used: {reason}")
            return
        if not math.isfinite(result.score):
            return
        contestant.metrics = finite(result.metrics)
        contestant.score, contestant.outcome = result.score, result.outcome

    def check(self) -> None:
        """Raises JobCancelled if the job is cancelled. Call it between two steps of a trial."""
        self._report.check()

    def step(self, message: str) -> None:
        """Reports the beginning of the next step."""
        self._report.progress(min(self._done, self._steps), self._steps, message)
        self._done += 1

    def finish(self, message: str) -> None:
        """Reports that all steps are complete."""
        self._report.progress(self._steps, self._steps, message)

    def ranked(self) -> list[Contestant]:
        """Returns the contestants, best first and failed ones last. Equals keep their order.

        Raises InputError if all of them failed.
        """
        ranking = sorted(self.contestants, key=lambda contestant: contestant.score)
        if not ranking or ranking[0].failed:
            raise InputError(
                "No algorithm could be used on this data: check that the target varies and that "
                "there are enough rows with a value."
            )
        return ranking
