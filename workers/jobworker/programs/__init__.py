"""The programs of this worker, by the name that the service uses (docs/attempt-protocol.md).

A program is a function `run(params, backend, report) -> result`. `params` and the result are JSON
text; `backend` is the device to run on. It raises InputError if the params are invalid, and calls
`report.check()` often enough to notice a cancel soon.
"""

from __future__ import annotations

from collections.abc import Callable

from kit.report import Report

from ..device import Device
from . import estimator, executor, sampler

Program = Callable[[str, Device, Report], str]

PROGRAMS: dict[str, Program] = {
    "estimator": estimator.run,
    "executor": executor.run,
    "sampler": sampler.run,
}
CHECKS: dict[str, Callable[[str, Device], None]] = {
    "estimator": estimator.check,
    "executor": executor.check,
    "sampler": sampler.check,
}
