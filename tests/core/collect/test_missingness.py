from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.collect.distributions import Labels, distribution
from core.collect.missingness import missing_by_class, missingness


@given(
    st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=80),
    st.integers(1, 12),
)
def test_blocks_and_pairs_are_those_counted_by_hand(rows, blocks):
    gone = pd.DataFrame(rows, columns=["a", "나", "c"], dtype=bool)
    frame = pd.DataFrame({"a": 1.0, "나": pd.array(["x"] * len(rows), dtype="str"), "c": 2}, index=gone.index).mask(
        gone
    )
    found = missingness(frame, blocks=blocks)
    assert found.rows == len(rows)
    assert found.shares.to_dict() == {name: gone[name].mean() for name in gone if gone[name].any()}
    assert found.shares.is_monotonic_decreasing
    for block in found.blocks:
        first, _, last = str(block).partition("–")
        part = gone.iloc[int(first) - 1 : int(last or first)]
        for name in found.blocks.index:
            assert found.blocks.loc[name, block] == pytest.approx(part[name].mean())
    if found.blocks.size:
        assert 1 <= found.blocks.shape[1] <= blocks
    for pair in found.together.itertuples():
        one, other = gone[pair.one], gone[pair.other]
        assert pair.both == (one & other).sum() > 0
        assert pair.of_one == pytest.approx(other[one].mean())
        assert pair.of_other == pytest.approx(one[other].mean())
        assert pair.phi == pytest.approx(np.corrcoef(one, other)[0, 1])


def test_a_block_of_rows_without_a_source_is_seen():
    frame = pd.DataFrame(
        {"late": [np.nan] * 500 + [1.0] * 500, "never": [1.0] * 1000, "with it": [np.nan] * 500 + [2.0] * 500}
    )
    found = missingness(frame, blocks=10)
    assert found.blocks.loc["late"].tolist() == [1.0] * 5 + [0.0] * 5
    assert found.blocks.columns[5] == "501–600"
    assert "never" not in found.shares
    (pair,) = found.together.itertuples()
    assert (pair.both, pair.of_one, pair.of_other, pair.phi) == (500, 1.0, 1.0, pytest.approx(1.0))


def test_nothing_missing_is_said_with_empty_tables():
    found = missingness(pd.DataFrame({"a": [1, 2, 3]}))
    assert found.shares.empty
    assert found.blocks.empty
    assert found.together.empty


def test_classes_are_compared_by_what_is_missing_of_them():
    rng = np.random.default_rng(0)
    label = pd.Series(rng.choice(["a", "b"], 800))
    frame = pd.DataFrame({"by class": rng.normal(size=800), "by chance": rng.normal(size=800), "whole": 1.0})
    frame.loc[(label == "a") & (rng.random(800) < 0.3), "by class"] = np.nan
    frame.loc[rng.random(800) < 0.3, "by chance"] = np.nan
    labels = Labels.of(label)
    shares, related = missing_by_class({name: distribution(frame[name], labels) for name in frame})
    assert shares.index.tolist() == ["by class", "by chance"]
    for name in shares.index:
        for each in "ab":
            assert shares.loc[name, each] == pytest.approx(frame.loc[label == each, name].isna().mean())
    assert related.index.tolist() == shares.index.tolist()
    assert related.loc["by class", "p_adjusted"] < 0.001
    assert related.loc["by chance", "p_adjusted"] > 0.05
