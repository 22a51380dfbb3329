"""The ways a job can end badly. Everything else that is raised is a defect of the worker.

The codes are IBM's job reason codes as far as they are known; the service passes
them on in `state.reason_code`.
"""

from __future__ import annotations

# Circuit does not fit the backend: wider than the device, uses a pair that is not coupled, uses
# more qubits than the simulator can hold.
CODE_TOO_WIDE = 1106
CODE_NOT_COUPLED = 1107
CODE_TOO_MANY_ACTIVE = 1109
CODE_NOT_VALID = 3211  # anything malformed in the params
CODE_SHOTS = 6000  # shots missing their allowed range, directly or through the precision
CODE_EXECUTIONS = 6001  # circuits times shots beyond what one job may ask for
CODE_DECOUPLING = 6050  # dynamical decoupling of a circuit with control flow
CODE_NOT_IN_BASIS = 7000
CODE_UNSUPPORTED = 7001


class InputError(Exception):
    """The client's params are at fault: a sentence saying what, where, and what would be right."""

    def __init__(self, message: str, reason_code: int = CODE_NOT_VALID) -> None:
        super().__init__(message)
        self.reason_code = reason_code


class ProgramError(Exception):
    """The simulation failed for a reason the client cannot see in their params."""


class JobCancelled(BaseException):
    """Raised in the main thread when the service asks for the running attempt to stop.

    A BaseException, so that a library's `except Exception` cannot swallow it.
    """
