import runpy
import sys
from math import isclose

import pytest
from client import client_backend
from given import ROOT, ghz
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime.utils.utils import is_simulator
from qiskit_ibm_runtime.utils.validations import validate_isa_circuits

NAMES = ["stint_line_5", "stint_hex_27"]


def test_the_committed_files_are_what_the_generator_writes(monkeypatch, capsys):
    script = ROOT / "scripts" / "make_devices.py"
    monkeypatch.setattr(sys, "argv", [str(script), "--check"])
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(script), run_name="__main__")
    assert stopped.value.code == 0, capsys.readouterr().out


@pytest.mark.parametrize("name", NAMES)
def test_the_client_builds_a_complete_target(name):
    backend = client_backend(name)
    target = backend.target
    assert not is_simulator(backend)
    assert backend.num_qubits == target.num_qubits == int(name.rpartition("_")[2])
    assert {"cz", "id", "rz", "sx", "x", "measure", "reset", "delay", "if_else"} <= set(
        target.operation_names
    )
    assert isclose(target.dt, 4e-9)
    assert isclose(target["measure"][(0,)].duration, 1.2e-6)
    assert isclose(target["cz"][(1, 0)].duration, 80e-9)
    assert (target["cz"][(1, 0)].error > 0) == (name == "stint_hex_27")
    assert backend.properties().qubit_property(0)["readout_length"][0] == pytest.approx(1.2e-6)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("level", [0, 3])
def test_transpiled_circuits_are_isa_circuits(name, level):
    backend = client_backend(name)
    circuit = ghz([0, 4, 2, 1, 3], 5)
    circuit.measure_all()
    isa = generate_preset_pass_manager(level, backend, seed_transpiler=1).run(circuit)
    validate_isa_circuits([isa], backend.target)


def test_relaxation_keeps_the_stabilizer_method_possible():
    properties = client_backend("stint_hex_27").properties()
    for qubit in range(27):
        assert 100e-6 <= properties.t2(qubit) <= properties.t1(qubit) <= 200e-6
        assert 0.005 < properties.readout_error(qubit) < 0.015
