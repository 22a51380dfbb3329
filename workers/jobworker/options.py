"""Which options act, and a word about each that does not.

An option without effect is still accepted, because clients of another age and scripts for real
devices send more than a simulator can use. It is never passed over in silence: the job's log and
the result's metadata name it.
"""

from __future__ import annotations

import difflib
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from qiskit import QuantumCircuit

from .failures import CODE_DECOUPLING, InputError
from .payload import kind

LOG = logging.getLogger("options")

MOST_SAID = 20  # options named per job; names come from outside and are cut as well
MOST_CHARACTERS = 60


@dataclass(frozen=True)
class Idle:
    """An option without effect, why, and the values that ask for nothing anyway."""

    reason: str
    no_request: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Ignored:
    """Something the client asked for that did not happen."""

    option: str
    reason: str


ACTS = None  # the program reads it, or it only details another option of this table
Known = Mapping[str, Idle | None]  # dotted path → what becomes of the option

_DECOUPLING = Idle(
    "dynamical decoupling is not applied; the simulated noise of waiting has no memory that it "
    "could undo",
    (False,),
)
_BACKEND_DECIDES = "the noise, couplings and gates simulated are the backend's own"
_NOT_MITIGATED = "this mitigation is not done, so the values are not extrapolated or corrected"

_EXECUTION: dict[str, Idle | None] = {
    "init_qubits": Idle("every shot starts with all qubits in |0⟩", (True,)),
    "rep_delay": Idle("a simulator does not wait between shots"),
}

_SHARED: dict[str, Idle | None] = {
    "default_shots": ACTS,
    "dynamical_decoupling.enable": _DECOUPLING,
    "dynamical_decoupling.sequence_type": ACTS,
    "dynamical_decoupling.extra_slack_distribution": ACTS,
    "dynamical_decoupling.scheduling_method": ACTS,
    "dynamical_decoupling.skip_reset_qubits": ACTS,
    **{f"execution.{name}": rule for name, rule in _EXECUTION.items()},
    "twirling.enable_gates": ACTS,
    "twirling.enable_measure": ACTS,
    "twirling.num_randomizations": ACTS,
    "twirling.shots_per_randomization": ACTS,
    "twirling.strategy": ACTS,
    "twirling.interleave_randomizations": ACTS,
    "simulator.seed_simulator": ACTS,
    "simulator.noise_model": Idle(_BACKEND_DECIDES),
    "simulator.coupling_map": Idle(_BACKEND_DECIDES),
    "simulator.basis_gates": Idle(_BACKEND_DECIDES),
}

SAMPLER: Known = {**_SHARED, "execution.meas_type": ACTS}

ESTIMATOR: Known = {
    **_SHARED,
    "default_precision": ACTS,
    "seed_estimator": ACTS,
    "resilience.measure_mitigation": ACTS,
    "resilience.measure_noise_learning.num_randomizations": ACTS,
    "resilience.measure_noise_learning.shots_per_randomization": ACTS,
    "resilience.zne_mitigation": Idle(_NOT_MITIGATED, (False,)),
    "resilience.zne": ACTS,
    "resilience.pec_mitigation": Idle(_NOT_MITIGATED, (False,)),
    "resilience.pec": ACTS,
    "resilience.layer_noise_learning": ACTS,
    "resilience.layer_noise_model": ACTS,
}

EXECUTOR: Known = {
    **_EXECUTION,
    "scheduler_timing": Idle("nothing is scheduled, so there is no timing", (False,)),
    "stretch_values": Idle("nothing is scheduled, so stretches have no values", (False,)),
    "experimental.seed_simulator": ACTS,
}

# What people write where the wire has another name.
_OTHER_NAMES = {
    "max_execution_time": "the member 'cost' of POST /jobs",
    "log_level": "the member 'log_level' of POST /jobs",
    "job_tags": "the member 'tags' of POST /jobs",
    "environment": "'log_level', 'tags' and 'private' of POST /jobs",
    "resilience_level": "'resilience_level' beside 'options'",
    "shots": "'options.default_shots'",
    "precision": "'options.default_precision'",
    "seed": "'options.simulator.seed_simulator'",
    "dd": "'options.dynamical_decoupling'",
}


def ignored_options(options: Mapping[str, Any], known: Known) -> list[Ignored]:
    """The options in `options` that have no effect.

    Raises InputError for a section that is no object.
    """
    return list(_walk(options, known, ""))


def _walk(given: Mapping[str, Any], known: Known, prefix: str) -> Iterable[Ignored]:
    for name, value in given.items():
        path = f"{prefix}{name}"
        if value is None:
            continue
        if path in known:
            rule = known[path]
            if rule is not None and value not in rule.no_request:
                yield Ignored(f"options.{path}", rule.reason)
        elif any(other.startswith(f"{path}.") for other in known):
            if isinstance(value, dict):
                yield from _walk(value, known, f"{path}.")
            else:
                raise InputError(f"'options.{path}' must be an object, not {kind(value)}.")
        elif path == "experimental" and isinstance(value, dict):
            for inner in value:
                yield Ignored(f"options.experimental.{_clean(inner)}", "it is not known here")
        else:
            leaves = {other.removeprefix(prefix).split(".")[0] for other in known}
            yield _unknown(f"options.{prefix}{_clean(name)}", name, sorted(leaves))


def unknown_members(params: Mapping[str, Any], known: Iterable[str]) -> list[Ignored]:
    """Members of the params that the program does not know."""
    names = sorted(known)
    given = [name for name, value in params.items() if value is not None]
    return [_unknown(_clean(name), name, names) for name in given if name not in names]


def _unknown(path: str, name: str, names: list[str]) -> Ignored:
    hint = _OTHER_NAMES.get(name)
    if hint is None:
        close = difflib.get_close_matches(name[:MOST_CHARACTERS], names, n=1)
        hint = f"'{close[0]}'" if close else None
    return Ignored(
        path, f"it is not known here; the nearest is {hint}" if hint else "it is not known here"
    )


def _clean(name: str) -> str:
    """A name from outside, fit for one line of a log."""
    text = "".join(letter if letter.isprintable() else "?" for letter in name[:MOST_CHARACTERS])
    return text + ("…" if len(name) > MOST_CHARACTERS else "")


def say(ignored: list[Ignored]) -> list[dict[str, str]]:
    """Warn of each in the job's log; returns them as the result's metadata holds them."""
    said = list(dict.fromkeys(ignored))
    for entry in said[:MOST_SAID]:
        LOG.warning("'%s' has no effect: %s.", entry.option, entry.reason)
    if len(said) > MOST_SAID:
        LOG.warning("%d further options have no effect.", len(said) - MOST_SAID)
    return [{"option": entry.option, "reason": entry.reason} for entry in said[:MOST_SAID]]


def flag(value: object, where: str) -> bool | None:
    """A boolean option; None where it is not set."""
    if value is None or isinstance(value, bool):
        return value
    raise InputError(f"'options.{where}' must be true or false, not {kind(value)}.")


def check_decoupling(options: Mapping[str, Any], circuit: QuantumCircuit, where: str) -> None:
    """Refuse dynamical decoupling of a circuit with control flow, as devices do."""
    section = options.get("dynamical_decoupling")
    asked = flag(
        section.get("enable") if isinstance(section, dict) else None, "dynamical_decoupling.enable"
    )
    if asked and circuit.has_control_flow_op():
        raise InputError(
            f"{where} has control flow, which cannot be combined with dynamical decoupling; "
            "set 'options.dynamical_decoupling.enable' to false.",
            CODE_DECOUPLING,
        )
