from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.generate import GenerateError
from core.generate.interpolation import interpolate as make
from core.generate.table import Table


def interpolate(frame, categorical, labels, counts, seed):
    return make(Table.of(frame, categorical), labels, counts, seed)


def table(n: int = 200, seed: int = 0) -> tuple[pd.DataFrame, pd.Series]:
    """Every kind of column, with missing values, and a minority of a tenth."""
    rng = np.random.default_rng(seed)

    def holes(column: pd.Series) -> pd.Series:
        return column.mask(rng.random(n) < 0.15)

    days = pd.Series(np.datetime64("2021-03-01", "us") + rng.integers(0, 400, n).astype("m8[D]"))
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 90, n),
            "amount": rng.lognormal(3, 1, n),
            "visits": holes(pd.Series(rng.integers(0, 9, n).astype(float))),
            "ratio": holes(pd.Series(rng.random(n))),
            "joined": holes(days),
            "seen": pd.Series(np.datetime64("2021-03-01", "us") + rng.integers(0, 10**13, n).astype("m8[us]")),
            "active": rng.random(n) < 0.5,
            "plan": holes(pd.Series(rng.choice(["basic", "plus", "무료"], n), dtype="str")),
            "zone": rng.integers(1, 4, n),
        }
    )
    labels = pd.Series(np.where(np.arange(n) % 10 == 0, "rare", "usual"), dtype="str")
    return frame, labels


KINDS = {
    "mixed": ["age", "amount", "visits", "ratio", "joined", "seen", "active", "plan", "zone"],
    "numbers": ["age", "amount", "visits", "ratio", "joined", "seen"],
    "categories": ["active", "plan", "zone"],
    "one number": ["visits"],
    "one category": ["plan"],
}


@pytest.mark.parametrize("columns", KINDS.values(), ids=KINDS)
def test_new_rows_are_what_their_columns_are(columns):
    frame, labels = table()
    frame = frame[columns]
    rows, origins = interpolate(frame, ["plan", "zone"], labels, {"rare": 70, "usual": 5}, seed=3)
    assert len(rows) == 75
    pd.testing.assert_series_equal(rows.dtypes, frame.dtypes)
    base, other = frame.iloc[origins.base].reset_index(drop=True), frame.iloc[origins.other].reset_index(drop=True)
    made_labels = labels.to_numpy()[origins.base]
    assert (made_labels == labels.to_numpy()[origins.other]).all()
    assert (made_labels == "rare").sum() == 70
    pd.testing.assert_frame_equal(rows.isna(), base.isna())
    for name in set(columns) - {"active", "plan", "zone"}:
        both = pd.concat([base[name], other[name]], axis=1)
        there = base[name].notna()
        assert (rows[name] >= both.min(axis=1))[there].all()
        assert (rows[name] <= both.max(axis=1))[there].all()
    for name in set(columns) & {"active", "plan", "zone"}:
        assert set(rows[name].dropna()) <= set(frame.loc[labels == "rare", name]) | set(
            frame.loc[labels != "rare", name]
        )
    if "visits" in columns:
        assert (rows["visits"].dropna() % 1 == 0).all()
    if "joined" in columns:
        assert (rows["joined"].dropna() == rows["joined"].dropna().dt.normalize()).all()
        assert len(set(rows["joined"].dropna()) - set(frame["joined"])) > 0


def test_something_new_is_made():
    frame, labels = table()
    rows, _ = interpolate(frame, ["plan", "zone"], labels, {"rare": 50}, seed=0)
    assert len(set(rows["amount"].round(9)) - set(frame["amount"].round(9))) > 40


def test_scale_of_a_column_does_not_choose_the_neighbours():
    frame, labels = table()
    numbers = frame[["age", "amount", "ratio"]]
    first = interpolate(numbers, [], labels, {"rare": 30}, seed=0)[1]
    second = interpolate(numbers.assign(amount=numbers["amount"] * 1e6), [], labels, {"rare": 30}, seed=0)[1]
    np.testing.assert_array_equal(first.other, second.other)


@pytest.mark.parametrize("columns", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("few", [2, 3, 4, 6])
def test_few_rows_take_fewer_neighbours(columns, few):
    frame, labels = table(60)
    labels = pd.Series(np.where(np.arange(60) < few, "few", "usual"), dtype="str")
    rows, origins = interpolate(frame[columns], ["plan", "zone"], labels, {"few": 9, "usual": 3}, seed=0)
    assert len(rows) == 12
    assert (origins.base < few).sum() == 9


def test_one_row_names_the_method_that_works():
    frame, labels = table(20)
    labels.iloc[0] = "single"
    with pytest.raises(GenerateError, match=r"'single' has 1.*random oversampling"):
        interpolate(frame, ["plan"], labels, {"single": 2}, seed=0)


def test_seeds_repeat_and_differ():
    frame, labels = table()
    rows = [interpolate(frame, ["plan"], labels, {"rare": 30}, seed=seed)[0] for seed in (1, 1, 2)]
    pd.testing.assert_frame_equal(rows[0], rows[1])
    assert not rows[0].equals(rows[2])


def test_large_integers_stay_between_their_parents():
    frame = pd.DataFrame({"id": np.array([2**60 + 1, 2**60 + 3, 2**60 + 5, 2**60 + 9] * 4)})
    labels = pd.Series(["a", "a", "a", "b"] * 4, dtype="str")
    rows, origins = interpolate(frame, [], labels, {"a": 20}, seed=0)
    values = frame["id"].to_numpy()
    low, high = (edge(values[origins.base], values[origins.other]) for edge in (np.minimum, np.maximum))
    assert ((rows["id"] >= low) & (rows["id"] <= high)).all()


@given(
    st.lists(
        st.floats(allow_nan=True, allow_infinity=True, width=32) | st.integers(-5, 5).map(float),
        min_size=4,
        max_size=20,
    ),
    st.integers(2, 4),
    st.integers(0, 99),
)
def test_any_numbers_make_rows_without_warnings(values, few, seed):
    n = len(values)
    frame = pd.DataFrame({"x": values, "y": np.arange(n)})
    labels = pd.Series(np.where(np.arange(n) < few - (few == n), "few", "rest"), dtype="str")
    if min(labels.value_counts()) < 2:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows, origins = interpolate(frame, [], labels, {"few": 5}, seed)
    x = frame["x"].to_numpy()
    base, other = x[origins.base], x[origins.other]
    finite = np.isfinite(base) & np.isfinite(other)
    assert ((rows["x"] >= np.fmin(base, other)) & (rows["x"] <= np.fmax(base, other)))[finite].all()
    np.testing.assert_array_equal(rows["x"][~finite], base[~finite])


def test_a_large_class_of_categories_is_bounded(monkeypatch):
    monkeypatch.setattr("core.generate.interpolation._MOST_CATEGORICAL_ROWS", 30)
    frame, labels = table(300)
    rows, origins = interpolate(frame[["plan", "active"]], ["plan"], labels, {"usual": 200, "rare": 5}, seed=0)
    assert len(rows) == 205
    assert len(set(origins.base[(labels.to_numpy()[origins.base] == "usual")])) <= 30
