import json
from math import pi
from typing import Any

import numpy as np
import pytest
from given import NO_VALUES, SEED, bell, decoded, device, ghz, h, params, run, tilted
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, qasm2, qasm3
from qiskit.circuit import Parameter

from kit.failures import InputError


def test_a_noiseless_bell_state_gives_only_equal_bits_and_4096_shots_by_default():
    result = decoded(run("sampler", params([bell(), NO_VALUES, None])))
    counts = result[0].data.meas.get_counts()
    assert set(counts) == {"00", "11"}
    assert sum(counts.values()) == 4096
    assert abs(counts["00"] - 2048) < 6 * 32
    assert result[0].metadata == {
        "shots": 4096,
        "circuit_metadata": {},
        "simulation": {"method": "stabilizer"},
    }
    assert result.metadata["version"] == 2
    (span,) = result.metadata["execution"]["execution_spans"]
    assert span.mask(0).shape == (4096,)


def test_two_pubs_keep_their_own_shots_and_metadata():
    second = ghz([0, 1, 2], 5)
    second.measure_all()
    second.metadata = {"name": "däta", "n": 2}
    text = params([bell(), NO_VALUES, 100], [second, NO_VALUES, None], default_shots=50)
    first, other = decoded(run("sampler", text))
    assert first.data.meas.num_shots == 100
    assert other.data.meas.num_shots == 50
    assert set(other.data.meas.get_counts()) <= {"00000", "00111"}
    assert other.metadata["circuit_metadata"] == {"name": "däta", "n": 2}


def test_a_sweep_of_twenty_bindings_follows_the_angle():
    angles = np.linspace(0, pi, 20)
    result = decoded(run("sampler", params([tilted(), angles.reshape(20, 1), 4000], **SEED)))
    data = result[0].data.meas
    assert data.shape == (20,)
    ones = [data[i].get_counts().get("1", 0) / 4000 for i in range(20)]
    expected = (1 - np.cos(angles)) / 2
    assert np.abs(np.array(ones) - expected).max() < 0.05
    assert ones[0] == 0
    assert ones[-1] == 1


def test_the_same_seed_gives_the_same_shots_and_another_seed_others():
    def shots(seed):
        options: dict[str, Any] = {"simulator": {"seed_simulator": seed}}
        result = decoded(run("sampler", params([bell(), NO_VALUES, 500], **options)))
        return result[0].data.meas.array.tobytes()

    assert shots(1) == shots(1)
    assert shots(1) != shots(2)


def test_equal_pubs_of_one_job_are_sampled_independently():
    result = decoded(run("sampler", params(*[[bell(), NO_VALUES, 500]] * 2, **SEED)))
    assert result[0].data.meas.array.tobytes() != result[1].data.meas.array.tobytes()


def test_several_registers_wider_than_a_byte_are_separated():
    wide, narrow = ClassicalRegister(11, "wide"), ClassicalRegister(1, "narrow")
    circuit = QuantumCircuit(QuantumRegister(5), wide, narrow)
    circuit.x(0)
    circuit.x(3)
    circuit.measure(0, wide[9])
    circuit.measure(3, wide[0])
    circuit.measure(3, narrow[0])
    data = decoded(run("sampler", params([circuit, NO_VALUES, 3])))[0].data
    assert list(data) == ["wide", "narrow"]
    assert data.wide.get_counts() == {"01000000001": 3}
    assert data.narrow.get_counts() == {"1": 3}


def test_a_mid_circuit_measurement_can_decide_about_a_gate():
    circuit = QuantumCircuit(
        QuantumRegister(2), first := ClassicalRegister(1, "first"), ClassicalRegister(1, "second")
    )
    h(circuit, 0)
    circuit.measure(0, first[0])
    with circuit.if_test((first, 1)):
        circuit.x(1)
    circuit.reset(0)
    circuit.measure(1, 1)
    for name in ("stint_line_5", "stint_hex_27"):
        data = decoded(run("sampler", params([circuit, NO_VALUES, 2000]), device(name)))[0].data
        same = (data.first.array == data.second.array).mean()
        assert same > (0.93 if name == "stint_hex_27" else 0.9999)


def test_loops_and_switches_run():
    circuit = QuantumCircuit(2, 3)
    with circuit.for_loop(range(3)):
        circuit.x(0)
    circuit.measure(0, 0)
    with circuit.while_loop((circuit.clbits[0], 1)):
        circuit.x(0)
        circuit.measure(0, 0)
        circuit.x(1)
    circuit.measure(1, 1)
    with circuit.switch(circuit.clbits[1]) as case, case(1):
        circuit.x(0)
    circuit.measure(0, 2)
    data = decoded(run("sampler", params([circuit, NO_VALUES, 20])))[0].data
    assert data.c.get_counts() == {"110": 20}


def test_a_parameter_inside_a_branch_is_swept():
    circuit = QuantumCircuit(2, 2)
    circuit.x(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.sx(1)
        circuit.rz(pi - Parameter("theta"), 1)
        circuit.sx(1)
    circuit.measure(1, 1)
    data = decoded(run("sampler", params([circuit, np.array([[0.0], [pi]]), 20])))[0].data.c
    assert [data[i].get_counts() for i in range(2)] == [{"01": 20}, {"11": 20}]


def test_readout_and_gates_of_a_noisy_device_have_errors():
    circuit = QuantumCircuit(27, 2)
    h(circuit, 12)
    h(circuit, 13)
    circuit.cz(12, 13)
    h(circuit, 13)
    circuit.measure([12, 13], [0, 1])
    result = decoded(
        run("sampler", params([circuit, NO_VALUES, 4000], **SEED), device("stint_hex_27"))
    )
    counts = result[0].data.c.get_counts()
    wrong = (counts.get("01", 0) + counts.get("10", 0)) / 4000
    assert 0.005 < wrong < 0.06


def test_a_long_delay_relaxes_an_excited_qubit_of_a_noisy_device():
    circuit = QuantumCircuit(1, 1)
    circuit.x(0)
    circuit.delay(500_000, 0)  # dt of 4 ns; QPY up to version 17 stores no other unit
    circuit.measure(0, 0)
    result = decoded(run("sampler", params([circuit, NO_VALUES, 500]), device("stint_hex_27")))
    assert result[0].data.c.get_counts().get("0", 0) > 480


def test_the_plain_form_holds_hex_samples_nested_like_the_sweep():
    text = json.dumps({"pubs": [[qasm3.dumps(tilted()), {"theta": [0.0, pi]}, 3]]})
    assert json.loads(run("sampler", text)) == {
        "results": [
            {
                "data": {"meas": {"samples": [["0x0"] * 3, ["0x1"] * 3], "num_bits": 1}},
                "metadata": {
                    "shots": 3,
                    "circuit_metadata": {},
                    "simulation": {"method": "statevector"},
                },
            }
        ],
        "metadata": {"version": 2},
    }


QASM3_HARDWARE = """OPENQASM 3.0;
include "stdgates.inc";
bit[1] c;
x $3;
c[0] = measure $3;
"""
QASM3_OLD_REGISTERS = (
    'OPENQASM 3; include "stdgates.inc"; qreg q[2]; creg c[2]; x q[0]; c[0] = measure q[0];'
)


@pytest.mark.parametrize(
    ("text", "name", "outcome"),
    [
        (qasm2.dumps(bell()), "meas", {"0x0", "0x3"}),
        (qasm3.dumps(bell()), "meas", {"0x0", "0x3"}),
        ("// a comment\n" + qasm3.dumps(bell()), "meas", {"0x0", "0x3"}),
        (QASM3_HARDWARE, "c", {"0x1"}),
        (QASM3_OLD_REGISTERS, "c", {"0x1"}),
    ],
)
def test_openqasm_strings_are_circuits_too(text, name, outcome):
    for pub in ([text], [text, None, 200], {"circuit": text, "shots": 200}):
        result = json.loads(run("sampler", json.dumps({"pubs": [pub], "options": SEED})))
        assert set(result["results"][0]["data"][name]["samples"]) == outcome


def test_hardware_qubits_keep_their_number_where_coupling_is_checked():
    head = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; '
    run("sampler", json.dumps({"pubs": [[head + "cz $3, $2; c[0] = measure $2;"]]}))
    with pytest.raises(InputError, match=r"qubits \(3, 1\)"):
        run("sampler", json.dumps({"pubs": [[head + "cz $3, $1; c[0] = measure $1;"]]}))


def test_an_empty_register_next_to_another_is_allowed():
    circuit = QuantumCircuit(
        QuantumRegister(1), ClassicalRegister(0, "z"), ClassicalRegister(1, "c")
    )
    circuit.x(0)
    circuit.measure(0, 0)
    data = decoded(run("sampler", params([circuit, NO_VALUES, 3])))[0].data
    assert (data.z.num_bits, data.c.get_counts()) == (0, {"1": 3})
    plain = json.loads(run("sampler", params([circuit, NO_VALUES, 3], support_qiskit=False)))
    assert plain["results"][0]["data"]["z"] == {"samples": ["0x0"] * 3, "num_bits": 0}


def test_kerneled_points_lie_around_minus_one_for_zero_and_one_for_one():
    circuit = QuantumCircuit(2, 2)
    circuit.x(1)
    circuit.measure([0, 1], [0, 1])
    kerneled = params([circuit, NO_VALUES, 400], execution={"meas_type": "kerneled"}, **SEED)
    points = decoded(run("sampler", kerneled))[0].data.c
    assert points.shape == (400, 2)
    assert points.dtype == np.complex128
    assert np.abs(points.mean(axis=0) - [-1, 1]).max() < 0.1
    average = params([circuit, NO_VALUES, 400], execution={"meas_type": "avg_kerneled"}, **SEED)
    assert decoded(run("sampler", average))[0].data.c.shape == (2,)


def test_a_circuit_without_measurements_reads_zeros():
    circuit = QuantumCircuit(2, 2)
    circuit.x(0)
    counts = decoded(run("sampler", params([circuit, NO_VALUES, 10])))[0].data.c.get_counts()
    assert counts == {"00": 10}


def test_a_wide_ghz_state_with_noise_is_still_mostly_a_ghz_state():
    path = [0, 1, 2, 3, 5, 8, 11, 14, 16, 19, 22, 25, 26]
    circuit = ghz(path, 27)
    circuit.measure_all()
    result = decoded(
        run("sampler", params([circuit, NO_VALUES, 500], **SEED), device("stint_hex_27"))
    )
    bits = result[0].data.meas.to_bool_array(order="little")[:, path].sum(axis=1)
    assert ((bits <= 2) | (bits >= len(path) - 2)).mean() > 0.8


@pytest.mark.parametrize("angle", [pi / 2, 0.3])
def test_27_active_qubits_run_whether_clifford_or_not(angle):
    circuit = ghz([0, 1, 2, 3, 5, 8, 11, 14, 16, 19, 22, 25, 26], 27)
    for qubit in range(27):
        circuit.rz(angle, qubit)
    circuit.measure_all()
    text = params([circuit, NO_VALUES, 200], **SEED)
    data = decoded(run("sampler", text, device("stint_hex_27", noise=False)))[0].data
    bits = data.meas.to_bool_array(order="little")[:, [0, 26]]
    assert (bits[:, 0] == bits[:, 1]).all()


def test_noise_acts_on_wide_circuits_that_are_not_clifford():
    circuit = ghz([0, 1, 2, 3, 5, 8, 11, 14], 27)
    circuit.rz(0.3, 14)
    h(circuit, 14)
    circuit.measure_active()
    text = params([circuit, NO_VALUES, 600], **SEED)
    data = decoded(run("sampler", text, device("stint_hex_27")))[0].data
    (active,) = data.values()
    ends = active.to_bool_array(order="little")[:, [0, 6]]
    assert 0.8 < (ends[:, 0] == ends[:, 1]).mean() < 1
