from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.annotate import learn_chance

scores = st.lists(st.floats(0, 1), min_size=1, max_size=30)


def test_without_answers_the_scores_stand_and_are_little_sure():
    chance = learn_chance([], [])

    np.testing.assert_allclose(chance.of([0.2, 0.7]), [0.2, 0.7])
    assert chance.answers == 0
    assert chance.of([0.7], -1.96) < 0.3
    assert chance.of([0.7], 1.96) > 0.9


@pytest.mark.parametrize("shift", [-1.5, 0.0, 1.0])
def test_what_reviews_found_moves_the_scores(shift):
    rng = np.random.default_rng(0)
    given_scores = rng.uniform(0.3, 0.95, 3000)
    true = 1 / (1 + (1 - given_scores) / given_scores * np.exp(-shift))

    chance = learn_chance(given_scores, rng.random(3000) < true)

    assert chance.shift == pytest.approx(shift, abs=4 * chance.error)
    np.testing.assert_allclose(chance.of(given_scores), true, atol=0.05)


@given(scores, st.integers(0, 30))
def test_more_answers_make_surer_and_more_wrong_ones_likelier(values, wrong):
    found = np.arange(len(values)) < wrong

    chance, all_wrong = learn_chance(values, found), learn_chance(values, np.ones(len(values)))

    assert chance.error <= learn_chance([], []).error
    assert all_wrong.shift >= chance.shift - 1e-9
