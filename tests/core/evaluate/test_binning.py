from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.evaluate import find_slices, slice_frame


def grouped(values, losses=None, **options):
    frame = pd.DataFrame({"column": values})
    found, left_out = slice_frame(frame, losses, **options)
    return found["column"] if "column" in found else left_out["column"]


def test_whole_numbers_become_ranges_with_both_ends():
    ages = np.random.default_rng(0).integers(18, 78, 6000)
    found = grouped(ages)
    names = list(found.cat.categories)
    assert names[0].startswith("below ")
    assert names[-1].endswith(" or more")
    for name in names[1:-1]:
        low, high = map(int, name.split(" to "))
        assert ((found == name) == ((ages >= low) & (ages <= high))).all()
    assert found.value_counts(normalize=True).between(0.1, 0.25).all()


def test_names_of_decimal_ranges_are_short():
    found = grouped(np.random.default_rng(0).exponential(size=5000) * 0.01)
    assert all(len(end) <= 6 for name in found.cat.categories[1:-1] for end in name.split(" to "))


def test_a_heavy_value_stands_alone():
    rng = np.random.default_rng(0)
    values = np.where(rng.random(5000) < 0.6, 0.0, rng.integers(1, 90_000, 5000))
    found = grouped(values)
    assert found.cat.categories[0] == "0"
    assert ((found == "0") == (values == 0)).all()
    assert any("," in name for name in found.cat.categories)


def test_few_numbers_stay_as_they_are_and_missing_is_a_value():
    found = grouped([1.0, 2.0, np.nan, np.inf] * 50)
    assert list(found.cat.categories) == ["1", "2", "missing"]
    assert (found == "missing").sum() == 100


def test_numbers_that_read_alike_are_one_value():
    found = grouped([0.3, 0.1 + 0.2, 0.5, np.nan] * 10)
    assert found.value_counts(sort=False).to_dict() == {"0.3": 20, "0.5": 10, "missing": 10}


def test_examples_without_a_loss_place_no_cuts():
    ages = np.arange(400) % 60
    known = pd.Series((ages < 20).astype(float))
    partly = known.where(np.arange(400) % 7 > 0)
    assert list(grouped(ages, partly).cat.categories) == list(grouped(ages, known).cat.categories)
    assert list(grouped(ages, known * np.nan).cat.categories) == list(grouped(ages).cat.categories)


def test_losses_place_the_cuts():
    rng = np.random.default_rng(0)
    ages = rng.integers(18, 78, 4000)
    losses = pd.Series((rng.random(4000) < np.where(ages <= 25, 0.6, 0.1)).astype(float))
    assert "below 26" in grouped(ages, losses).cat.categories
    assert "below 26" not in grouped(ages).cat.categories


def test_rare_names_are_grouped_and_many_are_left_out():
    found = grouped(["x"] * 300 + ["y"] * 200 + [f"rare{place}" for place in range(20)])
    assert list(found.cat.categories) == ["x", "y", "a rarer value"]
    assert "600 different values" in grouped([f"name{place}" for place in range(600)])
    assert grouped(["same"] * 100) == "it has one value only"
    assert grouped([None] * 100) == "all values are missing"


def test_values_may_be_called_like_the_groups():
    found = grouped(["a rarer value"] * 60 + ["missing"] * 60 + ["once", None])
    assert found.value_counts().to_dict() == {"a rarer value": 61, "missing": 61}


@pytest.mark.parametrize(
    ("start", "end", "example", "written"),
    [
        ("2018-01-01", "2023-12-31", "2020", "%Y"),
        ("2022-02-01", "2023-11-30", "2022 Q3", None),
        ("2023-01-01", "2023-03-31", "2023-02", "%Y-%m"),
        ("2023-01-01", "2023-01-06", "2023-01-04", "%Y-%m-%d"),
        ("1950-01-01", "2020-12-31", " to ", None),
    ],
)
def test_dates_become_periods(start, end, example, written):
    dates = pd.Series(pd.date_range(start, end, periods=3000))
    found = grouped(dates.where(dates.index > 0))
    assert any(example in name for name in found.cat.categories)
    if written:
        assert found.astype("str")[1:].tolist() == dates.dt.strftime(written)[1:].tolist()
    assert found.cat.categories[-1] == "missing"
    assert 3 <= len(found.cat.categories) <= 13


def test_booleans_are_names():
    assert list(grouped([True, False] * 50).cat.categories) == ["no", "yes"]
    some = grouped(pd.array([True, False, None] * 50, dtype="boolean"))
    assert some.value_counts(sort=False).to_dict() == {"no": 50, "yes": 50, "missing": 50}
    assert slice_frame(pd.DataFrame({"flag": [True] * 90}))[1] == {"flag": "it has one value only"}


def test_ordered_categories_keep_their_order():
    sizes = pd.Categorical(["small", "large", "medium"] * 50, ["small", "medium", "large"], ordered=True)
    assert list(grouped(sizes).cat.categories) == ["small", "medium", "large"]


def test_a_dip_in_the_middle_is_cut_on_both_sides():
    rng = np.random.default_rng(0)
    ages = rng.integers(18, 78, 6000)
    losses = pd.Series((rng.random(6000) < np.where((ages >= 33) & (ages < 37), 0.5, 0.1)).astype(float))
    assert "33 to 36" in grouped(ages, losses).cat.categories


def test_losses_that_have_nothing_to_do_with_numbers_place_no_cuts():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.standard_normal((1500, 100)))
    plain, _ = slice_frame(frame)
    changed = 0
    for _ in range(4):
        losses = pd.Series((rng.random(1500) < 0.2).astype(float))
        cut, _ = slice_frame(frame, losses)
        changed += sum(list(cut[name].cat.categories) != list(plain[name].cat.categories) for name in plain)
    assert changed <= 4


def test_chance_is_seldom_called_significant_although_losses_place_the_cuts():
    rng = np.random.default_rng(1)
    claims = []
    for _ in range(40):
        frame = pd.DataFrame(rng.standard_normal((1500, 6)))
        losses = pd.Series((rng.random(1500) < 0.15).astype(float))
        categories, _ = slice_frame(frame, losses)
        claims.append(any(one.p_adjusted < 0.05 for one in find_slices(categories, losses, top=3, max_predicates=2)))
    assert np.mean(claims) <= 0.1


@given(
    st.lists(
        st.one_of(st.floats(-1e6, 1e6), st.integers(-50, 50).map(float), st.just(np.nan)), min_size=1, max_size=200
    ),
    st.integers(1, 40),
    st.booleans(),
)
def test_every_example_has_one_group_and_ranges_keep_the_order(values, rare, by_loss):
    losses = pd.Series(np.arange(len(values)) % 3 / 2) if by_loss else None
    found = grouped(values, losses, min_size=rare)
    if isinstance(found, str):
        return
    assert found.notna().all()
    assert found.cat.categories.is_unique
    frame = pd.DataFrame({"value": values, "code": found.cat.codes}).dropna()
    ends = frame.groupby("code")["value"].agg(["min", "max"])
    assert (ends["min"].iloc[1:].to_numpy() > ends["max"].iloc[:-1].to_numpy()).all()


def test_index_and_column_order_are_kept_and_slices_read_as_sentences():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "contract": rng.choice(["monthly", "yearly"], 3000),
            "age": rng.integers(18, 60, 3000),
            "name": rng.random(3000).astype(str),
        },
        index=[f"id{row}" for row in range(3000)],
    )
    weak = (frame["contract"] == "monthly") & (frame["age"] <= 25)
    losses = pd.Series((rng.random(3000) < np.where(weak, 0.7, 0.05)).astype(float), index=frame.index)
    found, left_out = slice_frame(frame, losses)
    assert found.index.equals(frame.index)
    assert list(found) == ["contract", "age"]
    assert list(left_out) == ["name"]
    assert str(find_slices(found, losses)[0]) == "contract is monthly and age is below 26"
