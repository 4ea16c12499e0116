from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.dataset import Dataset, DatasetError
from core.split import SplitError


def make_frame(rows=200, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rows)
    return pd.DataFrame(
        {
            "x": x,
            "n": rng.integers(0, 5, rows),
            "colour": rng.choice(["red", "green", None], rows),
            "label": np.where(x + rng.normal(size=rows) > 0.5, "yes", "no"),
        }
    )


@pytest.fixture
def frame():
    return make_frame()


@pytest.fixture
def dataset(frame):
    return Dataset.from_frame(frame, label="label")


# ids and versions


def test_the_same_rows_have_the_same_ids_in_any_order(frame):
    first = Dataset.from_frame(frame, label="label")
    again = Dataset.from_frame(frame.sample(frac=1, random_state=1), label="label")

    assert set(first.frame.index) == set(again.frame.index)
    assert first.version == again.version
    assert first.split.sort_index().equals(again.split.sort_index())


def test_one_missing_value_changes_one_id(frame):
    changed = frame.astype({"n": "float64"})
    changed.loc[3, "n"] = np.nan
    before, after = (Dataset.from_frame(each, label="label").frame.index for each in (frame, changed))

    assert list(np.flatnonzero(before != after)) == [3]


def test_the_label_is_no_part_of_the_id(frame):
    changed = frame.assign(label=frame["label"].iloc[::-1].to_numpy())

    assert Dataset.from_frame(changed, label="label").frame.index.equals(
        Dataset.from_frame(frame, label="label").frame.index
    )


def test_exact_duplicates_are_numbered(frame):
    twice = pd.concat([frame, frame.iloc[:2], frame.iloc[:1]], ignore_index=True)
    ids = Dataset.from_frame(twice, label="label").frame.index

    assert ids.is_unique
    assert ids[200] == f"{ids[0]}-2"
    assert ids[202] == f"{ids[0]}-3"


def test_an_id_column_is_kept(frame):
    dataset = Dataset.from_frame(frame.assign(row_id=[f"r{n}" for n in range(200)]), label="label")

    assert dataset.schema.id == "row_id"
    assert dataset.frame.index[0] == "r0"


@pytest.mark.parametrize(("ids", "message"), [(["a"] * 200, "must not repeat"), ([None] * 200, "must have a value")])
def test_bad_id_columns_are_refused(frame, ids, message):
    with pytest.raises(DatasetError, match=message):
        Dataset.from_frame(frame.assign(key=ids), label="label", id="key")


def test_the_version_ignores_dtypes_and_sees_every_value(frame):
    version = Dataset.from_frame(frame, label="label").version

    assert Dataset.from_frame(frame.astype({"n": "float64"}), label="label").version == version
    assert Dataset.from_frame(frame.astype({"colour": "category"}), label="label").version == version
    changed = frame.copy()
    changed.loc[7, "x"] += 1e-9
    assert Dataset.from_frame(changed, label="label").version != version


# labels


def test_numeric_targets_are_refused(frame):
    with pytest.raises(DatasetError, match="'x' must have classes"):
        Dataset.from_frame(frame, label="x")


def test_labels_are_text(frame):
    dataset = Dataset.from_frame(frame.assign(label=(frame["label"] == "yes").astype(float)), label="label")

    assert dataset.classes == ("0", "1")


def test_a_missing_label_goes_to_the_pool(frame):
    frame.loc[[1, 2], "label"] = [None, "  "]
    dataset = Dataset.from_frame(frame, label="label")

    assert list(dataset.ids("pool")) == list(dataset.frame.index[[1, 2]])


@pytest.mark.parametrize(("values", "message"), [(None, "All of its 200 are missing"), ("a", "It has one, 'a'")])
def test_labels_without_classes_are_refused(frame, values, message):
    with pytest.raises(DatasetError, match=message):
        Dataset.from_frame(frame.assign(label=values), label="label")


def test_unknown_columns_are_named(frame):
    with pytest.raises(DatasetError, match="'lable' named as label is not in the data"):
        Dataset.from_frame(frame, label="lable")


# split


@given(st.integers(0, 50), st.sampled_from([0.1, 0.25, 0.5]))
@settings(max_examples=15)
def test_the_split_keeps_the_shares_of_the_classes(seed, share):
    dataset = Dataset.from_frame(make_frame(400), label="label", test=share, seed=seed)

    for part in ("train", "test"):
        rate = (dataset.labels.loc[dataset.ids(part)] == "yes").mean()
        assert rate == pytest.approx((dataset.labels == "yes").mean(), abs=0.02)
    assert len(dataset.ids("test")) == pytest.approx(400 * share, abs=3)


def test_equal_examples_stay_on_one_side(frame):
    twice = pd.concat([frame, frame.assign(label="no")], ignore_index=True)
    dataset = Dataset.from_frame(twice, label="label")
    sides = dataset.split.groupby(dataset.frame["x"].to_numpy()).nunique()

    assert (sides == 1).all()


def test_groups_stay_on_one_side_of_split_and_fold(frame):
    dataset = Dataset.from_frame(frame.assign(who=np.arange(200) % 20), label="label", group="who")
    who = dataset.frame["who"]

    assert set(who[dataset.split == "train"]).isdisjoint(who[dataset.split == "test"])
    assert (dataset.folds(5).groupby(who.loc[dataset.ids("train")]).nunique() == 1).all()


def test_new_rows_of_a_group_that_test_alone_holds_are_not_admitted(frame):
    dataset = Dataset.from_frame(frame.assign(who=np.arange(200) % 20), label="label", group="who")
    judged = set(dataset.frame.loc[dataset.ids("test"), "who"])
    fresh = frame.assign(x=frame["x"] + 1000, who=np.arange(200) % 25)
    admitted = dataset.admit(fresh)
    assert judged
    assert not judged & set(admitted["who"])
    assert set(admitted["who"]) == set(range(25)) - judged


def test_the_latest_are_the_test_set(frame):
    dataset = Dataset.from_frame(frame.assign(day=pd.date_range("2026-01-01", periods=200)), label="label", time="day")

    assert dataset.part("train")["day"].max() < dataset.part("test")["day"].min()
    assert len(dataset.ids("test")) == 50


def test_the_split_as_brought(frame):
    brought = frame.assign(split=["test", "train", "train", "train"] * 50)
    dataset = Dataset.from_frame(brought, label="label")

    assert (dataset.split == brought["split"].to_numpy()).all()


def test_a_split_that_is_brought_may_set_examples_aside(frame):
    brought = frame.assign(split=["test", "sealed", "train", "train"] * 50)
    dataset = Dataset.from_frame(brought, label="label")

    assert (dataset.split == brought["split"].to_numpy()).all()
    assert "split" not in dataset.schema.inputs


def test_the_test_set_by_ids(frame):
    named = frame.assign(key=[f"k{n}" for n in range(200)])
    dataset = Dataset.from_frame(named, label="label", id="key", test=["k3", "k5"])

    assert list(dataset.ids("test")) == ["k3", "k5"]
    with pytest.raises(SplitError, match="'k999'"):
        Dataset.from_frame(named, label="label", id="key", test=["k999"])


def test_nobody_leaves_test_by_another_share_of_sealed(frame):
    dataset = Dataset.from_frame(frame, label="label", test=0.2, sealed=0.1)

    assert len(dataset.ids("sealed")) == pytest.approx(20, abs=3)
    with pytest.raises(SplitError, match="must leave something"):
        Dataset.from_frame(frame, label="label", test=0.6, sealed=0.4)
    with pytest.raises(DatasetError, match="below 1"):
        Dataset.from_frame(frame, label="label", test=1.5)


# folds


def test_an_edit_moves_nobody_else_to_another_fold(dataset):
    before = dataset.folds(5)
    example = before.index[0]
    other = {"yes": "no", "no": "yes"}[dataset.labels[example]]

    assert dataset.with_labels({example: other}).folds(5).equals(before)
    assert dataset.without([example]).folds(5).equals(before.drop(example))
    assert dataset.with_cells({(example, "x"): 99.0}).folds(5).equals(before)


def test_folds_are_of_similar_size():
    counts = Dataset.from_frame(make_frame(5_000), label="label").folds(5).value_counts()

    assert sorted(counts.index) == [0, 1, 2, 3, 4]
    assert counts.min() > 650


# edits


def test_a_labelled_pool_example_joins_train(frame):
    frame.loc[0, "label"] = None
    dataset = Dataset.from_frame(frame, label="label")
    (example,) = dataset.ids("pool")

    assert dataset.with_labels({example: "yes"}).split[example] == "train"
    assert dataset.split[example] == "pool"


def test_excluded_examples_stay_listed(dataset):
    example = dataset.ids("test")[0]
    smaller = dataset.without([example])

    assert example not in smaller.frame.index
    assert smaller.excluded[example] == "test"


def test_going_there_and_back_is_the_same_version(dataset):
    example = dataset.ids("train")[0]
    given_label = dataset.labels[example]
    there = dataset.with_labels({example: "maybe"})

    assert there.version != dataset.version
    assert there.with_labels({example: given_label}).version == dataset.version


def test_handed_on_hashes_are_the_same_as_fresh_ones(dataset):
    dataset.version  # noqa: B018 fills the hashes
    ids = dataset.ids("train")
    changed = dataset.with_labels({ids[0]: "yes", ids[1]: "no"}).without(ids[2:4]).with_cells({(ids[5], "n"): 3})
    fresh = Dataset(
        changed.frame.copy(), changed.split, changed.memberships["unit"], changed.schema, excluded=changed.excluded
    )

    assert changed.version == fresh.version


def test_values_that_do_not_fit_are_refused(dataset):
    example = dataset.ids("train")[0]
    with pytest.raises(DatasetError, match="'x' must hold numbers"):
        dataset.with_cells({(example, "x"): "many"})
    with pytest.raises(DatasetError, match="is the label"):
        dataset.with_cells({(example, "label"): "yes"})
    with pytest.raises(DatasetError, match="Unknown: nobody"):
        dataset.with_labels({"nobody": "yes"})
    with pytest.raises(DatasetError, match="must not be empty"):
        dataset.with_labels({example: " "})
    with pytest.raises(DatasetError, match="would exclude them all"):
        dataset.without(dataset.frame.index)


def test_a_cell_can_become_missing(dataset):
    example = dataset.ids("train")[0]
    changed = dataset.with_cells({(example, "n"): None, (example, "colour"): None})

    assert changed.frame.loc[example, ["n", "colour"]].isna().all()


def test_a_dropped_column_stays_with_the_data(dataset):
    changed = dataset.without_column("colour")

    assert "colour" in changed.frame
    assert "colour" not in changed.schema.inputs
    assert changed.version != dataset.version
    with pytest.raises(DatasetError, match="Only a feature"):
        dataset.without_column("label")


def test_new_rows_are_fitted_and_known_ones_left_out(dataset, frame):
    test_row = dataset.part("test").iloc[[0]].assign(label="yes")
    new = pd.DataFrame({"x": [9.0, 8.0], "n": [1, 2], "colour": ["red", None], "label": ["yes", None], "more": [1, 2]})
    rows = dataset.admit(pd.concat([new, frame.iloc[:3], test_row], ignore_index=True))
    grown = dataset.with_rows(rows)

    assert list(rows["x"]) == [9.0, 8.0]
    assert list(grown.split.loc[rows.index]) == ["train", "pool"]
    with pytest.raises(DatasetError, match="Missing: x"):
        dataset.admit(new.drop(columns="x"))


def test_children_share_the_fold_of_their_parent(dataset):
    parents = dataset.ids("train")[:3]
    rows = dataset.frame.loc[parents].set_axis(["g1", "g2", "g3"])
    family = pd.DataFrame({"parent": parents, "other_parent": None}, index=rows.index)
    folds = dataset.with_rows(rows, family).folds(5)

    assert list(folds.loc[["g1", "g2", "g3"]]) == list(folds.loc[parents])
    with pytest.raises(DatasetError, match="must be train examples"):
        dataset.with_rows(rows, family.assign(parent=dataset.ids("test")[0]))


def test_parts_hold_what_the_split_says(dataset):
    """Read by position and by label: the same rows, before and after edits."""
    changed = dataset.without(dataset.ids("train")[:3]).with_labels({dataset.ids("train")[4]: "maybe"})
    for each in (dataset, changed):
        for part in ("train", "test", "pool", "sealed"):
            ids = each.split.index[each.split == part]
            assert each.ids(part).equals(ids)
            assert each.part(part).equals(each.frame.loc[ids])
            assert each.inputs(part).equals(each.frame.loc[ids, list(each.schema.inputs)])
            assert each.labels_of(part).equals(each.labels.loc[ids])


def test_a_pool_example_that_gets_a_label_is_in_train(frame):
    frame.loc[[1, 2], "label"] = None
    dataset = Dataset.from_frame(frame, label="label")
    first, second = dataset.ids("pool")
    after = dataset.with_labels({first: "yes"})

    assert first in after.ids("train")
    assert list(after.ids("pool")) == [second]
    assert list(dataset.ids("pool")) == [first, second]


@pytest.mark.parametrize("odd", [1e300, -1e300, float("inf"), 2.0**63, 1e19])
def test_numbers_that_no_integer_holds_are_ids_and_labels_as_they_are_written(odd):
    frame = pd.DataFrame({"key": [*range(39), odd], "x": np.arange(40) * 1.1, "y": [1.0, odd] * 20})
    dataset = Dataset.from_frame(frame, label="y", id="key")
    assert str(float(odd)) in dataset.frame.index
    assert set(dataset.classes) == {"1.0", str(float(odd))}
