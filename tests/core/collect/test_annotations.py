from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.collect import (
    Layout,
    ReadError,
    find_layout,
    find_long,
    gather_examples,
    read_annotations,
    read_table,
    to_wide,
)
from core.errors import FlywheelError

LONG = pd.DataFrame(
    {
        "task": [1, 1, 2, 2, 2, 3],
        "worker": ["ann", "bob", "ann", "bob", "ann", "bob"],
        "answer": ["yes", "no", "no", "no", "yes", None],
        "colour": ["red", "red", "blue", "blue", "blue", "red"],
        "seconds": [4, 5, 6, 7, 8, 9],
    }
)
WIDE = pd.DataFrame({"id": ["x", "y", "z"], "rater_1": ["a", "b", "a"], "rater_2": ["a", None, "b"], "age": [1, 2, 3]})


def test_a_row_a_label_becomes_a_column_an_annotator_and_the_last_label_counts():
    wide = to_wide(LONG, id="task", annotator="worker", label="answer")

    assert wide.index.tolist() == ["1", "2"]
    assert wide.columns.tolist() == ["ann", "bob"]
    assert wide.loc["2"].tolist() == ["yes", "no"]


def test_a_long_file_is_seen_by_its_names_and_by_examples_that_repeat():
    layout = find_long(LONG)

    assert (layout.kind, layout.id, layout.annotator, layout.label) == ("long", "task", "worker", "answer")
    assert "repeat" in layout.reason
    assert find_long(WIDE) is None
    assert find_long(LONG.drop_duplicates("task")) is None


def test_a_wide_file_is_seen_by_names_or_by_classes_that_columns_share():
    assert find_layout(WIDE).annotators == ("rater_1", "rater_2")
    nameless = WIDE.rename(columns={"rater_1": "Kim", "rater_2": "Lee"})
    found = find_layout(nameless)
    assert (found.id, set(found.annotators)) == ("id", {"Kim", "Lee"})
    assert "same classes" in found.reason


def test_ids_that_are_known_say_which_column_names_the_example():
    odd = LONG.rename(columns={"task": "case", "worker": "who", "answer": "says"})
    layout = find_layout(odd, ids=["1", "2", "3"])

    assert (layout.id, layout.annotator, layout.label) == ("case", "who", "says")
    with pytest.raises(ReadError, match=r"no column holds ids.*look like 'q7'"):
        find_layout(LONG, ids=["q7"])


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (pd.DataFrame({"height": [1.5, 2.5]}), "no column names the example"),
        (pd.DataFrame({"id": [1, 2], "height": [1.5, 2.5]}), "no columns look so"),
        (pd.DataFrame({"id": [1, 1, 2], "label": ["a", "b", "a"]}), "tells their annotators apart"),
        (pd.DataFrame({"id": []}), "no rows"),
    ],
)
def test_what_holds_no_annotations_is_refused_with_a_remedy(table, says):
    with pytest.raises(ReadError, match=says):
        find_layout(table)


def test_a_wide_file_keeps_who_labelled_and_refuses_examples_that_repeat():
    assert read_annotations(WIDE, find_layout(WIDE)).loc["y"].tolist()[0] == "b"
    twice = pd.concat([WIDE, WIDE.head(1)])
    with pytest.raises(ReadError, match="'x' has several"):
        read_annotations(twice, Layout("wide", "id", annotators=("rater_1", "rater_2")))


def test_gathering_keeps_what_is_the_same_for_an_example_and_names_what_is_not():
    gathered = gather_examples(LONG, find_long(LONG))

    assert gathered.columns.tolist() == ["task", "colour", "annotator_ann", "annotator_bob"]
    assert gathered["colour"].tolist() == ["red", "blue"]
    assert "seconds" in " ".join(gathered.attrs["notes"])


CELL = st.one_of(st.none(), st.sampled_from(["a", "b", "1", "x,y", "", "é"]), st.integers(0, 3), st.floats(width=32))
NAME = st.sampled_from(["id", "annotator", "label", "rater_1", "rater_2", "task", "worker", "age", "", "answer"])


@given(
    names=st.lists(NAME, min_size=1, max_size=5),
    rows=st.lists(st.lists(CELL, min_size=5, max_size=5), max_size=8),
    known=st.sampled_from([None, ["a", "1"], []]),
)
def test_any_frame_gives_annotations_or_a_sentence(names, rows, known):
    table = pd.DataFrame([row[: len(names)] for row in rows], columns=names)
    try:
        layout = find_layout(table, ids=known)
        wide = read_annotations(table, layout)
        if layout.kind == "long":
            gather_examples(table, layout)
    except FlywheelError:
        return
    assert wide.index.is_unique
    assert wide.notna().any(axis=None)


@given(st.text(alphabet='ab1,;\n"\t é', max_size=60))
def test_any_file_gives_annotations_or_a_sentence(content):
    try:
        table = read_table(("id,annotator,label\n" + content).encode(), name="said.csv")
        read_annotations(table, find_layout(table))
    except FlywheelError as refused:
        assert str(refused)  # noqa: PT017


@pytest.mark.parametrize("odd", [float("inf"), 1e300, -1e300, 2.0**60])
def test_numbers_too_large_to_be_whole_still_name_examples(odd):
    wide = to_wide(
        pd.DataFrame({"item": [1.0, odd, 1.0], "worker": ["a", "b", "b"], "label": ["x", "y", "x"]}),
        id="item",
        annotator="worker",
        label="label",
    )
    assert wide.shape == (2, 2)
