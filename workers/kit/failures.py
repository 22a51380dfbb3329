"""The exceptions that end a job without a result. Any other exception is a bug in the worker."""

from __future__ import annotations

# The reason code for malformed params. A worker may define more codes.
MALFORMED = 3211


class InputError(Exception):
    """The client's params are invalid. The message names the error, its place and how to fix it."""

    def __init__(self, message: str, reason_code: int = MALFORMED) -> None:
        super().__init__(message)
        self.reason_code = reason_code


class ProgramError(Exception):
    """The program failed for a reason other than the client's params."""


class JobCancelled(BaseException):
    """Raised in the main thread when the service cancels the running attempt.

    A BaseException, so that a library's `except Exception` cannot swallow it.
    """
