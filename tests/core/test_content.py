from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.content import canonicalise, count_different, draw_by_hash, hash_rows, hash_values, hexadecimal

INTEGERS = st.lists(st.integers(-(2**53), 2**53), min_size=1, max_size=30)


@given(INTEGERS)
def test_equal_numbers_hash_equal_whatever_the_dtype(values):
    integers = canonicalise(pd.DataFrame({"x": values}))
    floats = canonicalise(pd.DataFrame({"x": [float(value) for value in values]}))
    nullable = canonicalise(pd.DataFrame({"x": pd.array(values, dtype="Int64")}))
    mixed = canonicalise(pd.DataFrame({"x": pd.Series(values, dtype=object)}))

    assert (hash_rows(integers) == hash_rows(floats)).all()
    assert (hash_rows(integers) == hash_rows(nullable)).all()
    assert (hash_rows(integers) == hash_rows(mixed)).all()


@given(INTEGERS)
def test_one_missing_value_changes_no_other_hash(values):
    whole = canonicalise(pd.DataFrame({"x": values}))
    with_missing = canonicalise(pd.DataFrame({"x": [*values, None]}))

    assert (hash_rows(whole) == hash_rows(with_missing)[:-1]).all()


@given(st.lists(st.one_of(st.none(), st.text(max_size=8)), min_size=1, max_size=20))
def test_text_hashes_by_value(values):
    column = canonicalise(pd.DataFrame({"x": pd.Series(values, dtype="str")}))["x"]
    hashes = hash_values(column)

    for left in range(len(values)):
        for right in range(len(values)):
            assert (hashes[left] == hashes[right]) == (values[left] == values[right])


def test_large_integers_that_share_a_float_differ():
    column = canonicalise(pd.DataFrame({"x": [2**60, 2**60 + 1]}))["x"]

    assert column.dtype == "int64"
    assert len(set(hash_values(column))) == 2


def test_the_order_of_columns_does_not_count_but_their_names_do():
    frame = canonicalise(pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}))

    assert (hash_rows(frame) == hash_rows(frame[["b", "a"]])).all()
    assert (hash_rows(frame) != hash_rows(frame.rename(columns={"a": "c"}))).all()


def test_minus_zero_is_zero():
    assert len(set(hash_values(pd.Series([0.0, -0.0])))) == 1


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([1, 2], "int64"),
        ([1, None], "float64"),
        ([True, False], "bool"),
        ([True, None], "float64"),
        (["a", None], "str"),
        ([1, "a"], "str"),
        ([None, None], "float64"),
        ([pd.Timestamp("2026-01-01", tz="Asia/Seoul"), None], "datetime64[us]"),
        ([pd.Timedelta("1 day")], "float64"),
        (pd.Categorical(["a", "b"]), "str"),
        ([[1, 2], {"a": 1}], "str"),
        (np.array([2**64 - 1], dtype=np.uint64), "float64"),
    ],
)
def test_each_kind_of_value_has_one_dtype(values, dtype):
    assert canonicalise(pd.DataFrame({"x": values}))["x"].dtype == dtype


@given(st.lists(st.integers(0, 2**64 - 1), max_size=20))
def test_hexadecimal_writes_sixteen_digits(values):
    written = hexadecimal(np.array(values, dtype=np.uint64))

    assert [int(text, 16) for text in written] == values
    assert all(len(text) == 16 for text in written)


@pytest.mark.parametrize("values", [[pd.NA], [None, pd.NA], [True, pd.NA], [1.5, pd.NA], [1, None, pd.NA]], ids=str)
def test_every_kind_of_missing_is_missing_beside_numbers(values):
    column = canonicalise(pd.DataFrame({"a": pd.Series(values, dtype=object)}))["a"]
    assert column.dtype == "float64"
    assert column.isna().tolist() == pd.isna(pd.Series(values, dtype=object)).tolist()


def test_half_a_character_becomes_a_question_mark():
    frame = canonicalise(pd.DataFrame({"a": pd.Series(["\ud800x", 1], dtype=object)}))
    assert frame["a"].tolist() == ["?x", "1"]


@given(st.lists(st.integers(0, 60), min_size=1, max_size=4), st.integers(1, 120), st.integers(0, 10))
def test_of_each_stratum_its_share_is_drawn_and_the_same_again(sizes, most, fewest):
    strata = np.repeat(np.arange(len(sizes)), sizes)
    ids = pd.Index([f"r{number}" for number in range(len(strata))], dtype="str")
    drawn = draw_by_hash(ids, strata, most=most, fewest=fewest)
    held = np.bincount(strata[drawn], minlength=len(sizes))
    if len(ids) <= most:
        assert drawn.tolist() == list(range(len(ids)))
    else:
        assert held.tolist() == [max(min(size, fewest), size * most // len(ids)) for size in sizes]
        assert (np.diff(drawn) > 0).all()
    shuffled = np.random.default_rng(0).permutation(len(ids))
    again = draw_by_hash(ids[shuffled], strata[shuffled], most=most, fewest=fewest)
    assert set(ids[shuffled][again]) == set(ids[drawn])


@given(st.lists(st.sampled_from([0.0, -0.0, 1.5, np.inf, -np.inf, np.nan, 2.0**60]), max_size=12))
def test_different_values_are_counted_as_pandas_counts_them(values):
    frame = pd.DataFrame({"x": np.array(values, dtype=float), "n": range(len(values))})
    frame = frame.assign(t=frame["x"].astype("str"), b=frame["x"] > 0, i=frame["x"].abs().astype("Float64"))
    assert count_different(frame).to_dict() == frame.nunique().to_dict()
