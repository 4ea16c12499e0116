from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.dataset import Dataset
from core.generate import GenerateError, methods_for, propose, propose_exclusions

DAYS = st.integers(0, 3000).map(lambda day: pd.Timestamp("2020-01-01") + pd.Timedelta(days=day))
MOMENTS = st.integers(0, 10**9).map(lambda second: pd.Timestamp("2020-01-01") + pd.Timedelta(seconds=second))
COLUMNS = {
    "whole": st.integers(-(2**53), 2**53),
    "count": st.integers(0, 9),
    "whole with holes": st.none() | st.integers(0, 50),
    "money": st.integers(-(10**9), 10**9).map(lambda cents: cents / 100) | st.none(),
    "number": st.floats(-1e9, 1e9) | st.none(),
    "day": DAYS | st.none(),
    "moment": MOMENTS,
    "category": st.sampled_from(["red", "green", "무색"]) | st.none(),
    "flag": st.booleans(),
}
ALL = [
    method.key
    for method in methods_for(Dataset.from_frame(pd.DataFrame({"x": range(9), "y": [*"abc"] * 3}), label="y", test=0.0))
]
MAKING = [key for key in ALL if key not in {"random_undersample", "tomek_links", "edited_neighbours"}]
EXCLUDING = ["random_undersample", "tomek_links", "edited_neighbours"]


@st.composite
def tables(draw) -> Dataset:
    n = draw(st.integers(12, 40))
    names = draw(st.lists(st.sampled_from(list(COLUMNS)), min_size=1, unique=True))
    frame = pd.DataFrame({name: draw(st.lists(COLUMNS[name], min_size=n, max_size=n)) for name in names})
    frame["label"] = ["rare"] * 5 + ["usual"] * (n - 5)
    order = draw(st.permutations(range(n)))
    frame = frame.iloc[order].reset_index(drop=True)
    frame["id"] = [f"r{number}" for number in range(n)]
    return Dataset.from_frame(frame, label="label", id="id", features=names, test=0.0)


@given(tables(), st.sampled_from(MAKING), st.integers(0, 99))
def test_new_values_are_what_their_column_has(dataset, method, seed):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            rows = propose(dataset, method=method, target="rare", n=11, seed=seed)
    except GenerateError as error:
        refused: str | None = str(error)
    else:
        refused = None
    if refused is not None:
        assert method in {"borderline_smote", "adasyn", "jitter", "mask"}
        assert "Use " in refused or "instead" in refused
        return
    frame = dataset.frame
    assert len(rows) == 11
    pd.testing.assert_series_equal(rows[frame.columns].dtypes, frame.dtypes)
    parents = frame.loc[rows["parent"]].set_axis(rows.index)
    others = frame.reindex(rows["other_parent"].fillna(rows["parent"])).set_axis(rows.index)
    assert (parents["label"] == "rare").all()
    assert (others["label"] == "rare").all()
    for name in dataset.schema.features:
        made, column = rows[name], frame.loc[frame["label"] == "rare", name]
        there = made.notna()
        if method == "mask":
            pd.testing.assert_series_equal(made[there], parents.loc[there, name], check_names=False)
            continue
        if method == "crossover":
            same = _equal(made, parents[name]) | _equal(made, others[name])
            assert same.all()
            continue
        np.testing.assert_array_equal(made.isna(), parents[name].isna())
        if column.dtype.kind in "iufM" and dataset.schema.column(name).kind != "categorical":
            assert (made[there] >= column.min()).all()
            assert (made[there] <= column.max()).all()
        else:
            assert set(made[there]) <= set(frame[name].dropna())
        known = frame[name].dropna()
        for decimals in (0, 2) if column.dtype.kind == "f" else ():
            if (known.round(decimals) == known).all():
                assert (made[there].round(decimals) == made[there]).all()
        if column.dtype.kind == "M" and (known == known.dt.normalize()).all():
            assert (made[there] == made[there].dt.normalize()).all()


def test_money_between_two_rows_is_money():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"fee": rng.integers(100, 99_999, 40) / 100, "share": rng.random(40)})
    frame["label"] = ["rare"] * 15 + ["usual"] * 25
    dataset = Dataset.from_frame(frame, label="label", test=0.0)
    for method in ("smote", "borderline_smote", "adasyn", "jitter", "mixup"):
        rows = propose(dataset, method=method, target="rare", n=50)
        assert not rows["fee"].isin(frame["fee"]).all()
        assert max(len(str(fee).split(".")[1]) for fee in rows["fee"]) == 2
        assert max(len(str(share).split(".")[1]) for share in rows["share"]) > 6


def _equal(one: pd.Series, other: pd.Series) -> pd.Series:
    return (one == other).fillna(False).astype(bool) | (one.isna() & other.isna())


@given(tables(), st.sampled_from(EXCLUDING), st.integers(0, 99))
def test_exclusions_leave_every_class_an_example(dataset, method, seed):
    try:
        gone = propose_exclusions(dataset, method=method, target="usual", seed=seed)
    except GenerateError as error:
        refused: str | None = str(error)
    else:
        refused = None
    if refused is not None:
        assert "nothing" in refused
        return
    assert gone.index.is_unique
    assert set(gone["label"]) == {"usual"}
    assert set(dataset.without(gone.index).labels) == {"rare", "usual"}


def two_clouds(n: int = 300, rare: int = 40, seed: int = 0) -> Dataset:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n, 2)), columns=["x", "y"]).assign(
        kind=rng.choice(["a", "b"], n), label=["rare"] * rare + ["usual"] * (n - rare)
    )
    frame.loc[frame["label"] == "rare", "x"] += 2.0
    return Dataset.from_frame(frame, label="label", test=0.0)


@pytest.mark.parametrize("method", ["borderline_smote", "adasyn"])
def test_rows_are_made_where_the_classes_meet(method):
    dataset = two_clouds()
    rows = propose(dataset, method=method, target="rare", n=200)
    everywhere = propose(dataset, method="smote", target="rare", n=200)
    assert dataset.frame.loc[rows["parent"], "x"].mean() < dataset.frame.loc[everywhere["parent"], "x"].mean() - 0.2


@pytest.mark.parametrize("method", ["borderline_smote", "adasyn"])
def test_a_class_that_meets_no_other_names_the_method_that_works(method):
    dataset = two_clouds()
    apart = dataset.with_cells({(example, "x"): 900.0 for example in dataset.ids("train")[dataset.labels == "rare"]})
    with pytest.raises(GenerateError, match=r"No row of class 'rare' lies there\. Use SMOTE"):
        propose(apart, method=method, target="rare", n=20)
    assert len(propose(apart, method="smote", target="rare", n=20)) == 20


@pytest.mark.parametrize("method", MAKING)
def test_a_single_row_of_a_class_names_a_method_that_works(method):
    frame = two_clouds().frame.copy()
    frame.loc[frame.index[0], "label"] = "single"
    dataset = Dataset.from_frame(frame, label="label", test=0.0)
    if method in {"random_oversample", "mask"}:
        assert len(propose(dataset, method=method, target="single", n=3)) == 3
        return
    with pytest.raises(GenerateError, match=r"2 rows|at least 2.*[Rr]andom oversampling"):
        propose(dataset, method=method, target="single", n=3)


def test_settings_are_checked_and_do_what_they_say():
    dataset = two_clouds()
    near = propose(dataset, method="jitter", target="rare", n=50, settings={"strength": 0.01})
    far = propose(dataset, method="jitter", target="rare", n=50, settings={"strength": 1.0})
    moved = [
        np.abs(rows["x"].to_numpy() - dataset.frame.loc[rows["parent"], "x"].to_numpy()).mean() for rows in (near, far)
    ]
    assert 0 < moved[0] < moved[1] / 10
    for value in (0, -1, 2, "much", True):
        with pytest.raises(GenerateError, match="'strength' must be a number above 0"):
            propose(dataset, method="jitter", target="rare", n=5, settings={"strength": value})


def test_masks_take_out_the_share_that_is_asked_for():
    dataset = two_clouds()
    rows = propose(dataset, method="mask", target="usual", n=400, settings={"share": 0.5})
    taken = rows[["x", "y", "kind"]].isna()
    assert taken.any(axis=1).all()
    # One of three for sure, each of the others with one half.
    assert taken.to_numpy().mean() == pytest.approx((1 + 2 * 0.5) / 3, abs=0.05)


def test_a_cap_on_what_was_found_is_kept():
    dataset = two_clouds()
    found = propose_exclusions(dataset, method="edited_neighbours", target="usual")
    some = propose_exclusions(dataset, method="edited_neighbours", target="usual", n=3)
    named = propose_exclusions(dataset, method="edited_neighbours", target={"usual": 4})
    assert len(some) == 3
    assert len(named) == 4
    assert some.index.isin(found.index).all()
    assert named.index.isin(found.index).all()


def test_every_method_is_tried_here():
    assert {method.key for method in methods_for(two_clouds())} == {*MAKING, *EXCLUDING}
