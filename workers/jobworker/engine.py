"""Running circuits on Aer: only the qubits in use, many bindings in one call.

Aer's compiled part keeps Python's global lock, so nothing else in this process moves while it
runs. Work is therefore cut into runs short enough for a cancel to be noticed in between.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import ControlFlowOp, ParameterExpression
from qiskit.circuit.library import RZGate
from qiskit_aer import AerSimulator

from .device import Device, walk
from .failures import CODE_TOO_MANY_ACTIVE, InputError, ProgramError
from .frames import frames_apply, sample_frames
from .report import Report

# A state vector of 24 qubits takes 256 MiB. Wider circuits run as stabilizer states if they are
# Clifford, else as matrix product states whose bond dimension is cut at MAX_BOND.
MAX_DENSE_QUBITS = 24
MAX_WIDE_QUBITS = 63
MAX_BOND = 64
MAX_STABILIZER_QUBITS = 1_000

# Up to here Aer treats noise exactly, as a density matrix; beyond it would run shot by shot, and
# Clifford circuits go by Pauli frames instead: 27 qubits, 4096 shots in 40 ms instead of 2 s.
MAX_DENSITY_QUBITS = 7

BINDINGS_PER_RUN = 32
SHOTS_PER_SLOW_RUN = 256
MAX_SEED = 2**31 - 1

# Angles this close (radians) to a multiple of π/2 count as one. Samplexes compute in single
# precision and are off by 1e-7, which no number of shots could show.
ANGLE_TOLERANCE = 1e-6

_CLIFFORD_NAMES = "id x y z h s sdg sx sxdg cx cy cz ecr swap measure reset barrier quantum_channel"
_CLIFFORD = frozenset(_CLIFFORD_NAMES.split())


@dataclass(frozen=True)
class Samples:
    """Distinct outcomes of one bound circuit: `bits` (outcome, clbit) and `counts` (outcome,)."""

    bits: np.ndarray
    counts: np.ndarray

    def shots(self, rng: np.random.Generator) -> np.ndarray:
        """One row per shot, (shots, clbits). Shots are independent, so any order will do."""
        order = np.repeat(np.arange(len(self.counts)), self.counts)
        rng.shuffle(order)
        return self.bits[order]


class Simulation:
    """One circuit, checked against a device and reduced to what must be simulated.

    Raises InputError when the circuit does not fit the device or the simulator.
    """

    def __init__(
        self, circuit: QuantumCircuit, device: Device, where: str, trusted: bool = False
    ) -> None:
        """`trusted`: the circuit was checked already and has ideal gates of our own since."""
        if not trusted:
            device.check(circuit, where)
        self._where = where
        self.num_clbits = circuit.num_clbits
        self._parameters = list(circuit.parameters)
        self._active, self._used = _activity(circuit)
        self._circuit = _reduce(circuit, self._active, device)
        self._dynamic = any(
            isinstance(instruction.operation, ControlFlowOp) for instruction in self._circuit.data
        )
        self._noise = device.noise
        self._framed = (
            self._noise is not None
            and self.active_qubits > MAX_DENSITY_QUBITS
            and frames_apply(self._circuit)
        )
        self._check_size(device.max_qubits)

    @property
    def active_qubits(self) -> int:
        return len(self._active)

    def run(self, bindings: np.ndarray, shots: int, seed: int, report: Report) -> Iterator[Samples]:
        """Sample every row of `bindings` (n, parameters), in order."""
        if not self._active or not any(
            instruction.name == "measure" for instruction, _ in walk(self._circuit)
        ):
            zeros = np.zeros((1, self.num_clbits), dtype=bool)
            yield from (Samples(zeros, np.array([shots])) for _ in range(len(bindings)))
            return
        quarters = np.round(bindings / (math.pi / 2)) * (math.pi / 2)
        near = np.abs(bindings - quarters) < ANGLE_TOLERANCE
        bindings = np.where(near, quarters, bindings)
        one_by_one = self._wide or self._framed or (self._dynamic and bool(self._parameters))
        step = 1 if one_by_one else BINDINGS_PER_RUN
        for start in range(0, len(bindings), step):
            report.check()
            rows = bindings[start : start + step]
            if one_by_one:
                yield self._run_one(rows[0], shots, seed + start, report)
            else:
                yield from self._run_many(rows, shots, seed + start)

    def _run_many(self, rows: np.ndarray, shots: int, seed: int) -> Iterator[Samples]:
        binds = [{p: rows[:, k].tolist() for k, p in enumerate(self._parameters)}]
        result = self._call(self._circuit, shots, seed, binds if self._parameters else None)
        copies = 1 if self._parameters else len(rows)
        for index in range(len(rows) // copies):
            yield _samples(result.data(index)["counts"], self.num_clbits)
        # Without parameters the rows of a sweep are equal circuits: sample each anew.
        for extra in range(1, copies):
            again = self._call(self._circuit, shots, seed + extra, None)
            yield _samples(again.data(0)["counts"], self.num_clbits)

    def _run_one(self, row: np.ndarray, shots: int, seed: int, report: Report) -> Samples:
        """Bind here, choose the method by the bound circuit, and cut long runs by shots."""
        circuit = self._circuit
        if self._parameters:
            circuit = circuit.assign_parameters(dict(zip(self._parameters, row.tolist())))
        if self._framed and _is_clifford(circuit):
            return self._run_frames(circuit, shots, seed)
        method = "automatic"
        if self._wide:
            circuit = _snap_angles(circuit)
            method = "stabilizer" if _is_clifford(circuit) else "matrix_product_state"
            if method != "stabilizer" and self.active_qubits > MAX_WIDE_QUBITS:
                raise _too_many(self._where, self.active_qubits, MAX_WIDE_QUBITS)
        slow = method != "stabilizer" and (self._wide or self._framed)
        step = SHOTS_PER_SLOW_RUN if slow else shots
        merged: dict[str, int] = {}
        for start in range(0, shots, step):
            report.check()
            part = min(step, shots - start)
            result = self._call(circuit, part, _spread(seed, start), None, method)
            for key, count in result.data(0)["counts"].items():
                merged[key] = merged.get(key, 0) + count
        return _samples(merged, self.num_clbits)

    def _run_frames(self, circuit: QuantumCircuit, shots: int, seed: int) -> Samples:
        ideal = self._call(_snap_angles(circuit), 1, seed, None, "stabilizer", noisy=False)
        reference = _samples(ideal.data(0)["counts"], self.num_clbits).bits[0]
        rng = np.random.default_rng(seed)
        assert self._noise is not None
        bits = sample_frames(circuit, self._active, self._noise, reference, shots, rng)
        return Samples(bits, np.ones(shots, dtype=np.int64))

    def _call(self, circuit, shots, seed, binds, method="automatic", noisy=True):  # type: ignore[no-untyped-def]
        simulator = AerSimulator(method=method)
        if noisy and self._noise is not None:
            simulator.set_options(noise_model=self._noise.model(self._active, self._used))
        if method == "matrix_product_state":
            simulator.set_options(matrix_product_state_max_bond_dimension=MAX_BOND)
        job = simulator.run(
            [circuit], parameter_binds=binds, shots=shots, seed_simulator=_spread(seed)
        )
        result = job.result()
        if not result.success:
            reason = str(result.results[0].status if result.results else result.status)
            if "memory" in reason.lower():
                raise _too_many(self._where, self.active_qubits, MAX_DENSE_QUBITS)
            raise ProgramError(f"{self._where} could not be simulated: {reason[:300]}")
        return result

    @property
    def _wide(self) -> bool:
        return self.active_qubits > MAX_DENSE_QUBITS

    def _check_size(self, max_qubits: int | None) -> None:
        most = min(max_qubits or MAX_STABILIZER_QUBITS, MAX_STABILIZER_QUBITS)
        if self.active_qubits > most:
            raise _too_many(self._where, self.active_qubits, most)


def _too_many(where: str, active: int, most: int) -> InputError:
    return InputError(
        f"{where} uses {active} qubits, more than the {most} this simulator can hold for it; "
        "use fewer qubits (or, where possible, only Clifford gates).",
        CODE_TOO_MANY_ACTIVE,
    )


def _spread(*parts: int) -> int:
    """A seed far from those of other parts.

    Aer seeds shot i of a run with seed + i, so neighbouring seeds would repeat each other's shots.
    """
    return int(np.random.SeedSequence(parts).generate_state(1)[0]) & MAX_SEED


def _activity(
    circuit: QuantumCircuit,
) -> tuple[tuple[int, ...], frozenset[tuple[str, tuple[int, ...]]]]:
    """Device qubits that more than waits happen to, and every (gate, qubits) in use."""
    active: set[int] = set()
    used: set[tuple[str, tuple[int, ...]]] = set()
    for instruction, qubits in walk(circuit):
        if instruction.name in ("barrier", "delay"):
            continue
        active.update(qubits)
        used.add((instruction.name, qubits))
    return tuple(sorted(active)), frozenset(used)


def _reduce(circuit: QuantumCircuit, active: tuple[int, ...], device: Device) -> QuantumCircuit:
    """The circuit on its active qubits only, without barriers; delays become relaxation."""
    reduced = QuantumCircuit(len(active))
    reduced.add_bits(circuit.clbits)
    for register in circuit.cregs:
        reduced.add_register(register)
    for variable in circuit.iter_declared_vars():
        reduced.add_uninitialized_var(variable)
    place = {circuit.qubits[qubit]: reduced.qubits[i] for i, qubit in enumerate(active)}
    for instruction in circuit.data:
        if instruction.name == "barrier":
            continue
        if instruction.name == "delay":
            qubit = circuit.find_bit(instruction.qubits[0]).index
            _append_delay(reduced, instruction.operation, qubit, active, device)
            continue
        qubits = [place[qubit] for qubit in instruction.qubits]
        reduced._append(instruction.replace(qubits=qubits))
    return reduced


def _append_delay(reduced, delay, qubit, active, device) -> None:  # type: ignore[no-untyped-def]
    if device.noise is None or qubit not in active:
        return
    duration = delay.duration
    if isinstance(duration, ParameterExpression) or not isinstance(duration, (int, float)):
        return  # a length known only later: treated as no wait
    seconds = device.noise.delay_seconds(duration, delay.unit)
    error = device.noise.relaxation((qubit,), seconds)
    if error is not None:
        reduced.append(error, [active.index(qubit)])


def _snap_angles(circuit: QuantumCircuit) -> QuantumCircuit:
    """Exact multiples of π/2 where rounding left an rz angle beside one, so Clifford stays so."""
    snapped = circuit.copy()
    for index, instruction in enumerate(circuit.data):
        if instruction.name == "rz":
            angle = float(instruction.params[0])
            quarter = round(angle / (math.pi / 2))
            if abs(angle - quarter * math.pi / 2) < ANGLE_TOLERANCE:
                snapped.data[index] = instruction.replace(
                    operation=RZGate((quarter % 4) * math.pi / 2)
                )
    return snapped


def _is_clifford(circuit: QuantumCircuit) -> bool:
    for instruction, _ in walk(circuit):
        if instruction.name == "rz":
            turns = float(instruction.params[0]) / (math.pi / 2)
            if abs(turns - round(turns)) > ANGLE_TOLERANCE:
                return False
        elif instruction.name not in _CLIFFORD and not isinstance(
            instruction.operation, ControlFlowOp
        ):
            return False
    return True


def _samples(counts: dict[str, int], num_clbits: int) -> Samples:
    """Aer's `{"0x3": n}` (bit i = clbit i) as arrays."""
    width = (num_clbits + 7) // 8
    raw = b"".join(int(key, 16).to_bytes(width, "little") for key in counts)
    table = np.frombuffer(raw, dtype=np.uint8).reshape(len(counts), width)
    bits = np.unpackbits(table, axis=1, bitorder="little")[:, :num_clbits].astype(bool)
    return Samples(bits, np.fromiter(counts.values(), dtype=np.int64, count=len(counts)))
