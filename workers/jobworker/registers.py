"""Sorts shots into classical registers and encodes them for results."""

from __future__ import annotations

from typing import Any

import numpy as np
from qiskit import QuantumCircuit

from .failures import InputError
from .payload import encode_array, typed

# Spread of kerneled points: |0⟩ is around −1, |1⟩ around +1, in arbitrary units. The points are
# made up, not simulated.
IQ_SPREAD = 0.25


def require_register(circuit: QuantumCircuit, where: str) -> None:
    """Raises InputError for a circuit whose result would contain no bit."""
    if not circuit.cregs:
        raise InputError(f"{where} has no classical register; add measurements.")
    if not any(register.size for register in circuit.cregs):
        raise InputError(f"{where} has only classical registers of size 0; add measurements.")


def register_columns(circuit: QuantumCircuit) -> dict[str, list[int]]:
    """Returns, by register name, the circuit index of each bit. The registers keep their order."""
    return {
        register.name: [circuit.find_bit(bit).index for bit in register]
        for register in circuit.cregs
    }


def pack_bits(bits: np.ndarray) -> np.ndarray:
    """Packs (…, size) bool into (…, ceil(size / 8)) uint8.

    Bit 0 is the lowest bit of the last byte.
    """
    size = bits.shape[-1]
    width = (size + 7) // 8
    padded = np.zeros((*bits.shape[:-1], width * 8), dtype=bool)
    padded[..., width * 8 - size :] = bits[..., ::-1]
    return np.packbits(padded, axis=-1)


def encode_bit_array(bits: np.ndarray) -> dict[str, Any]:
    """Encodes (…, shots, size) bool as a typed `BitArray`."""
    return typed("BitArray", {"array": encode_array(pack_bits(bits)), "num_bits": bits.shape[-1]})


def hex_samples(bits: np.ndarray) -> Any:
    """Encodes (…, shots, size) bool as nested lists of hex strings such as "0x3"."""
    if bits.shape[-1] == 0:
        return np.full(bits.shape[:-1], "0x0", dtype=object).tolist()
    packed = pack_bits(bits)
    flat = packed.reshape(-1, packed.shape[-1]) if packed.size else packed.reshape(-1, 1)
    texts = [hex(int.from_bytes(row.tobytes(), "big")) for row in flat]
    return np.array(texts, dtype=object).reshape(bits.shape[:-1]).tolist()


def iq_points(bits: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Returns a random complex128 point for each bit of `bits` (…, shots, size), same shape."""
    centre = np.where(bits, 1.0, -1.0)
    noise = rng.normal(0, IQ_SPREAD, (2, *bits.shape))
    return np.asarray(centre + noise[0] + 1j * noise[1])
