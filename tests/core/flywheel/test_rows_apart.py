"""Which examples two versions differ in, against a comparison value by value."""

from __future__ import annotations

import numpy as np
import pandas as pd
from effort import effort
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.dataset import Dataset
from core.flywheel.rows_apart import WAYS, rows_apart


def same(one, other) -> bool:
    return (pd.isna(one) and pd.isna(other)) or (not pd.isna(one) and not pd.isna(other) and one == other)


def one_by_one(before: Dataset, after: Dataset) -> tuple[dict[str, set[str]], set[tuple[str, str]]]:
    label, ways, cells = before.schema.label, {way: set() for way in WAYS}, set()
    for example in after.frame.index:
        if example not in before.frame.index:
            ways["generated" if example in after.generated else "collected"].add(example)
            continue
        own = {
            name
            for name in before.frame.columns
            if name != label and not same(before.frame.at[example, name], after.frame.at[example, name])
        }
        cells |= {(example, name) for name in own}
        old, new = before.labels[example], after.labels[example]
        if not same(old, new):
            ways["labelled" if pd.isna(old) or pd.isna(new) else "relabelled"].add(example)
        elif own:
            ways["cells"].add(example)
    for example in before.frame.index.difference(after.frame.index):
        ways["excluded" if example in after.excluded.index else "gone"].add(example)
    return {way: ids for way, ids in ways.items() if ids}, cells


def check(before: Dataset, after: Dataset) -> None:
    found = rows_apart(before, after)
    ways, cells = one_by_one(before, after)

    assert {way: set(rows.index) for way, rows in found.table.groupby("way")} == ways
    assert found.counts == {way: len(ways[way]) for way in WAYS if way in ways}
    assert not found.table.index.has_duplicates
    assert set(zip(found.cells["example"], found.cells["column"], strict=True)) == cells
    for example, row in found.table.iterrows():
        for side, dataset in (("before", before), ("after", after)):
            there = dataset.labels.get(example)
            assert row[side] == there or (row[side] is None and pd.isna(there))
        assert row["cells"] == len([cell for cell in cells if cell[0] == example])
    for _, cell in found.cells.iterrows():
        for side, dataset in (("before", before), ("after", after)):
            assert same(cell[side], dataset.frame.at[cell["example"], cell["column"]])


VALUES = {"x": [1, 2.5, None], "n": [3, 0.5, None], "colour": ["red", "초록", None], "member": [True, False, None]}
EDITS = st.lists(
    st.tuples(st.sampled_from(["label", "out", "cell", "collect", "generate"]), st.integers(0, 99), st.integers(0, 9)),
    max_size=6,
)


@settings(max_examples=effort(8, 200), suppress_health_check=list(HealthCheck))
@given(edits=EDITS, both=st.booleans())
def test_every_row_and_cell_that_differs_is_found_and_no_other(dataset, make_table, make_children, edits, both):
    before = after = dataset.without(list(dataset.ids("train")[:30])) if both else dataset
    for number, (kind, place, what) in enumerate(edits):
        ids = after.ids("train")
        example = str(ids[place % len(ids)])
        if kind == "label":
            pool = after.ids("pool")
            chosen = str(pool[0]) if what > 6 and len(pool) else example
            after = after.with_labels({chosen: ["yes", "no", "maybe"][what % 3]})
        elif kind == "out":
            after = after.without([example])
        elif kind == "cell":
            column = list(VALUES)[what % 4]
            after = after.with_cells({(example, column): VALUES[column][what % 3]})
        elif kind == "collect":
            rows = make_table(2, seed=place, pool=0).assign(key=[f"c{number}", f"d{number}"])
            after = after.with_rows(after.admit(rows))
        else:
            made = make_children(after, [example], prefix=f"g{number}-")
            parents = made[["parent", "other_parent"]]
            rows = after.frame.loc[[example]].set_axis(made.index).assign(label="yes")
            after = after.with_rows(rows, parents)
    check(before, after)
    check(after, before)


def test_a_number_is_the_same_whole_or_not_and_so_is_a_missing_value(dataset):
    frame = dataset.frame.assign(n=dataset.frame["n"].astype("float64"))
    other = Dataset(frame, dataset.split, dataset.split.map(hash), dataset.schema)

    assert rows_apart(dataset, other).table.empty


def test_the_order_of_the_rows_plays_no_part(dataset):
    order = np.random.default_rng(0).permutation(len(dataset))
    other = Dataset(dataset.frame.iloc[order], dataset.split.iloc[order], dataset.split.map(hash), dataset.schema)

    assert rows_apart(dataset, other).table.empty


def test_what_is_hidden_is_passed_over(dataset, train):
    after = dataset.with_cells({(train[0], "x"): 9.0, (train[1], "x"): 9.0}).without(train[2:4])
    found = rows_apart(dataset, after, hidden=pd.Index([train[0], train[2]]))

    assert list(found.table.index) == [train[3], train[1]]
    assert list(found.cells["example"]) == [train[1]]


def test_columns_that_the_model_no_longer_sees_are_named(dataset):
    found = rows_apart(dataset, dataset.without_column("colour"))

    assert found.columns == {"colour": False}
    assert rows_apart(dataset.without_column("colour"), dataset).columns == {"colour": True}
