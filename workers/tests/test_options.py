import dataclasses
import json

import pytest
from given import NO_VALUES, bell, decoded, params, run
from qiskit import QuantumCircuit
from qiskit_ibm_runtime.options import EstimatorOptions, SamplerOptions
from qiskit_ibm_runtime.options_models.execution import ExecutionOptions

from jobworker.failures import CODE_DECOUPLING, InputError
from jobworker.options import ESTIMATOR, EXECUTOR, MAX_NAMED, SAMPLER
from kit.logs import forwarded_logs

# Options that the client sends as members of the job instead.
OF_THE_JOB = {"max_execution_time", "environment", "resilience_level", "experimental"}


def act(program="sampler", extra=None, **options):
    """Runs a small job and returns its log lines and the ignored options in its metadata."""
    pub = [bell(), NO_VALUES, 5] if program == "sampler" else [bell(False), "ZZ", NO_VALUES, 0.5]
    body = json.loads(params(pub, **options)) | (extra or {})
    lines = []
    with forwarded_logs("warning", lambda level, text: lines.append((level, text))):
        result = run(program, json.dumps(body))
    return lines, decoded(result).metadata.get("ignored_options", [])


def leaves(options, prefix=""):
    for field in dataclasses.fields(options):
        value = getattr(options, field.name)
        if dataclasses.is_dataclass(value):
            yield from leaves(value, f"{prefix}{field.name}.")
        elif not field.name.startswith("_"):
            yield f"{prefix}{field.name}"


def is_known(path, table):
    parts = path.split(".")
    return any(".".join(parts[:end]) in table for end in range(1, len(parts) + 1))


@pytest.mark.parametrize(
    ("options", "table"), [(SamplerOptions, SAMPLER), (EstimatorOptions, ESTIMATOR)]
)
def test_every_option_of_the_client_is_in_the_table(options, table):
    paths = [path for path in leaves(options()) if path.split(".")[0] not in OF_THE_JOB]
    assert len(paths) > 15
    assert [path for path in paths if not is_known(path, table)] == []


def test_every_option_of_the_executor_is_in_the_table():
    assert [name for name in ExecutionOptions.model_fields if name not in EXECUTOR] == []


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"dynamical_decoupling": {"enable": True}}, "dynamical_decoupling.enable"),
        ({"execution": {"init_qubits": False}}, "execution.init_qubits"),
        ({"execution": {"rep_delay": 0.00025}}, "execution.rep_delay"),
        ({"simulator": {"noise_model": {"errors": []}}}, "simulator.noise_model"),
        ({"simulator": {"coupling_map": [[0, 1]]}}, "simulator.coupling_map"),
        ({"simulator": {"basis_gates": ["cx"]}}, "simulator.basis_gates"),
        ({"twirling": {"num_randomizations": 16}}, "twirling.num_randomizations"),
        ({"twirling": {"shots_per_randomization": 9}}, "twirling.shots_per_randomization"),
        ({"twirling": {"strategy": "active"}}, "twirling.strategy"),
        ({"twirling": {"enable_gates": True, "strategy": "all"}}, "twirling.strategy"),
        ({"experimental": {"execution_path": "gen3"}}, "experimental.execution_path"),
    ],
)
@pytest.mark.parametrize("program", ["sampler", "estimator"])
def test_an_option_without_effect_is_a_warning_and_in_the_metadata(program, options, name):
    lines, ignored = act(program, **options)
    ((level, text),) = lines
    assert level == "warning"
    assert text.startswith(f"options: 'options.{name}' has no effect: ")
    (entry,) = ignored
    assert entry["option"] == f"options.{name}"
    assert entry["reason"] in text


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"resilience": {"zne_mitigation": True}}, "resilience.zne_mitigation"),
        ({"resilience": {"pec_mitigation": True}}, "resilience.pec_mitigation"),
        ({"default_shots": 50, "default_precision": 0.1}, "default_precision"),
        (
            {
                "default_shots": 50,
                "twirling": {
                    "enable_gates": True,
                    "num_randomizations": 2,
                    "shots_per_randomization": 50,
                },
            },
            "default_shots",
        ),
    ],
)
def test_an_estimator_option_without_effect_is_named(options, name):
    _, ignored = act("estimator", **options)
    assert f"options.{name}" in [entry["option"] for entry in ignored]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"dynamical_decoupling": {"enable": False, "sequence_type": "XY4"}},
        {"execution": {"init_qubits": True, "rep_delay": None}},
        {"twirling": {"enable_gates": False, "num_randomizations": "auto"}},
        {"twirling": {"enable_gates": True}},
        {"simulator": {"seed_simulator": 3, "noise_model": None}},
        {"default_shots": 50},
        {"experimental": {}},
        {"experimental": None},
    ],
)
@pytest.mark.parametrize("program", ["sampler", "estimator"])
def test_an_option_that_has_effect_or_requests_nothing_is_not_named(program, options):
    assert act(program, **options) == ([], [])


def test_level_0_and_mitigation_switched_off_are_not_named():
    off = {"measure_mitigation": False, "zne_mitigation": False, "pec_mitigation": False}
    assert act("estimator", {"resilience_level": 0}, resilience=off) == ([], [])


@pytest.mark.parametrize(
    ("options", "name", "hint"),
    [
        ({"default_shot": 5}, "default_shot", "'default_shots'"),
        ({"twirling": {"enable_gate": True}}, "twirling.enable_gate", "'enable_gates'"),
        ({"shots": 5}, "shots", "'options.default_shots'"),
        ({"max_execution_time": 9}, "max_execution_time", "'cost' of POST /jobs"),
        ({"environment": {"log_level": "DEBUG"}}, "environment", "'log_level', 'tags'"),
        ({"resilience_level": 1}, "resilience_level", "beside 'options'"),
        ({"zzz": 1}, "zzz", "not known here"),
    ],
)
def test_an_unknown_option_is_named_with_the_nearest_known_one(options, name, hint):
    lines, ignored = act(**options)
    assert [entry["option"] for entry in ignored] == [f"options.{name}"]
    assert hint in ignored[0]["reason"]
    assert len(lines) == 1


def test_an_unknown_member_of_the_params_is_named():
    _, ignored = act(extra={"shots": 7, "resilience_level": 1, "option": {}})
    assert [entry["option"] for entry in ignored] == ["shots", "resilience_level", "option"]
    assert "'options.default_shots'" in ignored[0]["reason"]
    assert "'options'" in ignored[2]["reason"]


def test_many_and_long_names_are_cut_and_stay_on_one_line():
    many = {f"unknown_{index}\nINJECTED" + "x" * 10_000: 1 for index in range(500)}
    lines, ignored = act(**many)
    assert len(ignored) == MAX_NAMED
    assert len(lines) == MAX_NAMED + 1
    assert lines[-1] == ("warning", f"options: {500 - MAX_NAMED} further options have no effect.")
    assert all("\n" not in text and len(text) < 200 for _, text in lines)


def test_decoupling_of_a_circuit_with_control_flow_is_refused():
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(0)
    text = params([circuit, NO_VALUES, 5], dynamical_decoupling={"enable": True})
    with pytest.raises(InputError, match="control flow") as refused:
        run("sampler", text)
    assert refused.value.reason_code == CODE_DECOUPLING
