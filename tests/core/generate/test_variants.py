from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.generate import GenerateError
from core.generate.variants import draw_evenly, variants

LABELS = pd.Series(["a"] * 5 + ["b"] * 3)
ALL = np.ones(8, dtype=bool)


@given(st.integers(1, 30), st.integers(1, 30), st.integers(0, 99))
def test_no_parent_is_drawn_once_more_than_another_needs(n_a, n_b, seed):
    drawn = draw_evenly(LABELS, ALL, {"a": n_a, "b": n_b}, np.random.default_rng(seed))
    assert LABELS.iloc[drawn].tolist() == ["a"] * n_a + ["b"] * n_b
    counts = np.bincount(drawn, minlength=8)
    assert np.ptp(counts[:5]) <= 1
    assert np.ptp(counts[5:]) <= 1


def test_what_is_there_already_or_twice_is_made_again_or_not_at_all():
    texts = pd.Series([f"text {number}" for number in range(8)], dtype="str")

    def write(base, rng):
        # Of each parent only: itself, or one of two others.
        return (texts.iloc[base] + pd.Series(rng.choice(["", "x", "y"], len(base)), index=base)).reset_index(
            drop=True
        ), base

    made, base, other = variants(texts, LABELS, ALL, {"a": 40, "b": 2}, 0, write)
    assert made.is_unique
    assert not made.isin(texts).any()
    assert (made.str[:-1].to_numpy() == texts.iloc[base].to_numpy()).all()
    assert (base == other).all()
    counts = LABELS.iloc[base].value_counts()
    assert counts["b"] == 2
    assert 8 <= counts["a"] <= 10


def test_blank_texts_are_not_made():
    texts = pd.Series(["one", "two"], dtype="str")
    labels = pd.Series(["a", "a"])
    with pytest.raises(GenerateError, match="there already"):
        variants(
            texts, labels, np.ones(2, dtype=bool), {"a": 3}, 0, lambda base, rng: (pd.Series([" "] * len(base)), base)
        )
