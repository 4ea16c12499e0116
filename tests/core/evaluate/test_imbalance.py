from __future__ import annotations

import pandas as pd
import pytest

from core.evaluate import class_counts, imbalance
from core.statistics import wilson_interval


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


def test_train_and_test_are_counted_side_by_side_and_generated_examples_apart():
    train = pd.Series(list("aaab"), index=["1", "2", "3", "g"])
    test = pd.Series(["a", "c", "c", None])
    found = class_counts(train, test, generated=pd.Index(["g", "elsewhere"]))
    assert list(found.index) == ["a", "b", "c"]
    assert found["collected"].tolist() == [3, 0, 0]
    assert found["generated"].tolist() == [0, 1, 0]
    assert found["test"].tolist() == [1, 0, 2]
    assert found["train_share"].tolist() == pytest.approx([0.75, 0.25, 0])
    assert found["test_share"].tolist() == pytest.approx([1 / 3, 0, 2 / 3])
    low, high = wilson_interval([3, 1, 0], 4)
    assert found["train_low"].tolist() == pytest.approx(low)
    assert found["train_high"].tolist() == pytest.approx(high)


def test_a_class_that_train_has_none_of_is_infinitely_rare():
    found = class_counts(pd.Series(["a"]), pd.Series(["b"]))
    assert found.loc["b", ["train", "ratio", "effective"]].tolist() == [0, float("inf"), 0]


def test_no_label_at_all_is_no_error():
    assert class_counts(pd.Series([], dtype="str"), pd.Series([], dtype="str")).empty
