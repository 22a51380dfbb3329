"""Tests that effects of features are found despite trend, season, autocorrelation and spikes."""

import numpy as np
import pytest

from learner.series.outlook import MIDDLE, normal
from learner.series.reaction import Reaction, reaction_of

WEEK = (7,)
AHEAD = 14


def walk(rng, t):
    return 500 + np.cumsum(8 * rng.normal(size=t.size)) + 10 * rng.normal(size=t.size)


def remembering(rng, t):
    errors = np.zeros(t.size)
    for i in range(1, t.size):
        errors[i] = 0.7 * errors[i - 1] + 20 * rng.normal()
    return 500 + errors + 50 * np.sin(2 * np.pi * t / 7)


def exploding(rng, t):
    week = 1 + 0.3 * np.sin(2 * np.pi * t / 7)
    return 200 * np.exp(1.5 * t / t.size + 0.05 * rng.normal(size=t.size)) * week


def spiky(rng, t):
    values = 500 + 30 * np.sin(2 * np.pi * t / 7) + 15 * rng.normal(size=t.size)
    return np.where(rng.random(t.size) < 0.02, 4 * values, values)


KINDS = [walk, remembering, exploding, spiky]


def make_series(kind, seed: int, count: int = 250) -> tuple[np.ndarray, np.ndarray]:
    """Returns a series, and three features that do not influence it."""
    rng = np.random.default_rng(seed)
    base = kind(rng, np.arange(count))
    promo = rng.random(count) < 0.1
    return base, np.column_stack([promo, rng.normal(size=count), rng.random(count) < 0.3])


def predicted_change(reaction: Reaction, base: np.ndarray) -> np.ndarray:
    """Returns the change that the reaction adds to an exact forecast without features."""
    known = len(base) - AHEAD
    return np.asarray(reaction.apply_to(normal(base[known:], 1.0), known)[MIDDLE] - base[known:])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("effect", ["+30 %", "+100"])
def test_an_effect_is_found_within_a_fifth(kind, effect):
    for seed in range(4):
        base, features = make_series(kind, seed)
        features[-AHEAD:] = 0
        features[-5, 0] = 1
        truth = 0.3 * base if effect == "+30 %" else np.full(len(base), 100.0)
        known = len(base) - AHEAD
        history = (base + truth * features[:, 0])[:known]
        changes = predicted_change(reaction_of(history, WEEK, features), base)
        level = np.median(base[known:]) if kind is spiky else base[-5]
        expected = 0.3 * level if effect == "+30 %" else 100.0
        # A spike on the same day would also be multiplied.
        assert changes[-5] * (level / base[-5] if effect == "+30 %" else 1) == pytest.approx(
            expected, rel=0.2
        )


@pytest.mark.parametrize("kind", KINDS)
def test_features_without_an_effect_rarely_move_the_forecast(kind):
    changes = []
    for seed in range(20):
        base, features = make_series(kind, 100 + seed)
        reaction = reaction_of(base[:-AHEAD], WEEK, features)
        changes.append(np.abs(predicted_change(reaction, base)).max() / base.mean())
    assert np.count_nonzero(changes) <= 2
    assert max(changes) < 0.15


def test_the_history_without_its_effect_is_the_base_and_the_inverse_is_exact():
    base, features = make_series(remembering, 1)
    history = base + 100 * features[:, 0]
    reaction = reaction_of(history[:-AHEAD], WEEK, features)
    plain = reaction.without_features(history[:-AHEAD])
    assert np.abs(plain - base[:-AHEAD]).max() < 20
    assert reaction.with_features(plain) == pytest.approx(history[:-AHEAD])


def test_a_feature_that_equals_the_season_has_no_effect():
    rng = np.random.default_rng(2)
    t = np.arange(200)
    saturday = (t % 7 == 5).astype(float)
    history = 100 + 40 * saturday + rng.normal(size=200)
    reaction = reaction_of(history[:-AHEAD], WEEK, saturday[:, None])
    assert not reaction.change.any()


def test_one_promotion_with_a_high_day_proves_nothing():
    base, features = make_series(remembering, 3)
    features[:, 0] = 0
    features[100, 0] = 1
    history = base + 300 * features[:, 0]
    reaction = reaction_of(history[:-AHEAD], WEEK, features[:, :1])
    assert not reaction.change.any()


def test_a_value_far_beyond_the_history_is_clipped_to_one_range_beyond_it():
    rng = np.random.default_rng(4)
    price = rng.choice([9.0, 10.0, 11.0], 200)
    history = 500 - 20 * price + rng.normal(size=200)
    price[-1], price[-2] = 1e9, 13.0
    reaction = reaction_of(history[:-AHEAD], WEEK, price[:, None])
    changes = predicted_change(reaction, np.full(200, 300.0))
    assert changes[-1] == pytest.approx(changes[-2], rel=1e-9)
    assert changes[-1] == pytest.approx(-60, rel=0.1)


def test_a_short_or_constant_history_has_no_reaction():
    for history in (np.arange(8.0), np.full(60, 5.0)):
        features = np.ones((len(history) + 2, 1))
        features[::3] = 0
        reaction = reaction_of(history, (), features)
        assert reaction.change.tolist() == [0] * (len(history) + 2)
