"""How much a simulation will take at most, computed from the circuit before anything is run.

Work is counted in complex multiplications, memory in complex numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import ControlFlowOp, ForLoopOp, WhileLoopOp

# Gates on two qubits that multiply the rank across a cut by two at most; any other: by four.
_RANK_TWO = frozenset({"cx", "cy", "cz", "ch", "ecr", "rzz", "rxx", "ryy", "rzx", "cp", "crz"})

# Beyond so many decompositions the bound itself would take seconds.
MAX_DECOMPOSITIONS = 200_000

Step = tuple[str, tuple[int, ...], int]  # name, qubits, how often


def steps_of(
    circuit: QuantumCircuit, places: list[int] | None = None, times: int = 1
) -> Iterator[Step]:
    """Every instruction with the number of times it is executed; of an if, all branches.

    The body of a while loop is counted once.
    """
    index = {qubit: i if places is None else places[i] for i, qubit in enumerate(circuit.qubits)}
    for instruction in circuit.data:
        qubits = tuple(index[qubit] for qubit in instruction.qubits)
        operation = instruction.operation
        if isinstance(operation, ControlFlowOp):
            inside = times * _turns(operation)
            for block in operation.blocks:
                yield from steps_of(block, list(qubits), inside)
        else:
            yield instruction.name, qubits, times


def count_executed(circuit: QuantumCircuit) -> int:
    """Instructions with loops unrolled, counted without unrolling them."""
    count = len(circuit.data)
    for instruction in circuit.data:
        if isinstance(instruction.operation, ControlFlowOp):
            inside = sum(count_executed(block) for block in instruction.operation.blocks)
            count += inside * _turns(instruction.operation)
    return count


def _turns(operation: ControlFlowOp) -> int:
    if not isinstance(operation, ForLoopOp):
        return 1
    values = operation.params[0]
    if isinstance(values, range):  # its len() fails beyond 2^63
        return max(0, (values.stop - values.start) // values.step + 1)
    return len(values)


def count_gates(circuit: QuantumCircuit) -> int:
    """Executed instructions that change the state."""
    passive = ("barrier", "store", "break_loop", "continue_loop")
    return sum(times for name, _, times in steps_of(circuit) if name not in passive)


def runs_shot_by_shot(circuit: QuantumCircuit) -> bool:
    """Whether a pure state cannot be sampled once at the end.

    That is so where something follows a measurement, or a qubit is reset after use.
    """
    measured: set[int] = set()
    used: set[int] = set()
    index = {qubit: i for i, qubit in enumerate(circuit.qubits)}
    for instruction in circuit.data:
        if isinstance(instruction.operation, ControlFlowOp):
            return True
        at = {index[qubit] for qubit in instruction.qubits}
        if at & measured or (instruction.name == "reset" and at & used):
            return True
        used |= at
        if instruction.name == "measure":
            measured |= at
    return False


def has_while_loop(circuit: QuantumCircuit) -> bool:
    """Whether a circuit, or a block of it, has a while loop."""
    return any(
        isinstance(instruction.operation, WhileLoopOp)
        or any(has_while_loop(block) for block in getattr(instruction.operation, "blocks", ()))
        for instruction in circuit.data
    )


# A decomposition takes 8 microseconds however small its matrix is (measured): so many complex
# multiplications. Without it a chain of five qubits would look cheaper than a state vector that
# is seven times as quick.
_CALL = 2_000


@dataclass(frozen=True)
class ChainCost:
    """What a matrix product state without a cut takes.

    It is the work to evolve it and for each sample, the numbers held, and the largest rank across
    a cut.
    """

    evolve: float
    sample: float
    amplitudes: int
    rank: int


def chain_cost(circuit: QuantumCircuit, most: float) -> ChainCost | None:
    """An upper bound for Aer's matrix product state; None once its work is above `most`.

    Follows Aer: qubits stand in a chain, a gate moves its right qubit beside its left one by swaps,
    and each swap and gate is followed by a singular value decomposition. The rank across a cut is
    at most twice its neighbours', and at most the product of the ranks of all gates across it.
    """
    size = circuit.num_qubits
    order = list(range(size))
    ranks = [1] * (size + 1)  # ranks[k]: between positions k - 1 and k; the ends stay 1
    bits = np.zeros((size, size))  # log2 of the rank of the gates between two qubits
    work, largest, done, rank = 0.0, 1, 0, 1

    def decompose(left: int, factor: int) -> None:
        nonlocal work, largest, done, rank
        done += 1
        cut = left + 1
        rows, columns = 2 * ranks[left], 2 * ranks[left + 2]
        across = float(bits[np.ix_(order[:cut], order[cut:])].sum())
        bound = min(rows, columns, ranks[cut] * factor)
        ranks[cut] = min(bound, 2 ** int(across)) if across < 62 else bound
        rank = max(rank, ranks[cut])
        work += rows * columns * min(rows, columns) + _CALL
        largest = max(largest, rows * columns)

    for name, qubits, times in steps_of(circuit):
        if len(qubits) != 2 or name == "barrier":
            continue
        factor = 2 if name in _RANK_TWO else 4
        for _ in range(times):
            left, right = sorted(order.index(qubit) for qubit in qubits)
            for at in range(right, left + 1, -1):
                order[at - 1], order[at] = order[at], order[at - 1]
                decompose(at - 1, 4)
            bits[qubits[0], qubits[1]] += factor // 2
            bits[qubits[1], qubits[0]] += factor // 2
            decompose(left, factor)
            if work > most or done > MAX_DECOMPOSITIONS:
                return None
    sites = sum(2 * ranks[k] * ranks[k + 1] for k in range(size))
    # One copy is measured for each shot; a decomposition holds three matrices.
    return ChainCost(work, float(sites), 2 * sites + 3 * largest, rank)
