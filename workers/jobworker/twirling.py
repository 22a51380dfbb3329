"""Pauli twirling: many random circuits that each mean the same as the one that was sent.

Package samplomatic groups a circuit into layers and replaces the single-qubit gates around each
layer by parametric ones. A *samplex* draws their angles: a random Pauli before a layer, and the
one that undoes it behind. Coherent errors average to Pauli errors. A measurement that was flipped
is flipped back here.
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

# `auto`: about this many randomizations, each with at least so many shots.
AUTO_RANDOMIZATIONS = 32
AUTO_LEAST_SHOTS = 64


@dataclass(frozen=True)
class Twirling:
    """What a job asks for; None is `auto`."""

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
        """The shots of a PUB that names none, where both numbers are given."""
        if self.num_randomizations is None or self.shots_per_randomization is None:
            return None
        return self.num_randomizations * self.shots_per_randomization

    def metadata(self) -> dict[str, Any]:
        """What a result's metadata say about twirling."""
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
    """Shots of one bound circuit: `randomizations` circuits with `shots` shots each."""

    randomizations: int
    shots: int

    @property
    def total(self) -> int:
        """Shots of all randomizations together."""
        return self.randomizations * self.shots


def twirling_of(
    options: dict[str, Any], max_shots: int, gates: bool = False, measures: bool = False
) -> Twirling:
    """`options.twirling`; `gates` and `measures` are what an unset switch stands for."""
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
    """A number from 1 to `most`; None for `auto` and where nothing is set."""
    value = option(options, *path)
    if value is None or value == "auto":
        return None
    return positive_int(value, f"'options.{'.'.join(path)}'", most, CODE_SHOTS)


def split_shots(twirling: Twirling, shots: int, own: bool) -> Split:
    """Divide `shots` over randomizations; `own` says that the PUB itself names them.

    A PUB's own shots are always obeyed, so they win over `shots_per_randomization` if both numbers
    are given. Otherwise the product of the numbers is the number of shots. The total may exceed
    `shots` where these cannot be divided evenly.
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


def idle_options(options: dict[str, Any], twirling: Twirling) -> list[Ignored]:
    """The members of `options.twirling` that change nothing."""
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
    """A circuit that cannot be twirled runs as it is."""
    return Ignored("options.twirling", f"the circuit of {where} cannot be twirled: {error}")


def outvoted(where: str) -> Ignored:
    """A PUB's own shots beside two numbers that already give the shots."""
    name = "options.twirling.shots_per_randomization"
    return Ignored(name, f"{where} has shots of its own, divided by 'num_randomizations'")


class NotTwirlable(Exception):
    """The circuit has something that cannot be twirled; the message says what."""


class Randomized:
    """A circuit ready to be drawn at random: `template` runs in place of it."""

    def __init__(self, circuit: QuantumCircuit, twirling: Twirling) -> None:
        """Raises NotTwirlable."""
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
        """Outcomes of each randomization, measurement flips undone.

        `binding` is (parameters,), `simulation` runs the template.
        """
        rng = np.random.default_rng(seed)
        inputs = self._samplex.inputs().make_broadcastable()
        if binding.size:
            inputs["parameter_values"] = binding
        if not self.template.parameters:  # nothing in it to randomize
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
    # Twirling qubits that nothing else happens to cannot be seen in a result, but would make the
    # simulation as wide as the device.
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
        raise NotTwirlable("it has classical bits outside of registers")
    return template, samplex


def sample_rows(
    simulation: Simulation,
    randomized: Randomized | None,
    rows: np.ndarray,
    split: Split,
    seed: int,
    report: Report,
) -> Iterator[Iterator[Samples]]:
    """For every row of `rows` (n, parameters) in order, the outcomes of its randomizations.

    Without twirling there is one. Read each row's outcomes before asking for the next row.
    """
    if randomized is None:
        for samples in simulation.run(rows, split.total, seed, report):
            yield iter((samples,))
    else:
        for index, row in enumerate(rows):
            yield randomized.samples(simulation, row, split, pub_seed(seed, index), report)
