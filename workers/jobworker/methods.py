"""Chooses the simulation method: exact, and always the same one for the same circuit."""

from __future__ import annotations

from dataclasses import dataclass

from qiskit import QuantumCircuit

from .failures import CODE_TOO_MANY_ACTIVE, InputError
from .limits import BYTES_PER_AMPLITUDE, Limits
from .work import chain_cost, count_gates, has_while_loop

STABILIZER = "stabilizer"
STATEVECTOR = "statevector"
DENSITY_MATRIX = "density_matrix"
CHAIN = "matrix_product_state"
FRAMES = "pauli_frames"  # for Clifford circuits with noise (frames.py)

# Up to this size noise is simulated with a density matrix, if the circuit can be sampled at its
# end.
MAX_DENSITY_QUBITS = 7
MAX_STABILIZER_QUBITS = 1_000
MAX_CHAIN_QUBITS = 63

# How many singular values are kept across a cut if the operator allows approximation.
CUT_BOND = 64


@dataclass(frozen=True)
class Plan:
    """How to run a circuit.

    `once`: complex multiplications that do not depend on the number of shots. `shot`: complex
    multiplications for each shot. `cut`: whether the state is truncated at CUT_BOND.
    """

    method: str
    once: float = 0.0
    shot: float = 0.0
    cut: bool = False


def plan_pure(circuit: QuantumCircuit, limits: Limits, by_shot: bool, where: str) -> Plan:
    """Returns the plan for a circuit that is not Clifford and is simulated with pure states.

    `by_shot`: whether each shot needs its own evolution (because of noise or a measurement in the
    middle). Raises InputError with code 1109 if no exact method is within the limits.
    """
    size = circuit.num_qubits
    dense = count_gates(circuit) * 2.0**size
    fits = size <= MAX_CHAIN_QUBITS and limits.holds(2**size)
    if fits and not by_shot:
        return Plan(STATEVECTOR, once=dense)
    chain = None
    if size <= MAX_CHAIN_QUBITS and not has_while_loop(circuit):
        chain = chain_cost(circuit, min(dense, limits.work) if fits else limits.work)
        if chain is not None and not limits.holds(chain.amplitudes):
            chain = None
    if chain is not None:
        if by_shot:
            return Plan(CHAIN, shot=chain.evolve + chain.sample)
        return Plan(CHAIN, once=chain.evolve, shot=chain.sample)
    if fits:
        return Plan(STATEVECTOR, shot=dense)
    if limits.approximate and size <= MAX_CHAIN_QUBITS:
        decomposition, sample = 8.0 * CUT_BOND**3, 2.0 * size * CUT_BOND**2
        evolve = count_gates(circuit) * decomposition
        if by_shot:
            return Plan(CHAIN, shot=evolve + sample, cut=True)
        return Plan(CHAIN, once=evolve, shot=sample, cut=True)
    raise refusal(size, limits, where)


def check_work(plan: Plan, shots: int, limits: Limits, where: str) -> None:
    """Raises InputError if a plan needs too much work.

    A plan with a single evolution is limited only by its memory.
    """
    work = plan.once + plan.shot * shots
    if plan.shot == 0 or work <= limits.work:
        return
    raise InputError(
        f"{where} needs about {work:.1e} operations as {plan.method} with {shots} shots, more than "
        f"the {limits.work:.1e} this backend allows; use fewer shots, qubits or gates.",
        CODE_TOO_MANY_ACTIVE,
    )


def refusal(size: int, limits: Limits, where: str) -> InputError:
    """Returns the error for a circuit of `size` active qubits that no exact method can simulate."""
    needed = 2**size * BYTES_PER_AMPLITUDE >> 20
    text = f"{needed:,} MiB" if size < 60 else f"2^{size - 16} MiB"
    return InputError(
        f"{where} uses {size} qubits and is not Clifford: exact simulation takes {text} as a state "
        f"vector (this backend allows {limits.memory_mb:,}), or too many operations as matrix "
        f"product states (it allows {limits.work:.1e}); use fewer qubits or two-qubit gates.",
        CODE_TOO_MANY_ACTIVE,
    )


def too_many(where: str, active: int, most: int) -> InputError:
    """Returns the error for a circuit with more than `most` active qubits."""
    return InputError(
        f"{where} uses {active} qubits, more than the {most} this simulator can hold for it; "
        "use fewer qubits (or, where possible, only Clifford gates).",
        CODE_TOO_MANY_ACTIVE,
    )
