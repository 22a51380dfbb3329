"""The programs of this worker, by the name that the service uses."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any

from kit.failures import InputError
from kit.report import Report

from .limits import memory_limit
from .series import forecast, impact
from .tabular import anomalies, classification, predict, regression

Program = Callable[[str, Any, Report], str]


def _bounded(program: Program) -> Program:
    """Returns the program with a MemoryError turned into an InputError for the user."""

    @wraps(program)
    def run(params: str, backend: Any, report: Report) -> str:
        try:
            # Warnings of libraries about convergence do not help users, who cannot see the model.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return program(params, backend, report)
        except MemoryError:
            raise InputError(
                f"The session needs more memory than a worker may use ({memory_limit()} MB): use "
                "fewer rows or give columns that are not needed the role 'none'."
            ) from None

    return run


PROGRAMS: dict[str, Program] = {
    name: _bounded(program)
    for name, program in {
        "forecast": forecast.run,
        "impact": impact.run,
        "regression": regression.run,
        "classification": classification.run,
        "anomalies": anomalies.run,
        "predict": predict.run,
    }.items()
}
