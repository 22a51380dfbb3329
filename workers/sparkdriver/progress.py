"""Reports how much of a statement's Spark work is done, from Spark's status tracker."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

# Seconds between two polls, and before the first one, so that quick statements cost nothing.
INTERVAL = 0.2


class Progress:
    """Watches one job group at a time, in its own thread."""

    def __init__(self, tracker: Callable[[], Any], report: Callable[[int, int], None]) -> None:
        """Starts the thread, which watches no group yet.

        `tracker` returns Spark's status tracker or None. `report` is called with the numbers of
        finished tasks and of all tasks.
        """
        self._tracker, self._report = tracker, report
        self._wake = threading.Event()
        self._lock = threading.Lock()  # so that nothing is reported for a group that has ended
        self._group: str | None = None
        threading.Thread(target=self._watch, name="progress", daemon=True).start()

    def begin(self, group: str) -> None:
        """Starts to watch the job group `group`."""
        with self._lock:
            self._group = group
        self._wake.set()

    def end(self) -> None:
        """Stops watching. No more progress is reported after this returns."""
        with self._lock:
            self._group = None

    def _watch(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            group, reported = self._group, 0.0
            ended: dict[int, tuple[int, int]] = {}
            while group is not None and not self._wake.wait(INTERVAL) and group == self._group:
                try:
                    counts = self._counts(group, ended)
                except Exception:  # noqa: BLE001 - the JVM may be ending
                    break
                with self._lock:
                    share = counts[0] / counts[1] if counts[1] else 0.0
                    if group == self._group and share != reported:
                        self._report(*counts)
                        reported = share

    def _counts(self, group: str, ended: dict[int, tuple[int, int]]) -> tuple[int, int]:
        """Returns the numbers of finished tasks and of all tasks of a group.

        `ended` caches the counts of finished jobs, because there may be thousands of them.
        """
        tracker = self._tracker()
        if tracker is None:
            return 0, 0
        done = total = 0
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
            total += counts[1]
        return min(done, total), total


def _counts(tracker: Any, job: Any) -> tuple[int, int]:
    done = total = 0
    for stage in job.stageIds():
        info = tracker.getStageInfo(stage)
        if info is not None:
            done += info.numCompletedTasks()
            total += info.numTasks()
    return done, total
