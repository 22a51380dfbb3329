import json
from math import pi

import numpy as np
import pytest
from given import NO_VALUES, backend, bell, decoded, device, ghz, params, run, tilted

from jobworker.device import device_of
from kit.failures import InputError


def estimate(
    circuit, observables, on=None, values=NO_VALUES, precision=None, level=None, **options
):
    body = json.loads(params([circuit, observables, values, precision], **options))
    if level is not None:
        body["resilience_level"] = level
    return decoded(run("estimator", json.dumps(body), on))


def misreading(zero=0.05, one=0.15):
    """Returns a device whose only error is the readout. `zero` is P(1|0), `one` is P(0|1)."""
    plain = backend()
    readout = [
        {"name": "prob_meas1_prep0", "value": zero, "unit": ""},
        {"name": "prob_meas0_prep1", "value": one, "unit": ""},
    ]
    properties = {"qubits": [readout] * 5, "gates": []}
    options = {**plain["options"], "properties": properties, "noise": True}
    return device_of({**plain, "options": options})


def test_readout_errors_are_measured_and_divided_out():
    raw = estimate(bell(False), ["ZZ", "XX"], misreading(), seed_estimator=3)[0].data
    mitigated = estimate(bell(False), ["ZZ", "XX"], misreading(), seed_estimator=3, level=1)
    data = mitigated[0].data
    assert raw.evs == pytest.approx([0.65, 0.65], abs=0.08)
    assert np.abs(data.evs - 1).max() < 5 * data.stds.max()
    assert data.stds.max() < 0.1
    assert mitigated.metadata["resilience"]["measure_mitigation"] is True
    assert mitigated.metadata["twirling"]["enable_measure"] is True
    assert "ignored_options" not in mitigated.metadata


def test_terms_of_different_weight_are_each_corrected_by_their_own_factor():
    observable = {"IZ": 1.0, "ZI": 2.0, "ZZ": 3.0, "XX": 4.0, "II": 5.0}
    result = estimate(bell(False), observable, misreading(), level=1, precision=0.01)
    assert result[0].data.evs == pytest.approx(12, abs=5 * float(result[0].data.stds))


def test_the_reported_deviation_is_that_of_repeated_runs():
    ratios = []
    for seed in range(24):
        data = estimate(
            tilted(False), "Z", misreading(), [[1.0]], 0.025, level=1, seed_estimator=seed
        )[0].data
        ratios.append((data.evs - np.cos(1.0)) / data.stds)
    assert 0.65 < np.sqrt(np.mean(np.square(ratios))) < 1.5


def test_without_a_level_nothing_is_mitigated_and_the_result_reports_it():
    result = estimate(bell(False), "ZZ", misreading(), seed_estimator=3)
    assert result[0].data.evs < 0.8
    assert result.metadata["resilience"]["measure_mitigation"] is False
    assert result[0].metadata["num_randomizations"] == 1


def test_mitigation_brings_a_noisy_device_closer_to_the_right_value():
    circuit, observable = ghz([0, 1, 2], 27), "I" * 25 + "ZZ"
    on = device("stint_hex_27")
    raw = estimate(circuit, observable, on, precision=0.005, seed_estimator=1)[0].data.evs
    better = estimate(circuit, observable, on, precision=0.005, seed_estimator=1, level=1)
    assert raw < better[0].data.evs < 1.03


def test_twirling_measurements_without_mitigation_keeps_the_readout_error():
    data = estimate(bell(False), "ZZ", misreading(), twirling={"enable_measure": True})[0].data
    assert data.evs == pytest.approx(0.64, abs=0.08)


@pytest.mark.parametrize(
    ("level", "gates", "measures", "mitigates"),
    [(0, False, False, False), (1, False, True, True), (2, True, True, True)],
)
def test_unset_switches_follow_the_level(level, gates, measures, mitigates):
    metadata = estimate(bell(False), "ZZ", level=level).metadata
    assert metadata["twirling"]["enable_gates"] is gates
    assert metadata["twirling"]["enable_measure"] is measures
    assert metadata["resilience"]["measure_mitigation"] is mitigates
    ignored = [entry["option"] for entry in metadata.get("ignored_options", [])]
    assert ignored == (["resilience_level"] if level == 2 else [])


def test_a_switch_that_is_set_overrides_the_level():
    off = {"resilience": {"measure_mitigation": False}, "twirling": {"enable_measure": False}}
    metadata = estimate(bell(False), "ZZ", level=1, **off).metadata
    assert metadata["resilience"]["measure_mitigation"] is False
    assert metadata["twirling"] == {"enable_gates": False, "enable_measure": False}


def test_mitigation_turns_measurement_twirling_on_and_reports_it():
    both = {"resilience": {"measure_mitigation": True}, "twirling": {"enable_measure": False}}
    metadata = estimate(bell(False), "ZZ", **both).metadata
    assert metadata["twirling"]["enable_measure"] is True
    (entry,) = metadata["ignored_options"]
    assert entry["option"] == "options.twirling.enable_measure"


def test_the_spread_over_randomizations_and_over_shots_are_both_given():
    data = estimate(bell(False), "ZI", twirling={"enable_gates": True}, precision=0.02)[0].data
    assert data.ensemble_standard_error == pytest.approx(0.02, rel=0.1)
    assert 0.3 < data.stds / data.ensemble_standard_error < 3


def test_a_twirled_estimate_reports_the_shots_it_took():
    result = estimate(bell(False), "ZZ", precision=0.01, twirling={"enable_gates": True})[0]
    assert result.metadata["shots"] == 32 * 313
    assert result.metadata["num_randomizations"] == 32
    assert result.metadata["target_precision"] == 0.01


def test_calibration_takes_the_shots_it_is_given():
    def uncertainty(**learning):
        resilience = {"measure_mitigation": True, "measure_noise_learning": learning}
        result = estimate(bell(False), "ZZ", misreading(), resilience=resilience, seed_estimator=1)
        return float(result[0].data.ensemble_standard_error)

    few = uncertainty(num_randomizations=1, shots_per_randomization=10)
    assert few > 3 * uncertainty()
    assert few > 3 * uncertainty(num_randomizations=64, shots_per_randomization="auto")


def test_a_twirled_sweep_broadcasts_as_before():
    angles = np.linspace(0, pi, 5).reshape(5, 1)
    data = estimate(tilted(False), [["Z"], ["X"]], values=angles, level=2)[0].data
    assert data.evs.shape == (2, 5)
    assert np.abs(data.evs[0] - np.cos(angles[:, 0])).max() < 0.12


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"level": 3}, "'resilience_level' must be 0, 1 or 2"),
        ({"level": True}, "'resilience_level' must be 0, 1 or 2"),
        ({"resilience": {"measure_mitigation": 1}}, "must be true or false"),
        ({"resilience": {"zne_mitigation": True, "pec_mitigation": True}}, "not both"),
        (
            {
                "level": 1,
                "resilience": {"measure_noise_learning": {"num_randomizations": 0}},
                "on": misreading(),
            },
            "must be from 1 to",
        ),
    ],
)
def test_invalid_resilience_options_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        estimate(bell(False), "ZZ", **options)


def test_projectors_cannot_be_mitigated():
    assert estimate(bell(False), "00", level=0)[0].data.evs == pytest.approx(0.5, abs=0.1)
    with pytest.raises(InputError, match="have projectors"):
        estimate(bell(False), ["ZZ", "0I"], level=1)
