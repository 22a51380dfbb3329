"""Reads `resilience_level`, `options.resilience` and `options.twirling` of an estimator job."""

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
    """Twirling and error mitigation of one job."""

    twirling: Twirling
    mitigates: bool  # whether measurement errors are mitigated


def resilience_of(
    level: object, options: dict[str, Any], backend: Device
) -> tuple[Resilience, list[Ignored]]:
    """Returns the job's resilience, and the options that have no effect. Raises InputError.

    Switches that are not set follow the level. Without a level nothing is mitigated.
    """
    number = 0 if level is None else level
    if isinstance(number, bool) or not isinstance(number, (int, float)) or number not in (0, 1, 2):
        raise InputError("'resilience_level' must be 0, 1 or 2.")
    number = int(number)
    ignored = []
    zne = flag(option(options, "resilience", "zne_mitigation"), "resilience.zne_mitigation")
    pec = flag(option(options, "resilience", "pec_mitigation"), "resilience.pec_mitigation")
    if zne and pec:
        raise InputError(
            "'options.resilience' can have one of zne_mitigation and pec_mitigation, not both."
        )
    if number == 2 and zne is None:
        reason = "level 2 acts as level 1 with gate twirling: nothing is extrapolated to zero noise"
        ignored.append(Ignored("resilience_level", reason))
    switch = flag(
        option(options, "resilience", "measure_mitigation"), "resilience.measure_mitigation"
    )
    mitigates = number >= 1 if switch is None else switch
    twirling = twirling_of(options, backend.max_shots, number == 2, number >= 1 or mitigates)
    if mitigates and not twirling.measures:
        reason = "measurement mitigation needs it, so it is on"
        ignored.append(Ignored("options.twirling.enable_measure", reason))
        twirling = replace(twirling, measures=True)
    return Resilience(twirling, mitigates), ignored


def overridden(options: dict[str, Any], twirling: Twirling) -> list[Ignored]:
    """Returns the defaults for the number of shots that another option overrides."""
    fixed = twirling.fixed_shots if twirling.enabled else None
    defaults = [
        name for name in ("default_shots", "default_precision") if option(options, name) is not None
    ]
    if fixed is not None:
        return [
            Ignored(f"options.{name}", f"the twirling options give {fixed} shots")
            for name in defaults
        ]
    reason = "'options.default_shots' is set and takes precedence"
    return [Ignored("options.default_precision", reason)] if len(defaults) == 2 else []


def calibration_split(options: dict[str, Any], shots: int, max_shots: int) -> Split:
    """Returns how the shots that measure readout errors are split into randomizations.

    By default there are as many as `shots`, the circuit's own. Raises InputError.
    """
    path = ("resilience", "measure_noise_learning")
    count = count_or_auto(options, max_shots, *path, "num_randomizations")
    each = count_or_auto(options, max_shots, *path, "shots_per_randomization")
    count = count or DEFAULT_RANDOMIZATIONS
    return Split(count, each or math.ceil(shots / count))
