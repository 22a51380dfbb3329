"""Results of the sampler and the estimator, in both execution modes."""

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.quantum_info import SparsePauliOp
from qiskit_ibm_runtime import Batch, EstimatorV2, SamplerV2, Session

from circuits import bell, bell_state, compiled, ghz, rotation

MODES = pytest.mark.parametrize("mode", [Session, Batch])
ANGLES = np.linspace(0, np.pi, 20)


def counts_of(result, register="meas", pub=0):
    return getattr(result[pub].data, register).get_counts()


def on_device(isa, pauli):
    return SparsePauliOp(pauli).apply_layout(isa.layout)


@MODES
def test_a_bell_pair_has_only_00_and_11_with_equal_frequency(line5, mode):
    with mode(line5):
        counts = counts_of(SamplerV2().run([bell(line5)], shots=4096).result())
    assert set(counts) == {"00", "11"}
    assert sum(counts.values()) == 4096
    assert abs(counts["00"] - 2048) < 6 * 32  # six standard deviations


@MODES
def test_zz_of_a_bell_pair_is_one_within_shot_noise(line5, mode):
    isa = bell_state(line5)
    with mode(line5):
        job = EstimatorV2().run([(isa, on_device(isa, "ZZ"))], precision=0.02)
        data = job.result()[0].data
    assert data.evs == pytest.approx(1, abs=0.12)
    assert np.shape(data.evs) == np.shape(data.stds) == ()


def test_five_qubits_of_the_line_are_entangled(line5):
    with Session(line5):
        counts = counts_of(SamplerV2().run([ghz(line5, 5)], shots=2000).result())
    assert set(counts) == {"00000", "11111"}
    assert abs(counts["00000"] - 1000) < 6 * 23


def test_twelve_qubits_of_the_noisy_device_are_mostly_entangled(hex27):
    with Batch(hex27):
        counts = counts_of(SamplerV2().run([ghz(hex27, 12)], shots=4096).result(timeout=50))
    zeros, ones = counts.get("0" * 12, 0), counts.get("1" * 12, 0)
    assert sorted(counts, key=counts.get)[-2:] in (["0" * 12, "1" * 12], ["1" * 12, "0" * 12])
    assert zeros + ones > 0.4 * 4096
    assert zeros + ones < 4096, "the device is said to be noisy"


def test_a_job_without_a_session_runs(line5):
    job = SamplerV2(mode=line5).run([bell(line5)], shots=100)
    assert set(counts_of(job.result())) <= {"00", "11"}
    assert job.session_id is None


def test_shots_default_to_4096(line5):
    result = SamplerV2(mode=line5).run([bell(line5)]).result()
    assert result[0].data.meas.num_shots == 4096


def test_a_sampler_sweep_follows_the_analytic_curve(line5):
    with Session(line5):
        result = SamplerV2().run([(rotation(line5), ANGLES.reshape(20, 1))], shots=2000).result()
    bits = result[0].data.meas
    assert bits.shape == (20,)
    ones = [bits.get_counts(index).get("1", 0) / 2000 for index in range(20)]
    assert np.allclose(ones, np.sin(ANGLES / 2) ** 2, atol=6 * 0.5 / np.sqrt(2000))


def test_an_estimator_sweep_follows_the_analytic_curve(line5):
    isa = rotation(line5, measured=False)
    with Session(line5):
        pub = (isa, on_device(isa, "Z"), ANGLES.reshape(20, 1))
        data = EstimatorV2().run([pub], precision=0.02).result()[0].data
    assert data.evs.shape == data.stds.shape == (20,)
    assert np.allclose(data.evs, np.cos(ANGLES), atol=6 * 0.02)


def test_observables_and_parameters_are_broadcast(line5):
    isa = rotation(line5, measured=False)
    observables = [[on_device(isa, "Z")], [on_device(isa, "X")]]
    with Session(line5):
        pub = (isa, observables, np.array([[0.0], [np.pi / 2], [np.pi]]))
        evs = EstimatorV2().run([pub], precision=0.02).result()[0].data.evs
    assert evs.shape == (2, 3)
    assert np.allclose(evs, [[1, 0, -1], [0, 1, 0]], atol=6 * 0.02)


def test_one_job_can_have_two_pubs(line5):
    with Session(line5):
        job = SamplerV2().run([(bell(line5), None, 300), (ghz(line5, 5), None, 700)])
        result = job.result()
    assert len(result) == 2
    assert set(counts_of(result, pub=0)) <= {"00", "11"}
    assert result[0].data.meas.num_shots == 300
    assert set(counts_of(result, pub=1)) <= {"00000", "11111"}
    assert result[1].data.meas.num_shots == 700


def test_registers_keep_their_names_sizes_and_bit_order(line5):
    qubits, left, right = QuantumRegister(5), ClassicalRegister(2, "left"), ClassicalRegister(3, "right")
    circuit = QuantumCircuit(qubits, left, right)
    circuit.x([0, 3])
    circuit.measure(qubits, [*left, *right])
    isa = compiled(circuit, line5, range(5))
    with Session(line5):
        data = SamplerV2().run([isa], shots=50).result()[0].data
    assert list(data) == ["left", "right"]
    assert data.left.get_counts() == {"01": 50}
    assert data.right.get_counts() == {"010": 50}


def test_a_register_wider_than_a_byte_keeps_its_bit_order(hex27):
    circuit = QuantumCircuit(11)
    circuit.x([0, 1, 3, 8])
    circuit.measure_all()
    with Batch(hex27):
        counts = counts_of(SamplerV2().run([compiled(circuit, hex27)], shots=500).result(timeout=50))
    assert max(counts, key=counts.get) == "00100001011"


def test_equal_seeds_give_equal_samples(line5):
    def sample(seed):
        sampler = SamplerV2()
        sampler.options.simulator.seed_simulator = seed
        return sampler.run([bell(line5)], shots=500).result()[0].data.meas.array.tobytes()

    with Session(line5):
        first, again, other = sample(11), sample(11), sample(12)
    assert first == again
    assert first != other


def test_equal_seeds_give_equal_estimates(line5):
    isa = rotation(line5, measured=False)

    def estimate(seed):
        estimator = EstimatorV2()
        estimator.options.seed_estimator = seed
        pub = (isa, on_device(isa, "Z"), [[0.7], [1.1], [1.9]])
        return estimator.run([pub], precision=0.05).result()[0].data.evs.tolist()

    with Session(line5):
        assert estimate(5) == estimate(5)


def test_circuit_metadata_is_returned_with_the_result(line5):
    isa = bell(line5)
    isa.metadata = {"label": "first", "index": 3}
    result = SamplerV2(mode=line5).run([isa], shots=10).result()
    assert result[0].metadata["circuit_metadata"] == {"label": "first", "index": 3}
