"""`python -m jobworker`: the worker that runs quantum jobs on Aer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kit.stdio import serve

if TYPE_CHECKING:
    from kit.loop import Abilities


def load() -> Abilities:
    """Imports the simulator, which takes some seconds, and returns what this worker can do."""
    from kit.loop import Abilities  # noqa: PLC0415

    from .device import device_of  # noqa: PLC0415
    from .programs import PROGRAMS  # noqa: PLC0415

    return Abilities(PROGRAMS, device_of, ("qiskit", "qiskit-aer", "samplomatic"))


if __name__ == "__main__":
    serve(load)
