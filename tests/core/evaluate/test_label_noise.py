from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.evaluate import EvaluationError, label_noise


def test_what_is_found_is_counted_and_what_is_left_lies_among_the_others():
    noise = label_noise(6, 100, 400, ambiguous=3)
    assert noise.share == 0.06
    assert 6 / 400 <= noise.low < 0.06 < noise.high
    share, low, high = noise.left
    assert share == pytest.approx(0.06 * 300 / 400)
    assert low == pytest.approx(noise.low - 6 / 400)
    assert high == pytest.approx(noise.high - 6 / 400)
    assert not noise.complete


def test_before_a_review_nothing_is_known_and_after_all_of_it_everything():
    nothing = label_noise(0, 0, 50)
    assert math.isnan(nothing.share)
    assert (nothing.low, nothing.high) == (0, 1)
    everything = label_noise(7, 50, 50)
    assert everything.complete
    assert everything.low == everything.share == everything.high == 7 / 50
    assert everything.left == (0, 0, 0)


@given(st.integers(1, 60), st.data())
def test_what_is_left_is_never_less_than_nothing_nor_more_than_was_not_looked_at(size, data):
    reviewed = data.draw(st.integers(0, size))
    wrong = data.draw(st.integers(0, reviewed))
    share, low, high = label_noise(wrong, reviewed, size).left
    assert 0 <= low <= high <= (size - reviewed) / size + 1e-12
    assert math.isnan(share) or low - 1e-12 <= share <= high + 1e-12


def test_it_covers_the_truth_in_samples_that_were_drawn():
    rng = np.random.default_rng(0)
    truth = np.zeros(300, dtype=bool)
    truth[:20] = True
    found = [label_noise(int(rng.permutation(truth)[:80].sum()), 80, 300) for _ in range(400)]
    covered = np.mean([noise.low <= 20 / 300 <= noise.high for noise in found])
    assert covered >= 0.95 - 2 * math.sqrt(0.05 * 0.95 / 400)


@pytest.mark.parametrize(
    ("wrong", "reviewed", "size", "ambiguous"), [(2, 1, 5, 0), (0, 6, 5, 0), (0, 0, 0, 0), (1, 2, 5, 2)]
)
def test_numbers_that_do_not_fit_are_refused(wrong, reviewed, size, ambiguous):
    with pytest.raises(EvaluationError, match="0 <= wrong <= reviewed <= size"):
        label_noise(wrong, reviewed, size, ambiguous=ambiguous)
