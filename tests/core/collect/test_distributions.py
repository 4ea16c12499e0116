from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.collect.distributions import OTHERS, QUANTILES, Distribution, Labels, distribution

NUMBERS = st.one_of(
    st.none(),
    st.integers(-50, 50),
    st.floats(-1e6, 1e6),
    st.floats(-1e-3, 1e-3),
    st.sampled_from([np.inf, -np.inf, 0.0, 1e300]),
)


def of(values, labels, name="column") -> Distribution:
    return distribution(pd.Series(values, name=name), Labels.of(pd.Series(labels, dtype="str")))


def brute(values, labels, kept) -> dict[str, int]:
    return {
        c: sum(bool(kept(v)) for v, own in zip(values, labels, strict=True) if own == c) for c in sorted(set(labels))
    }


@given(st.lists(st.tuples(NUMBERS, st.sampled_from("abc")), min_size=1, max_size=120))
def test_every_number_is_in_one_bin_and_missing_ones_are_counted_by_class(rows):
    values, labels = [row[0] for row in rows], [row[1] for row in rows]
    found = of(pd.array(values, dtype="Float64").to_numpy(dtype=float, na_value=np.nan), labels)
    assert found.missing.to_dict() == brute(values, labels, lambda value: value is None)
    assert found.sizes.to_dict() == brute(values, labels, lambda value: True)
    assert found.counts.index.is_unique
    assert found.groups.sum() == len(rows)
    if found.borders:
        assert len(found.borders) == len(found.counts) - 1
        ends = [float(border.replace(",", "").replace("> ", "")) for border in found.borders]
        assert ends == sorted(ends)


@given(st.lists(st.tuples(st.floats(-1e9, 1e9, width=32), st.sampled_from("ab")), min_size=2, max_size=200))
def test_quantiles_of_each_class_are_those_of_its_values(rows):
    values = np.array([row[0] for row in rows], dtype=float)
    labels = np.array([row[1] for row in rows])
    found = of(values, labels)
    expected = {"": values, **{name: values[labels == name] for name in sorted(set(labels))}}
    for name, own in expected.items():
        quantiles = np.quantile(own, QUANTILES, method="inverted_cdf")
        assert found.quantiles.loc[name].tolist() == quantiles.tolist()


def test_bins_lie_between_round_numbers_and_their_names_say_what_is_in_them():
    rng = np.random.default_rng(0)
    values, labels = rng.integers(17, 91, 2000).astype(float), rng.choice(["x", "y"], 2000)
    found = of(values, labels)
    for name, counts in found.counts.iterrows():
        first, *rest = [float(each) for each in re.findall(r"\d+", str(name))]
        if str(name).startswith("below"):
            inside = values < first
        elif str(name).endswith("more"):
            inside = values >= first
        else:
            inside = (values >= first) & (values <= rest[0])
        assert counts.to_dict() == brute(inside, labels, bool)
    assert {float(border) % 5 for border in found.borders} == {0.0}


def test_a_few_far_values_do_not_squeeze_the_others_into_one_bin():
    values = [*np.linspace(0, 10, 500), 1e9, -1e9]
    found = of(values, ["a", "b"] * 251)
    assert found.counts.sum(axis=1).iloc[1:-1].max() < 60
    assert found.counts.index[0].startswith("below")
    assert len(found.counts) <= 24


@pytest.mark.parametrize("whole", [True, False])
def test_a_smallest_value_that_many_have_is_a_bin_of_its_own(whole):
    rng = np.random.default_rng(0)
    paid = rng.exponential(300, 1000)
    values = np.where(rng.random(1000) < 0.6, 0.0, np.ceil(paid) if whole else paid)
    found = of(values, ["a", "b"] * 500)
    assert found.counts.index[0] == "0"
    assert found.counts.sum(axis=1).iloc[0] == (values == 0).sum()
    first = float(found.borders[1].replace(",", ""))
    assert found.counts.index[1] == (f"1 to {first - 1:g}" if whole else f"above 0, below {first:g}")
    assert found.counts.sum(axis=1).iloc[1] == ((values > 0) & (values < first)).sum()
    assert found.borders[0] == "> 0"


def test_few_different_numbers_stand_for_themselves():
    found = of([3, 1, 1, 2.5, np.nan], list("aabab"))
    assert found.counts.index.tolist() == ["1", "2.5", "3"]
    assert found.counts.to_numpy().tolist() == [[1, 1], [1, 0], [1, 0]]
    assert found.borders == ()
    assert found.missing.tolist() == [0, 1]


@given(
    st.lists(
        st.tuples(st.sampled_from(["서울", "<b>", "", None, *map(str, range(40))]), st.sampled_from("xy")), min_size=1
    )
)
def test_categories_are_counted_as_by_hand(rows):
    values, labels = [row[0] for row in rows], [row[1] for row in rows]
    found = of(pd.array(values, dtype="str"), labels)
    for name, counts in found.counts.iterrows():
        if name != OTHERS:
            assert counts.to_dict() == brute(values, labels, lambda value, name=name: value == name)
    assert found.sizes.to_dict() == brute(values, labels, lambda value: True)
    assert len(found.counts) <= 21
    sizes = found.counts.drop(index=OTHERS, errors="ignore").sum(axis=1).tolist()
    assert sizes == sorted(sizes, reverse=True)


def test_names_of_which_each_is_another_are_no_groups():
    found = of([f"name {number}" for number in range(100)], ["a", "b"] * 50)
    assert found.counts.index.tolist() == [OTHERS]
    assert len(found.groups) == 1


def test_flags_are_yes_and_no():
    found = of(pd.array([True, False, True], dtype="bool"), list("aab"))
    assert found.counts.loc["yes"].to_dict() == {"a": 1, "b": 1}
    assert found.kind == "categories"


@pytest.mark.parametrize(
    ("start", "step", "unit", "name"),
    [
        ("2024-01-01", "1h", 12, "2024-01-01 05:00"),
        ("2024-02-27", "6h", 40, "2024-02-29"),
        ("2024-01-01", "1D", 90, "week of 2024-01-08"),
        ("2020-01-15", "1D", 900, "2020 Q2"),
        ("1990-06-01", "30D", 200, "1993"),
        ("1900-01-01", "365D", 120, "1960 to 1969"),
    ],
)
def test_dates_are_put_into_periods_of_one_length(start, step, unit, name):
    dates = pd.Series(pd.date_range(start, periods=unit, freq=step).as_unit("us"), name="date")
    found = distribution(dates, Labels.of(pd.Series(["a", "b"] * (unit // 2))))
    assert name in found.counts.index
    assert 3 <= len(found.counts) <= 22
    assert found.rows == unit
    assert len(found.borders) == len(found.counts) - 1
    assert found.quantiles.loc["", 0.5] == dates.iloc[-(-unit // 2) - 1]


def test_a_date_that_lies_far_off_shares_an_open_period():
    dates = pd.Series(pd.date_range("2024-01-01", periods=400, freq="1D").as_unit("us"), name="date")
    dates[0], dates[1] = pd.Timestamp("1900-01-01"), pd.NaT
    found = distribution(dates, Labels.of(pd.Series(["a", "b"] * 200)))
    assert found.counts.iloc[0].sum() == 1
    assert found.counts.index[0] == "before 2024-01"
    assert found.missing.to_dict() == {"a": 0, "b": 1}


@pytest.mark.parametrize("dtype", ["float64", "str", "datetime64[us]"])
def test_a_column_without_values_has_no_bins(dtype):
    found = distribution(pd.Series([None] * 4, dtype=dtype, name="empty"), Labels.of(pd.Series(list("aabb"))))
    assert found.counts.sum().sum() == 0
    assert found.missing.tolist() == [2, 2]
    assert found.missing_share == 1.0


def test_a_value_that_fills_a_group_stands_alone_in_it():
    rng = np.random.default_rng(1)
    values = np.where(rng.random(3000) < 0.7, 0.0, rng.normal(10, 3, 3000))
    labels = rng.choice(["a", "b"], 3000)
    assert (values == 0).sum() in of(values, labels).groups.sum(axis=1)
