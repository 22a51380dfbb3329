"""Computes upper bounds for a simulation's work and memory from the circuit, before it runs.

Work is counted in complex multiplications, memory in complex numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import ControlFlowOp, ForLoopOp, WhileLoopOp

# Two-qubit gates that multiply the rank across a cut by at most two; all others by at most four.
_RANK_TWO = frozenset({"cx", "cy", "cz", "ch", "ecr", "rzz", "rxx", "ryy", "rzx", "cp", "crz"})

# With more decompositions, computing the bound itself would take seconds.
MAX_DECOMPOSITIONS = 200_000

Step = tuple[str, tuple[int, ...], int]  # name, qubits, number of executions


def steps_of(
    circuit: QuantumCircuit, places: list[int] | None = None, times: int = 1
) -> Iterator[Step]:
    """Yields each instruction with the number of its executions.

    All branches of an if are counted, and the body of a while loop is counted once.
    """
    index = {qubit: i if places is None else places[i] for i, qubit in enumerate(circuit.qubits)}
    for instruction in circuit.data:
        qubits = tuple(index[qubit] for qubit in instruction.qubits)
        operation = instruction.operation
        if isinstance(operation, ControlFlowOp):
            block_times = times * _iterations(operation)
            for block in operation.blocks:
                yield from steps_of(block, list(qubits), block_times)
        else:
            yield instruction.name, qubits, times


def count_executed(circuit: QuantumCircuit) -> int:
    """Returns the number of instructions with loops unrolled, without unrolling them."""
    count = len(circuit.data)
    for instruction in circuit.data:
        if isinstance(instruction.operation, ControlFlowOp):
            block_count = sum(count_executed(block) for block in instruction.operation.blocks)
            count += block_count * _iterations(instruction.operation)
    return count


def _iterations(operation: ControlFlowOp) -> int:
    if not isinstance(operation, ForLoopOp):
        return 1
    values = operation.params[0]
    if isinstance(values, range):  # len() of a range fails beyond 2^63
        return max(0, (values.stop - values.start) // values.step + 1)
    return len(values)


def count_gates(circuit: QuantumCircuit) -> int:
    """Returns the number of executed instructions that change the state."""
    passive = ("barrier", "store", "break_loop", "continue_loop")
    return sum(times for name, _, times in steps_of(circuit) if name not in passive)


def runs_shot_by_shot(circuit: QuantumCircuit) -> bool:
    """Returns whether each shot needs its own evolution of the state.

    Otherwise the state is evolved once and sampled at the end. That is impossible with control
    flow, an instruction after a measurement, or a reset of a used qubit.
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
    """Returns whether a circuit or one of its blocks has a while loop."""
    return any(
        isinstance(instruction.operation, WhileLoopOp)
        or any(has_while_loop(block) for block in getattr(instruction.operation, "blocks", ()))
        for instruction in circuit.data
    )


# The overhead of a decomposition, in complex multiplications: it takes at least 8 microseconds
# (measured), however small its matrix is. Without this overhead a chain of five qubits would seem
# cheaper than a state vector, which is seven times as fast.
_CALL = 2_000


@dataclass(frozen=True)
class ChainCost:
    """The cost of a matrix product state without truncation.

    `evolve` and `sample`: work for the evolution and for each sample. `amplitudes`: complex numbers
    in memory. `rank`: the largest rank across a cut.
    """

    evolve: float
    sample: float
    amplitudes: int
    rank: int


def chain_cost(circuit: QuantumCircuit, most: float) -> ChainCost | None:
    """Returns an upper bound for Aer's matrix product state; None if its work is above `most`.

    Follows Aer: the qubits form a chain, a gate moves its right qubit next to its left one by
    swaps, and each swap and gate is followed by a singular value decomposition. The rank across a
    cut is at most twice that of its neighbours, and at most the product of the ranks of all gates
    across it.
    """
    size = circuit.num_qubits
    order = list(range(size))
    ranks = [1] * (size + 1)  # ranks[k]: between positions k - 1 and k; 1 at both ends
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
    # Each shot measures a copy of the state; a decomposition needs three matrices.
    return ChainCost(work, float(sites), 2 * sites + 3 * largest, rank)
