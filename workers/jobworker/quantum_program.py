"""Reads the params of the `executor` program in all schema versions that clients send.

In v0.1 and v0.2 each item has its own circuit. In v1.0 and v1.1 one QPY file has the circuits of
all items. In v2.0 that file and the tensors are zlib-compressed, or the circuits are OpenQASM 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import PauliLindbladMap
from samplomatic.samplex import Samplex
from samplomatic.tensor_interface import TensorInterface

from kit.texts import shortened

from .bindings import check_bindings, positive_int
from .circuits import read_openqasm, read_qpy
from .failures import CODE_EXECUTIONS, CODE_SHOTS, InputError
from .payload import decode_base64, inflate, kind
from .samplex_file import read_samplex
from .tensors import decode_tensor, is_tensor

SCHEMA_VERSIONS = ("v0.1", "v0.2", "v1.0", "v1.1", "v2.0")
MEAS_LEVELS = ("classified", "kerneled", "avg_kerneled", "both")


@dataclass(frozen=True)
class Item:
    """One circuit with either `arguments` (*shape, parameters) or a samplex to draw them.

    `numbers`: how many numbers are stored for each entry of the shape.
    """

    circuit: QuantumCircuit
    shape: tuple[int, ...]
    arguments: np.ndarray | None
    samplex: Samplex | None
    samplex_arguments: TensorInterface | None
    numbers: int


@dataclass(frozen=True)
class QuantumProgram:
    """The params of `executor`, decoded."""

    schema_version: str
    shots: int
    items: list[Item]
    meas_level: str
    passthrough_data: Any
    semantic_role: str | None

    @property
    def compressed(self) -> bool:
        """Whether this schema version compresses tensors and circuits."""
        return self.schema_version == "v2.0"


def decode_program(params: dict[str, Any], max_shots: int) -> QuantumProgram:
    """Decodes the params of `executor`. Raises InputError."""
    version = params.get("schema_version")
    if version not in SCHEMA_VERSIONS:
        raise InputError(
            f"'schema_version' is {version!r:.40}; this server reads {', '.join(SCHEMA_VERSIONS)}."
        )
    body = params.get("quantum_program")
    if not isinstance(body, dict):
        raise InputError(f"'quantum_program' must be an object, not {kind(body)}.")
    items = body.get("items")
    if not isinstance(items, list):
        raise InputError(f"'quantum_program.items' must be a list, not {kind(items)}.")
    meas_level = body.get("meas_level", "classified")
    if meas_level not in MEAS_LEVELS:
        raise InputError(f"'quantum_program.meas_level' must be one of {', '.join(MEAS_LEVELS)}.")
    compressed = version == "v2.0"
    circuits = _circuits(body, items, version)
    return QuantumProgram(
        schema_version=version,
        shots=positive_int(body.get("shots"), "'quantum_program.shots'", max_shots, CODE_SHOTS),
        items=[
            _item(item, circuit, compressed, f"item {index}")
            for index, (item, circuit) in enumerate(zip(items, circuits))
        ],
        meas_level=meas_level,
        passthrough_data=body.get("passthrough_data"),
        semantic_role=body.get("semantic_role"),
    )


def _circuits(body: dict[str, Any], items: list[Any], version: str) -> list[QuantumCircuit]:
    if version.startswith("v0"):
        return [_own_circuit(item, f"The circuit of item {i}") for i, item in enumerate(items)]
    model, where = body.get("circuits"), "'quantum_program.circuits'"
    if not items:
        return []
    if not isinstance(model, dict):
        raise InputError(f"{where} must be an object, not {kind(model)}.")
    if version == "v2.0" and isinstance(model.get("data"), list):
        circuits = [
            read_openqasm(text, f"The circuit of item {i}") if isinstance(text, str) else None
            for i, text in enumerate(model["data"])
        ]
    else:
        data = decode_base64(model.get("b64_data"), where)
        circuits = read_qpy(inflate(data, where) if version == "v2.0" else data, where)
    readable = [circuit for circuit in circuits if circuit is not None]
    if not len(circuits) == len(readable) == len(items):
        raise InputError(f"{where} must have one circuit for each of the {len(items)} items.")
    return readable


def _own_circuit(item: Any, where: str) -> QuantumCircuit:
    model = item.get("circuit") if isinstance(item, dict) else None
    if not isinstance(model, dict):
        raise InputError(f"{where} must be an object, not {kind(model)}.")
    circuits = read_qpy(decode_base64(model.get("circuit_b64"), where), where)
    if len(circuits) != 1:
        raise InputError(f"{where} must be one circuit, not {len(circuits)}.")
    return circuits[0]


def _item(item: Any, circuit: QuantumCircuit, compressed: bool, where: str) -> Item:
    if not isinstance(item, dict):
        raise InputError(f"{where} must be an object, not {kind(item)}.")
    item_type = item.get("item_type")
    shape = item.get("shape") or []
    if not isinstance(shape, list) or not all(isinstance(n, int) and n >= 0 for n in shape):
        raise InputError(f"'shape' of {where} must be a list of non-negative integers.")
    if item_type == "circuit":
        return _circuit_item(item, circuit, tuple(shape), compressed, where)
    if item_type == "samplex":
        return _samplex_item(item, circuit, tuple(shape), compressed, where)
    raise InputError(
        f"'item_type' of {where} is {item_type!r:.40}; it must be 'circuit' or 'samplex'."
    )


def _circuit_item(
    item: dict[str, Any],
    circuit: QuantumCircuit,
    shape: tuple[int, ...],
    compressed: bool,
    where: str,
) -> Item:
    what = f"circuit_arguments of {where}"
    arguments = decode_tensor(item.get("circuit_arguments"), compressed, what)
    count = len(circuit.parameters)
    arguments = check_bindings(np.asarray(arguments, dtype=np.float64), circuit, what)
    shape = _broadcast(shape, arguments.shape[:-1], where)
    try:
        arguments = np.broadcast_to(arguments, (*shape, count))
    except (ValueError, OverflowError):
        raise InputError(
            f"'shape' of {where} is {str(list(shape))[:80]}, which is too large.", CODE_EXECUTIONS
        ) from None
    return Item(circuit, shape, arguments, None, None, count)


def _samplex_item(
    item: dict[str, Any],
    circuit: QuantumCircuit,
    shape: tuple[int, ...],
    compressed: bool,
    where: str,
) -> Item:
    model = item.get("samplex")
    text = model.get("samplex_json") if isinstance(model, dict) else None
    if not isinstance(text, str):
        raise InputError(f"'samplex' of {where} must be an object with 'samplex_json'.")
    samplex, draws = read_samplex(text, where)
    try:
        inputs = samplex.inputs().make_broadcastable()
    except Exception as error:
        raise InputError(f"The samplex of {where} cannot be read: {_first_line(error)}") from error
    arguments = item.get("samplex_arguments")
    if not isinstance(arguments, dict):
        raise InputError(
            f"'samplex_arguments' of {where} must be an object, not {kind(arguments)}."
        )
    for name, value in arguments.items():
        what = f"samplex argument '{name}' of {where}"
        argument = _samplex_argument(value, compressed, what)
        try:
            inputs[name] = argument
        except Exception as error:
            raise InputError(f"The {what} does not fit: {_first_line(error)}") from error
    if not inputs.fully_bound:
        missing = [
            spec.name for spec in inputs.specs if not spec.optional and spec.name not in inputs
        ]
        raise InputError(f"The samplex of {where} also needs the arguments {', '.join(missing)}.")
    shape = _broadcast(shape, inputs.shape, where)
    return Item(circuit, shape, None, samplex, inputs, circuit.num_parameters + draws)


def _samplex_argument(value: Any, compressed: bool, where: str) -> Any:
    if is_tensor(value):
        return decode_tensor(value, compressed, where)
    if isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, dict) and "sparse_terms" in value:
        try:
            terms = [(paulis, qubits, rate) for paulis, qubits, rate in value["sparse_terms"]]
            return PauliLindbladMap.from_sparse_list(terms, value["num_qubits"])
        except Exception as error:
            raise InputError(
                f"The {where} is not a Pauli-Lindblad map: {_first_line(error)}"
            ) from error
    raise InputError(f"The {where} must be a tensor, a Pauli-Lindblad map or a number.")


def _broadcast(shape: tuple[int, ...], own: tuple[int, ...], where: str) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(shape, own)
    except (ValueError, OverflowError):
        raise InputError(
            f"'shape' of {where} is {list(shape)}, which does not extend the shape {list(own)} "
            "of its arguments."
        ) from None


def _first_line(error: Exception) -> str:
    return shortened((str(error).strip() or type(error).__name__).split("\n")[0], 200)
