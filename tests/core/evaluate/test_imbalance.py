from __future__ import annotations

import pandas as pd
import pytest

from core.evaluate import imbalance


def test_counts_shares_and_ratios_largest_first():
    found = imbalance(pd.Series(["b"] * 6 + ["a"] * 3 + ["c"] + [None]))
    assert list(found.index) == ["b", "a", "c"]
    assert found["count"].tolist() == [6, 3, 1]
    assert found["share"].tolist() == pytest.approx([0.6, 0.3, 0.1])
    assert found["ratio"].tolist() == pytest.approx([1, 2, 6])
    assert found["effective"].iloc[-1] == pytest.approx(1)
    assert (found["effective"] <= found["count"] + 1e-12).all()


def test_equal_counts_go_by_name():
    assert list(imbalance(pd.Series(list("zyxxyz"))).index) == ["x", "y", "z"]


def test_nothing_labelled():
    assert imbalance(pd.Series([None, None], dtype="str")).empty
