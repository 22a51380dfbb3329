"""Reads the parameter values of a PUB in every form that a client may send.

The result is one float64 array of shape `(*pub shape, number of parameters)`, with the parameters
in the circuit's order (sorted by name).
"""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
from qiskit import QuantumCircuit

from .angles import check_angles
from .budget import spend_bytes
from .failures import InputError
from .payload import decode_array, inside, kind, type_of


def decode_bindings(value: object, circuit: QuantumCircuit, where: str) -> np.ndarray:
    """Returns the parameter values of a PUB, float64 (…, parameters). Raises InputError."""
    names = [parameter.name for parameter in circuit.parameters]
    if type_of(value) == "BindingsArray":
        inner = inside(value)
        value = (inner.get("data") if isinstance(inner, dict) else None) or {}
    if value is None:
        values = np.zeros((0,))
    elif isinstance(value, dict) and type_of(value) is None:
        values = _from_names(value, names, where)
    else:
        values = decode_array(value, where)
    return check_bindings(values, circuit, where)


def check_bindings(values: np.ndarray, circuit: QuantumCircuit, where: str) -> np.ndarray:
    """Returns `values` with one value per parameter on the last axis.

    Raises InputError unless the values, and the angles that the circuit computes from them, are
    finite and the last axis has the right length.
    """
    names = [parameter.name for parameter in circuit.parameters]
    count = len(names)
    if values.ndim == 0:
        values = values.reshape(1)
    # With one parameter, a list of values is a sweep, as in Qiskit's own primitives.
    if count == 1 and values.shape[-1] != 1:
        values = values[..., np.newaxis]
    if values.shape[-1] != count or (count and values.size == 0):
        listed = ", ".join(names[:6]) + (", …" if count > 6 else "")
        expected = f"{count} ({listed})" if count else "no"
        if values.size == 0:
            raise InputError(f"{where} are missing: the circuit has {expected} parameters.")
        raise InputError(
            f"{where} has {values.shape[-1]} values per circuit, but the circuit has "
            f"{expected} parameters; the last axis must have one value for each."
        )
    if not np.isfinite(values).all():
        bad = np.argwhere(~np.isfinite(values))[0]
        raise InputError(
            f"{where} has {values[tuple(bad)]} for parameter '{names[bad[-1]]}'; "
            "every value must be a finite number."
        )
    if count:
        check_angles(circuit, values.reshape(-1, count), where)
    return values


def _from_names(data: dict[str, Any], names: list[str], where: str) -> np.ndarray:
    """Reads `{name: values}`, `{vector: values}` or BindingsArray's `{'["a","b"]': values}`."""
    columns: dict[str, np.ndarray] = {}
    for key, value in data.items():
        members = _members(key, names, where)
        array = decode_array(value, f"{where} '{key}'")
        if len(members) == 1 and (array.ndim == 0 or array.shape[-1] != 1):
            array = array[..., np.newaxis]
        if array.ndim == 0 or array.shape[-1] != len(members):
            raise InputError(f"{where} '{key}' must have {len(members)} values on its last axis.")
        for position, name in enumerate(members):
            columns[name] = array[..., position]
    missing = [name for name in names if name not in columns]
    if missing:
        raise InputError(f"{where} has no value for parameter '{missing[0]}'.")
    if not names:
        return np.zeros((0,))
    try:
        shape = np.broadcast_shapes(*(columns[name].shape for name in names))
        spend_bytes(math.prod(shape) * len(names) * 8, where)
        return np.stack(np.broadcast_arrays(*(columns[name] for name in names)), axis=-1)
    except ValueError:
        raise InputError(f"{where} has arrays whose shapes cannot be broadcast together.") from None


def _members(key: str, names: list[str], where: str) -> list[str]:
    """Returns the names of the parameters that one key of a bindings object refers to."""
    if key in names:
        return [key]
    vector = [name for name in names if name.rpartition("[")[0] == key]
    if vector:
        return sorted(vector, key=names.index)
    members: object = None
    if key.startswith("["):
        try:
            members = json.loads(key)
        except ValueError:
            members = None
    if isinstance(members, list) and members and all(name in names for name in members):
        return members
    raise InputError(f"{where} names '{key}', which is not a parameter of the circuit.")


def positive_int(value: object, where: str, most: int, code: int) -> int:
    """Returns `value` if it is an integer from 1 to `most`. Raises InputError with `code`."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise InputError(f"{where} must be an integer, not {kind(value)}.", code)
    if not 1 <= value <= most:
        raise InputError(f"{where} is {value}; it must be from 1 to {most}.", code)
    return value
