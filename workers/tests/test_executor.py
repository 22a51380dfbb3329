import json
import warnings
from math import cos, pi
from typing import Any

import numpy as np
import pytest
from client import client_backend
from given import bell, device, ghz, run, tilted
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import EstimatorV2, Executor, QuantumProgram, SamplerV2
from qiskit_ibm_runtime.decoders.executor.decoder import ExecutorResultDecoder
from qiskit_ibm_runtime.executor_estimator import Estimator as ClientSideEstimator
from qiskit_ibm_runtime.executor_sampler import Sampler as ClientSideSampler
from qiskit_ibm_runtime.options_models.executor import ExecutorOptions
from qiskit_ibm_runtime.quantum_program.params_converters import QUANTUM_PROGRAM_PARAMS_CONVERTERS
from samplomatic import Twirl, build

VERSIONS = sorted(QUANTUM_PROGRAM_PARAMS_CONVERTERS)


def twirled_bell() -> tuple[Any, Any]:
    circuit = QuantumCircuit(2, 2)
    with circuit.box([Twirl(dressing="left")]):
        circuit.rz(pi / 2, [0, 1])
        circuit.sx([0, 1])
        circuit.rz(pi / 2, [0, 1])
        circuit.cz(0, 1)
    with circuit.box([Twirl(dressing="left")]):
        circuit.rz(pi / 2, 1)
        circuit.sx(1)
        circuit.rz(pi / 2, 1)
        circuit.measure([0, 1], [0, 1])
    template, samplex = build(circuit)
    return template, samplex


def params(program: QuantumProgram, version: str = "v2.0") -> str:
    """Returns the program as the client encodes it for a schema version."""
    model = QUANTUM_PROGRAM_PARAMS_CONVERTERS[version].encoder(program, ExecutorOptions())
    return json.dumps(model.model_dump(mode="json"))


@pytest.mark.parametrize("version", VERSIONS)
def test_circuit_and_samplex_items_run_in_every_schema_version(version):
    program = QuantumProgram(shots=200)
    program.append_circuit_item(tilted(), circuit_arguments=np.array([[[0.0], [pi]]]))
    template, samplex = twirled_bell()
    program.append_samplex_item(template, samplex=samplex, shape=(3, 2))
    result = ExecutorResultDecoder.decode(run("executor", params(program, version)))
    assert result[0]["meas"].shape == (1, 2, 200, 1)
    assert result[0]["meas"].mean(axis=(0, 2, 3)).tolist() == [0.0, 1.0]
    bits = result[1]["c"] ^ result[1]["measurement_flips.c"]
    assert bits.shape == (3, 2, 200, 2)
    assert (bits[..., 0] == bits[..., 1]).all()
    assert 0.4 < bits.mean() < 0.6
    assert len(result.metadata.chunk_timing) == 2


def test_a_samplex_sweeps_its_arguments_along_their_axis_and_randomizes_along_the_others():
    circuit = QuantumCircuit(1, 1)
    with circuit.box([Twirl(dressing="left")]):
        circuit.rx(Parameter("a"), 0)
        circuit.measure(0, 0)
    template, samplex = build(circuit)
    arguments = {"parameter_values": np.array([0.0, pi]).reshape(2, 1, 1)}
    program = QuantumProgram(shots=50)
    program.append_samplex_item(
        template, samplex=samplex, samplex_arguments=arguments, shape=(2, 9)
    )
    result = ExecutorResultDecoder.decode(run("executor", params(program)))
    flips = result[0]["measurement_flips.c"]
    bits = result[0]["c"] ^ flips
    assert bits.shape == (2, 9, 50, 1)
    assert not bits[0].any()
    assert bits[1].all()
    assert 0 < flips.mean() < 1


def test_passthrough_data_and_role_are_returned_unchanged():
    program = QuantumProgram(shots=10, passthrough_data={"ü": [1, 2.5, None], "a": np.arange(3.0)})
    program.append_circuit_item(bell())
    program._semantic_role = "something new"
    sent = json.loads(params(program))
    answer = json.loads(run("executor", json.dumps(sent)))
    assert answer["passthrough_data"] == sent["quantum_program"]["passthrough_data"]
    assert answer["semantic_role"] == "something new"


@pytest.mark.parametrize(
    ("level", "names"),
    [
        ("kerneled", {"meas_iq": (20, 2)}),
        ("avg_kerneled", {"meas_avg_iq": (2,)}),
        ("both", {"meas": (20, 2), "meas_iq": (20, 2)}),
    ],
)
def test_measurement_levels_have_their_names_and_shapes(level, names):
    program = QuantumProgram(shots=20, meas_level=level)
    program.append_circuit_item(bell())
    result = ExecutorResultDecoder.decode(run("executor", params(program)))
    assert {name: array.shape for name, array in result[0].items()} == names


def test_the_executor_class_submits_schema_2():
    backend = client_backend()
    program = QuantumProgram(shots=30)
    program.append_circuit_item(bell())
    result = Executor(backend).run(program).result()
    assert result[0]["meas"].shape == (30, 2)
    ((program_id, text),) = backend.service.sent
    assert (program_id, json.loads(text)["schema_version"]) == ("executor", "v2.0")


@pytest.mark.parametrize("twirling", [False, True])
def test_the_client_side_sampler_gets_its_counts(twirling):
    backend = client_backend()
    sampler = ClientSideSampler(backend)
    sampler.options.twirling.enable_gates = twirling
    sampler.options.twirling.enable_measure = twirling
    isa = generate_preset_pass_manager(1, backend).run(bell())
    sweep = generate_preset_pass_manager(1, backend).run(tilted())
    first, second = sampler.run([isa, (sweep, [[0.0], [pi]])], shots=600).result()
    assert set(first.data.meas.get_counts()) == {"00", "11"}
    assert second.data.meas.shape == (2,)
    assert set(second.data.meas[1].get_counts()) == {"1"}
    assert backend.service.sent[0][0] == "executor"


@pytest.mark.parametrize("level", [0, 1])
def test_the_client_side_estimator_gets_its_expectation_values(level):
    backend = client_backend("stint_hex_27", noise=True)
    estimator = ClientSideEstimator(backend)
    estimator.options.resilience_level = level
    circuit = ghz([0, 1], 2)
    isa = generate_preset_pass_manager(1, backend, initial_layout=[12, 13]).run(circuit)
    zz, zi = (SparsePauliOp(p).apply_layout(isa.layout) for p in ("ZZ", "ZI"))
    (result,) = estimator.run([(isa, [zz, zi])], precision=0.03).result()
    assert result.data.evs == pytest.approx([0.97, 0], abs=0.15)


def test_top_level_primitives_still_use_the_server_side_programs():
    backend = client_backend()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sampler, estimator = SamplerV2(backend), EstimatorV2(backend)
    manager = generate_preset_pass_manager(1, backend)
    counts = sampler.run([manager.run(bell())]).result()[0].data.meas.get_counts()
    assert set(counts) == {"00", "11"}
    isa = manager.run(tilted(False))
    z = SparsePauliOp("Z").apply_layout(isa.layout)
    data = estimator.run([(isa, z, [[0.5], [1.5]])]).result()[0].data
    assert data.evs == pytest.approx([cos(0.5), cos(1.5)], abs=0.1)
    assert [program for program, _ in backend.service.sent] == ["sampler", "estimator"]


def test_a_seed_may_be_given_as_an_experimental_option():
    program = QuantumProgram(shots=100)
    program.append_circuit_item(bell())
    body = json.loads(params(program))
    body["options"]["experimental"] = {"seed_simulator": 3}
    texts = [run("executor", json.dumps(body), device()) for _ in range(2)]
    first, second = (json.loads(text)["data"][0]["results"] for text in texts)
    assert first == second


@pytest.mark.parametrize("version", VERSIONS)
def test_an_executor_option_without_effect_is_named_where_the_client_still_reads_the_result(
    version,
):
    program = QuantumProgram(shots=5)
    program.append_circuit_item(bell())
    body = json.loads(params(program, version))
    assert "ignored_options" not in json.loads(run("executor", json.dumps(body)))["metadata"]
    body["options"] |= {"init_qubits": False, "rep_delay": 0.1, "experimental": {"other": 1}}
    text = run("executor", json.dumps(body))
    ignored = json.loads(text)["metadata"]["ignored_options"]
    assert [entry["option"] for entry in ignored] == [
        "options.init_qubits",
        "options.rep_delay",
        "options.experimental.other",
    ]
    assert ExecutorResultDecoder.decode(text)[0]["meas"].shape == (5, 2)


def test_a_chunk_size_is_reported_as_ignored():
    program = QuantumProgram(shots=5)
    program.append_circuit_item(tilted(), circuit_arguments=np.array([[0.0], [pi]]), chunk_size=1)
    metadata = json.loads(run("executor", params(program)))["metadata"]
    (entry,) = metadata["ignored_options"]
    assert entry["option"] == "quantum_program.items.chunk_size"
