"""What `resilience_level`, `options.resilience` and `options.twirling` of an estimator come to."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from .device import Device
from .failures import InputError
from .mitigation import DEFAULT_RANDOMIZATIONS
from .options import Ignored, flag
from .pubs import option
from .twirling import Split, Twirling, count_or_auto, twirling_of


@dataclass(frozen=True)
class Resilience:
    """What a job's options come to."""

    twirling: Twirling
    mitigates: bool  # measurement errors


def resilience_of(
    level: object, options: dict[str, Any], backend: Device
) -> tuple[Resilience, list[Ignored]]:
    """Switches that are not set follow the level; without a level nothing is mitigated."""
    given = 0 if level is None else level
    if isinstance(given, bool) or not isinstance(given, (int, float)) or given not in (0, 1, 2):
        raise InputError("'resilience_level' must be 0, 1 or 2.")
    wanted = int(given)
    ignored = []
    zne = flag(option(options, "resilience", "zne_mitigation"), "resilience.zne_mitigation")
    pec = flag(option(options, "resilience", "pec_mitigation"), "resilience.pec_mitigation")
    if zne and pec:
        raise InputError(
            "'options.resilience' can have one of zne_mitigation and pec_mitigation, not both."
        )
    if wanted == 2 and zne is None:
        reason = "level 2 acts as level 1 with gate twirling: nothing is extrapolated to zero noise"
        ignored.append(Ignored("resilience_level", reason))
    asked = flag(
        option(options, "resilience", "measure_mitigation"), "resilience.measure_mitigation"
    )
    mitigates = wanted >= 1 if asked is None else asked
    twirling = twirling_of(options, backend.max_shots, wanted == 2, wanted >= 1 or mitigates)
    if mitigates and not twirling.measures:
        reason = "measurement mitigation needs it, so it is on"
        ignored.append(Ignored("options.twirling.enable_measure", reason))
        twirling = replace(twirling, measures=True)
    return Resilience(twirling, mitigates), ignored


def overridden(options: dict[str, Any], twirling: Twirling) -> list[Ignored]:
    """Defaults for shots of which another one wins."""
    fixed = twirling.fixed_shots if twirling.enabled else None
    given = [
        name for name in ("default_shots", "default_precision") if option(options, name) is not None
    ]
    if fixed is not None:
        return [
            Ignored(f"options.{name}", f"the twirling options give {fixed} shots") for name in given
        ]
    reason = "'options.default_shots' is set and comes first"
    return [Ignored("options.default_precision", reason)] if len(given) == 2 else []


def calibration_split(options: dict[str, Any], shots: int, max_shots: int) -> Split:
    """Shots that measure readout errors; as many as the circuit has unless they are given."""
    path = ("resilience", "measure_noise_learning")
    count = count_or_auto(options, max_shots, *path, "num_randomizations")
    each = count_or_auto(options, max_shots, *path, "shots_per_randomization")
    count = count or DEFAULT_RANDOMIZATIONS
    return Split(count, each or math.ceil(shots / count))
