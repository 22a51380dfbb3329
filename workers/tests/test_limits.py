"""Payloads that declare large sizes are refused before they use much memory or time.

Each case runs in its own process, whose address space may grow by 600 MiB. Its processor time and
peak memory are measured.
"""

import io
import json
from functools import partial

import pytest
from given import NO_VALUES, bell, device, params, run, tilted
from hostile import CASES, HEAD, OPENQASM
from measured import in_limited_process
from qiskit import qpy
from qiskit.circuit import ParameterVector

from jobworker.budget import MAX_CIRCUIT_INSTRUCTIONS
from jobworker.circuits import read_openqasm, read_qpy
from jobworker.qpy_file import MAX_QUBITS
from kit.failures import InputError


@pytest.mark.parametrize(
    ("program", "make", "message", "code"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_a_payload_that_unpacks_to_too_much_is_refused_before_it_takes_memory(
    program, make, message, code
):
    text = make()
    on = device("stint_hex_27")
    with in_limited_process(600 << 20, seconds=20) as cost:
        cost.of(lambda: run(program, text, on))
    assert cost.error is not None, "it was accepted"
    assert cost.error[0] == "InputError"
    with pytest.raises(InputError, match=message):
        raise InputError(cost.error[1])
    assert code in (None, cost.error[2])
    assert len(cost.error[1]) < 400


def test_twenty_million_qubits_are_refused_in_milliseconds_and_with_little_memory():
    for text in (OPENQASM[0][1], OPENQASM[19][1]):
        with in_limited_process(600 << 20, seconds=5) as cost:
            cost.of(partial(run, "sampler", json.dumps({"pubs": [[text]]})))
        assert cost.error is not None
        assert cost.seconds < 0.2
        assert cost.grown < 20 << 20


def test_registers_are_read_up_to_their_limit():
    text = f"OPENQASM 2.0; qreg q[{MAX_QUBITS}];"
    assert read_openqasm(text, "It").num_qubits == MAX_QUBITS
    with pytest.raises(InputError, match=f"declares {MAX_QUBITS + 1} qubits"):
        read_openqasm(f"OPENQASM 2.0; qreg q[{MAX_QUBITS + 1}];", "It")


def test_loops_are_read_up_to_their_limit():
    text = HEAD + "qubit q; for int i in [1:{}] {{x q;}}"
    most = MAX_CIRCUIT_INSTRUCTIONS - 2  # the include and the declaration count as one each
    read_openqasm(text.format(most), "It")
    with pytest.raises(InputError, match="more than 1,000,000"):
        read_openqasm(text.format(most + 1), "It")


def test_many_small_circuits_together_cannot_exceed_the_limit_of_a_job(monkeypatch):
    monkeypatch.setattr("jobworker.budget.MAX_INSTRUCTIONS", 3 * len(bell().data))
    pub = [bell(), NO_VALUES, 1]
    run("sampler", params(*[pub] * 3))
    with pytest.raises(InputError, match="The circuit of pub 3 brings the job above"):
        run("sampler", params(*[pub] * 4))


def test_a_damaged_file_is_an_error_and_takes_no_memory():
    """Writes large numbers at every offset of a file with many kinds of content."""
    made = tilted()
    with made.if_test((made.cregs[0], 1)):
        made.rz(ParameterVector("v", 2)[1], 0)
    for version in (17, 18):
        buffer = io.BytesIO()
        qpy.dump(made, buffer, version=version)
        whole = buffer.getvalue()

        def damage_all(whole=whole):
            for place in range(19, len(whole) - 4, 3):
                for value in (b"\xff\xff\xff\xff", b"\x01\x00\x00\x00", b"\x7f\xff"):
                    data = bytearray(whole)
                    data[place : place + len(value)] = value
                    try:
                        read_qpy(bytes(data), "It")
                    except InputError:
                        continue

        with in_limited_process(600 << 20, seconds=60) as cost:
            cost.of(damage_all)
        assert cost.error is None
        assert cost.grown < 150 << 20
