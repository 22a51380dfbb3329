"""`python -m learner`: the worker that runs forecast, impact and model sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kit.stdio import serve

from .limits import bound_memory, one_thread

if TYPE_CHECKING:
    from kit.loop import Abilities

_PACKAGES = ("scikit-learn", "statsforecast", "statsmodels", "skops", "numpy", "pandas")


def load() -> Abilities:
    """Imports the numerical libraries, which takes some seconds."""
    one_thread()
    from kit.loop import Abilities  # noqa: PLC0415

    from .programs import PROGRAMS  # noqa: PLC0415

    bound_memory()
    return Abilities(PROGRAMS, lambda backend: backend, _PACKAGES)


if __name__ == "__main__":
    serve(load)
