"""The operator's limits for one circuit: options of the backend, each with a default.

The limits do not depend on the machine's free memory, so that a circuit always runs by the same
method.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .failures import ProgramError

# A state vector of 27 qubits takes 2048 MiB.
DEFAULT_MEMORY_MB = 2048

# Complex multiplications. One takes 3 to 5 ns on one core, so this is more than a job can do in
# three hours, the default time limit.
DEFAULT_WORK = 4_000_000_000_000

BYTES_PER_AMPLITUDE = 16


@dataclass(frozen=True)
class Limits:
    """Limits for one circuit.

    `memory_mb`: memory of one simulated state, in MiB. `work`: complex multiplications.
    `approximate`: whether wider states are truncated instead of refused.
    """

    memory_mb: int = DEFAULT_MEMORY_MB
    work: float = DEFAULT_WORK
    approximate: bool = False

    def holds(self, amplitudes: int) -> bool:
        """Returns whether a state of `amplitudes` complex numbers fits into the memory limit."""
        return amplitudes * BYTES_PER_AMPLITUDE <= self.memory_mb << 20


def limits_of(options: dict[str, Any]) -> Limits:
    """Returns the limits in a backend's options. null means absent, so the default applies.

    Raises ProgramError for values that the service should have refused.
    """
    memory = _number(options, "max_memory_mb", DEFAULT_MEMORY_MB)
    work = _number(options, "max_work", DEFAULT_WORK)
    return Limits(int(memory), work, options.get("approximate") is True)


def _number(options: dict[str, Any], name: str, default: float) -> float:
    value = options.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
        raise ProgramError(f"The backend's options.{name} must be a number above zero.")
    return value
