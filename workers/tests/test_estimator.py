import json
from math import cos, pi

import numpy as np
import pytest
from given import NO_VALUES, bell, decoded, device, ghz, params, run, tilted
from qiskit import qasm3
from qiskit.primitives.containers.observables_array import ObservablesArray
from qiskit.quantum_info import Pauli, SparsePauliOp

from kit.failures import InputError


def estimate(circuit, observables, values=NO_VALUES, precision=None, on=None, **options):
    text = params([circuit, observables, values, precision], **options)
    return decoded(run("estimator", text, on))[0]


def test_zz_of_a_bell_state_is_one():
    result = estimate(bell(measured=False), {"ZZ": 1.0})
    assert result.data.evs.shape == ()
    assert abs(result.data.evs - 1) < 5 * result.data.stds
    assert 0 < result.data.stds < 1 / 64
    assert result.metadata["shots"] == 4096
    assert result.metadata["target_precision"] == 1 / 64
    assert result.data.ensemble_standard_error == result.data.stds


@pytest.mark.parametrize(
    ("observable", "expected"),
    [
        ("ZZ", 1),
        ("XX", 1),
        ("YY", -1),
        ("ZI", 0),
        ("II", 1),
        ("00", 0.5),
        ("1I", 0.5),
        ("+-", 0),
        ("rl", 0.5),
        ("rr", 0),
    ],
)
def test_every_letter_is_measured_in_its_basis(observable, expected):
    result = estimate(bell(measured=False), observable, seed_estimator=4)
    assert abs(result.data.evs - expected) < 5 / 64


@pytest.mark.parametrize(
    "form",
    [
        "ZZ",
        {"ZZ": 1.0},
        {"ZZ": 0.5, "XX": 0.5},
        ObservablesArray("ZZ"),
        SparsePauliOp(["ZZ", "YY"], [0.5, -0.5]),
        Pauli("ZZ"),
    ],
    ids=lambda form: type(form).__name__,
)
def test_observables_are_read_in_every_form(form):
    assert abs(estimate(bell(measured=False), form).data.evs - 1) < 0.1


def test_several_bases_of_one_observable_add_up_with_their_uncertainties():
    data = estimate(bell(measured=False), {"ZZ": 1, "XX": 2, "ZI": 3, "II": 4}).data
    assert abs(data.evs - 7) < 5 * data.stds
    assert 0.02 < data.stds < 0.1


def test_precision_sets_the_shots_and_the_standard_deviation():
    result = estimate(bell(measured=False), "ZI", precision=0.01)
    assert result.metadata["shots"] == 10_000
    assert result.data.stds == pytest.approx(0.01, rel=0.05)
    assert estimate(bell(False), "ZI", default_shots=100).metadata["shots"] == 100
    assert estimate(bell(False), "ZI", default_precision=0.1).metadata["shots"] == 100


def test_parameters_and_observables_broadcast_as_in_numpy():
    angles = np.linspace(0, pi, 5)
    result = estimate(tilted(False), [["Z"], ["X"]], angles.reshape(5, 1))
    assert result.data.evs.shape == (2, 5)
    assert np.abs(result.data.evs[0] - np.cos(angles)).max() < 0.1
    zipped = estimate(tilted(False), ["Z", "I", "Z"], np.array([[0.0], [0.3], [pi]]))
    assert zipped.data.evs == pytest.approx([1, 1, -1])


def test_the_same_seed_gives_the_same_values():
    def evs(seed):
        return float(estimate(bell(False), "ZI", seed_estimator=seed).data.evs)

    assert evs(5) == evs(5)
    assert evs(5) != evs(6)


def test_noise_shrinks_expectation_values_towards_zero():
    observable = "I" * 25 + "ZZ"
    data = estimate(ghz([0, 1], 27), observable, on=device("stint_hex_27")).data
    assert 0.85 < data.evs < 0.99


def test_the_plain_form_is_lists():
    body = {"pubs": [[qasm3.dumps(tilted(False)), ["Z", {"I": 2}], {"theta": 1.0}, 0.05]]}
    (result,) = json.loads(run("estimator", json.dumps(body)))["results"]
    assert result["data"]["evs"][0] == pytest.approx(cos(1), abs=0.25)
    assert result["data"]["evs"][1] == 2
    assert len(result["data"]["stds"]) == 2
    assert result["metadata"]["shots"] == 400


HARDWARE = """OPENQASM 3.0;
include "stdgates.inc";
x $2;
"""


@pytest.mark.parametrize(
    ("observable", "expected"),
    [
        ("IIZII", -1),
        ({"IIIIZ": 1.0}, 1),
        ([{"IIZII": 1.0}, {"ZIZII": 2.0}], [-1, -2]),
        # Observables as wide as the qubits that the text names.
        ("ZII", -1),
    ],
)
def test_observables_of_hardware_qubits_may_have_a_letter_for_each_device_qubit(
    observable, expected
):
    text = json.dumps({"pubs": [[HARDWARE, observable]], "support_qiskit": True})
    assert np.allclose(decoded(run("estimator", text))[0].data.evs, expected)


def test_observables_of_hardware_qubits_of_another_length_are_refused():
    text = json.dumps({"pubs": [[HARDWARE, "ZIII"]]})
    with pytest.raises(InputError, match="length 4"):
        run("estimator", text)


def test_a_circuit_with_registers_has_the_width_that_it_declares():
    text = json.dumps({"pubs": [[qasm3.dumps(bell(measured=False)), "IIIZZ"]]})
    with pytest.raises(InputError, match="length 5"):
        run("estimator", text)
