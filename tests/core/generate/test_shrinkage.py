from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.generate.optimism import Resampled
from core.generate.shrinkage import shrinkage

METHODS = ["a", "a", "a", "b", "b", "b", "alone"]
KINDS = [False] * 7


def resampled(gains, luck: float, seed: int = 0) -> Resampled:
    """Resamples in which each attempt has luck of its own, beside one that all share."""
    rng = np.random.default_rng(seed)
    drawn = gains + rng.normal(size=(200, 1)) + luck * rng.normal(size=(200, len(gains)))
    return Resampled(drawn, drawn)


def test_amounts_that_differ_by_luck_alone_count_alike():
    gains = np.array([0.03, 0.00, -0.03, 0.01, 0.02, 0.03, 0.02])
    likely = shrinkage(gains, resampled(gains, 0.05), METHODS, KINDS) @ gains
    np.testing.assert_allclose(likely, [0, 0, 0, 0.02, 0.02, 0.02, 0.02], atol=1e-12)
    # One lucky amount of a method that does not help does not come before one that helps in all.
    assert gains[0] == gains[5]
    assert likely[0] < likely[5]


def test_amounts_that_differ_by_more_than_luck_stand_for_themselves():
    gains = np.array([0.3, 0.0, -0.3, 0.1, 0.2, 0.3, 0.2])
    likely = shrinkage(gains, resampled(gains, 0.001), METHODS, KINDS) @ gains
    np.testing.assert_allclose(likely, gains, atol=1e-3)


def test_luck_that_all_share_is_no_luck_of_amounts():
    gains = np.array([0.1, 0.0, -0.1, 0.1, 0.0, -0.1, 0.0])
    likely = shrinkage(gains, resampled(gains, 0.0), METHODS, KINDS) @ gains
    np.testing.assert_allclose(likely, gains)


def test_the_luck_of_one_kind_says_nothing_of_the_other():
    gains = np.array([0.01, 0.0, -0.01, 0.5, 0.0, -0.5, 0.0])
    kinds = [False] * 3 + [True] * 3 + [False]
    likely = shrinkage(gains, resampled(gains, 0.01), METHODS, kinds) @ gains
    np.testing.assert_allclose(likely[:3], 0, atol=5e-3)
    np.testing.assert_allclose(likely[3:6], gains[3:6], atol=5e-3)


def test_in_repeated_samples_the_shrunken_gains_are_nearer_to_the_truth():
    rng = np.random.default_rng(1)
    own, shrunken = [], []
    for _ in range(200):
        truth = np.repeat(rng.normal(0, 0.02, 5), 3) + rng.normal(0, 0.005, 15)
        gains = truth + rng.normal(0, 0.02, 15)
        drawn = gains + rng.normal(0, 0.02, (200, 15))
        weights = shrinkage(gains, Resampled(drawn, drawn), np.repeat(range(5), 3).tolist(), [0] * 15)
        own.append(np.square(gains - truth).sum())
        shrunken.append(np.square(weights @ gains - truth).sum())
    assert np.mean(shrunken) < 0.6 * np.mean(own)


def test_without_resamples_the_own_gain_counts_one_half():
    gains = np.array([0.2, 0.0, 0.1])
    likely = shrinkage(gains, None, ["a", "a", "b"], [0, 0, 0]) @ gains
    np.testing.assert_allclose(likely, [0.15, 0.05, 0.1])


@given(
    st.lists(st.tuples(st.integers(0, 4), st.booleans(), st.floats(-1, 1)), max_size=12),
    st.floats(0, 1),
)
def test_a_gain_never_leaves_what_its_method_showed(attempts, luck):
    names = [(name, kind) for name, kind, _ in attempts]
    gains = np.array([gain for *_, gain in attempts])
    weights = shrinkage(gains, resampled(gains, luck), names, [kind for _, kind, _ in attempts])
    assert weights.sum(axis=1) == pytest.approx(np.ones(len(gains)))
    for place, (name, likely) in enumerate(zip(names, weights @ gains, strict=True)):
        own = gains[[each == name for each in names]]
        assert own.min() - 1e-9 <= likely <= own.max() + 1e-9
        assert abs(likely - own.mean()) <= abs(gains[place] - own.mean()) + 1e-9
