"""`python -m jobworker`: the worker that runs quantum jobs on Aer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .process import serve

if TYPE_CHECKING:
    from .loop import Abilities


def load() -> Abilities:
    from .device import device_of  # noqa: PLC0415
    from .loop import Abilities  # noqa: PLC0415
    from .programs import PROGRAMS  # noqa: PLC0415

    return Abilities(PROGRAMS, device_of, ("qiskit", "qiskit-aer", "samplomatic"))


if __name__ == "__main__":
    serve(load)
