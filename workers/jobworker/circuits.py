"""Circuits out of params: zlib + base64 QPY from the client, OpenQASM 2 and 3 from others.

Circuits come from strangers, so files are measured before they are read.
"""

from __future__ import annotations

import io
import re
import struct

import qiskit_qasm3_import  # noqa: F401 - Qiskit would import it during the first job
from ibm_quantum_schemas.common.annotation_serializer import AnnotationSerializer
from qiskit import QuantumCircuit, qasm2, qasm3, qpy

from .failures import InputError, JobCancelled
from .payload import decode_base64, inflate, kind, type_of

# Files before version 13 (Qiskit < 1.3) carry parameter expressions as text that the reader
# evaluates; later ones as a list of operations. Every supported client writes 13 or later.
OLDEST_QPY = 13
NEWEST_QPY = qpy.common.QPY_VERSION

# Far above any backend, far below what would hurt: the header alone makes the reader allocate.
MAX_QUBITS = 10_000
MAX_CLBITS = 1_000_000
MAX_PROGRAMS = 100_000
_FILE_HEADER = struct.Struct("!6sBBBBQc")
_TABLE_ENTRY = struct.Struct("!Q")
_CIRCUIT_HEADER = struct.Struct("!H1cHIIQIQI")
_MIN_INSTRUCTION = 16  # bytes; a real one is longer

_OPENQASM = re.compile(r"^(?:\s|//[^\n]*\n|/\*.*?\*/)*OPENQASM\s+(\d+)", re.DOTALL)


def decode_circuit(value: object, where: str) -> QuantumCircuit:
    """One circuit from a typed `QuantumCircuit` or an OpenQASM string."""
    if isinstance(value, str):
        return read_openqasm(value, where)
    if type_of(value) != "QuantumCircuit":
        raise InputError(
            f"{where} must be a typed QuantumCircuit or an OpenQASM string, not {kind(value)}."
        )
    data = inflate(decode_base64(value.get("__value__"), where), where)  # type: ignore[union-attr]
    circuits = read_qpy(data, where)
    if len(circuits) != 1:
        raise InputError(f"{where} holds {len(circuits)} circuits; one is expected.")
    return circuits[0]


def read_qpy(data: bytes, where: str) -> list[QuantumCircuit]:
    """All circuits of an uncompressed QPY file."""
    _measure_qpy(data, where)
    try:
        programs = qpy.load(
            io.BytesIO(data), annotation_factories={"samplomatic": AnnotationSerializer}
        )
    except (JobCancelled, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        raise InputError(f"{where} is not a readable QPY file: {_reason(error)}.") from error
    if not all(isinstance(program, QuantumCircuit) for program in programs):
        raise InputError(f"{where} holds something else than circuits.")
    return programs


def _measure_qpy(data: bytes, where: str) -> None:
    """Refuse files whose headers promise more than they hold."""
    if len(data) < _FILE_HEADER.size or data[:6] != b"QISKIT":
        raise InputError(f"{where} is not a QPY file.")
    _, version, *_, programs, _ = _FILE_HEADER.unpack_from(data)
    if not OLDEST_QPY <= version <= NEWEST_QPY:
        raise InputError(
            f"{where} has QPY version {version}; versions {OLDEST_QPY} to {NEWEST_QPY} are read."
        )
    if not 1 <= programs <= MAX_PROGRAMS:
        raise InputError(f"{where} announces {programs} circuits.")
    first = _FILE_HEADER.size + 1  # one byte says that the programs are circuits
    offsets = [first]
    if version >= 16:
        end = first + programs * _TABLE_ENTRY.size
        if end > len(data):
            raise InputError(f"{where} is cut off.")
        offsets = [entry for (entry,) in _TABLE_ENTRY.iter_unpack(data[first:end])]
    for offset in offsets:
        if offset + _CIRCUIT_HEADER.size > len(data):
            raise InputError(f"{where} is cut off.")
        header = _CIRCUIT_HEADER.unpack_from(data, offset)
        qubits, clbits, metadata, registers, instructions = header[3:8]
        if qubits > MAX_QUBITS or clbits > MAX_CLBITS:
            raise InputError(f"{where} announces {qubits} qubits and {clbits} classical bits.")
        if max(metadata, registers, instructions * _MIN_INSTRUCTION) > len(data):
            raise InputError(f"{where} announces more content than it holds.")


def read_openqasm(text: str, where: str) -> QuantumCircuit:
    """A circuit from OpenQASM 2 or 3 text; files named by `include` are never opened."""
    match = _OPENQASM.match(text)
    if match is None:
        raise InputError(f"{where} must start with 'OPENQASM 3;' or 'OPENQASM 2.0;'.")
    version = match.group(1)
    try:
        if version == "2":
            return qasm2.loads(
                text,
                include_path=(),
                custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS,
            )
        if version == "3":
            return _in_device_order(qasm3.loads(text))
    except Exception as error:
        raise InputError(f"{where} is not valid OpenQASM {version}: {_reason(error)}.") from error
    raise InputError(f"{where} is OpenQASM {version}; versions 2 and 3 are read.")


def _in_device_order(circuit: QuantumCircuit) -> QuantumCircuit:
    """Put hardware qubits ($3) at their device index; the importer numbers them by first use."""
    layout = circuit.layout
    if layout is None:
        return circuit
    places = layout.initial_layout.get_virtual_bits()
    index = [places[qubit] for qubit in circuit.qubits]
    if max(index) >= MAX_QUBITS:
        raise ValueError(f"hardware qubit ${max(index)} does not exist")
    placed = QuantumCircuit(max(index) + 1)
    placed.add_bits(circuit.clbits)
    for register in circuit.cregs:
        placed.add_register(register)
    return placed.compose(circuit, qubits=index, clbits=circuit.clbits, copy=False)


def _reason(error: BaseException) -> str:
    """The telling line of a reader's error: Rust's readers add a coloured, quoted backtrace."""
    text = re.sub(r"(\x1b|\\x1b)\[[0-9;]*m", "", str(error)).replace("\\n", "\n").strip("'\" \n")
    found = re.search(r"^.*\bError: (.+)$", text, re.MULTILINE)
    line = found.group(1) if found else text.split("\n")[0]
    return (line.strip() or type(error).__name__).rstrip(".")[:200]
