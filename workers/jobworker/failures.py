"""IBM's job reason codes as far as they are known, and the ways a job can end badly.

The service passes the codes on in `state.reason_code`.
"""

from __future__ import annotations

from kit.failures import MALFORMED, InputError, JobCancelled, ProgramError

__all__ = ["InputError", "JobCancelled", "ProgramError"]

# Circuit does not fit the backend: wider than the device, uses a pair that is not coupled, uses
# more qubits than the simulator can hold.
CODE_TOO_WIDE = 1106
CODE_NOT_COUPLED = 1107
CODE_TOO_MANY_ACTIVE = 1109
CODE_NOT_VALID = MALFORMED  # anything malformed in the params
CODE_SHOTS = 6000  # shots missing their allowed range, directly or through the precision
CODE_EXECUTIONS = 6001  # circuits times shots beyond what one job may ask for
CODE_DECOUPLING = 6050  # dynamical decoupling of a circuit with control flow
CODE_NOT_IN_BASIS = 7000
CODE_UNSUPPORTED = 7001
