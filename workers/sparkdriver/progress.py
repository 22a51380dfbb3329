"""How much of a statement's Spark work is done, from Spark's status tracker."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

EVERY = 0.2  # seconds between two looks, and before the first: quick statements cost nothing


class Progress:
    """Watches one job group at a time, in a thread of its own."""

    def __init__(self, tracker: Callable[[], Any], report: Callable[[int, int], None]) -> None:
        """Watches nothing yet.

        `tracker` gives Spark's status tracker or None; `report` gets the numbers of finished tasks
        and of all tasks.
        """
        self._tracker, self._report = tracker, report
        self._wake = threading.Event()
        self._lock = threading.Lock()  # nothing is reported of a group that has ended
        self._group: str | None = None
        threading.Thread(target=self._watch, name="progress", daemon=True).start()

    def begin(self, group: str) -> None:
        """From now on the job group `group` is watched."""
        with self._lock:
            self._group = group
        self._wake.set()

    def end(self) -> None:
        """Nothing is watched, and nothing more is reported."""
        with self._lock:
            self._group = None

    def _watch(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            group, told = self._group, 0.0
            ended: dict[int, tuple[int, int]] = {}
            while group is not None and not self._wake.wait(EVERY) and group == self._group:
                try:
                    counts = self._counts(group, ended)
                except Exception:  # noqa: BLE001 - the JVM may be on its way out
                    break
                with self._lock:
                    share = counts[0] / counts[1] if counts[1] else 0.0
                    if group == self._group and share != told:
                        self._report(*counts)
                        told = share

    def _counts(self, group: str, ended: dict[int, tuple[int, int]]) -> tuple[int, int]:
        """`ended`: counts of jobs that are over, so that thousands of them are asked for once."""
        tracker = self._tracker()
        if tracker is None:
            return 0, 0
        done = every = 0
        for job in tracker.getJobIdsForGroup(group):
            counts = ended.get(job)
            if counts is None:
                info = tracker.getJobInfo(job)
                if info is None:
                    continue
                counts = _counts(tracker, info)
                if info.status().toString() != "RUNNING":
                    ended[job] = counts
            done += counts[0]
            every += counts[1]
        return min(done, every), every


def _counts(tracker: Any, job: Any) -> tuple[int, int]:
    done = every = 0
    for stage in job.stageIds():
        info = tracker.getStageInfo(stage)
        if info is not None:
            done += info.numCompletedTasks()
            every += info.numTasks()
    return done, every
