# ruff: noqa: E501 - a case is a line
"""Payloads that unpack to far more than their own size, in every form.

A case is (name, program, params, error message, reason code or None).
"""

from __future__ import annotations

import base64
import io
import json
import struct
import zlib

import numpy as np
from given import NO_VALUES, bell, params, tilted
from qiskit import QuantumCircuit, qpy
from qiskit.circuit import ForLoopOp, Gate, IfElseOp, ParameterVector
from qiskit_ibm_runtime import QuantumProgram
from test_executor import params as executor_params
from test_executor import twirled_bell
from test_inputs import circuit

from jobworker.budget import MAX_CIRCUIT_INSTRUCTIONS

HEAD = 'OPENQASM 3.0; include "stdgates.inc"; '
HEAD2 = 'OPENQASM 2.0; include "qelib1.inc"; '
DOUBLING = "gate g0 a {x a; x a;} " + "".join(
    f"gate g{i} a {{g{i - 1} a; g{i - 1} a;}} " for i in range(1, 60)
)
REDEFINED = (
    "OPENQASM 3.0; gate sx a {U(0, 0, 1) a;} qubit q; bit[1] c; sx q; c[0] = measure q;",
    "defines a gate 'sx' of its own",
)

OPENQASM = [
    ("qubits 3", "OPENQASM 3.0; qubit[20000000] q;", "declares 20000000 qubits"),
    ("bits 3", "OPENQASM 3.0; bit[20000000] q;", "20000000 classical bits"),
    ("product 3", "OPENQASM 3.0; qubit[2000*10000] q;", "declares 20000000 qubits"),
    ("beyond 3", "OPENQASM 3.0; qubit[9999999999*9999999999] q;", "beyond 2.62"),
    ("old words 3", "OPENQASM 3.0; qreg q[20000000];", "declares 20000000 qubits"),
    ("sum 3", "OPENQASM 3.0; qubit[6000] a; qubit[6000] b;", "declares 12000 qubits"),
    ("hardware 3", HEAD + "x $20000000;", "hardware qubit .20000000"),
    ("aliases 3", HEAD + "qubit[9000] q; let a = " + "q ++ " * 30 + "q;", "classical bits"),
    ("doubling 3", HEAD + DOUBLING + "qubit q; g59 q;", "gate 'g16', which expands to more"),
    ("loop 3", HEAD + "qubit q; for int i in [0:1000000000] {x q;}", "more than 1,000,000"),
    ("loop down 3", HEAD + "qubit q; for int i in [1000000000:-1:0] {x q;}", "more than 1,000,0"),
    (
        "loops 3",
        HEAD + "qubit q; for int i in [1:2000] {for int j in [1:2000] {x q;}}",
        "more than 1,000,000",
    ),
    ("broadcast 3", HEAD + "qubit[10000] q; " + "x q; " * 101, "more than 1,000,000"),
    ("controls 3", HEAD + "qubit[30] q; ctrl(29) @ rz(1) " + "q, " * 29 + "q;", "4 controls"),
    ("power 3", HEAD + "gate w a,b,c,d,e {x a;} qubit[5] q; pow(2) @ w q[0],q[1],q[2],q[3],q[4];", "'pow' on a gate of 5"),
    ("nesting 3", HEAD + "qubit q; rz(" + "(" * 3000 + "1" + ")" * 3000 + ") q;", "brackets deep"),
    ("blocks 3", HEAD + "bit c; " + "if (c) {" * 500 + "}" * 500, "brackets deeper than 100"),
    ("minuses 3", HEAD + "qubit q; rz(" + "-" * 5000 + "1) q;", "nested too deeply, or has too"),
    ("text 3", HEAD + "qubit q; " + "x q; " * 250_000, "characters; at most 1,048,576"),
    ("qubits 2", "OPENQASM 2.0; qreg q[20000000];", "declares 20000000 qubits"),
    ("bits 2", "OPENQASM 2.0; creg q[20000000];", "20000000 classical bits"),
    ("digits 2", "OPENQASM 2.0; qreg q[" + "9" * 5000 + "];", "declares 10000000000000000000"),
    ("hidden 2", 'OPENQASM 2.0; include "a//b"; qreg q[20000000];', "declares 20000000"),
    ("doubling 2", HEAD2 + DOUBLING + "qreg q[1]; creg c[1]; g59 q[0];", "uses gate 'g59'"),
    ("broadcast 2", HEAD2 + "qreg q[10000]; " + "x q; " * 101, "more than 1,000,000"),
    ("nesting 2", HEAD2 + "qreg q[1]; rz(" + "(" * 10**6 + "1" + ")" * 10**6 + ") q[0];", "100"),
    ("includes 2", "OPENQASM 2.0; " + 'include "qelib1.inc"; ' * 50_000, "already defined"),
    ("redefined 3", *REDEFINED),
]  # fmt: skip


def packed(*circuits, version=17, change=None):
    buffer = io.BytesIO()
    qpy.dump(list(circuits), buffer, version=version)
    data = bytearray(buffer.getvalue())
    if change:
        change(data)
    return circuit(zlib.compress(bytes(data), 9))


def custom(definition, name="mine"):
    made = QuantumCircuit(2, 2)
    gate = Gate(name, definition.num_qubits, [])
    gate.definition = definition
    made.append(gate, list(range(definition.num_qubits)))
    made.measure(0, 0)
    return made


def nested_header(data):
    """Announces 20 million qubits in the header of the block of an if."""
    place = data.rindex(struct.pack("!IIQ", 2, 2, 2))
    struct.pack_into("!I", data, place, 20_000_000)


def contiguous_register(data):
    """Announces a register of 20 million bits, which takes 4 bytes in a file of version 18."""
    place = data.index(b"q\x01" + struct.pack("!I", 2))
    struct.pack_into("!I", data, place + 2, 20_000_000)


def long_vector(data):
    at = data.index(struct.pack("!HQ", 7, 3))
    struct.pack_into("!Q", data, at + 2, 2**33)


def conditional():
    made = QuantumCircuit(2, 2)
    made.append(IfElseOp((made.clbits[0], True), QuantumCircuit(2, 2)), [0, 1], [0, 1])
    made.measure(0, 0)
    return made


def looped(times):
    made = QuantumCircuit(1, 1)
    body = QuantumCircuit(1, 1)
    body.x(0)
    made.append(ForLoopOp(times, None, body), [0], [0])
    made.measure(0, 0)
    return made


def swept():
    made = QuantumCircuit(1, 1)
    for parameter in ParameterVector("lengthy", 3):
        made.rz(parameter, 0)
    made.measure(0, 0)
    return made


def initialised():
    made = QuantumCircuit(1, 1)
    made.initialize([1, 0], 0)
    made.measure(0, 0)
    return made


def deep(levels):
    block = QuantumCircuit(1, 1)
    for _ in range(levels):
        outer = QuantumCircuit(1, 1)
        outer.append(IfElseOp((outer.clbits[0], True), block), [0], [0])
        block = outer
    return block


def same_instruction(count):
    """Returns a short compressed file of very many equal instructions."""
    made = QuantumCircuit(1, 1)
    for _ in range(1000):
        made.x(0)

    def repeat(data):
        at = data.index(b"XGate") - struct.calcsize("!HHHIIBHqII")
        size = struct.calcsize("!HHHIIBHqII") + 5 + 5
        struct.pack_into("!Q", data, data.index(struct.pack("!QI", 1000, 0)), count)
        data[at : at + size * 1000] = bytes(data[at : at + size]) * count

    return packed(made, change=repeat)


QPY = [
    ("custom gate", lambda: packed(custom(QuantumCircuit(1))), "gate 'mine', which no backend", 7000),
    ("custom x", lambda: packed(custom(QuantumCircuit(1), "x")), "gate 'x', which no backend", 7000),
    ("library", lambda: packed(initialised()), "gate 'Initialize'", 7000),
    ("block", lambda: packed(conditional(), change=nested_header), "announces 20000000 qubits", 3211),
    ("register", lambda: packed(bell(), version=18, change=contiguous_register), "registers of more", 3211),
    ("vector", lambda: packed(swept(), change=long_vector), "parameter vector of 8589934592", 3211),
    ("vector 18", lambda: packed(swept(), version=18, change=long_vector), "parameter vector", 3211),
    ("loop", lambda: packed(looped(range(10**12))), "more than 1,000,000 instructions", 3211),
    ("full loop", lambda: packed(looped(range(-(2**63), 2**63 - 1))), "more than 1,000,000", 3211),
    ("levels", lambda: packed(deep(40)), "control flow deeper than 32", 3211),
    ("repeated", lambda: same_instruction(MAX_CIRCUIT_INSTRUCTIONS + 1), "more than 1,000,000", 3211),
]  # fmt: skip


def npy(header):
    """Returns an npy file of a few bytes with this header."""
    text = (header + " " * (117 - len(header)) + "\n").encode()
    data = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text
    packed_data = base64.b64encode(zlib.compress(data)).decode()
    return {"__type__": "ndarray", "__value__": packed_data}


def zipped_array():
    """Returns 260 kB that become 2 GiB of float64; each number takes one byte before."""
    buffer = io.BytesIO()
    np.save(buffer, np.zeros((2**28 - 4096, 1), dtype=np.uint8))
    packed_data = base64.b64encode(zlib.compress(buffer.getvalue(), 1)).decode()
    return {"__type__": "ndarray", "__value__": packed_data}


def sweep2():
    made = QuantumCircuit(1, 1)
    first, second = ParameterVector("p", 2)
    made.rz(first, 0)
    made.rz(second, 0)
    made.measure(0, 0)
    return made


def numbered(count):
    """Returns different Pauli strings of 27 letters that no common basis measures."""
    letters = np.array(list("XYZ"))
    digits = (np.arange(count)[:, None] // 3 ** np.arange(27)) % 3
    return ["".join(row) for row in letters[digits]]


def wide():
    return QuantumCircuit(27)


BROAD = {"p[0]": [[[0.0]]] * 10_000, "p[1]": [[0.0]] * 10_000}
ARRAYS = [
    ("npy header", "sampler", lambda: params([tilted(), npy("{'descr': '<f8', 'fortran_order': False, 'shape': (10000000000, 1)}")]), "needs more data than it has", 3211),
    ("npy shape", "sampler", lambda: params([tilted(), npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}")]), "not a NumPy", 3211),
    ("npz", "sampler", lambda: params([tilted(), {"__type__": "ndarray", "__value__": base64.b64encode(zlib.compress(b"PK\x03\x04" + bytes(60))).decode()}]), "not a NumPy", 3211),
    ("bytes to floats", "sampler", lambda: params([tilted(), zipped_array()]), "256 MiB", 3211),
    ("names", "sampler", lambda: params([sweep2(), BROAD]), "larger than 256 MiB", 3211),
    ("observables", "estimator", lambda: params([tilted(False), [["Z"]] * 2000, np.zeros((2000, 1))]), "4,000,000 expectation values", 6001),
    ("bases", "estimator", lambda: params([wide(), numbered(10_001), None, 1]), "10,001 or more", 6001),
    ("long label", "estimator", lambda: params([bell(False), "Z" * 10**6]), "of length 1000000", 3211),
    ("kerneled", "sampler", lambda: params([QuantumCircuit(1, 1000), NO_VALUES, 9000], execution={"meas_type": "kerneled"}), "kerneled points", 6001),
]  # fmt: skip


def item(shape, program=None):
    if program is None:
        program = QuantumProgram(shots=1)
        program.append_circuit_item(sweep2(), circuit_arguments=np.zeros((1, 2)))
    body = json.loads(executor_params(program))
    body["quantum_program"]["items"][0]["shape"] = shape
    return json.dumps(body)


def bits(count):
    body = json.loads(item([1]))
    data = base64.b64encode(zlib.compress(bytes(count // 8), 1)).decode()
    body["quantum_program"]["items"][0]["circuit_arguments"] = {
        "data": data, "shape": [count // 2, 2], "dtype": "bool",
    }  # fmt: skip
    return json.dumps(body)


def wide_parameters():
    made = QuantumCircuit(1, 1)
    for parameter in ParameterVector("p", 400):
        made.rz(parameter, 0)
    made.measure(0, 0)
    program = QuantumProgram(shots=1)
    program.append_circuit_item(made, circuit_arguments=np.zeros((1, 400)))
    return item([1_000_000], program)


def samplex(change):
    """Returns a program with a samplex whose graph is changed."""
    body = json.loads(twirled([1]))
    model = body["quantum_program"]["items"][0]["samplex"]
    graph = json.loads(model["samplex_json"])
    change(graph)
    model["samplex_json"] = json.dumps(graph)
    return json.dumps(body)


def large_table(graph):
    table = json.loads(graph["attrs"]["param_table"])
    data = bytearray(base64.b64decode(table["circuit_base64"]))
    struct.pack_into("!I", data, data.index(b"f\x00\x08") + 3, 20_000_000)
    table["circuit_base64"] = base64.b64encode(data).decode()
    graph["attrs"]["param_table"] = json.dumps(table)


def twirled(shape):
    template, samplex = twirled_bell()
    program = QuantumProgram(shots=1)
    program.append_samplex_item(template, samplex=samplex, shape=(1,))
    return item(shape, program)


EXECUTOR = [
    ("shape", lambda: item([10**12]), "more than 10000000 executions", 6001),
    ("beyond", lambda: item([10**30]), "does not extend|too large", None),
    ("product", lambda: item([2**40, 2**40]), "does not extend|too large", None),
    ("bits", lambda: bits(2**31), "larger than 256 MiB", 3211),
    ("parameters", wide_parameters, "larger than 256 MiB", 3211),
    ("node", lambda: samplex(lambda graph: graph["nodes"][0].update(id=10**9)), "1000000000 as 'id'", 3211),
    ("link", lambda: samplex(lambda graph: graph["links"][0].update(source=999)), "cannot be read", 3211),
    ("table", lambda: samplex(large_table), "announces 20000000 qubits", 3211),
    ("randomizations", lambda: twirled([10**9]), "more than 10000000 executions", 6001),
]  # fmt: skip

CASES = [
    *((f"openqasm: {name}", "sampler", lambda text=text: json.dumps({"pubs": [[text]]}), message, None) for name, text, message in OPENQASM),
    *((f"openqasm, estimator: {name}", "estimator", lambda text=text: json.dumps({"pubs": [[text, "Z"]]}), message, None) for name, text, message in OPENQASM[:1]),
    *((f"qpy: {name}", "sampler", lambda make=make: params([make()]), message, code) for name, make, message, code in QPY),
    *((f"arrays: {name}", program, make, message, code) for name, program, make, message, code in ARRAYS),
    *((f"executor: {name}", "executor", make, message, code) for name, make, message, code in EXECUTOR),
]  # fmt: skip
