from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.collect.columns import column_from_arrow, column_from_text, column_from_values, objects, unique_names


def of_text(*values, **options):
    return column_from_text(pa.chunked_array([pa.array(values, pa.string())]), **options)[0]


def of_values(*values):
    return column_from_values(objects(values))[0]


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (["1", "2"], "int64"),
        (["-1", "0", "9223372036854775807"], "int64"),
        (["1", ""], "float64"),
        ([" 1.5", "2 "], "float64"),
        (["+1", ".5", "1e-3"], "float64"),
        (["0", "0.5", "-0.25"], "float64"),
        (["007", "010"], "str"),
        (["007", "1.5"], "str"),
        (["0x10", "0x11"], "str"),
        (["1,234", "5,678"], "str"),
        (["1_000"], "str"),
        (["9223372036854775808"], "str"),
        (["12345678901234567", ""], "str"),
        (["12345678901234567", "1.5"], "str"),
        (["True", "False"], "bool"),
        (["true", "true"], "bool"),
        (["TRUE", "False"], "str"),
        (["true", ""], "str"),
        (["yes", "no"], "str"),
        (["2024-01-31", "2024-02-29"], "datetime64[us]"),
        (["2024-01-31", ""], "datetime64[us]"),
        (["2024/01/31", "2024/02/01"], "datetime64[us]"),
        (["2024-01-31 10:00", "2024-01-31T10:00:59"], "datetime64[us]"),
        (["2024-01-31T10:00:00Z", "2024-01-31T10:00:00+09:00"], "datetime64[us]"),
        (["2024-01-31T10:00:00.123456789"], "datetime64[us]"),
        (["2024-01-31", "2024-02-30"], "str"),
        (["2024-01-31", "soon"], "str"),
        (["31/01/2024"], "str"),
        (["inf", "inf"], "str"),
        (["", " "], "float64"),
    ],
)
def test_text_becomes_what_all_of_it_is(values, dtype):
    assert of_text(*values).dtype == dtype


def test_blanks_are_missing_and_other_values_keep_their_blanks():
    assert of_text("a ", " ", "", "b").tolist()[0] == "a "
    assert of_text("a ", " ", "", "b").isna().tolist() == [False, True, True, False]


def test_words_for_missing_values_count_in_numbers_only():
    numbers, note = column_from_text(pa.chunked_array([["1", "NA", "3", "?"]]))
    assert numbers.tolist()[::2] == [1.0, 3.0]
    assert numbers.isna().sum() == 2
    assert "'NA', '?'" in note
    assert of_text("NA", "KR", "US").tolist() == ["NA", "KR", "US"]
    assert of_text("-", "-", "-", "1").dtype == "str"


def test_times_with_a_zone_become_utc():
    assert of_text("2024-01-31T09:00:00+09:00")[0] == pd.Timestamp("2024-01-31")


def test_decimal_commas_need_to_be_allowed_and_clear():
    assert of_text("1,5", "2").dtype == "str"
    assert of_text("1,5", "2", decimal_comma=True).tolist() == [1.5, 2.0]
    assert of_text("0,998", "1,250", decimal_comma=True).tolist() == [0.998, 1.25]
    text, note = column_from_text(pa.chunked_array([["1,234", "56,789"]]), decimal_comma=True)
    assert text.dtype == "str"
    assert "thousands" in note


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1))
def test_integers_come_back_exactly(numbers):
    column = of_text(*map(str, numbers))
    assert column.dtype == "int64"
    assert column.tolist() == numbers


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_floats_come_back_exactly(numbers):
    text = [repr(number) for number in numbers]
    assert of_text(*text).tolist() == numbers


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_what_stays_text_is_unchanged(values):
    column = of_text(*values)
    if column.dtype == "str":
        for value, back in zip(values, column, strict=True):
            assert back == value or (pd.isna(back) and not value.strip())


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([1, 2, 3], "int64", [1, 2, 3]),
        ([1, 2.5], "float64", [1.0, 2.5]),
        ([1, None], "float64", [1.0, np.nan]),
        ([2**63], "str", [str(2**63)]),
        ([2**53 + 1, None], "str", [str(2**53 + 1), np.nan]),
        ([True, False], "bool", [True, False]),
        ([True, None], "str", ["True", np.nan]),
        ([1, "x", 2.0], "str", ["1", "x", "2"]),
        ([1.5, " ", "2"], "float64", [1.5, np.nan, 2.0]),
        ([[1, "가"], None], "str", ['[1, "가"]', np.nan]),
        ([datetime.date(2024, 1, 2), None], "datetime64[us]", [pd.Timestamp("2024-01-02"), pd.NaT]),
        ([datetime.time(9, 30)], "str", ["09:30:00"]),
        (["\ud800x"], "str", ["?x"]),
        ([None, float("nan")], "float64", [np.nan, np.nan]),
    ],
)
def test_values_of_documents(values, dtype, expected):
    column = of_values(*values)
    assert column.dtype == dtype
    pd.testing.assert_series_equal(column, pd.Series(expected, dtype=dtype))


@pytest.mark.parametrize(
    ("array", "dtype"),
    [
        (pa.array([1, 2], pa.uint8()), "int64"),
        (pa.array([1, None], pa.int32()), "float64"),
        (pa.array([2**64 - 1], pa.uint64()), "str"),
        (pa.array([1.5], pa.float16()), "float64"),
        (pa.array([1], pa.decimal128(5, 2)), "float64"),
        (pa.array([True, False]), "bool"),
        (pa.array([True, None]), "str"),
        (pa.array(["a", " "]), "str"),
        (pa.array(["a", "b"]).dictionary_encode(), "str"),
        (pa.array([b"a"]), "str"),
        (pa.array([datetime.date(2024, 1, 1)]), "datetime64[us]"),
        (pa.array([0], pa.timestamp("ns", "Asia/Seoul")), "datetime64[us]"),
        (pa.array([[1, 2], None]), "str"),
        (pa.nulls(2), "float64"),
    ],
)
def test_typed_columns(array, dtype):
    assert column_from_arrow(pa.chunked_array([array])).dtype == dtype


def test_bytes_that_are_no_text_are_left_out():
    assert column_from_arrow(pa.chunked_array([[b"\xff\xd8"]])) is None


@pytest.mark.parametrize("day", [datetime.date(1, 1, 1), datetime.date(9999, 12, 31)])
def test_any_date_of_python_is_held(day):
    column = of_values(day, datetime.datetime(2024, 1, 2, 3), None)
    assert column.dtype == "datetime64[us]"
    assert str(column[0])[:10] == day.isoformat()


def test_names_become_unique_and_keep_their_words():
    names, notes = unique_names([" x ", "x", "x_2", "", None, "긴\n이름", "\ufefffirst", 3])
    assert names == ["x", "x_3", "x_2", "column_4", "column_5", "긴 이름", "first", "3"]
    assert notes[0] == "The other column named 'x' is called 'x_3'."


@given(st.lists(st.sampled_from(["a", "a_2", "", "column_1", " a", "b"])))
def test_names_are_always_unique(names):
    unique, _ = unique_names(names)
    assert len(set(unique)) == len(names)
    assert all(unique)
