"""Reads the observables of an estimator PUB in every form that a client may send.

An observable becomes `{label: coefficient}`. A label has one letter of `IXYZ01+-rl` for each qubit
(Qiskit's sparse alphabet of Paulis and projectors). The right-most letter is qubit 0.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kit.texts import shortened

from .failures import InputError
from .payload import decode_array, inside, kind, type_of

Observable = dict[str, float]

# Letter → (the basis it is measured in, its value for outcome 0, its value for outcome 1).
LETTERS: dict[str, tuple[str, float, float]] = {
    "X": ("X", 1, -1), "+": ("X", 1, 0), "-": ("X", 0, 1),
    "Y": ("Y", 1, -1), "r": ("Y", 1, 0), "l": ("Y", 0, 1),
    "Z": ("Z", 1, -1), "0": ("Z", 1, 0), "1": ("Z", 0, 1),
}  # fmt: skip
_ALPHABET = frozenset(LETTERS) | {"I"}


def decode_observables(value: object, num_qubits: int, where: str) -> np.ndarray:
    """Returns an object array of Observable, whose shape is the nesting of the lists.

    Raises InputError.
    """
    if type_of(value) == "ObservablesArray":
        value = inside(value)
    if value is None:
        raise InputError(
            f"{where} are missing; give a Pauli string such as 'ZZ' or a list of them."
        )
    nested = _nested(value, num_qubits, where)
    shape = _shape(nested, where)
    array = np.empty(shape, dtype=object)
    for index in np.ndindex(shape):
        leaf: Any = nested
        for step in index:
            leaf = leaf[step]
        array[index] = leaf
    return array


def _nested(value: Any, num_qubits: int, where: str) -> Any:
    if isinstance(value, list):
        return [_nested(entry, num_qubits, f"{where}[{i}]") for i, entry in enumerate(value)]
    return _observable(value, num_qubits, where)


def _shape(nested: Any, where: str) -> tuple[int, ...]:
    if not isinstance(nested, list):
        return ()
    shapes = {_shape(entry, where) for entry in nested}
    if len(shapes) > 1:
        raise InputError(f"{where} must be a rectangular list: its entries differ in shape.")
    return (len(nested), *(shapes.pop() if shapes else ()))


def _observable(value: Any, num_qubits: int, where: str) -> Observable:
    if type_of(value) == "settings":
        value = _from_settings(value, where)
    if isinstance(value, str):
        value = {value: 1.0}
    if not isinstance(value, dict) or "__type__" in value:
        raise InputError(
            f"{where} must be a Pauli string or an object {{'ZZ': 1.0}}, not {kind(value)}."
        )
    if not value:
        raise InputError(f"{where} is empty; it needs at least one Pauli string.")
    observable: Observable = {}
    for label, coefficient in value.items():
        if len(label) != num_qubits:
            raise InputError(
                f"{where} has the Pauli string '{shortened(label, 80)}' of length {len(label)}, "
                f"but the circuit has {num_qubits} qubits; it needs one letter per qubit."
            )
        unknown = set(label) - _ALPHABET
        if unknown:
            raise InputError(
                f"{where} has the letter '{min(unknown)}' in '{shortened(label, 80)}'; "
                "letters are I, X, Y, Z, 0, 1, +, -, r and l."
            )
        observable[label] = observable.get(label, 0.0) + _real(coefficient, label, where)
    return observable


def _real(value: Any, label: str, where: str) -> float:
    """Returns a coefficient as a finite float. Accepts complex ones without an imaginary part."""
    if type_of(value) == "complex":
        parts = value.get("__value__")
        value = complex(*parts) if isinstance(parts, list) and len(parts) == 2 else None
    if isinstance(value, complex):
        if abs(value.imag) > 1e-10:
            raise InputError(
                f"{where} has a complex coefficient at '{shortened(label, 80)}'; use a real one."
            )
        value = value.real
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InputError(
            f"{where} has a coefficient at '{shortened(label, 80)}' that is not a number."
        )
    if not math.isfinite(value):
        raise InputError(f"{where} has the coefficient {value} at '{shortened(label, 80)}'.")
    return float(value)


def _from_settings(value: dict[str, Any], where: str) -> dict[str, Any]:
    """Reads a SparsePauliOp or Pauli from its constructor arguments, without loading a class."""
    arguments = value.get("__value__")
    name = value.get("__class__")
    if not isinstance(arguments, dict):
        arguments = {}
    data = arguments.get("data")
    if name == "Pauli" and isinstance(data, str):
        return {data: 1.0}
    if name == "SparsePauliOp":
        if type_of(data) == "settings":
            inner = inside(data)
            data = inner.get("data") if isinstance(inner, dict) else None
        labels = data if isinstance(data, list) else [data]
        coefficients = _coefficients(arguments.get("coeffs"), len(labels), where)
        result: dict[str, Any] = {}
        for label, coefficient in zip(labels, coefficients):
            if not isinstance(label, str):
                break
            result[label] = result.get(label, 0.0) + coefficient
        else:
            return result
    raise InputError(f"{where} is {kind(value)} that cannot be read; send Pauli strings.")


def _coefficients(value: Any, count: int, where: str) -> list[complex]:
    if value is None:
        return [1.0] * count
    if isinstance(value, list):
        numbers = [
            complex(*entry["__value__"]) if type_of(entry) == "complex" else entry
            for entry in value
        ]
    else:
        numbers = list(decode_array(value, f"{where} coefficients"))
    if len(numbers) != count or not all(isinstance(n, (int, float, complex)) for n in numbers):
        raise InputError(f"{where} must have one coefficient for each of its {count} Paulis.")
    return numbers
