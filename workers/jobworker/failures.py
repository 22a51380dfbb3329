"""IBM's job reason codes, as far as they are known, and the exceptions that end a job.

The service returns the code in `state.reason_code`.
"""

from __future__ import annotations

from kit.failures import MALFORMED, InputError, JobCancelled, ProgramError

__all__ = ["InputError", "JobCancelled", "ProgramError"]

# The circuit does not fit the backend: it is wider than the device, uses a pair of qubits that is
# not coupled, or uses more qubits than the simulator can hold.
CODE_TOO_WIDE = 1106
CODE_NOT_COUPLED = 1107
CODE_TOO_MANY_ACTIVE = 1109
CODE_NOT_VALID = MALFORMED  # malformed params
CODE_SHOTS = 6000  # shots outside the allowed range, set directly or through the precision
CODE_EXECUTIONS = 6001  # more circuits times shots than one job may request
CODE_DECOUPLING = 6050  # dynamical decoupling of a circuit with control flow
CODE_NOT_IN_BASIS = 7000
CODE_UNSUPPORTED = 7001
