"""The ways a job can end badly. Everything else that is raised is a defect of the worker."""

from __future__ import annotations

# The reason code of params that are malformed; a worker may have others.
MALFORMED = 3211


class InputError(Exception):
    """The client's params are at fault: a sentence saying what, where, and what would be right."""

    def __init__(self, message: str, reason_code: int = MALFORMED) -> None:
        super().__init__(message)
        self.reason_code = reason_code


class ProgramError(Exception):
    """The simulation failed for a reason the client cannot see in their params."""


class JobCancelled(BaseException):
    """Raised in the main thread when the service asks for the running attempt to stop.

    A BaseException, so that a library's `except Exception` cannot swallow it.
    """
