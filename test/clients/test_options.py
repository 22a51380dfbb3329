"""Options of the primitives: supported options have an effect, and others cause a warning."""

import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp
from qiskit_ibm_runtime import EstimatorV2, SamplerV2
from qiskit_ibm_runtime.execution_span import TwirledSliceSpanV2

from circuits import bell, bell_state, compiled


def ignored(result):
    return [entry["option"] for entry in result.metadata.get("ignored_options", [])]


def zz(isa):
    return SparsePauliOp("ZZ").apply_layout(isa.layout)


def test_an_estimator_with_many_options_runs_16_randomizations_of_100_shots(line5):
    isa = bell_state(line5)
    estimator = EstimatorV2(mode=line5)
    options = estimator.options
    options.default_precision = 0.05
    options.default_shots = 400
    options.resilience_level = 1
    options.seed_estimator = 42
    options.resilience.measure_mitigation = True
    options.resilience.zne_mitigation = True
    options.resilience.zne.amplifier = "gate_folding_back"
    options.resilience.zne.noise_factors = [3, 5]
    options.resilience.zne.extrapolator = "linear"
    options.resilience.pec_mitigation = False
    options.resilience.layer_noise_learning.max_layers_to_learn = 10
    options.resilience.measure_noise_learning.num_randomizations = 32
    options.execution.init_qubits = True
    options.execution.rep_delay = 0.00025
    options.twirling.enable_gates = True
    options.twirling.enable_measure = True
    options.twirling.strategy = "active"
    options.twirling.num_randomizations = 16
    options.twirling.shots_per_randomization = 100
    job = estimator.run([(isa, zz(isa))])
    result = job.result()
    assert result[0].metadata["shots"] == 1600
    assert result[0].metadata["num_randomizations"] == 16
    assert result[0].data.evs == pytest.approx(1, abs=0.2)
    assert result[0].data.evs.shape == result[0].data.stds.shape == ()
    assert result.metadata["resilience"]["measure_mitigation"] is True
    assert result.metadata["resilience"]["zne_mitigation"] is False
    named = [
        "options.execution.rep_delay",
        "options.resilience.zne_mitigation",
        "options.default_shots",
        "options.default_precision",
    ]
    assert sorted(ignored(result)) == sorted(named)
    lines = job.logs().splitlines()
    for name in named:
        assert [line for line in lines if f"WARNING options: '{name}' has no effect" in line], name


def test_a_twirled_sampler_returns_the_requested_shots(line5):
    sampler = SamplerV2(mode=line5)
    sampler.options.twirling.enable_gates = True
    sampler.options.twirling.enable_measure = True
    sampler.options.twirling.num_randomizations = 16
    sampler.options.twirling.shots_per_randomization = 100
    result = sampler.run([bell(line5)]).result()
    counts = result[0].data.meas.get_counts()
    assert set(counts) == {"00", "11"}
    assert sum(counts.values()) == 1600
    (span,) = result.metadata["execution"]["execution_spans"]
    assert isinstance(span, TwirledSliceSpanV2)
    assert span.mask(0).shape == (1600,)
    own = sampler.run([bell(line5)], shots=250).result()
    assert own[0].data.meas.num_shots == 250
    assert ignored(own) == ["options.twirling.shots_per_randomization"]


def test_resilience_level_1_corrects_the_readout_of_the_noisy_device(hex27):
    isa = bell_state(hex27)
    values = []
    for level in (0, 1):
        estimator = EstimatorV2(mode=hex27)
        estimator.options.resilience_level = level
        estimator.options.seed_estimator = 7
        result = estimator.run([(isa, zz(isa))], precision=0.005).result()
        assert ignored(result) == []
        values.append(float(result[0].data.evs))
    assert values[0] < values[1] < 1.03


def test_dynamical_decoupling_has_no_effect_and_causes_a_warning(line5):
    sampler = SamplerV2(mode=line5)
    sampler.options.dynamical_decoupling.enable = True
    sampler.options.dynamical_decoupling.sequence_type = "XX"
    sampler.options.execution.init_qubits = False
    job = sampler.run([bell(line5)], shots=10)
    assert ignored(job.result()) == [
        "options.dynamical_decoupling.enable",
        "options.execution.init_qubits",
    ]
    assert job.logs().count("WARNING options: ") == 2


def test_default_options_leave_log_and_metadata_empty(line5):
    job = SamplerV2(mode=line5).run([bell(line5)], shots=10)
    assert ignored(job.result()) == []
    assert job.logs() == ""


def test_a_circuit_with_control_flow_runs_untwirled_and_the_metadata_show_it(line5):
    circuit = QuantumCircuit(2, 2)
    circuit.x(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    circuit.measure(1, 1)
    sampler = SamplerV2(mode=line5)
    sampler.options.twirling.enable_measure = True
    result = sampler.run([compiled(circuit, line5, [0, 1])], shots=64).result()
    assert result[0].data.c.get_counts() == {"11": 64}
    assert ignored(result) == ["options.twirling"]


def test_a_limit_with_its_python_name_causes_a_warning_in_the_log(rest, scripted):
    job_id = rest.submit(scripted(), max_execution_time=60)
    rest.ended(job_id)
    log = rest.get(f"/jobs/{job_id}/logs").text
    assert "'max_execution_time' is not known here and was ignored; the nearest is 'cost'" in log
