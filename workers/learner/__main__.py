"""`python -m learner`: the worker that runs forecast, impact and model sessions."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from jobworker.process import serve

if TYPE_CHECKING:
    from jobworker.loop import Abilities

# One thread per worker, so that results do not depend on the order in which threads add numbers
# and several workers share a machine fairly. Read by the libraries when they are imported.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
_PACKAGES = ("scikit-learn", "statsforecast", "statsmodels", "skops", "numpy", "pandas")


def load() -> Abilities:
    for name in _THREADS:
        os.environ.setdefault(name, "1")
    from jobworker.loop import Abilities  # noqa: PLC0415

    from .limits import bound_memory  # noqa: PLC0415
    from .programs import PROGRAMS  # noqa: PLC0415

    bound_memory()
    return Abilities(PROGRAMS, lambda backend: backend, _PACKAGES)


if __name__ == "__main__":
    serve(load)
