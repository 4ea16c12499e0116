from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency

from core.collect.compared import MOST, Shares, compare_counts, stability


def shares(old: pd.Series, new: pd.Series) -> Shares:
    return Shares.of(old.value_counts(), new.value_counts(), (0, 0), (len(old), len(new)))


def test_which_values_are_kept_does_not_tell_the_sides():
    """One row a value: were ties settled by the order of the rows, the reference's would be kept, the batch's not."""
    values = pd.Series([f"v{number:03}" for number in range(200)])
    kept = shares(values[::2], values[1::2])
    assert kept.names[:MOST] == sorted(values)[:MOST]
    assert kept.old[:MOST].sum() == kept.new[:MOST].sum() == MOST / 2


def test_the_chi_square_is_scipy_s():
    old, new = np.array([40, 30, 30, 60]), np.array([60, 20, 35, 50])
    names = list("abcd")
    own = Shares.of(pd.Series(old, names), pd.Series(new, names), (0, 0), (160, 165))
    _, statistic, p, _ = compare_counts(own)
    theirs = chi2_contingency(np.array([old, new]), correction=False)
    np.testing.assert_allclose([statistic, p], [theirs.statistic, theirs.pvalue])


@given(st.lists(st.integers(0, 500), min_size=2, max_size=12), st.lists(st.integers(0, 500), min_size=12, max_size=12))
def test_the_index_is_finite_and_the_same_both_ways(old, new):
    a, b = np.array(old), np.array(new[: len(old)])
    assert 0 <= stability(a, b) < 100
    assert stability(a, b) == pytest.approx(stability(b, a), abs=1e-9)


def test_by_chance_alone_the_index_is_nothing_on_average():
    rng = np.random.default_rng(0)
    chances = np.array([0.4, 0.3, 0.15, 0.1, 0.04, 0.01])
    found = [stability(rng.multinomial(5_000, chances), rng.multinomial(60, chances)) for _ in range(2_000)]
    # Cut off at zero, so that the mean lies above it; uncorrected it would be about 0.085.
    assert np.mean(found) < 0.04
    assert np.median(found) < 0.02
