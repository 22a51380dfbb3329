"""Runs circuits on Aer: only the qubits in use, with many bindings in one call.

Aer's compiled code holds Python's global lock, so no other thread of this process can run
meanwhile. Work is therefore split into short runs, so that a cancel is noticed between them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit_aer import AerSimulator

from kit.report import Report

from .device import Device, walk
from .failures import InputError, ProgramError
from .frames import frames_apply, sample_frames
from .methods import (
    CHAIN,
    CUT_BOND,
    DENSITY_MATRIX,
    FRAMES,
    MAX_DENSITY_QUBITS,
    MAX_STABILIZER_QUBITS,
    STABILIZER,
    STATEVECTOR,
    Plan,
    check_work,
    plan_pure,
    too_many,
)
from .reduce import ANGLE_TOLERANCE, activity, is_clifford, reduce_circuit, snap_angles
from .truncation import truncation_error
from .work import runs_shot_by_shot

BINDINGS_PER_RUN = 32
AMPLITUDES_PER_RUN = 2**24  # all bindings of one run together
WORK_PER_RUN = 2e9  # complex multiplications, about ten seconds
MAX_SEED = 2**31 - 1

# The truncation threshold. Aer always discards singular values below 1e-8. No others are discarded
# unless the operator allows approximation.
LEAST_WEIGHT = 1e-30


@dataclass(frozen=True)
class Samples:
    """Distinct outcomes of one bound circuit: `bits` (outcomes, clbits), `counts` (outcomes,)."""

    bits: np.ndarray
    counts: np.ndarray

    def shots(self, rng: np.random.Generator) -> np.ndarray:
        """Returns one row for each shot, (shots, clbits), in random order."""
        order = np.repeat(np.arange(len(self.counts)), self.counts)
        rng.shuffle(order)
        return self.bits[order]


class Simulation:
    """One circuit, checked against a device and reduced to what must be simulated."""

    def __init__(
        self, circuit: QuantumCircuit, device: Device, where: str, trusted: bool = False
    ) -> None:
        """Raises InputError if the circuit does not fit the device or the simulator.

        `trusted`: the device has already checked the circuit, and the worker has since added ideal
        gates, which the check would refuse.
        """
        if not trusted:
            device.check(circuit, where)
        self._where = where
        self.num_clbits = circuit.num_clbits
        self._parameters = list(circuit.parameters)
        self._active, self._used = activity(circuit)
        self._circuit = reduce_circuit(circuit, self._active, device)
        self._noise = device.noise
        self._limits = device.limits
        self._methods: set[str] = set()
        self._truncation: float | None = None
        most = min(device.max_qubits or MAX_STABILIZER_QUBITS, MAX_STABILIZER_QUBITS)
        if self.active_qubits > most:
            raise too_many(self._where, self.active_qubits, most)
        self._measures = any(instruction.name == "measure" for instruction, _ in walk(circuit))
        self._by_shot = runs_shot_by_shot(self._circuit)
        self._framed = (
            self._noise is not None
            and self.active_qubits > MAX_DENSITY_QUBITS
            and frames_apply(self._circuit)
        )
        # The plan of all bindings; None if it depends on the values of the parameters.
        self._plan = self._plan_of_all() if self._measures else None

    @property
    def active_qubits(self) -> int:
        """The number of simulated qubits."""
        return len(self._active)

    def summary(self) -> dict[str, Any]:
        """Returns a part of the result's metadata: the method, and the error of truncated states.

        `truncation_error` is the sum of the discarded weights; the largest of all bindings.
        """
        return summary_of([self])

    def run(self, bindings: np.ndarray, shots: int, seed: int, report: Report) -> Iterator[Samples]:
        """Samples each row of `bindings` (n, parameters), in order.

        Raises InputError, ProgramError and JobCancelled.
        """
        if not self._measures:
            zeros = np.zeros((1, self.num_clbits), dtype=bool)
            yield from (Samples(zeros, np.array([shots])) for _ in range(len(bindings)))
            return
        if not np.isfinite(bindings).all():  # a samplex may compute such angles
            raise InputError(f"{self._where} has an angle that is not a finite number.")
        quarters = np.round(bindings / (math.pi / 2)) * (math.pi / 2)
        near = np.abs(bindings - quarters) < ANGLE_TOLERANCE
        bindings = np.where(near, quarters, bindings)
        plan = self._plan
        many = plan is not None and plan.shot == 0 and plan.method in (STATEVECTOR, DENSITY_MATRIX)
        step = 1
        if many:
            step = max(1, min(BINDINGS_PER_RUN, AMPLITUDES_PER_RUN >> self.active_qubits))
        for start in range(0, len(bindings), step):
            report.check()
            rows = bindings[start : start + step]
            if many and plan is not None:
                yield from self._run_many(rows, shots, seed + start, plan)
            else:
                yield self._run_one(rows[0], shots, seed + start, report)

    def _run_many(self, rows: np.ndarray, shots: int, seed: int, plan: Plan) -> Iterator[Samples]:
        binds = [{p: rows[:, k].tolist() for k, p in enumerate(self._parameters)}]
        result = self._call(self._circuit, shots, seed, binds if self._parameters else None, plan)
        copies = 1 if self._parameters else len(rows)
        for index in range(len(rows) // copies):
            yield _samples(result.data(index)["counts"], self.num_clbits)
        # Without parameters the rows of a sweep are equal circuits: sample each separately.
        for extra in range(1, copies):
            again = self._call(self._circuit, shots, seed + extra, None, plan)
            yield _samples(again.data(0)["counts"], self.num_clbits)

    def _run_one(self, row: np.ndarray, shots: int, seed: int, report: Report) -> Samples:
        """Binds the parameters, and splits long runs by shots."""
        circuit = self._circuit
        if self._parameters:
            circuit = circuit.assign_parameters(dict(zip(self._parameters, row.tolist())))
        plan = self._plan or self._plan_of(circuit)
        if plan.method == FRAMES:
            return self._run_frames(circuit, shots, seed)
        check_work(plan, shots, self._limits, self._where)
        if plan.method == STABILIZER:
            circuit = snap_angles(circuit)
        if plan.cut:
            error = truncation_error(circuit, CUT_BOND, self._limits.memory_mb)
            self._truncation = max(error, self._truncation or 0.0)
        step = shots
        if plan.shot:
            # Every run repeats the evolution, so sample for at least as long.
            step = int(max(WORK_PER_RUN, plan.once) / plan.shot) or 1
        merged: dict[str, int] = {}
        for start in range(0, shots, step):
            report.check()
            part = min(step, shots - start)
            result = self._call(circuit, part, _spread(seed, start), None, plan)
            for key, count in result.data(0)["counts"].items():
                merged[key] = merged.get(key, 0) + count
        return _samples(merged, self.num_clbits)

    def _run_frames(self, circuit: QuantumCircuit, shots: int, seed: int) -> Samples:
        ideal = self._call(snap_angles(circuit), 1, seed, None, Plan(STABILIZER), noisy=False)
        self._methods = (self._methods - {STABILIZER}) | {FRAMES}
        reference = _samples(ideal.data(0)["counts"], self.num_clbits).bits[0]
        rng = np.random.default_rng(seed)
        assert self._noise is not None
        bits = sample_frames(circuit, self._active, self._noise, reference, shots, rng)
        return Samples(bits, np.ones(shots, dtype=np.int64))

    def _plan_of_all(self) -> Plan | None:
        if not self._parameters:
            return self._plan_of(self._circuit)
        noisy = self._noise is not None
        if noisy and self.active_qubits <= MAX_DENSITY_QUBITS and not self._by_shot:
            return Plan(DENSITY_MATRIX)
        if not noisy and not self._by_shot and self._limits.holds(2**self.active_qubits):
            return Plan(STATEVECTOR)
        return None

    def _plan_of(self, circuit: QuantumCircuit) -> Plan:
        """Returns the plan for a circuit without free parameters."""
        noisy = self._noise is not None
        if noisy and self.active_qubits <= MAX_DENSITY_QUBITS and not self._by_shot:
            return Plan(DENSITY_MATRIX)
        if is_clifford(circuit):
            return Plan(FRAMES if self._framed else STABILIZER)
        return plan_pure(circuit, self._limits, noisy or self._by_shot, self._where)

    def _call(
        self,
        circuit: QuantumCircuit,
        shots: int,
        seed: int,
        binds: list[dict[Any, list[float]]] | None,
        plan: Plan,
        noisy: bool = True,
    ) -> Any:
        """Runs the circuit and returns Aer's result. Raises ProgramError."""
        self._methods.add(plan.method)
        simulator = AerSimulator(method=plan.method, max_memory_mb=self._limits.memory_mb)
        if noisy and self._noise is not None:
            simulator.set_options(noise_model=self._noise.model(self._active, self._used))
        if plan.method == CHAIN:
            simulator.set_options(
                matrix_product_state_truncation_threshold=LEAST_WEIGHT,
                matrix_product_state_max_bond_dimension=CUT_BOND if plan.cut else None,
            )
        job = simulator.run(
            [circuit], parameter_binds=binds, shots=shots, seed_simulator=_spread(seed)
        )
        result = job.result()
        if not result.success:
            reason = str(result.results[0].status if result.results else result.status)
            raise ProgramError(f"{self._where} could not be simulated: {reason[:300]}")
        return result


def summary_of(simulations: list[Simulation]) -> dict[str, Any]:
    """Returns the common summary of simulations whose outcomes form one result."""
    methods = sorted({method for each in simulations for method in each._methods})
    errors = [each._truncation for each in simulations if each._truncation is not None]
    summary: dict[str, Any] = {"method": ", ".join(methods) or "none"}
    if errors:
        summary["truncation_error"] = max(errors)
    return summary


def _spread(*parts: int) -> int:
    """Returns a seed that is not close to the seeds of other parts.

    Aer seeds shot i of a run with seed + i, so neighbouring seeds would repeat each other's shots.
    """
    return int(np.random.SeedSequence(parts).generate_state(1)[0]) & MAX_SEED


def _samples(counts: dict[str, int], num_clbits: int) -> Samples:
    """Converts Aer's `{"0x3": n}` (bit i = clbit i) to arrays."""
    width = (num_clbits + 7) // 8
    raw = b"".join(int(key, 16).to_bytes(width, "little") for key in counts)
    table = np.frombuffer(raw, dtype=np.uint8).reshape(len(counts), width)
    bits = np.unpackbits(table, axis=1, bitorder="little")[:, :num_clbits].astype(bool)
    return Samples(bits, np.fromiter(counts.values(), dtype=np.int64, count=len(counts)))
