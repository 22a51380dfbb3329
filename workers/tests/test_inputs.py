"""Every mistake in the params gives its own error, without any other effect."""

import base64
import copy
import io
import json
import struct
import zlib
from math import inf, nan
from typing import Any

import numpy as np
import pytest
from given import NO_VALUES, bell, device, ghz, params, run, tilted
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, qpy
from qiskit.circuit import Clbit
from qiskit_ibm_runtime import QuantumProgram
from test_executor import params as executor_params

from jobworker.programs import CHECKS
from kit.failures import InputError


def circuit(data: bytes) -> dict[str, Any]:
    return {"__type__": "QuantumCircuit", "__value__": base64.b64encode(data).decode()}


def qpy_file(version: int = 17) -> bytearray:
    buffer = io.BytesIO()
    qpy.dump(bell(), buffer, version=version)
    return bytearray(buffer.getvalue())


def patched(offset: int, fmt: str, value: int) -> dict[str, Any]:
    data = qpy_file()
    struct.pack_into(fmt, data, offset, value)
    return circuit(zlib.compress(bytes(data)))


def bomb() -> bytes:
    """Returns 300 kB that decompress to 300 MiB of zeros."""
    compressor = zlib.compressobj(9)
    return b"".join(compressor.compress(bytes(1 << 20)) for _ in range(300)) + compressor.flush()


def plain(gate: str, *qubits: int, width: int = 5) -> QuantumCircuit:
    made = QuantumCircuit(width, 1)
    getattr(made, gate)(*qubits)
    made.measure(0, 0)
    return made


def turned(angle: float) -> QuantumCircuit:
    made = QuantumCircuit(1, 1)
    made.rz(angle, 0)
    made.measure(0, 0)
    return made


def many_bits() -> QuantumCircuit:
    made = QuantumCircuit(1, 10_000)
    made.measure(0, 0)
    return made


def empty_register(loose: bool = False) -> QuantumCircuit:
    """Returns a circuit without any bit for a result.

    `loose`: measures into a bit outside registers.
    """
    made = QuantumCircuit(QuantumRegister(1))
    if loose:
        made.add_bits([Clbit()])
        made.measure(0, 0)
    else:
        made.add_register(ClassicalRegister(0, "c"))
    return made


def dumps(**body) -> str:
    return json.dumps(body)


SETTINGS = {"__type__": "settings", "__module__": "os", "__class__": "system", "__value__": {}}
FIRST_CIRCUIT = 19 + 1 + 8  # file header, type byte, one table entry
QASM = 'OPENQASM 2.0; include "{}"; qreg q[1]; creg c[1]; measure q[0] -> c[0];'
ROTATED = """OPENQASM 3.0; include "stdgates.inc";
input float a; bit[1] c; rz({}) $0; sx $0; c[0] = measure $0;"""
TURNED = ROTATED.replace("input float a;", "")
SECOND = [bell(), NO_VALUES, 1]

SAMPLER = [
    ("not json", "{", "not valid JSON", 3211),
    ("no object", "[]", "must be a JSON object", 3211),
    ("deep", '{"pubs":' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply", 3211),
    ("no pubs", "{}", "no 'pubs'", 3211),
    ("empty pubs", dumps(pubs=[]), "at least one PUB, not an empty one", 3211),
    ("pubs object", dumps(pubs={}), "at least one PUB, not an object", 3211),
    ("version", dumps(pubs=[[1]], version=1), "only version 2", 3211),
    ("pub null", dumps(pubs=[None]), "pub 0 must be a list", 3211),
    ("pub too long", dumps(pubs=[["", 1, 2, 3]]), "pub 0 has 4 entries", 3211),
    ("pub unknown field", dumps(pubs=[{"circuit": "", "shot": 1}]), "unknown field 'shot'", 3211),
    ("options", dumps(pubs=[["x"]], options=[]), "'options' must be an object", 3211),
    ("no circuit", dumps(pubs=[[None]]), "The circuit of pub 0 must be a typed", 3211),
    ("no openqasm", dumps(pubs=[["hello"]]), "must start with 'OPENQASM", 3211),
    ("openqasm 4", dumps(pubs=[["OPENQASM 4;"]]), "OpenQASM 4; versions 2 and 3", 3211),
    ("bad openqasm 3", dumps(pubs=[["OPENQASM 3; qubit q; what q;"]]), "not valid OpenQASM 3", 3211),  # noqa: E501
    ("include", dumps(pubs=[[QASM.format("/etc/passwd")]]), "not valid OpenQASM 2", 3211),
    ("base64", params([circuit(b"")]), "zlib stream has no end", 3211),
    ("no zlib", params([circuit(b"abcdefgh")]), "not zlib-compressed", 3211),
    ("no qpy", params([circuit(zlib.compress(b"hello"))]), "not a QPY file", 3211),
    ("cut off", params([circuit(zlib.compress(bytes(qpy_file()[:40])))]), "cut off", 3211),
    ("cut at the end", params([circuit(zlib.compress(bytes(qpy_file()[:-20])))]), "cut off", 3211),
    ("zlib bomb", params([circuit(bomb())]), "larger than 256 MiB", 3211),
    ("old qpy", params([patched(6, "!B", 12)]), "QPY version 12; versions 13 to", 3211),
    ("new qpy", params([patched(6, "!B", 99)]), "QPY version 99", 3211),
    ("many programs", params([patched(10, "!Q", 2**40)]), "announces 1099511627776", 3211),
    ("many qubits", params([patched(FIRST_CIRCUIT + 5, "!I", 2**31)]), "announces 2147", 3211),
    ("60 qubits", params([plain("x", 0, width=60)]), "has 60 qubits, but .* has 5", 1106),
    ("gate", params(SECOND, [plain("h", 0)]), "of pub 1 uses gate 'h', .*transpile", 7000),
    ("coupling", params([plain("cz", 0, 2)]), r"gate 'cz' on qubits \(0, 2\)", 1107),
    ("no register", params([ghz([0, 1], 2)]), "no classical register", 3211),
    ("empty register", params([empty_register()]), "only classical registers of size 0", 3211),
    ("values missing", params([tilted(), None]), "are missing: .* 1 \\(theta\\) parameters", 3211),
    ("infinite angle", params([TURNED.format("1e999")]), "'rz' with inf, which is", 3211),
    ("angle nan", params([TURNED.format("1e999 - 1e999")]), "'rz' with nan, which", 3211),
    ("infinite sum", params([ROTATED.format("a * 1e308"), {"a": 10.0}]), "number: a = 10.0", 3211),
    ("quotient", params([ROTATED.format("1 / a"), [[1.0], [0.0]]]), "number: a = 0.0", 3211),
    (
        "twirled",
        params([ROTATED.format("1 / a"), [0.0]], twirling={"enable_gates": True}),
        "no finite number",
        3211,
    ),
    ("values too many", params([bell(), np.zeros((3,))]), "the circuit has no parameters", 3211),
    ("values ragged", params([tilted(), [[1], [2, 3]]]), "rectangular", 3211),
    ("values text", params([tilted(), "1"]), "must be an array of numbers, not a string", 3211),
    ("values nan", params([tilted(), np.array([[nan]])]), "has nan for parameter 'theta'", 3211),
    ("values NaN", params([tilted(), [nan]]), "finite", 3211),
    ("values name", params([tilted(), {"phi": 1}]), "names 'phi'", 3211),
    ("no shots", params([bell(), NO_VALUES, 0]), "shots of pub 0 is 0; .* 1 to 100000", 6000),
    ("many shots", params([bell(), NO_VALUES, 100_001]), "it must be from 1 to 100000", 6000),
    ("shots text", params([bell(), NO_VALUES, "9"]), "must be an integer, not a string", 6000),
    ("shots bool", params([bell(), NO_VALUES, True]), "not a boolean", 6000),
    ("default shots", params([bell()], default_shots=-1), "'options.default_shots' is -1", 6000),
    ("executions", params([tilted(), np.zeros((101, 1)), 100_000]), "more than 10000000", 6001),
    ("bits", params([many_bits(), NO_VALUES, 100_000]), "measured bits", 6001),
    ("meas_type", params([bell()], execution={"meas_type": "raw"}), "must be one of", 3211),
    ("seed", params([bell()], simulator={"seed_simulator": "1"}), "must be an integer", 3211),
]  # fmt: skip
ESTIMATOR = [
    ("no observables", params([bell(False)]), "observables of pub 0 are missing", 3211),
    ("length", params([bell(False), "ZZZ"]), "of length 3, but the circuit has 2 qubits", 3211),
    ("letter", params([bell(False), ["ZZ", "QZ"]]), r"pub 0\[1\] has the letter 'Q'", 3211),
    ("number", params([bell(False), 7]), "not an integer", 3211),
    ("empty", params([bell(False), {}]), "is empty", 3211),
    ("complex", params([bell(False), {"ZZ": 1j}]), "complex coefficient", 3211),
    ("nan", params([bell(False), {"ZZ": nan}]), "coefficient nan", 3211),
    ("ragged", params([bell(False), [["ZZ"], "ZZ"]]), "rectangular", 3211),
    ("shapes", params([tilted(False), ["Z"] * 3, np.zeros((2, 1))]), "cannot be broadcast", 3211),
    ("precision", params([bell(False), "ZZ", None, 0]), "precision of pub 0 is 0", 6000),
    ("fine", params([bell(False), "ZZ", None, 1e-4]), "ask for 0.003162 or more", 6000),
    ("text", params([bell(False), "ZZ", None, "a"]), "must be a number, not a string", 3211),
    ("settings", params([bell(False), SETTINGS]), "cannot be read", 3211),
]  # fmt: skip


def changed(*path, to):
    program = QuantumProgram(shots=10)
    program.append_circuit_item(tilted(), circuit_arguments=np.zeros((2, 1)))
    body = json.loads(executor_params(program))
    place = body
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return json.dumps(body)


def of_circuit(made):
    program = QuantumProgram(shots=10)
    program.append_circuit_item(bell())
    program.append_circuit_item(made)
    return executor_params(program)


ITEM = ("quantum_program", "items", 0)
TENSOR = {"data": base64.b64encode(bomb()).decode(), "shape": [1], "dtype": "f64"}
EXECUTOR = [
    ("version", changed("schema_version", to="v9"), "'schema_version' is 'v9'", 3211),
    ("shots", changed("quantum_program", "shots", to=0), "is 0; it must be", 6000),
    ("items", changed("quantum_program", "items", to=3), "must be a list", 3211),
    ("circuits", changed("quantum_program", "circuits", to=None), "must be an object", 3211),
    (
        "bomb",
        changed("quantum_program", "circuits", "b64_data", to=TENSOR["data"]),
        "256 MiB",
        3211,
    ),
    ("item type", changed(*ITEM, "item_type", to="x"), "of item 0 is 'x'", 3211),
    ("tensor bomb", changed(*ITEM, "circuit_arguments", to=TENSOR), "256 MiB", 3211),
    ("tensor", changed(*ITEM, "circuit_arguments", to=[1]), "must be a tensor", 3211),
    ("tensor size", changed(*ITEM, "circuit_arguments", "shape", to=[3]), "need 24", 3211),
    ("huge", changed(*ITEM, "circuit_arguments", "shape", to=[2**60]), "larger than", 3211),
    ("angle", of_circuit(turned(inf)), "'rz' with inf, which is not a finite", 3211),
    ("dtype", changed(*ITEM, "circuit_arguments", "dtype", to="f99"), "unknown dtype", 3211),
    ("shape", changed(*ITEM, "shape", to=[3]), "does not extend the shape", 3211),
    ("executions", changed(*ITEM, "shape", to=[10**7, 2]), "more than 10000000", 6001),
    (
        "no register",
        of_circuit(ghz([0, 1], 2)),
        "circuit of item 1 has no classical register; add",
        3211,
    ),
    ("loose bit", of_circuit(empty_register(loose=True)), "has no classical register; add", 3211),
    ("empty register", of_circuit(empty_register()), "only classical registers of size 0", 3211),
    ("meas_level", changed("quantum_program", "meas_level", to="x"), "must be one of", 3211),
]

TABLE = [
    pytest.param(program, *row[1:], id=f"{program}: {row[0]}")
    for program, rows in (("sampler", SAMPLER), ("estimator", ESTIMATOR), ("executor", EXECUTOR))
    for row in rows
]


@pytest.mark.parametrize(("program", "text", "sentence", "code"), TABLE)
def test_a_mistake_is_reported_in_one_sentence_with_its_code(program, text, sentence, code):
    with pytest.raises(InputError, match=sentence) as raised:
        run(program, text)
    assert raised.value.reason_code == code
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 400
    with pytest.raises(InputError):
        CHECKS[program](text, device())


def test_a_limit_on_active_qubits_counts_only_qubits_in_use():
    small = device("stint_hex_27", max_qubits=2)
    circuit = QuantumCircuit(27, 3)
    circuit.measure([5, 9], [0, 1])
    run("sampler", params([circuit, NO_VALUES, 10]), small)
    wider = copy.deepcopy(circuit)
    wider.measure(26, 2)
    with pytest.raises(InputError, match="uses 3 qubits, more than the 2") as raised:
        run("sampler", params([wider, NO_VALUES, 10]), small)
    assert raised.value.reason_code == 1109


def test_every_shot_count_in_range_is_accepted_at_its_edges():
    for shots in (1, 100_000):
        run("sampler", params([bell(), NO_VALUES, shots]))
