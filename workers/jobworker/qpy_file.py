"""Checks the size and gates of a QPY file before Qiskit reads it.

Qiskit allocates the sizes that headers announce, builds any gate of its library by name, and reads
nested circuits the same way. So every header is checked first. A file may contain only what a
device can have: standard gates, measurements and control flow.
"""

from __future__ import annotations

import struct
from typing import Any

from qiskit.circuit.library import get_standard_gate_name_mapping
from qiskit.qpy.common import QPY_VERSION

from .budget import spend_instructions
from .failures import CODE_NOT_IN_BASIS, InputError

# Files before version 13 (Qiskit < 1.3) store parameter expressions as text that the reader
# evaluates, later ones as a list of operations. All supported clients write 13 or later.
OLDEST_QPY = 13
NEWEST_QPY = QPY_VERSION

# Far above any backend, and far below what would exhaust the worker.
MAX_QUBITS = 10_000
MAX_CLBITS = 100_000
MAX_REGISTER_BITS = 2 * (MAX_QUBITS + MAX_CLBITS)  # a bit may be in several registers
MAX_PROGRAMS = 100_000
MAX_DEPTH = 32  # levels of control flow
MAX_EXPRESSION = 65_536  # bytes; each operation takes 35

_FILE_HEADER = struct.Struct("!6sBBBBQc")
_TABLE_ENTRY = struct.Struct("!Q")
_CIRCUIT = struct.Struct("!H1cHIIQIQI")
_REGISTER = struct.Struct("!1c?IH?")
_REGISTER_18 = struct.Struct("!1c?IH?B")  # the last byte: the bits are contiguous
_VARIABLE = struct.Struct("!16scHc")
_COUNT = struct.Struct("!I")
_NAMESPACE = struct.Struct("!IQ")
_CUSTOM_COUNT = struct.Struct("!Q")
_CUSTOM = struct.Struct("!H1cII?QIIQ")
_INSTRUCTION = struct.Struct("!HHHIIBHqII")
_PARAMETER = struct.Struct("!1cQ")
_VECTOR_COUNT = struct.Struct("!H")
_VECTOR = struct.Struct("!HQ16s")
_VECTOR_ELEMENT = struct.Struct("!HQ16sQ")
_EXPRESSION = struct.Struct("!QQ")
_EXPRESSION_SYMBOL = struct.Struct("!ccQ")
_SYMBOL = struct.Struct("!H16s")
_ARGUMENT_BYTES = 5
_HAS_EXPRESSION, _CONDITION_BITS, _HAS_ANNOTATIONS = 2, 0b11, 0b1000_0000

_OTHERS = (
    "Barrier Measure Reset Delay Store IfElseOp ForLoopOp WhileLoopOp SwitchCaseOp BreakLoopOp "
    "ContinueLoopOp BoxOp"
)
_NAMES = frozenset(
    {type(gate).__name__ for gate in get_standard_gate_name_mapping().values()}
    | {gate.base_class.__name__ for gate in get_standard_gate_name_mapping().values()}
    | set(_OTHERS.split())
)


def measure_qpy(data: bytes, where: str) -> None:
    """Raises InputError if a file is too old, too new, cut off, or larger than the limits."""
    if len(data) < _FILE_HEADER.size or data[:6] != b"QISKIT":
        raise InputError(f"{where} is not a QPY file.")
    _, version, *_, programs, _ = _FILE_HEADER.unpack_from(data)
    if not OLDEST_QPY <= version <= NEWEST_QPY:
        raise InputError(
            f"{where} has QPY version {version}; versions {OLDEST_QPY} to {NEWEST_QPY} are read."
        )
    if not 1 <= programs <= MAX_PROGRAMS:
        raise InputError(f"{where} announces {programs} circuits.")
    at = _FILE_HEADER.size
    if data[at : at + 1] != b"q":
        raise InputError(f"{where} contains something other than circuits.")
    first = at + 1
    try:
        offsets = [first]
        if version >= 16:
            end = first + programs * _TABLE_ENTRY.size
            offsets = [entry for (entry,) in _TABLE_ENTRY.iter_unpack(data[first:end])]
        reader = _Reader(data, first, version, where)
        for index in range(programs):
            if index < len(offsets):
                reader.move(offsets[index])
            reader.circuit(0)
            reader.tail()
    except struct.error:
        raise InputError(f"{where} is cut off.") from None


class _Reader:
    """Steps over the parts of a file. Raises struct.error if the file is too short."""

    def __init__(self, data: bytes, at: int, version: int, where: str) -> None:
        self._data, self._at, self._version, self._where = data, at, version, where

    def move(self, at: int) -> None:
        self._at = at

    def circuit(self, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise InputError(f"{self._where} nests control flow deeper than {MAX_DEPTH} levels.")
        header = self._take(_CIRCUIT)
        name, _, phase, qubits, clbits, metadata, registers, instructions, variables = header
        if qubits > MAX_QUBITS or clbits > MAX_CLBITS:
            raise InputError(
                f"{self._where} announces {qubits} qubits and {clbits} classical bits; at most "
                f"{MAX_QUBITS} and {MAX_CLBITS} are read."
            )
        self._check_room(registers, _REGISTER.size)
        self._check_room(instructions, _INSTRUCTION.size)
        self._check_room(variables, _VARIABLE.size)
        self._skip(name + phase + metadata)
        spend_instructions(instructions, self._where)
        self._registers(registers)
        for _ in range(variables):
            _, _, length, kind = self._take(_VARIABLE)
            self._skip(length + (4 if kind == b"u" else 0))
        if self._version >= 15:
            (namespaces,) = self._take(_COUNT)
            self._check_room(namespaces, _NAMESPACE.size)
            for _ in range(namespaces):
                self._skip(sum(self._take(_NAMESPACE)))
        if self._version >= 18:
            (vectors,) = self._take(_VECTOR_COUNT)
            for _ in range(vectors):
                self._vector(_VECTOR)
        self._refuse_custom()
        for _ in range(instructions):
            self._instruction(depth)

    def tail(self) -> None:
        """Steps over the calibrations and the layout that follow a circuit."""
        if self._version < 18:
            (calibrations,) = self._take(struct.Struct("!H"))
            if calibrations:
                raise InputError(f"{self._where} has pulse calibrations, which are not supported.")
        exists, initial, mapped, final, registers, _ = self._take(struct.Struct("!?iiiIi"))
        if not exists:
            return
        self._registers(registers)
        for _ in range(max(initial, 0)):
            _, length = self._take(struct.Struct("!ii"))
            self._skip(max(length, 0))
        self._skip(4 * (max(mapped, 0) + max(final, 0)))

    def _registers(self, count: int) -> None:
        self._check_room(count, _REGISTER.size)
        total = 0
        for _ in range(count):
            if self._version >= 18:
                _, _, size, length, _, contiguous = self._take(_REGISTER_18)
                self._skip(length + 4 * (1 if contiguous else size))
            else:
                _, _, size, length, _ = self._take(_REGISTER)
                self._skip(length + 8 * size)
            total += size
            if total > MAX_REGISTER_BITS:
                raise InputError(
                    f"{self._where} announces registers of more than {MAX_REGISTER_BITS} bits."
                )

    def _refuse_custom(self) -> None:
        (count,) = self._take(_CUSTOM_COUNT)
        if count:
            length = self._take(_CUSTOM)[0]
            name = self._data[self._at : self._at + length].decode("utf-8", "replace")
            self._refuse_gate(name.strip("#").rpartition("_")[0] or name)

    def _instruction(self, depth: int) -> None:
        entry = self._take(_INSTRUCTION)
        length, label, parameters, qubits, clbits, extras, condition = entry[:7]
        name = self._data[self._at : self._at + length].decode("utf-8", "replace")
        if name not in _NAMES:
            self._refuse_gate(name)
        self._skip(length + label + condition)
        if extras & _CONDITION_BITS == _HAS_EXPRESSION:
            self._parameter(depth)
        self._skip(_ARGUMENT_BYTES * (qubits + clbits))
        for _ in range(parameters):
            self._parameter(depth)
        if extras & _HAS_ANNOTATIONS:
            (count,) = self._take(_COUNT)
            self._check_room(count, _NAMESPACE.size)
            for _ in range(count):
                self._skip(self._take(_NAMESPACE)[1])

    def _parameter(self, depth: int) -> None:
        kind, size = self._take(_PARAMETER)
        end = self._at + size
        if end > len(self._data):
            raise struct.error
        if kind == b"q":
            self.circuit(depth + 1)
        elif kind == b"t":
            (count,) = self._take(_CUSTOM_COUNT)
            self._check_room(count, _PARAMETER.size)
            for _ in range(count):
                self._parameter(depth)
        elif kind == b"v" and self._version < 18:
            self._vector(_VECTOR_ELEMENT)
        elif kind in (b"e", b"x") and size > MAX_EXPRESSION:
            raise InputError(f"{self._where} has an expression of {size} bytes; make it shorter.")
        elif kind == b"e":
            self._expression()
        elif kind == b"n":
            raise InputError(
                f"{self._where} has a gate with an array of numbers; transpile it to the backend's "
                "gates.",
                CODE_NOT_IN_BASIS,
            )
        self._at = end

    def _expression(self) -> None:
        symbols, length = self._take(_EXPRESSION)
        self._skip(length)
        self._check_room(symbols, _EXPRESSION_SYMBOL.size)
        for _ in range(symbols):
            kind, _, size = self._take(_EXPRESSION_SYMBOL)
            if kind == b"v" and self._version >= 18:
                self._skip(10)
            elif kind == b"v":
                self._vector(_VECTOR_ELEMENT)
            elif kind == b"p":
                self._skip(self._take(_SYMBOL)[0])
            else:
                self._expression()
            self._skip(size)

    def _vector(self, entry: struct.Struct) -> None:
        length, size = self._take(entry)[:2]
        self._skip(length)
        if size > MAX_CLBITS:
            raise InputError(
                f"{self._where} announces a parameter vector of {size} entries; at most "
                f"{MAX_CLBITS} are read."
            )

    def _refuse_gate(self, name: str) -> None:
        raise InputError(
            f"{self._where} uses gate '{name[:80]}', which no backend here has; transpile the "
            "circuit to the backend's gates.",
            CODE_NOT_IN_BASIS,
        )

    def _take(self, entry: struct.Struct) -> tuple[Any, ...]:
        values = entry.unpack_from(self._data, self._at)
        self._at += entry.size
        return values

    def _skip(self, count: int) -> None:
        self._at += count
        if self._at > len(self._data):
            raise struct.error

    def _check_room(self, count: int, size: int) -> None:
        if count * size > len(self._data) - self._at:
            raise InputError(f"{self._where} announces more content than it holds.")
