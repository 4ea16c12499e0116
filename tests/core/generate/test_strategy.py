from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.generate import GenerateError, Strategy, explicit_counts, strategy_table
from core.generate.strategy import scaled_counts

SIZES = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 40), min_size=2)


def labels_of(sizes: dict[str, int]) -> pd.Series:
    return pd.Series([name for name, size in sizes.items() for _ in range(size)], dtype="str")


THREE = labels_of({"small": 2, "middle": 10, "large": 20})


@pytest.mark.parametrize(
    ("target", "n", "counts"),
    [
        ("minority", None, {"small": 18}),
        ("balance", None, {"middle": 10, "small": 18}),
        ("middle", None, {"middle": 10}),
        ("middle", 3, {"middle": 3}),
        ("large", 3, {"large": 3}),
        (0.5, None, {"small": 8}),
        (1.0, None, {"middle": 10, "small": 18}),
        ({"small": 5, "large": 0}, None, {"small": 5}),
        ("minority", 4, {"small": 4}),
        ("balance", 14, {"middle": 5, "small": 9}),
    ],
)
def test_what_is_made(target, n, counts):
    assert explicit_counts(THREE, target, n=n) == counts


@pytest.mark.parametrize(
    ("target", "n", "counts"),
    [
        ("majority", None, {"large": 18}),
        ("balance", None, {"large": 18, "middle": 8}),
        ("large", None, {"large": 18}),
        ("large", 5, {"large": 5}),
        (0.2, None, {"large": 10}),
        ({"middle": 9}, None, {"middle": 9}),
        ("balance", 13, {"large": 9, "middle": 4}),
    ],
)
def test_what_is_excluded(target, n, counts):
    assert explicit_counts(THREE, target, n=n, exclude=True) == counts


@pytest.mark.parametrize(
    ("target", "arguments", "words"),
    [
        ("unknown", {}, "'small'.*'minority'.*Got 'unknown'"),
        ("minority", {"exclude": True}, "'majority'"),
        (0, {}, "above 0"),
        (1.5, {}, "at most 1"),
        (True, {}, "share"),
        (float("nan"), {}, "share"),
        ("small", {"n": 0}, "at least 1"),
        ("small", {"n": 2.5}, "whole"),
        ({"none": 3}, {}, "no 'none'"),
        ({"small": -1}, {}, "Got -1"),
        ({"small": 0}, {}, "nothing to make"),
        ({}, {}, "nothing to make"),
        ("large", {}, "nothing to make"),
        (0.05, {}, "nothing to make"),
        ("small", {"exclude": True}, "nothing to exclude"),
        ({"middle": 10}, {"exclude": True}, "at most 9"),
    ],
)
def test_what_can_not_be_asked(target, arguments, words):
    with pytest.raises(GenerateError, match=words):
        explicit_counts(THREE, target, **arguments)


def test_one_class_can_not_be_balanced():
    with pytest.raises(GenerateError, match="two classes"):
        explicit_counts(labels_of({"a": 3}), "a", n=2)


def test_a_class_named_like_a_strategy_is_the_class():
    labels = labels_of({"balance": 9, "minority": 5, "other": 3})
    assert explicit_counts(labels, "minority", n=2) == {"minority": 2}
    assert explicit_counts(labels, Strategy.MINORITY) == {"other": 6}
    assert explicit_counts(labels, Strategy.BALANCE) == {"minority": 4, "other": 6}


@given(SIZES, st.sampled_from(["balance", "minority", 0.5, 1.0]), st.none() | st.integers(1, 500))
def test_counts_grow_towards_the_largest_and_are_a_fixed_point(sizes, target, n):
    labels = labels_of(sizes)
    try:
        counts = explicit_counts(labels, target, n=n)
    except GenerateError:
        assert max(sizes.values()) * (target if isinstance(target, float) else 1) < min(sizes.values()) + 1
        return
    assert all(count > 0 for count in counts.values())
    assert explicit_counts(labels, counts) == counts
    table = strategy_table(labels, counts)
    assert table["after"].sum() == len(labels) + sum(counts.values())
    if n is None:
        assert table["after"].max() == max(sizes.values())
    else:
        assert sum(counts.values()) == n
    if target == "balance" and n is None:
        assert table["after"].nunique() == 1


@given(SIZES, st.sampled_from(["balance", "majority", 0.5]))
def test_exclusions_leave_every_class(sizes, target):
    labels = labels_of(sizes)
    try:
        counts = explicit_counts(labels, target, exclude=True)
    except GenerateError:
        return
    after = strategy_table(labels, counts, exclude=True)["after"]
    assert after.min() == min(sizes.values())
    if target == "balance":
        assert after.nunique() == 1


@given(SIZES, st.integers(0, 60))
def test_a_part_gets_its_share(sizes, seed):
    labels = labels_of(sizes)
    counts = dict.fromkeys(sizes, 10)
    some = labels.sample(frac=0.6, random_state=seed)
    scaled = scaled_counts(counts, sizes, some.value_counts())
    assert scaled_counts(counts, sizes, sizes) == counts
    for name, size in sizes.items():
        assert scaled.get(name, 0) == pytest.approx(10 * (some == name).sum() / size, abs=0.5)
