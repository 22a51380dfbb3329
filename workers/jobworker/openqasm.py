"""Checks the size of OpenQASM text before it is converted to a circuit.

A short text can declare millions of qubits, apply a gate to all of them many times, or define gates
that double each other. The size of version 2 is computed from its tokens, the size of version 3
from its syntax tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from openqasm3 import ast

from .budget import MAX_CIRCUIT_INSTRUCTIONS, check_length
from .failures import InputError
from .qpy_file import MAX_CLBITS, MAX_QUBITS

# Characters, by version. Parsing version 3 takes 700 bytes of memory for each.
MAX_TEXT = {"2": 16 * 1024 * 1024, "3": 1024 * 1024}
MAX_NESTING = 100  # levels of brackets
MAX_CONTROLS = 4
MAX_POWER_QUBITS = 4  # qubits of a gate with `pow`, which is computed as a matrix

_SKIPPED = re.compile(r'//[^\n]*|/\*.*?\*/|"[^"\n]*"', re.DOTALL)
_BRACKETS = re.compile(r"[\[({\])}]")
_HARDWARE = re.compile(r"\$(\d+)")
_DECLARED = re.compile(r"\b(qreg|creg)\s+(\w+)\s*\[\s*(\d+)\s*\]")
_WORD = re.compile(r"\b([A-Za-z_]\w*)\b(?!\s*\[)")
_BODY = re.compile(r"\bgate\b[^{;]*\{[^}]*\}")


def plain(text: str, version: str, where: str) -> str:
    """Returns the text without comments and strings.

    Raises InputError if its length, its nesting or a hardware qubit is above the limit.
    """
    most = MAX_TEXT.get(version, 0)
    if len(text) > most > 0:
        raise InputError(
            f"{where} has {len(text):,} characters; at most {most:,} of OpenQASM {version} are "
            "read. Send it as QPY, as the Qiskit client does."
        )
    bare = _SKIPPED.sub(" ", text)
    depth = 0
    for match in _BRACKETS.finditer(bare):
        depth += 1 if match.group() in "[({" else -1
        if depth > MAX_NESTING:
            raise InputError(f"{where} nests brackets deeper than {MAX_NESTING} levels.")
    for match in _HARDWARE.finditer(bare):
        if _int(match.group(1)) >= MAX_QUBITS:
            raise InputError(
                f"{where} names hardware qubit {match.group()[:20]}, which does not exist."
            )
    return bare


def measure_openqasm2(bare: str, where: str) -> int:
    """Returns the number of instructions of a text from `plain`.

    Raises InputError for too many instructions or bits.
    """
    sizes: dict[str, int] = {}
    totals = {"qreg": 0, "creg": 0}
    for match in _DECLARED.finditer(bare):
        keyword, name, size = match.groups()
        sizes[name] = _int(size)
        totals[keyword] += sizes[name]
    _check_bits(totals["qreg"], totals["creg"], where)
    count = 0
    for statement in _BODY.sub(";", bare).split(";"):
        count += max((sizes.get(word, 1) for word in _WORD.findall(statement)), default=0)
        check_length(count, where)
    return count


def measure_openqasm3(program: ast.Program, where: str) -> int:
    """Returns the number of instructions of a program.

    Raises InputError for too many instructions, bits or controls, or too large gate definitions.
    """
    return _Tree(where).block(program.statements)


class _Tree:
    def __init__(self, where: str) -> None:
        self._where = where
        self._sizes: dict[str, int] = {}  # register or alias → bits
        self._gates: dict[str, int] = {}  # defined gate → instructions when expanded
        self._qubits = self._clbits = 0

    def block(self, statements: Iterable[ast.Statement | ast.Pragma]) -> int:
        """Returns the number of instructions of a block, with loops unrolled.

        An instruction on a whole register counts once for each bit.
        """
        count = 0
        for statement in statements:
            count += self._statement(statement)
            check_length(count, self._where)
        return count

    def _statement(self, node: ast.Statement | ast.Pragma) -> int:
        if isinstance(node, ast.QubitDeclaration):
            size = self._declare(node.qubit.name, node.size)
            self._qubits += size
        elif isinstance(node, ast.ClassicalDeclaration) and isinstance(node.type, ast.BitType):
            size = self._declare(node.identifier.name, node.type.size)
            self._clbits += size
        elif isinstance(node, ast.AliasStatement):
            self._sizes[node.target.name] = self._width(node.value)
            self._clbits += self._sizes[node.target.name]
        elif isinstance(node, ast.QuantumGateDefinition):
            return self._define(node)
        elif isinstance(node, ast.QuantumGate):
            return self._gate(node)
        elif isinstance(node, ast.ForInLoop):
            return self.block(node.block) * self._iterations(node.set_declaration)
        else:
            inner = ("block", "body", "if_block", "else_block")
            return sum(self.block(getattr(node, name, None) or ()) for name in inner) + max(
                (self._width(operand) for operand in _operands(node)), default=1
            )
        _check_bits(self._qubits, self._clbits, self._where)
        return 1 if getattr(node, "init_expression", None) is None else 1 + size

    def _declare(self, name: str, size: ast.Expression | None) -> int:
        bits = 1 if size is None else self._constant(size)
        self._sizes[name] = bits
        return bits

    def _define(self, node: ast.QuantumGateDefinition) -> int:
        size = 0
        for inner in node.body:
            size += self._gate(inner) if isinstance(inner, ast.QuantumGate) else 1
            if size > MAX_CIRCUIT_INSTRUCTIONS // 10:
                raise InputError(
                    f"{self._where} defines gate '{node.name.name[:80]}', which expands to more "
                    f"than {MAX_CIRCUIT_INSTRUCTIONS // 10:,} gates."
                )
        self._gates[node.name.name] = size
        return size

    def _gate(self, node: ast.QuantumGate) -> int:
        controls = 0
        for modifier in node.modifiers:
            if modifier.modifier in (ast.GateModifierName.ctrl, ast.GateModifierName.negctrl):
                controls += 1 if modifier.argument is None else self._constant(modifier.argument)
            if (
                modifier.modifier is ast.GateModifierName.pow
                and len(node.qubits) > MAX_POWER_QUBITS
            ):
                raise InputError(
                    f"{self._where} uses 'pow' on a gate of {len(node.qubits)} qubits; at most "
                    f"{MAX_POWER_QUBITS} are read."
                )
        if controls > MAX_CONTROLS:
            raise InputError(
                f"{self._where} adds more than {MAX_CONTROLS} controls to a gate; transpile it to "
                "the backend's gates."
            )
        width = max((self._width(qubit) for qubit in node.qubits), default=1)
        return width * max(1, self._gates.get(node.name.name, 1))

    def _width(self, node: ast.QASMNode) -> int:
        """Returns an upper bound for the number of bits that an operand names."""
        if isinstance(node, ast.Identifier):
            return self._sizes.get(node.name, 1)
        if isinstance(node, ast.Concatenation):
            return min(self._width(node.lhs) + self._width(node.rhs), 10 * MAX_CLBITS)
        if isinstance(node, ast.IndexedIdentifier):
            return self._sizes.get(node.name.name, 1) if _is_slice(node.indices) else 1
        if isinstance(node, ast.IndexExpression):
            return self._width(node.collection) if _is_slice([node.index]) else 1
        return 1

    def _iterations(self, node: ast.QASMNode) -> int:
        if isinstance(node, ast.DiscreteSet):
            return len(node.values)
        if not isinstance(node, ast.RangeDefinition) or node.start is None or node.end is None:
            return 1
        start, end = self._constant(node.start), self._constant(node.end)
        step = 1 if node.step is None else self._constant(node.step)
        return max(0, (end - start) // step + 1) if step else 1

    def _constant(self, node: ast.Expression) -> int:
        """Evaluates an expression of integer literals; 1 for others, which the reader refuses."""
        if isinstance(node, ast.IntegerLiteral):
            value: float = node.value
        elif isinstance(node, ast.UnaryExpression):
            value = -self._constant(node.expression)
        elif isinstance(node, ast.BinaryExpression):
            left, right = self._constant(node.lhs), self._constant(node.rhs)
            by = {"+": left + right, "-": left - right, "*": left * right}
            value = by.get(node.op.name, left // right if right else 1)
        else:
            return 1
        if abs(value) > 2**62:
            raise InputError(f"{self._where} has a number beyond 2^62 where a size is expected.")
        return int(value)


def _is_slice(indices: Iterable[ast.IndexElement]) -> bool:
    return any(
        isinstance(index, ast.DiscreteSet)
        or any(isinstance(part, ast.RangeDefinition) for part in index)
        for index in indices
    )


def _operands(node: ast.Statement | ast.Pragma) -> list[ast.QASMNode]:
    """Returns the operands of a reset, a measurement or a delay."""
    if isinstance(node, ast.QuantumMeasurementStatement):
        return [node.measure.qubit]
    qubits = getattr(node, "qubits", None)
    if isinstance(node, (ast.QuantumReset, ast.DelayInstruction)):
        return list(qubits) if isinstance(qubits, list) else [qubits] if qubits else []
    return []


def _check_bits(qubits: int, clbits: int, where: str) -> None:
    if qubits > MAX_QUBITS or clbits > MAX_CLBITS:
        raise InputError(
            f"{where} declares {qubits} qubits and {clbits} classical bits; at most {MAX_QUBITS} "
            f"and {MAX_CLBITS} are allowed."
        )


def _int(digits: str) -> int:
    """Returns a literal's value; 10^19 for one with more digits, to avoid a slow conversion."""
    return int(digits) if len(digits) < 19 else 10**19
