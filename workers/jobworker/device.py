"""The simulated device, and the check whether it can run a circuit."""

from __future__ import annotations

import cmath
import functools
import json
from collections.abc import Iterator, Mapping
from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction, ControlFlowOp, ParameterExpression

from .budget import check_length
from .failures import (
    CODE_NOT_COUPLED,
    CODE_NOT_IN_BASIS,
    CODE_TOO_WIDE,
    CODE_UNSUPPORTED,
    InputError,
    ProgramError,
)
from .limits import limits_of
from .noise import Noise
from .work import count_executed

DEFAULT_MAX_SHOTS = 100_000

# Instructions that every device accepts: directives, and classical steps of dynamic circuits.
_ALWAYS = frozenset({"barrier", "store", "break_loop", "continue_loop"})
_NEEDS_SUPPORT = frozenset(
    {"measure", "reset", "delay", "if_else", "while_loop", "for_loop", "switch_case"}
)


class Device:
    """Gates, couplings and noise of one backend; built once per distinct configuration."""

    def __init__(self, name: str, options: dict[str, Any]) -> None:
        configuration = options.get("configuration")
        if not isinstance(configuration, dict) or "n_qubits" not in configuration:
            raise ProgramError(f"Backend '{name}' has no configuration.")
        self.name = name
        self.num_qubits: int = configuration["n_qubits"]
        self.max_shots: int = configuration.get("max_shots") or DEFAULT_MAX_SHOTS
        self.max_qubits: int | None = options.get("max_qubits")
        self.limits = limits_of(options)
        self.basis: tuple[str, ...] = tuple(configuration.get("basis_gates", ()))
        supported = configuration.get("supported_instructions", ("measure", "reset", "delay"))
        self._allowed = _ALWAYS | set(self.basis) | (_NEEDS_SUPPORT & set(supported))
        # Gate name → the qubit tuples it may act on. A gate without an entry may act on any qubits.
        self._places = {
            gate["name"]: frozenset(map(tuple, gate["coupling_map"]))
            for gate in configuration.get("gates", ())
            if gate.get("coupling_map")
        }
        dt = configuration.get("dt")  # ns
        properties = options.get("properties") or {}
        self.noise = Noise(properties, dt * 1e-9 if dt else None) if options.get("noise") else None

    def check(self, circuit: QuantumCircuit, where: str) -> None:
        """Raises InputError unless the device has every instruction on the qubits it acts on."""
        if circuit.num_qubits > self.num_qubits:
            raise InputError(
                f"{where} has {circuit.num_qubits} qubits, but backend '{self.name}' has "
                f"{self.num_qubits}; transpile the circuit for this backend.",
                CODE_TOO_WIDE,
            )
        check_length(count_executed(circuit), where)
        for instruction, qubits in walk(circuit):
            self._check_instruction(instruction.name, qubits, where)
            _check_numbers(instruction, where)
            if instruction.name in self.basis and not instruction.is_standard_gate():
                raise InputError(
                    f"{where} defines a gate '{instruction.name}' of its own, but the backend "
                    "would run its gate of that name; rename yours and transpile it to the "
                    "backend's gates.",
                    CODE_NOT_IN_BASIS,
                )

    def _check_instruction(self, name: str, qubits: tuple[int, ...], where: str) -> None:
        if name not in self._allowed:
            hint = f"transpile the circuit to its gates ({', '.join(self.basis)})."
            if name in _NEEDS_SUPPORT or name == "box":
                raise InputError(
                    f"{where} uses '{name}', which backend '{self.name}' does not support.",
                    CODE_UNSUPPORTED,
                )
            raise InputError(
                f"{where} uses gate '{name}', which backend '{self.name}' does not have; {hint}",
                CODE_NOT_IN_BASIS,
            )
        places = self._places.get(name)
        if places is not None and qubits not in places:
            at = ", ".join(map(str, qubits))
            raise InputError(
                f"{where} uses gate '{name}' on qubits ({at}), where backend '{self.name}' does "
                "not have it; transpile the circuit for its coupling map.",
                CODE_NOT_COUPLED,
            )


def _check_numbers(instruction: CircuitInstruction, where: str) -> None:
    """Raises InputError unless angles and durations are finite.

    Aer accepts others without an error, and returns random outcomes.
    """
    for param in instruction.params:
        bound = isinstance(param, ParameterExpression) and not param.parameters
        value = param.numeric() if bound else param
        if isinstance(value, (int, float, complex)) and not cmath.isfinite(value):
            name = instruction.name
            raise InputError(f"{where} has '{name}' with {value}, which is not a finite number.")


def walk(
    circuit: QuantumCircuit, places: list[int] | None = None
) -> Iterator[tuple[CircuitInstruction, tuple[int, ...]]]:
    """Yields each instruction with its qubit indices, also in the blocks of control flow.

    `places` maps the circuit's qubits to other indices.
    """
    index = {
        qubit: position if places is None else places[position]
        for position, qubit in enumerate(circuit.qubits)
    }
    for instruction in circuit.data:
        qubits = tuple(index[qubit] for qubit in instruction.qubits)
        yield instruction, qubits
        if isinstance(instruction.operation, ControlFlowOp):
            for block in instruction.operation.blocks:
                yield from walk(block, list(qubits))


def device_of(backend: Mapping[str, Any]) -> Device:
    """Returns the device for the `backend` object of a `start` message. Raises ProgramError.

    Equal options give the same object.
    """
    name = str(backend.get("name", ""))
    options = backend.get("options")
    if not isinstance(options, dict):
        raise ProgramError(f"Backend '{name}' has no options.")
    return _cached(name, json.dumps(options, sort_keys=True))


# A worker usually serves one backend, and at most a few.
@functools.lru_cache(maxsize=8)
def _cached(name: str, options: str) -> Device:
    return Device(name, json.loads(options))
