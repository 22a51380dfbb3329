"""Reads circuits from params: QPY (zlib + base64) from the client, OpenQASM 2 and 3 from others.

The circuits are untrusted, so the size of each file is checked before it is read.
"""

from __future__ import annotations

import io
import re

import openqasm3
import qiskit_qasm3_import
from ibm_quantum_schemas.common.annotation_serializer import AnnotationSerializer
from qiskit import QuantumCircuit, qasm2, qpy

from .budget import spend_instructions
from .failures import InputError, JobCancelled
from .openqasm import measure_openqasm2, measure_openqasm3, plain
from .payload import decode_base64, inflate, inside, kind, type_of
from .qpy_file import MAX_QUBITS, measure_qpy

_OPENQASM = re.compile(r"^(?:\s|//[^\n]*\n|/\*.*?\*/)*OPENQASM\s+(\d+)", re.DOTALL)


def decode_circuit(value: object, where: str) -> QuantumCircuit:
    """Returns the circuit in a typed `QuantumCircuit` or an OpenQASM string. Raises InputError."""
    if isinstance(value, str):
        return read_openqasm(value, where)
    if type_of(value) != "QuantumCircuit":
        raise InputError(
            f"{where} must be a typed QuantumCircuit or an OpenQASM string, not {kind(value)}."
        )
    data = inflate(decode_base64(inside(value), where), where)
    circuits = read_qpy(data, where)
    if len(circuits) != 1:
        raise InputError(f"{where} contains {len(circuits)} circuits; one is expected.")
    return circuits[0]


def read_qpy(data: bytes, where: str) -> list[QuantumCircuit]:
    """Returns all circuits of an uncompressed QPY file. Raises InputError."""
    measure_qpy(data, where)
    try:
        programs = qpy.load(
            io.BytesIO(data), annotation_factories={"samplomatic": AnnotationSerializer}
        )
    except (JobCancelled, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        raise InputError(f"{where} is not a readable QPY file: {_reason(error)}.") from error
    if not all(isinstance(program, QuantumCircuit) for program in programs):
        raise InputError(f"{where} contains something other than circuits.")
    return list(programs)


def read_openqasm(text: str, where: str) -> QuantumCircuit:
    """Reads a circuit from OpenQASM 2 or 3 text. Never opens files named by `include`.

    Raises InputError.
    """
    match = _OPENQASM.match(text)
    if match is None:
        raise InputError(f"{where} must start with 'OPENQASM 3;' or 'OPENQASM 2.0;'.")
    version = match.group(1)
    bare = plain(text, version, where)
    try:
        if version == "2":
            spend_instructions(measure_openqasm2(bare, where), where)
            return qasm2.loads(
                text,
                include_path=(),
                custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS,
            )
        if version == "3":
            program = openqasm3.parse(text)
            spend_instructions(measure_openqasm3(program, where), where)
            return _in_device_order(qiskit_qasm3_import.convert(program))
    except InputError:
        raise
    except RecursionError:
        raise InputError(f"{where} is nested too deeply, or has too long an expression.") from None
    except Exception as error:
        raise InputError(f"{where} is not valid OpenQASM {version}: {_reason(error)}.") from error
    raise InputError(f"{where} is OpenQASM {version}; versions 2 and 3 are read.")


def _in_device_order(circuit: QuantumCircuit) -> QuantumCircuit:
    """Moves hardware qubits ($3) to their device index; the importer numbers them by first use."""
    layout = circuit.layout
    if layout is None:
        return circuit
    device_index = layout.initial_layout.get_virtual_bits()
    index = [device_index[qubit] for qubit in circuit.qubits]
    if max(index) >= MAX_QUBITS:
        raise ValueError(f"hardware qubit ${max(index)} does not exist")
    placed = QuantumCircuit(max(index) + 1)
    placed.add_bits(circuit.clbits)
    for register in circuit.cregs:
        placed.add_register(register)
    return placed.compose(circuit, qubits=index, clbits=circuit.clbits, copy=False)


def _reason(error: BaseException) -> str:
    """Returns the informative line of a reader's error.

    Readers written in Rust add a coloured, quoted backtrace.
    """
    text = re.sub(r"(\x1b|\\x1b)\[[0-9;]*m", "", str(error)).replace("\\n", "\n").strip("'\" \n")
    match = re.search(r"^.*\bError: (.+)$", text, re.MULTILINE)
    line = match.group(1) if match else text.split("\n")[0]
    return (line.strip() or type(error).__name__).rstrip(".")[:200]
