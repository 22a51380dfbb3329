import json
from math import cos, pi
from typing import Any

import numpy as np
import pytest
from given import NO_VALUES, SEED, backend, bell, decoded, device, ghz, h, params, run, tilted
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit.library import RZZGate
from qiskit.quantum_info import Pauli, Statevector

from jobworker.device import device_of
from jobworker.twirling import Randomized, Split, Twirling, split_shots
from kit.failures import InputError
from kit.report import SilentReport

GATES = {"enable_gates": True}
BOTH = {"enable_gates": True, "enable_measure": True}


def sample(circuit, shots=None, values=NO_VALUES, on=None, **options):
    text = params([circuit, values, shots], **{**SEED, **options})
    return decoded(run("sampler", text, on))


def bits(result, pub=0):
    """Returns the outcomes (shots, clbits) of the only register."""
    (register,) = result[pub].data.values()
    return register.to_bool_array(order="little")


@pytest.mark.parametrize(
    ("count", "each", "shots", "own", "expected"),
    [
        (16, 100, 4096, False, Split(16, 100)),  # the product overrides the default
        (16, 100, 400, True, Split(16, 25)),  # a PUB's own shots override the product
        (16, None, 1000, False, Split(16, 63)),
        (None, 100, 1000, False, Split(10, 100)),
        (None, 100, 1001, True, Split(11, 100)),
        (None, None, 4096, False, Split(32, 128)),
        (None, None, 1000, True, Split(16, 64)),
        (None, None, 10, True, Split(1, 64)),
    ],
)
def test_shots_are_divided_over_randomizations_as_the_client_documents(
    count, each, shots, own, expected
):
    assert split_shots(Twirling(True, False, count, each), shots, own) == expected


def test_without_twirling_shots_are_not_divided():
    assert split_shots(Twirling(False, False, 16, 100), 400, False) == Split(1, 400)


def test_16_randomizations_of_100_shots_are_1600_shots():
    numbers = {"num_randomizations": 16, "shots_per_randomization": 100}
    result = sample(bell(), default_shots=400, twirling={**BOTH, **numbers})
    assert result[0].data.meas.num_shots == 1600
    assert result[0].metadata["shots"] == 1600
    assert result[0].metadata["num_randomizations"] == 16
    assert result[0].metadata["shots_per_randomization"] == 100
    text = params([bell(False), "ZZ", NO_VALUES, None], twirling={**GATES, **numbers})
    assert decoded(run("estimator", text))[0].metadata["shots"] == 1600


def test_a_pub_gets_exactly_its_own_shots_although_randomizations_have_equal_shots():
    result = sample(bell(), 1000, twirling=BOTH)
    assert result[0].data.meas.num_shots == 1000
    assert result[0].metadata["num_randomizations"] == 16
    (span,) = result.metadata["execution"]["execution_spans"]
    assert span.mask(0).shape == (1000,)
    assert span.mask(0).all()


def test_the_span_of_a_twirled_sweep_covers_every_shot():
    result = sample(tilted(), 200, np.array([[0.0], [1.0], [pi]]), twirling=BOTH)
    assert result[0].data.meas.shape == (3,)
    (span,) = result.metadata["execution"]["execution_spans"]
    assert span.mask(0).shape == (3, 200)
    assert span.mask(0).all()


def mirrored(seed, depth=6, width=4):
    """Returns random layers, a reset of an idle qubit and the inverse layers: always 0101."""
    rng = np.random.default_rng(seed)
    circuit = QuantumCircuit(width + 1)
    gates: list[tuple[str, float, tuple[int, ...]]] = []
    for layer in range(depth):
        for qubit in range(width):
            angle = rng.uniform(0, 2 * pi)
            gates.append(("rz", angle, (qubit,)))
            gates.append(("sx", 0, (qubit,)))
        gates.extend(("cz", 0, (q, q + 1)) for q in range(layer % 2, width - 1, 2))
    for name, angle, qubits in gates:
        circuit.rz(angle, *qubits) if name == "rz" else getattr(circuit, name)(*qubits)
    circuit.x(width)
    circuit.reset(width)
    for name, angle, qubits in reversed(gates):
        if name == "rz":
            circuit.rz(-angle, *qubits)
        elif name == "sx":  # the inverse of sx is x·sx
            circuit.sx(*qubits)
            circuit.x(*qubits)
        else:
            circuit.cz(*qubits)
    circuit.x([0, 2])
    circuit.measure_all()
    return circuit


@pytest.mark.parametrize("strategy", ["active", "active-accum", "active-circuit", "all"])
@pytest.mark.parametrize("switches", [GATES, {"enable_measure": True}, BOTH])
def test_a_twirled_circuit_is_equivalent(strategy, switches):
    circuit = mirrored(seed=len(strategy))
    result = sample(circuit, 320, twirling={**switches, "strategy": strategy})
    assert result[0].data.meas.get_counts() == {"00101": 320}


def test_a_twirled_sweep_follows_the_angle():
    angles = np.linspace(0, pi, 7)
    result = sample(tilted(), 4000, angles.reshape(7, 1), twirling=BOTH)
    ones = [result[0].data.meas[i].get_counts().get("1", 0) / 4000 for i in range(7)]
    assert np.abs(np.array(ones) - (1 - np.cos(angles)) / 2).max() < 0.05


def test_a_twirled_distribution_is_the_exact_one():
    rng = np.random.default_rng(8)
    circuit = QuantumCircuit(4)
    for _ in range(3):
        for qubit in range(4):
            circuit.rz(rng.uniform(0, 2 * pi), qubit)
            circuit.sx(qubit)
        for qubit in range(3):
            circuit.cz(qubit, qubit + 1)
    exact = Statevector(circuit).probabilities()
    circuit.measure_all()
    counts = sample(circuit, 40_000, twirling=BOTH)[0].data.meas.get_int_counts()
    seen = np.array([counts.get(outcome, 0) for outcome in range(16)]) / 40_000
    assert np.abs(seen - exact).max() < 6 * 0.5 / 200


def test_a_circuit_measured_in_its_middle_and_its_registers_keep_their_bits():
    circuit = QuantumCircuit(
        QuantumRegister(3),
        early := ClassicalRegister(1, "early"),
        late := ClassicalRegister(3, "late"),
    )
    circuit.x(0)
    circuit.measure(0, early[0])
    circuit.x(0)
    circuit.cz(0, 1)
    circuit.x(2)
    circuit.measure([0, 1, 2], late)
    data = sample(circuit, 300, twirling=BOTH)[0].data
    assert data.early.get_counts() == {"1": 300}
    assert data.late.get_counts() == {"100": 300}


def unequal_readout():
    """Returns a device whose only error is to read 4 of 10 ones as zero."""
    plain = backend()
    properties = {
        "qubits": [
            [
                {"name": "prob_meas1_prep0", "value": 0.0, "unit": ""},
                {"name": "prob_meas0_prep1", "value": 0.4, "unit": ""},
            ]
        ]
        * 5,
        "gates": [],
    }
    return device_of(
        {**plain, "options": {**plain["options"], "properties": properties, "noise": True}}
    )


@pytest.mark.parametrize(("enabled", "expected"), [(False, 0.0), (True, 0.2)])
def test_twirled_measurements_share_readout_errors_between_zero_and_one(enabled, expected):
    circuit = QuantumCircuit(1, 1)
    circuit.rz(0.0, 0)
    circuit.measure(0, 0)
    result = sample(circuit, 6400, on=unequal_readout(), twirling={"enable_measure": enabled})
    assert bits(result).mean() == pytest.approx(expected, abs=0.1 if enabled else 0)


def with_coherent_errors(circuit):
    """Returns ⟨X⟩ of qubit 0 if each cz also rotates by rzz(0.1)."""
    wrong = QuantumCircuit(2)
    for entry in circuit.data:
        if entry.operation.name != "barrier":
            qubits = [circuit.find_bit(qubit).index for qubit in entry.qubits]
            wrong.append(entry.operation, qubits)
            if entry.operation.name == "cz":
                wrong.append(RZZGate(0.1), qubits)
    return Statevector(wrong).expectation_value(Pauli("IX")).real


class Recorder:
    """A replacement for the simulation that records the circuits."""

    def __init__(self, template):
        self.template, self.circuits = template, []

    def run(self, angles, shots, seed, report):
        for row in angles:
            bound = dict(zip(self.template.parameters, row))
            self.circuits.append(self.template.assign_parameters(bound))
        return iter(())


def test_gate_twirling_turns_a_coherent_error_into_a_random_one():
    circuit = QuantumCircuit(2)
    for qubit in (0, 1):
        h(circuit, qubit)
    for _ in range(20):
        circuit.cz(0, 1)
    randomized = Randomized(circuit, Twirling(gates=True, measures=False))
    recorder: Any = Recorder(randomized.template)
    list(randomized.samples(recorder, np.zeros(0), Split(300, 1), 5, SilentReport()))
    twirled = np.mean([with_coherent_errors(drawn) for drawn in recorder.circuits])
    # 20 rotations in one direction add up; in random directions they mostly cancel.
    assert with_coherent_errors(circuit) == pytest.approx(cos(20 * 0.1))
    assert twirled == pytest.approx(cos(0.1) ** 20, abs=0.05)


def test_noise_still_acts_on_a_twirled_circuit():
    circuit = ghz([0, 1, 2, 3], 27)
    circuit.measure_active()
    result = sample(circuit, 3200, on=device("stint_hex_27"), twirling=BOTH)
    equal = bits(result).sum(axis=1)
    wrong = (~np.isin(equal, [0, 4])).mean()
    assert 0.01 < wrong < 0.3


def test_equal_seeds_give_equal_twirled_shots():
    def shots(seed):
        result = sample(bell(), 500, simulator={"seed_simulator": seed}, twirling=BOTH)
        return result[0].data.meas.array.tobytes()

    assert shots(1) == shots(1)
    assert shots(1) != shots(2)


def test_a_circuit_with_control_flow_runs_untwirled_and_the_result_reports_it():
    circuit = QuantumCircuit(2, 2)
    circuit.x(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    circuit.measure(1, 1)
    numbers = {"num_randomizations": 16, "shots_per_randomization": 100}
    result = sample(circuit, twirling={**BOTH, **numbers})
    assert result[0].data.c.get_counts() == {"11": 1600}
    assert "num_randomizations" not in result[0].metadata
    (entry,) = result.metadata["ignored_options"]
    assert entry["option"] == "options.twirling"
    assert "pub 0" in entry["reason"]
    assert "control flow" in entry["reason"]


def test_a_reset_after_a_twirled_measurement_runs_untwirled_and_the_result_reports_it():
    circuit = QuantumCircuit(1, 2)
    circuit.x(0)
    circuit.measure(0, 0)
    circuit.reset(0)
    circuit.measure(0, 1)
    result = sample(circuit, 50, twirling=BOTH)
    assert result[0].data.c.get_counts() == {"01": 50}
    assert "reset" in result.metadata["ignored_options"][0]["reason"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"twirling": {"enable_gates": "yes"}}, "enable_gates' must be true or false"),
        ({"twirling": {"enable_gates": True, "strategy": "some"}}, "must be one of active, "),
        ({"twirling": {"num_randomizations": 0}}, "must be from 1 to"),
        ({"twirling": {"shots_per_randomization": 100_001}}, "must be from 1 to 100000"),
        ({"twirling": {"shots_per_randomization": "many"}}, "must be an integer"),
        ({"twirling": ["enable_gates"]}, "'options.twirling' must be an object, not a list"),
        (
            {"twirling": {"enable_measure": True}, "execution": {"meas_type": "kerneled"}},
            "needs 'options.execution.meas_type' classified",
        ),
        (
            {
                "twirling": {
                    "enable_gates": True,
                    "num_randomizations": 101,
                    "shots_per_randomization": 100_000,
                }
            },
            "more than 10000000 executions",
        ),
    ],
)
def test_invalid_twirling_options_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        sample(bell(), **options)


def test_the_plain_form_reports_twirling_and_contains_its_shots():
    body = json.loads(params([bell(), NO_VALUES, 100], twirling=BOTH))
    del body["support_qiskit"]
    result = json.loads(run("sampler", json.dumps(body)))
    assert len(result["results"][0]["data"]["meas"]["samples"]) == 100
    assert result["metadata"]["twirling"] == {
        "enable_gates": True,
        "enable_measure": True,
        "num_randomizations": "auto",
        "shots_per_randomization": "auto",
        "strategy": "active-accum",
    }
