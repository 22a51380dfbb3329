"""What an operator lets one circuit take: options of the backend, each with a default.

The limits are the configured ones, never what the machine happens to have free, so that a circuit
always runs by the same method.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .failures import ProgramError

# A state vector of 27 qubits takes 2048 MiB.
DEFAULT_MEMORY_MB = 2048

# Complex multiplications. One takes 3 to 5 ns on one core, so this is more than a job of three
# hours, the default limit, could do.
DEFAULT_WORK = 4_000_000_000_000

BYTES_PER_AMPLITUDE = 16


@dataclass(frozen=True)
class Limits:
    """What one circuit may take of the machine.

    `memory_mb`: MiB that one simulated state may take. `work`: complex multiplications that one
    circuit may take. `approximate`: whether wider states may be cut instead of refused.
    """

    memory_mb: int = DEFAULT_MEMORY_MB
    work: float = DEFAULT_WORK
    approximate: bool = False

    def holds(self, amplitudes: int) -> bool:
        """Whether a state of so many complex numbers fits."""
        return amplitudes * BYTES_PER_AMPLITUDE <= self.memory_mb << 20


def limits_of(options: dict[str, Any]) -> Limits:
    """The limits in a backend's options; null and a missing one mean the default.

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
