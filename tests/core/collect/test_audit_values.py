from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.collect.audit_values import far_out, stand_in

RANDOM = np.random.default_rng(5)


def test_words_become_missing_in_train_and_test_alike(mended):
    kind = np.array(["u", "v", "w", "x"] * 100, dtype=object)
    kind[::10] = " N/A"
    (finding,), dataset = mended("hidden_missing", kind=kind)
    assert len(finding.cells) == 40
    assert {"train", "test"} == set(dataset.split.loc[finding.ids])
    assert dataset.frame["kind"].isna().sum() == 40


@pytest.mark.parametrize("number", [999, -999, 9999, -1])
def test_a_number_that_stands_for_a_missing_one(mended, number):
    age = RANDOM.integers(18, 90, 400)
    age[:12] = number
    (finding,), dataset = mended("hidden_missing", age=age)
    assert f"'age': {number}" in finding.message
    assert dataset.frame["age"].isna().sum() == 12


@pytest.mark.parametrize(
    "numbers",
    [
        RANDOM.integers(0, 1_000, 5_000).astype(float),  # 999 is one of them
        np.r_[RANDOM.integers(0, 90, 500), 999].astype(float),  # once: far out, but no habit
        np.repeat([-1.0, 0.0, 1.0], 100),  # a scale
        np.r_[RANDOM.normal(size=500), -1, -1, -1],  # one of many negative ones
        np.full(300, 99.0),
        np.array([np.nan] * 100),
        np.array([]),
    ],
)
def test_a_number_that_is_one(numbers):
    assert stand_in(numbers) is None


def test_values_far_out(mended):
    age = RANDOM.integers(18, 90, 400).astype(float)
    age[[3, 70]] = [430, -300]
    (finding,), _ = mended("out_of_range", age=age, other=RANDOM.normal(size=400))
    assert list(finding.cells) == [("r3", "age"), ("r70", "age")]
    assert finding.values == [None, None]


@pytest.mark.parametrize(
    "numbers",
    [
        RANDOM.normal(size=5_000),
        RANDOM.lognormal(0, 1.5, size=5_000),
        RANDOM.uniform(size=5_000),
        RANDOM.poisson(1, size=5_000).astype(float),
        RANDOM.exponential(size=5_000),
        np.where(RANDOM.random(5_000) < 0.8, 0.0, RANDOM.exponential(size=5_000)),
    ],
)
def test_a_tail_is_not_far_out(numbers):
    low, high = far_out(numbers)
    assert low <= numbers.min()
    assert numbers.max() <= high


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e3))
def test_the_unit_plays_no_part(shift, scale):
    numbers = np.random.default_rng(1).normal(size=300)
    low, high = far_out(numbers)
    assert far_out(numbers * scale + shift) == pytest.approx(
        (low * scale + shift, high * scale + shift), rel=1e-3, abs=1e-3
    )


def test_a_hundredth_that_stands_apart_is_found_beside_a_tail(mended):
    size = np.random.default_rng(3).laplace(size=3_000)
    size[:30] = 1_000 + np.arange(30)
    (finding,), _ = mended("out_of_range", rows=3_000, size=size)
    assert set(finding.ids) == {f"r{n}" for n in range(30)}


def test_codes_of_another_place_are_no_slips(mended):
    place = np.array(["south"] * 394 + ["north"] * 6)
    code = np.where(place == "north", 99_500, 35_000) + np.arange(400) % 40
    assert mended("out_of_range", place=place, code=code)[0] == []
    code[5] = 99_500
    (finding,), _ = mended("out_of_range", place=place, code=code)
    assert ("r5", "code") in finding.cells
