"""Every result is exact up to sampling, or refused. STINT_LONG=1 adds the slow cases."""

import json
import os

import numpy as np
import pytest
from given import NO_VALUES, SEED, bell, cx, decoded, device, ghz, h, params, run
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit_ibm_runtime import QuantumProgram
from reference import (
    circuit_of,
    mirrored,
    overlap_deviation,
    random_gates,
    state_of,
    worst_deviation,
)
from test_executor import params as executor_params

from jobworker.engine import Simulation
from jobworker.limits import Limits
from jobworker.methods import CUT_BOND, STATEVECTOR, plan_pure
from jobworker.truncation import truncation_error
from jobworker.work import chain_cost
from kit.failures import InputError

LONG = os.environ.get("STINT_LONG") == "1"
HEX = "stint_hex_27"


def sample(circuit, shots, on):
    """Returns the outcomes of all shots as numbers, and the metadata of the simulation."""
    (result,) = decoded(run("sampler", params([circuit, NO_VALUES, shots], **SEED), on))
    bits = result.data.meas.to_bool_array(order="little")
    return bits @ (1 << np.arange(bits.shape[-1], dtype=np.int64)), result.metadata["simulation"]


def method_of(circuit, on=None, shots=4):
    (result,) = decoded(run("sampler", params([circuit, NO_VALUES, shots]), on or device()))
    return result.metadata["simulation"]["method"]


WIDTHS = range(5, 13)


@pytest.mark.parametrize("width", WIDTHS)
def test_counts_of_random_circuits_follow_an_independent_state_vector(width):
    gates = random_gates(width, 2 + width % 4, seed=width)
    outcomes, metadata = sample(circuit_of(width, gates), 50_000, device(HEX, noise=False))
    counts = np.bincount(outcomes, minlength=2**width)
    assert worst_deviation(counts, np.abs(state_of(width, gates)) ** 2) < 5.5
    assert metadata == {"method": "statevector"}


@pytest.mark.parametrize("width", [16, *([18, 20, 22] if LONG else [])])
def test_samples_of_wide_random_circuits_follow_an_independent_state_vector(width):
    gates = random_gates(width, 6, seed=width)
    outcomes, metadata = sample(circuit_of(width, gates), 20_000, device(HEX, noise=False))
    assert overlap_deviation(outcomes, np.abs(state_of(width, gates)) ** 2) < 5
    assert metadata == {"method": "statevector"}


MIRRORED = [(13, 20), (21, 4), (25, 1)]
if LONG:
    MIRRORED += [(width, 8) for width in range(5, 27)]
    MIRRORED += [(27, 8), (27, 16), (27, 28)]


@pytest.mark.parametrize(("width", "depth"), MIRRORED)
def test_a_circuit_and_its_inverse_always_give_the_same_outcome(width, depth):
    circuit, pattern = mirrored(width, depth, seed=depth)
    outcomes, metadata = sample(circuit, 1000, device(HEX, noise=False))
    assert set(outcomes.tolist()) == {int(pattern, 2)}
    assert metadata == {"method": "statevector"}


def test_27_qubits_fit_the_default_limit_at_any_depth():
    circuit, _ = mirrored(27, 28, seed=28)
    plan = Simulation(circuit, device(HEX, noise=False), "It")._plan
    assert plan is not None
    assert plan.method == "statevector"


def test_a_state_vector_may_use_exactly_the_memory_limit_and_not_more():
    circuit, _ = mirrored(17, 20, seed=1)  # 2 MiB
    assert method_of(circuit, device(HEX, noise=False, max_memory_mb=2)) == "statevector"
    with pytest.raises(InputError, match=r"17 qubits .* takes 2 MiB .* allows 1\)") as raised:
        run("sampler", params([circuit]), device(HEX, noise=False, max_memory_mb=1))
    assert raised.value.reason_code == 1109


@pytest.mark.parametrize("width", [18, 20, 22])
def test_a_shallow_circuit_beyond_the_memory_runs_as_matrix_product_states_without_a_cut(width):
    gates = random_gates(width, 2, seed=width)
    on = device(HEX, noise=False, max_memory_mb=2)
    outcomes, metadata = sample(circuit_of(width, gates), 4000, on)
    assert overlap_deviation(outcomes, np.abs(state_of(width, gates)) ** 2) < 5
    assert metadata == {"method": "matrix_product_state"}


def test_matrix_product_states_run_up_to_the_limit_of_work_and_not_beyond():
    circuit = circuit_of(18, random_gates(18, 2, seed=3))
    plan = Simulation(circuit, device(HEX, noise=False, max_memory_mb=2), "It")._plan
    assert plan is not None
    most = plan.once + 10 * plan.shot
    exactly = device(HEX, noise=False, max_memory_mb=2, max_work=most)
    assert method_of(circuit, exactly, shots=10) == "matrix_product_state"
    with pytest.raises(InputError, match=r"with 11 shots, more than the .* allows") as raised:
        method_of(circuit, exactly, shots=11)
    assert raised.value.reason_code == 1109
    less = device(HEX, noise=False, max_memory_mb=2, max_work=plan.once - 1)
    with pytest.raises(InputError, match="or too many operations as matrix product states"):
        method_of(circuit, less, shots=1)


@pytest.mark.parametrize("seed", range(4))
def test_no_rank_exceeds_the_bound_computed_from_the_circuit(seed):
    circuit = circuit_of(14, random_gates(14, 2, seed))
    bound = chain_cost(circuit, 1e12)
    assert bound is not None
    assert truncation_error(circuit, bound.rank, 64) < 1e-20
    assert truncation_error(circuit, 1, 64) > 0.01


def test_an_operator_may_allow_truncation_and_results_report_its_error():
    circuit, _ = mirrored(18, 30, seed=5)
    strict = device(HEX, noise=False, max_memory_mb=2)
    with pytest.raises(InputError, match="18 qubits"):
        run("sampler", params([circuit]), strict)
    loose = device(HEX, noise=False, max_memory_mb=2, approximate=True)
    _, metadata = sample(circuit, 10, loose)
    assert metadata["method"] == "matrix_product_state"
    assert metadata["truncation_error"] > 1e-6
    shallow = circuit_of(18, random_gates(18, 2, seed=5))
    assert sample(shallow, 10, loose)[1] == {"method": "matrix_product_state"}
    narrow, pattern = mirrored(8, CUT_BOND, seed=5)
    outcomes, metadata = sample(narrow, 10, loose)
    assert set(outcomes.tolist()) == {int(pattern, 2)}
    assert metadata == {"method": "statevector"}


def test_the_estimator_follows_the_same_rule():
    gates = random_gates(18, 2, seed=9)
    circuit = circuit_of(18, gates, measured=False)
    observable = "I" * 15 + "ZXZ"
    text = params([circuit, observable, None, 0.02], seed_estimator=1)
    on = device(HEX, noise=False, max_memory_mb=2)
    (result,) = decoded(run("estimator", text, on))
    state = state_of(18, gates)
    index = np.arange(len(state))
    sign = 1 - 2 * ((index & 1) ^ (index >> 2 & 1))
    exact = float(np.vdot(state, sign * state[index ^ 2]).real)
    assert abs(float(result.data.evs) - exact) < 5 * float(result.data.stds)
    assert result.metadata["simulation"] == {"method": "matrix_product_state"}
    deep = circuit_of(18, random_gates(18, 20, seed=9), measured=False)
    with pytest.raises(InputError, match="pub 0 uses 18 qubits") as raised:
        run("estimator", params([deep, observable]), on)
    assert raised.value.reason_code == 1109


def test_the_executor_follows_the_same_rule():
    program = QuantumProgram(shots=5)
    program.append_circuit_item(bell())
    program.append_circuit_item(circuit_of(18, random_gates(18, 2, seed=9)))
    on = device(HEX, noise=False, max_memory_mb=2)
    answer = json.loads(run("executor", executor_params(program), on))
    methods = [{"method": "stabilizer"}, {"method": "matrix_product_state"}]
    assert answer["metadata"]["simulation"] == methods
    assert [item["metadata"]["simulation"] for item in answer["data"]] == methods
    program.append_circuit_item(circuit_of(18, random_gates(18, 20, seed=9)))
    with pytest.raises(InputError, match="item 2 uses 18 qubits") as raised:
        run("executor", executor_params(program), on)
    assert raised.value.reason_code == 1109


def tilted_after(circuit, name="theta"):
    circuit.rz(Parameter(name), 0)
    circuit.measure_all()
    return circuit


def ends_in_reset(width):
    """Returns a circuit that is not Clifford and cannot be sampled once at its end."""
    circuit = ghz([0, 1, 2, 3, 5, 8, 11, 14][:width], 27)
    circuit.rz(0.3, 0)
    h(circuit, 0)
    circuit.measure_active()
    circuit.reset(1)
    return circuit


def clifford_path(width):
    circuit = ghz([0, 1, 2, 3, 5, 8, 11, 14][:width], 27)
    circuit.measure_active()
    return circuit


def non_clifford_path(width):
    circuit = ghz([0, 1, 2, 3, 5, 8, 11, 14][:width], 27)
    circuit.rz(0.3, 0)
    h(circuit, 0)
    circuit.measure_active()
    return circuit


@pytest.mark.parametrize(
    ("noise", "circuit", "method"),
    [
        (False, clifford_path(3), "stabilizer"),
        (False, non_clifford_path(3), "statevector"),
        (False, QuantumCircuit(2, 2), "none"),
        (True, clifford_path(7), "density_matrix"),
        (True, clifford_path(8), "pauli_frames"),
        (True, non_clifford_path(7), "density_matrix"),
        (True, ends_in_reset(7), "statevector"),
    ],
)
def test_the_metadata_names_the_method(noise, circuit, method):
    assert method_of(circuit, device(HEX, noise=noise)) == method


def test_the_method_of_a_parametrized_circuit_does_not_depend_on_its_values():
    sweep = tilted_after(ghz([0, 1], 2))
    text = params([sweep, np.array([[0.0], [0.3], [np.pi / 2]]), 10])
    (result,) = decoded(run("sampler", text))
    assert result.metadata["simulation"] == {"method": "statevector"}


def test_noise_by_trajectories_agrees_with_the_density_matrix():
    counts = []
    for circuit in (non_clifford_path(5), ends_in_reset(5)):
        text = params([circuit, NO_VALUES, 20_000], **SEED)
        (result,) = decoded(run("sampler", text, device(HEX)))
        (register,) = result.data.values()
        bits = register.to_bool_array(order="little")
        counts.append(np.bincount(bits @ (1 << np.arange(5)), minlength=32))
    first, second = counts
    often = first + second > 40
    deviation = np.abs(first - second)[often] / np.sqrt((first + second)[often])
    assert deviation.max() < 5


def test_noisy_shots_that_would_take_hours_are_refused():
    circuit = QuantumCircuit(27)
    for _ in range(20):
        for qubit in range(27):
            circuit.rz(0.3, qubit)
            circuit.sx(qubit)
        cx(circuit, 0, 1)
        for a, b in ((1, 2), (2, 3), (3, 5), (5, 8), (8, 11), (11, 14), (14, 16), (16, 19)):
            circuit.cz(a, b)
        for a, b in ((1, 4), (4, 7), (7, 10), (10, 12), (12, 15), (15, 18), (18, 21), (21, 23)):
            circuit.cz(a, b)
    circuit.measure_all()
    with pytest.raises(InputError, match=r"operations as .* with 4096 shots") as raised:
        run("sampler", params([circuit]), device(HEX))
    assert raised.value.reason_code == 1109


def test_a_narrow_circuit_that_runs_shot_by_shot_is_a_state_vector():
    """For few qubits a matrix product state would take seven times as long."""
    circuit = QuantumCircuit(5, 5)
    for _ in range(50):
        for qubit in range(5):
            circuit.sx(qubit)
            circuit.rz(0.3, qubit)
        for qubit in range(4):
            circuit.cz(qubit, qubit + 1)
        circuit.measure(0, 0)
    assert plan_pure(circuit, Limits(), by_shot=True, where="The circuit").method == STATEVECTOR
