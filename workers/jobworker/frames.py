"""Noisy Clifford circuits by Pauli frames: all shots at once instead of one by one.

One noiseless run gives reference outcomes. Every shot then carries only the Pauli operator by
which it differs from the reference: two bits per qubit, pushed through the gates and multiplied by
each gate's random error. A measurement reads the reference bit, flipped where the shot's operator
anticommutes with it. (The method of C. Gidney, "Stim", Quantum 5, 497, 2021.)

Relaxation enters as its Pauli twirl: the same T1 and T2, but decaying to a mixture instead of to
|0⟩. Over a gate's length the difference is below 1e-3, so circuits with delays do not come here.
"""

from __future__ import annotations

import functools
import math

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Instruction
from qiskit.quantum_info import Clifford

from .noise import Noise

# Gates whose effect on a Pauli is taken from their Clifford table.
_ONE = ("id", "x", "y", "z", "h", "s", "sdg", "sx", "sxdg", "rz")
_TWO = ("cx", "cy", "cz", "ecr", "swap")
_KNOWN = frozenset((*_ONE, *_TWO, "measure", "reset"))


def frames_apply(circuit: QuantumCircuit) -> bool:
    """Whether the instructions are ones `sample_frames` knows; angles are the caller's matter."""
    return all(instruction.name in _KNOWN for instruction in circuit.data)


def sample_frames(
    circuit: QuantumCircuit,
    active: tuple[int, ...],
    noise: Noise,
    reference: np.ndarray,
    shots: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """(shots, clbits) outcomes of a Clifford `circuit` whose qubit i is device qubit `active[i]`.

    `reference` (clbits,) is one outcome of the circuit without noise.
    """
    size = circuit.num_qubits
    x = np.zeros((size, shots), dtype=bool)
    # On |0⟩, Z does nothing: applying it or not at random makes random outcomes differ by shot.
    z = _coins(rng, (size, shots))
    bits = np.zeros((shots, circuit.num_clbits), dtype=bool)
    index = {qubit: position for position, qubit in enumerate(circuit.qubits)}
    for instruction in circuit.data:
        at = [index[qubit] for qubit in instruction.qubits]
        if instruction.name == "measure":
            clbit = circuit.find_bit(instruction.clbits[0]).index
            value = x[at[0]] ^ reference[clbit]
            bits[:, clbit] = _misread(value, noise.readout(active[at[0]]), rng)
            z[at[0]] = _coins(rng, shots)
        elif instruction.name == "reset":
            x[at[0]] = False
            z[at[0]] = _coins(rng, shots)
        else:
            _push(instruction.operation, at, x, z)
            channel = noise.pauli_channel(instruction.name, tuple(active[i] for i in at))
            if channel is not None:
                _strike(channel, at, x, z, rng)
    return bits


def _push(gate: Instruction, at: list[int], x: np.ndarray, z: np.ndarray) -> None:
    """Conjugate the frames by a gate; signs do not matter."""
    quarter = round(float(gate.params[0]) / (math.pi / 2)) % 4 if gate.name == "rz" else 0
    table = _table(gate.name, quarter)
    if table is None:
        return
    old = np.concatenate([x[at], z[at]])  # copies: rows are overwritten below
    for target, column in enumerate(table.T):
        row = np.logical_xor.reduce(old[column])
        if target < len(at):
            x[at[target]] = row
        else:
            z[at[target - len(at)]] = row


@functools.cache
def _table(name: str, quarter: int) -> np.ndarray | None:
    """Row k: the image of the k-th of X₀, X₁, …, Z₀, Z₁, …; None for a gate that changes none."""
    if name in ("id", "x", "y", "z"):
        return None
    size = 2 if name in _TWO else 1
    circuit = QuantumCircuit(size)
    if name != "rz":
        getattr(circuit, name)(*range(size))
    elif quarter % 2:
        circuit.s(0)
    else:
        return None
    return np.asarray(Clifford(circuit).symplectic_matrix)


def _strike(
    channel: np.ndarray, at: list[int], x: np.ndarray, z: np.ndarray, rng: np.random.Generator
) -> None:
    """Multiply some shots by an error.

    `channel` is (4^n,): the bits of the index are x₀ x₁ … z₀ z₁ ….
    """
    likely = 1 - channel[0]
    hit = np.flatnonzero(rng.random(x.shape[1], dtype=np.float32) < likely)
    if not hit.size:
        return
    errors = 1 + rng.choice(len(channel) - 1, size=hit.size, p=channel[1:] / likely)
    for position, i in enumerate(at):
        x[i, hit] ^= (errors >> position & 1).astype(bool)
        z[i, hit] ^= (errors >> (len(at) + position) & 1).astype(bool)


def _misread(
    value: np.ndarray, readout: tuple[float, float], rng: np.random.Generator
) -> np.ndarray:
    up, down = readout
    if not up and not down:
        return value
    return value ^ (rng.random(len(value)) < np.where(value, down, up))


def _coins(rng: np.random.Generator, shape: int | tuple[int, ...]) -> np.ndarray:
    return rng.integers(0, 2, shape, dtype=np.uint8).astype(bool)
