from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.collect import Finding
from core.dataset import Dataset
from core.flywheel import Correct, DropColumn, Exclude, Relabel, before_after, chosen, edit_of, mended_size
from core.flywheel.mend import size


@pytest.fixture
def make_finding():
    def make(**parts) -> Finding:
        return Finding("odd", "Odd values", 0.5, "Some are odd.", "Mend them.", **parts)

    return make


@pytest.fixture
def correction(make_finding, train):
    cells = [(train[0], "colour"), (train[1], "colour"), (train[2], "x"), (train[0], "x")]
    return make_finding(cells=cells, values=["blue", None, 2.0, 3.0], fix="correct", ids=pd.Index(train[:3]))


def test_each_fix_is_one_edit_with_the_finding_as_its_reason(make_finding, correction, train):
    edits = [
        edit_of(make_finding(ids=pd.Index(train[:2]), fix="exclude"), by="ann"),
        edit_of(make_finding(columns=("n",), fix="drop_column"), by="ann"),
        edit_of(make_finding(labels={train[0]: "no"}, fix="relabel"), by="ann"),
        edit_of(correction, by="ann"),
    ]
    assert [type(edit) for edit in edits] == [Exclude, DropColumn, Relabel, Correct]
    assert {(edit.by, edit.reason) for edit in edits} == {("ann", "Odd values")}
    assert edits[0].examples == tuple(train[:2])
    assert edits[1].column == "n"
    assert edits[2].labels == {train[0]: "no"}
    assert edits[3].cells[(train[1], "colour")] is None


def test_a_finding_without_a_fix_or_without_anything_chosen_has_no_edit(make_finding, correction, train):
    assert edit_of(make_finding(ids=pd.Index(train[:2]))) is None
    assert edit_of(chosen(correction, left_out=range(4))) is None
    assert mended_size(chosen(correction, left_out=[0])) == 3


def test_cells_can_be_left_out_and_given_another_value(correction, train):
    edit = edit_of(chosen(correction, left_out=[1], values={0: "green", 3: None, 1: "never"}))
    assert edit.cells == {(train[0], "colour"): "green", (train[2], "x"): 2.0, (train[0], "x"): None}


def test_examples_and_labels_can_be_left_out(make_finding, train):
    exclusion = make_finding(ids=pd.Index(train[:4]), fix="exclude")
    assert edit_of(chosen(exclusion, left_out={0, 2})).examples == (train[1], train[3])
    relabelling = make_finding(labels=dict.fromkeys(train[:3], "no"), fix="relabel")
    assert edit_of(chosen(relabelling, left_out={1}, values={2: "yes"})).labels == {train[0]: "no", train[2]: "yes"}


def test_cells_without_a_fix_are_mended_only_where_a_value_was_given(make_finding, train):
    finding = make_finding(cells=[(train[0], "x"), (train[1], "x")])
    assert edit_of(finding) is None
    assert edit_of(chosen(finding, values={1: 5.0})).cells == {(train[1], "x"): 5.0}


def test_before_and_after_are_listed_a_page_at_a_time(dataset, correction, train):
    listed = before_after(dataset, correction, slice(1, 3))
    assert list(listed.index) == [1, 2]
    assert list(listed["example"]) == train[1:3]
    assert listed["before"].isna().tolist() == [bool(pd.isna(dataset.frame.at[train[1], "colour"])), False]
    assert listed["before"][2] == dataset.frame.at[train[2], "x"]
    assert listed["after"].tolist() == [None, 2.0]


def test_before_and_after_of_labels_and_of_cells_without_a_proposal(dataset, make_finding, train):
    listed = before_after(dataset, make_finding(labels={train[0]: "maybe"}, fix="relabel"))
    assert listed.to_numpy().tolist() == [[train[0], "label", dataset.labels[train[0]], "maybe"]]
    listed = before_after(dataset, make_finding(cells=[(train[0], "x"), ("nobody", "x"), (train[0], "nothing")]))
    assert listed["after"].equals(listed["before"])
    assert listed["before"].isna().tolist() == [False, True, True]


@given(data=st.data())
def test_what_is_listed_as_after_is_what_the_edit_leaves(dataset, data):
    train = list(dataset.ids("train"))
    cells = data.draw(
        st.lists(st.tuples(st.sampled_from(train[:9]), st.sampled_from(["x", "colour"])), unique=True, min_size=1)
    )
    values = [
        data.draw(st.sampled_from([None, 1.5, 7.0] if name == "x" else [None, "red", "new"])) for _, name in cells
    ]
    finding = Finding("odd", "Odd", 0.5, "", "", cells=cells, values=values, fix="correct")
    left_out = data.draw(st.sets(st.integers(0, len(cells) - 1)))
    part = chosen(finding, left_out=left_out)
    assert size(part) == len(cells) - len(left_out)
    edit = edit_of(part)
    after: Dataset = dataset if edit is None else edit.apply(dataset)
    listed = before_after(after, finding)
    expected = before_after(dataset, finding)
    wanted = expected["after"].where(~expected.index.isin(list(left_out)), expected["before"])
    assert listed["before"].map(str).where(listed["before"].notna()).equals(wanted.map(str).where(wanted.notna()))
