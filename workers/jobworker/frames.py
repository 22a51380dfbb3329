"""Samples noisy Clifford circuits with Pauli frames: all shots at once instead of one by one.

One run without noise gives reference outcomes. For each shot only its frame is stored, the Pauli
operator by which it differs from the reference: two bits per qubit, conjugated by the gates and
multiplied by each gate's random error. A measurement reads the reference bit, and flips it if the
frame anticommutes with the measurement. (The method of C. Gidney, "Stim", Quantum 5, 497, 2021.)

Relaxation is replaced by its Pauli twirl: T1 and T2 are the same, but the state decays to a
mixture instead of to |0⟩. Over a gate's length the difference is below 1e-3. Over a delay it would
be larger, so circuits with delays are not sampled this way.
"""

from __future__ import annotations

import functools
import math

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Instruction
from qiskit.quantum_info import Clifford

from .noise import Noise

# Gates of one and two qubits whose effect on a Pauli is read from their Clifford table.
_ONE = ("id", "x", "y", "z", "h", "s", "sdg", "sx", "sxdg", "rz")
_TWO = ("cx", "cy", "cz", "ecr", "swap")
_KNOWN = frozenset((*_ONE, *_TWO, "measure", "reset"))


def frames_apply(circuit: QuantumCircuit) -> bool:
    """Returns whether `sample_frames` supports all instructions. The caller checks the angles."""
    return all(instruction.name in _KNOWN for instruction in circuit.data)


def sample_frames(
    circuit: QuantumCircuit,
    active: tuple[int, ...],
    noise: Noise,
    reference: np.ndarray,
    shots: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Samples outcomes (shots, clbits), bool, of a Clifford circuit.

    Qubit i of `circuit` is device qubit `active[i]`. `reference` (clbits,) is one outcome of the
    circuit without noise.
    """
    size = circuit.num_qubits
    x = np.zeros((size, shots), dtype=bool)
    # Z has no effect on |0⟩. Applying it at random makes random outcomes differ between shots.
    z = _random_bits(rng, (size, shots))
    bits = np.zeros((shots, circuit.num_clbits), dtype=bool)
    index = {qubit: position for position, qubit in enumerate(circuit.qubits)}
    for instruction in circuit.data:
        at = [index[qubit] for qubit in instruction.qubits]
        if instruction.name == "measure":
            clbit = circuit.find_bit(instruction.clbits[0]).index
            value = x[at[0]] ^ reference[clbit]
            bits[:, clbit] = _misread(value, noise.readout(active[at[0]]), rng)
            z[at[0]] = _random_bits(rng, shots)
        elif instruction.name == "reset":
            x[at[0]] = False
            z[at[0]] = _random_bits(rng, shots)
        else:
            _conjugate(instruction.operation, at, x, z)
            channel = noise.pauli_channel(instruction.name, tuple(active[i] for i in at))
            if channel is not None:
                _apply_errors(channel, at, x, z, rng)
    return bits


def _conjugate(gate: Instruction, at: list[int], x: np.ndarray, z: np.ndarray) -> None:
    """Conjugates the frames by a gate. Signs do not matter."""
    quarter = round(float(gate.params[0]) / (math.pi / 2)) % 4 if gate.name == "rz" else 0
    table = _table(gate.name, quarter)
    if table is None:
        return
    old = np.concatenate([x[at], z[at]])  # copies, because the rows are overwritten below
    for target, column in enumerate(table.T):
        row = np.logical_xor.reduce(old[column])
        if target < len(at):
            x[at[target]] = row
        else:
            z[at[target - len(at)]] = row


@functools.cache
def _table(name: str, quarter: int) -> np.ndarray | None:
    """Returns a gate's Clifford table; None for a gate that changes no frame.

    Row k is the image of the k-th of X₀, X₁, …, Z₀, Z₁, ….
    """
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


def _apply_errors(
    channel: np.ndarray, at: list[int], x: np.ndarray, z: np.ndarray, rng: np.random.Generator
) -> None:
    """Multiplies the frames of random shots by a random error.

    `channel` (4^n,) has the probability of each error; the bits of the index are x₀ x₁ … z₀ z₁ ….
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


def _random_bits(rng: np.random.Generator, shape: int | tuple[int, ...]) -> np.ndarray:
    return rng.integers(0, 2, shape, dtype=np.uint8).astype(bool)
