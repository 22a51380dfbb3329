"""Writes the example devices: `python scripts/make_devices.py [--check]`.

Files go to `devices/<name>/{configuration,properties}.json` at the top of the repository, in IBM's
wire format (docs/dialects/qiskit-runtime.md §6). `--check` writes nothing and fails if a committed
file differs.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1] / "devices"
DATE = "2026-01-01T00:00:00Z"
BASIS = ["cz", "id", "rz", "sx", "x"]

LINE_5 = [(0, 1), (1, 2), (2, 3), (3, 4)]

# Heavy hexagons of IBM's 27-qubit Falcon processors.
HEX_27 = [
    (0, 1), (1, 2), (1, 4), (2, 3), (3, 5), (4, 7), (5, 8), (6, 7), (7, 10), (8, 9), (8, 11),
    (10, 12), (11, 14), (12, 13), (12, 15), (13, 14), (14, 16), (15, 18), (16, 19), (17, 18),
    (18, 21), (19, 20), (19, 22), (21, 23), (22, 25), (23, 24), (24, 25), (25, 26),
]  # fmt: skip

GATE_LENGTH = {"id": 50.0, "rz": 0.0, "sx": 50.0, "x": 50.0, "cz": 80.0, "reset": 1200.0}  # ns
READOUT_LENGTH = 1200.0  # ns


def main(check: bool) -> int:
    """Writes the files that differ, or with `check` only names them. Returns the exit code."""
    files = {**device("stint_line_5", 5, LINE_5, noisy=False),
             **device("stint_hex_27", 27, HEX_27, noisy=True)}  # fmt: skip
    stale = []
    for path, content in files.items():
        text = json.dumps(content, indent=1) + "\n"
        if path.exists() and path.read_text() == text:
            continue
        stale.append(str(path.relative_to(ROOT.parent)))
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    for name in stale:
        print(f"{'differs' if check else 'wrote'}: {name}")
    return 1 if check and stale else 0


def device(name: str, size: int, pairs: list[tuple[int, int]], noisy: bool) -> dict[Path, Any]:
    """Returns the files of one device: path → content."""
    both_ways = [list(edge) for a, b in pairs for edge in ((a, b), (b, a))]
    return {
        ROOT / name / "configuration.json": configuration(name, size, both_ways),
        ROOT / name / "properties.json": properties(name, size, both_ways, noisy),
    }


def configuration(name: str, size: int, edges: list[list[int]]) -> dict[str, Any]:
    """Returns a device's configuration. `edges`: pairs with a two-qubit gate, both directions."""
    singles = [[qubit] for qubit in range(size)]
    dynamic = ["if_else", "for_loop", "while_loop", "switch_case"]
    return {
        "backend_name": name,
        "backend_version": "1.0.0",
        "description": "Simulated by a Stint worker",
        "n_qubits": size,
        "basis_gates": BASIS,
        # Only keys that the client knows: it drops a backend with any other key.
        "gates": [
            {
                "name": gate,
                "parameters": ["theta"] if gate == "rz" else [],
                "qasm_def": "",
                "coupling_map": edges if gate == "cz" else singles,
            }
            for gate in BASIS
        ],
        "coupling_map": edges,
        "supported_instructions": [*BASIS, "measure", "reset", "delay", *dynamic],
        "supported_features": ["qasm3", "dynamic_circuits"],
        "processor_type": {"family": "Simulated", "revision": "1"},
        "local": False,
        "simulator": False,  # the client gives simulators neither sessions nor properties
        "conditional": True,
        "open_pulse": False,
        "memory": True,
        "online_date": DATE,
        "dt": 4.0,
        "dtm": 4.0,
        "timing_constraints": {
            "granularity": 1,
            "min_length": 1,
            "pulse_alignment": 1,
            "acquire_alignment": 1,
        },
        "rep_delay_range": [0.0, 500.0],
        "default_rep_delay": 250.0,
        "dynamic_reprate_enabled": True,
        "meas_levels": [1, 2],
        "meas_map": [list(range(size))],
        "max_shots": 100000,
        "max_experiments": 300,
        "quantum_volume": None,
        "clops_h": None,
        "credits_required": False,
        "n_registers": 1,
        "parallel_compilation": False,
    }


def properties(name: str, size: int, edges: list[list[int]], noisy: bool) -> dict[str, Any]:
    """Returns errors and lengths of qubits and gates. Errors are 0 unless `noisy`."""
    gates = [
        gate_properties(gate, qubits, noisy)
        for gate in [*BASIS, "reset"]
        for qubits in (edges if gate == "cz" else [[qubit] for qubit in range(size)])
    ]
    return {
        "backend_name": name,
        "backend_version": "1.0.0",
        "last_update_date": DATE,
        "qubits": [qubit_properties(qubit, noisy) for qubit in range(size)],
        "gates": gates,
        "general": [],
    }


def qubit_properties(qubit: int, noisy: bool) -> list[dict[str, Any]]:
    """Returns a qubit's properties: T1 120 to 200 us, T2 at most T1, readout error 0.6 to 1.4 %."""
    frequency = entry("frequency", "GHz", round(4.8 + 0.1 * (qubit % 3), 3))
    if not noisy:
        errors = {"readout_error": 0.0, "prob_meas0_prep1": 0.0, "prob_meas1_prep0": 0.0}
        times: list[dict[str, Any]] = []
    else:
        t1 = round(120 + 80 * spread(qubit, 1), 2)
        times = [
            entry("T1", "us", t1),
            entry("T2", "us", round(min(t1, 100 + 80 * spread(qubit, 2)), 2)),
        ]
        error = round(0.006 + 0.008 * spread(qubit, 3), 5)
        # Reading 1 as 0 is more likely, because the qubit may relax during the readout.
        errors = {
            "readout_error": error,
            "prob_meas0_prep1": round(1.2 * error, 6),
            "prob_meas1_prep0": round(0.8 * error, 6),
        }
    return [
        *times,
        frequency,
        *(entry(key, "", value) for key, value in errors.items()),
        entry("readout_length", "ns", READOUT_LENGTH),
    ]


def gate_properties(gate: str, qubits: list[int], noisy: bool) -> dict[str, Any]:
    """Returns a gate's properties.

    Errors: sx, x, id near 2e-4; cz near 5e-3, equal in both directions; rz 0, a change of frame.
    """
    error = 0.0
    if noisy and gate == "cz":
        low, high = sorted(qubits)
        error = round(0.0035 + 0.003 * spread(low * 31 + high, 4), 6)
    elif noisy and gate in ("sx", "x", "id"):
        error = round(0.00015 + 0.0001 * spread(qubits[0], 5), 7)
    # A device's reset has a length but no gate error.
    known = [] if gate == "reset" else [entry("gate_error", "", error)]
    return {
        "gate": gate,
        "name": gate + "_".join(map(str, qubits)),
        "qubits": qubits,
        "parameters": [*known, entry("gate_length", "ns", GATE_LENGTH[gate])],
    }


def entry(name: str, unit: str, value: float) -> dict[str, Any]:
    """Returns one calibrated value in the form of the wire."""
    return {"date": DATE, "name": name, "unit": unit, "value": value}


def spread(number: int, salt: int) -> float:
    """Returns a fixed value in [0, 1) for a number, evenly spread: the golden-ratio sequence."""
    return (number * 0.6180339887498949 + salt * 0.3819660112501051) % 1.0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
