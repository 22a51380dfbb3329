"""Waiting with a deadline, so that tests do not rely on sleeping."""

import signal
import time
from contextlib import contextmanager

import pytest


def until(what, probe, timeout=30.0, every=0.1):
    """Calls `probe` until it returns something truthy, and returns that."""
    end = time.monotonic() + timeout
    while True:
        seen = probe()
        if seen:
            return seen
        if time.monotonic() >= end:
            raise AssertionError(f"not within {timeout} s: {what} (last seen: {seen!r})")
        time.sleep(every)


@contextmanager
def within(seconds, what):
    """Fails the test if the block runs too long: some client calls loop for ever on a bad answer.

    Not by a TimeoutError, which the HTTP library would take for a slow server and try again.
    """

    def give_up(_signal, _frame):
        pytest.fail(f"not finished after {seconds} s: {what}")

    before = signal.signal(signal.SIGALRM, give_up)
    outer, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    started = time.monotonic()
    try:
        yield
    finally:
        left = max(0.01, outer - (time.monotonic() - started)) if outer else 0
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, left)
