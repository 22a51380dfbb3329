"""Lists the options that have an effect, and the reason for each that has none.

An option without effect is still accepted, because older and newer clients and scripts for real
devices send more options than a simulator can use. The job's log and the result's metadata name
each of them.
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

MAX_NAMED = 20  # options named for each job
MAX_NAME_LENGTH = 60  # characters; longer names are cut, because they come from the client


@dataclass(frozen=True)
class NoEffect:
    """An option without effect: the reason, and the values that request nothing anyway."""

    reason: str
    neutral: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Ignored:
    """An option of the client that has no effect, and the reason."""

    option: str
    reason: str


HAS_EFFECT = None  # the program uses the option, or it details another option of this table
Known = Mapping[str, NoEffect | None]  # dotted path → HAS_EFFECT, or why it has none

_DECOUPLING = NoEffect(
    "dynamical decoupling is not applied; the simulated noise of waiting has no memory that it "
    "could undo",
    (False,),
)
_BACKEND_DECIDES = "the noise, couplings and gates simulated are the backend's own"
_NOT_MITIGATED = "this mitigation is not done, so the values are not extrapolated or corrected"

_EXECUTION: dict[str, NoEffect | None] = {
    "init_qubits": NoEffect("every shot starts with all qubits in |0⟩", (True,)),
    "rep_delay": NoEffect("a simulator does not wait between shots"),
}

_SHARED: dict[str, NoEffect | None] = {
    "default_shots": HAS_EFFECT,
    "dynamical_decoupling.enable": _DECOUPLING,
    "dynamical_decoupling.sequence_type": HAS_EFFECT,
    "dynamical_decoupling.extra_slack_distribution": HAS_EFFECT,
    "dynamical_decoupling.scheduling_method": HAS_EFFECT,
    "dynamical_decoupling.skip_reset_qubits": HAS_EFFECT,
    **{f"execution.{name}": rule for name, rule in _EXECUTION.items()},
    "twirling.enable_gates": HAS_EFFECT,
    "twirling.enable_measure": HAS_EFFECT,
    "twirling.num_randomizations": HAS_EFFECT,
    "twirling.shots_per_randomization": HAS_EFFECT,
    "twirling.strategy": HAS_EFFECT,
    "twirling.interleave_randomizations": HAS_EFFECT,
    "simulator.seed_simulator": HAS_EFFECT,
    "simulator.noise_model": NoEffect(_BACKEND_DECIDES),
    "simulator.coupling_map": NoEffect(_BACKEND_DECIDES),
    "simulator.basis_gates": NoEffect(_BACKEND_DECIDES),
}

SAMPLER: Known = {**_SHARED, "execution.meas_type": HAS_EFFECT}

ESTIMATOR: Known = {
    **_SHARED,
    "default_precision": HAS_EFFECT,
    "seed_estimator": HAS_EFFECT,
    "resilience.measure_mitigation": HAS_EFFECT,
    "resilience.measure_noise_learning.num_randomizations": HAS_EFFECT,
    "resilience.measure_noise_learning.shots_per_randomization": HAS_EFFECT,
    "resilience.zne_mitigation": NoEffect(_NOT_MITIGATED, (False,)),
    "resilience.zne": HAS_EFFECT,
    "resilience.pec_mitigation": NoEffect(_NOT_MITIGATED, (False,)),
    "resilience.pec": HAS_EFFECT,
    "resilience.layer_noise_learning": HAS_EFFECT,
    "resilience.layer_noise_model": HAS_EFFECT,
}

EXECUTOR: Known = {
    **_EXECUTION,
    "scheduler_timing": NoEffect("nothing is scheduled, so there is no timing", (False,)),
    "stretch_values": NoEffect("nothing is scheduled, so stretches have no values", (False,)),
    "experimental.seed_simulator": HAS_EFFECT,
}

# Names that users often write instead of the correct one.
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
    """Returns the options in `options` that have no effect.

    Raises InputError for a section that is not an object.
    """
    return list(_walk(options, known, ""))


def _walk(section: Mapping[str, Any], known: Known, prefix: str) -> Iterable[Ignored]:
    for name, value in section.items():
        path = f"{prefix}{name}"
        if value is None:
            continue
        if path in known:
            rule = known[path]
            if rule is not None and value not in rule.neutral:
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
    """Returns the members of the params that the program does not know."""
    names = sorted(known)
    present = [name for name, value in params.items() if value is not None]
    return [_unknown(_clean(name), name, names) for name in present if name not in names]


def _unknown(path: str, name: str, names: list[str]) -> Ignored:
    hint = _OTHER_NAMES.get(name)
    if hint is None:
        close = difflib.get_close_matches(name[:MAX_NAME_LENGTH], names, n=1)
        hint = f"'{close[0]}'" if close else None
    return Ignored(
        path, f"it is not known here; the nearest is {hint}" if hint else "it is not known here"
    )


def _clean(name: str) -> str:
    """Returns a client's name in a form that is safe for one line of a log."""
    text = "".join(letter if letter.isprintable() else "?" for letter in name[:MAX_NAME_LENGTH])
    return text + ("…" if len(name) > MAX_NAME_LENGTH else "")


def report_ignored(ignored: list[Ignored]) -> list[dict[str, str]]:
    """Logs a warning for each option, and returns the entries for the result's metadata."""
    unique = list(dict.fromkeys(ignored))
    for entry in unique[:MAX_NAMED]:
        LOG.warning("'%s' has no effect: %s.", entry.option, entry.reason)
    if len(unique) > MAX_NAMED:
        LOG.warning("%d further options have no effect.", len(unique) - MAX_NAMED)
    return [{"option": entry.option, "reason": entry.reason} for entry in unique[:MAX_NAMED]]


def flag(value: object, where: str) -> bool | None:
    """Returns a boolean option; None if it is not set. Raises InputError."""
    if value is None or isinstance(value, bool):
        return value
    raise InputError(f"'options.{where}' must be true or false, not {kind(value)}.")


def check_decoupling(options: Mapping[str, Any], circuit: QuantumCircuit, where: str) -> None:
    """Raises InputError for dynamical decoupling of a circuit with control flow, as devices do."""
    section = options.get("dynamical_decoupling")
    enabled = flag(
        section.get("enable") if isinstance(section, dict) else None, "dynamical_decoupling.enable"
    )
    if enabled and circuit.has_control_flow_op():
        raise InputError(
            f"{where} has control flow, which cannot be combined with dynamical decoupling; "
            "set 'options.dynamical_decoupling.enable' to false.",
            CODE_DECOUPLING,
        )
