"""Pauli twirling: runs many random circuits that are equivalent to the client's circuit.

Package samplomatic groups a circuit into layers and replaces the single-qubit gates around each
layer by parametric ones. A *samplex* draws their angles: a random Pauli before a layer, and the
Pauli that undoes it after the layer. On average, coherent errors become Pauli errors. This module
undoes the flips of measurements.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import ControlFlowOp
from samplomatic import build
from samplomatic.samplex import Samplex
from samplomatic.transpiler import generate_boxing_pass_manager

from kit.report import Report

from .bindings import positive_int
from .engine import Samples, Simulation
from .failures import CODE_SHOTS, InputError
from .options import Ignored, flag
from .pubs import MAX_EXECUTIONS, option, pub_seed
from .registers import register_columns

STRATEGIES = ("active", "active-accum", "active-circuit", "all")
DEFAULT_STRATEGY = "active-accum"
RANDOMIZATIONS_PER_DRAW = 32

# `auto` means about this many randomizations, each with at least AUTO_LEAST_SHOTS shots.
AUTO_RANDOMIZATIONS = 32
AUTO_LEAST_SHOTS = 64


@dataclass(frozen=True)
class Twirling:
    """The twirling options of a job. None means `auto`."""

    gates: bool
    measures: bool
    num_randomizations: int | None = None
    shots_per_randomization: int | None = None
    strategy: str = DEFAULT_STRATEGY

    @property
    def enabled(self) -> bool:
        """Whether anything is twirled."""
        return self.gates or self.measures

    @property
    def fixed_shots(self) -> int | None:
        """The shots of a PUB without shots of its own; None unless both numbers are set."""
        if self.num_randomizations is None or self.shots_per_randomization is None:
            return None
        return self.num_randomizations * self.shots_per_randomization

    def metadata(self) -> dict[str, Any]:
        """Returns the twirling section of a result's metadata."""
        switches = {"enable_gates": self.gates, "enable_measure": self.measures}
        if not self.enabled:
            return switches
        return {
            **switches,
            "num_randomizations": self.num_randomizations or "auto",
            "shots_per_randomization": self.shots_per_randomization or "auto",
            "strategy": self.strategy,
        }


@dataclass(frozen=True)
class Split:
    """How one bound circuit is split: `randomizations` circuits with `shots` shots each."""

    randomizations: int
    shots: int

    @property
    def total(self) -> int:
        """The shots of all randomizations together."""
        return self.randomizations * self.shots


def twirling_of(
    options: dict[str, Any], max_shots: int, gates: bool = False, measures: bool = False
) -> Twirling:
    """Reads `options.twirling`. `gates` and `measures` are the defaults of its switches.

    Raises InputError.
    """
    own_gates = flag(option(options, "twirling", "enable_gates"), "twirling.enable_gates")
    own_measures = flag(option(options, "twirling", "enable_measure"), "twirling.enable_measure")
    strategy = option(options, "twirling", "strategy") or DEFAULT_STRATEGY
    if strategy not in STRATEGIES:
        raise InputError(f"'options.twirling.strategy' must be one of {', '.join(STRATEGIES)}.")
    return Twirling(
        gates if own_gates is None else own_gates,
        measures if own_measures is None else own_measures,
        count_or_auto(options, MAX_EXECUTIONS, "twirling", "num_randomizations"),
        count_or_auto(options, max_shots, "twirling", "shots_per_randomization"),
        strategy,
    )


def count_or_auto(options: dict[str, Any], most: int, *path: str) -> int | None:
    """Returns an option from 1 to `most`; None if it is `auto` or not set. Raises InputError."""
    value = option(options, *path)
    if value is None or value == "auto":
        return None
    return positive_int(value, f"'options.{'.'.join(path)}'", most, CODE_SHOTS)


def split_shots(twirling: Twirling, shots: int, own: bool) -> Split:
    """Divides `shots` over randomizations. `own`: whether the PUB itself sets the shots.

    A PUB's own shots override `shots_per_randomization` if both numbers of the options are set.
    Without own shots, the product of the two numbers is the number of shots. The total may exceed
    `shots` if they cannot be divided evenly.
    """
    if not twirling.enabled:
        return Split(1, shots)
    count, each = twirling.num_randomizations, twirling.shots_per_randomization
    if count is not None and each is not None and not own:
        return Split(count, each)
    if count is not None:
        return Split(count, math.ceil(shots / count))
    if each is None:
        each = max(AUTO_LEAST_SHOTS, math.ceil(shots / AUTO_RANDOMIZATIONS))
    return Split(math.ceil(shots / each), each)


def ineffective_options(options: dict[str, Any], twirling: Twirling) -> list[Ignored]:
    """Returns the members of `options.twirling` that have no effect."""
    where = "options.twirling"
    if twirling.enabled:
        reason = "'all' twirls the qubits that the circuit uses; the others cannot reach a result"
        return [Ignored(f"{where}.strategy", reason)] if twirling.strategy == "all" else []
    return [
        Ignored(f"{where}.{name}", "twirling is off; see 'enable_gates' and 'enable_measure'")
        for name in ("num_randomizations", "shots_per_randomization", "strategy")
        if option(options, "twirling", name) not in (None, "auto")
    ]


def not_twirled(where: str, error: NotTwirlable) -> Ignored:
    """Returns the entry for a circuit that runs without twirling because of `error`."""
    return Ignored("options.twirling", f"the circuit of {where} cannot be twirled: {error}")


def overridden_by_shots(where: str) -> Ignored:
    """Returns the entry for `shots_per_randomization` if the PUB's own shots override it."""
    name = "options.twirling.shots_per_randomization"
    return Ignored(name, f"{where} has shots of its own, divided by 'num_randomizations'")


class NotTwirlable(Exception):
    """The circuit cannot be twirled. The message gives the reason."""


class Randomized:
    """A circuit prepared for twirling: `template` runs instead, with random parameters."""

    def __init__(self, circuit: QuantumCircuit, twirling: Twirling) -> None:
        """Prepares a circuit. Raises NotTwirlable."""
        self.template, self._samplex = _build(circuit, twirling)
        self._flips = {
            f"measurement_flips.{name}": columns
            for name, columns in register_columns(circuit).items()
        }

    def samples(
        self,
        simulation: Simulation,
        binding: np.ndarray,
        split: Split,
        seed: int,
        report: Report,
    ) -> Iterator[Samples]:
        """Yields the outcomes of each randomization, with measurement flips undone.

        `binding` is (parameters,); `simulation` is that of the template. Raises JobCancelled.
        """
        rng = np.random.default_rng(seed)
        inputs = self._samplex.inputs().make_broadcastable()
        if binding.size:
            inputs["parameter_values"] = binding
        if not self.template.parameters:  # nothing to randomize
            yield from simulation.run(np.zeros((1, 0)), split.total, seed, report)
            return
        for start in range(0, split.randomizations, RANDOMIZATIONS_PER_DRAW):
            report.check()
            count = min(RANDOMIZATIONS_PER_DRAW, split.randomizations - start)
            drawn = self._samplex.sample(inputs, num_randomizations=count, rng=rng)
            angles = np.asarray(drawn.get("parameter_values", np.zeros((count, 0))))
            flips = np.zeros((count, self.template.num_clbits), dtype=bool)
            for name, columns in self._flips.items():
                if name in drawn:
                    flips[:, columns] ^= drawn[name].reshape(count, len(columns))
            angles = angles.reshape(count, -1).astype(np.float64)
            outcomes = simulation.run(angles, split.shots, pub_seed(seed, start), report)
            for flip, samples in zip(flips, outcomes):
                yield replace(samples, bits=samples.bits ^ flip)


def _build(circuit: QuantumCircuit, twirling: Twirling) -> tuple[QuantumCircuit, Samplex]:
    if any(isinstance(entry.operation, ControlFlowOp) for entry in circuit.data):
        raise NotTwirlable("it has control flow")
    # Twirling unused qubits cannot change a result, but would make the simulation as wide as the
    # device.
    strategy = "active-circuit" if twirling.strategy == "all" else twirling.strategy
    boxing = generate_boxing_pass_manager(
        enable_gates=twirling.gates,
        enable_measures=twirling.measures,
        twirling_strategy=strategy.replace("-", "_"),
    )
    try:
        template, samplex = build(boxing.run(circuit))
        samplex.finalize()
    except Exception as error:
        reason = str(error).strip().split("\n")[0].rstrip(".")[:200]
        raise NotTwirlable(f"samplomatic says '{reason}'") from error
    if template.clbits != circuit.clbits:
        raise NotTwirlable("it has classical bits outside registers")
    return template, samplex


def sample_rows(
    simulation: Simulation,
    randomized: Randomized | None,
    rows: np.ndarray,
    split: Split,
    seed: int,
    report: Report,
) -> Iterator[Iterator[Samples]]:
    """Yields, for each row of `rows` (n, parameters), the outcomes of its randomizations.

    Without twirling there is one randomization. Consume each row's outcomes before the next row.
    """
    if randomized is None:
        for samples in simulation.run(rows, split.total, seed, report):
            yield iter((samples,))
    else:
        for index, row in enumerate(rows):
            yield randomized.samples(simulation, row, split, pub_seed(seed, index), report)
