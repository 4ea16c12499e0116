"""Look-ups of ids come to what pandas says of them, however long and of whatever letters they are."""

from __future__ import annotations

import gc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import ids as core_ids
from core.ids import aligned, differ, is_among, looked_up, positions

IDS = st.lists(st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=40), max_size=30)


def index(names: list[str]) -> pd.Index:
    return pd.Index(names, dtype="str")


@given(IDS, IDS)
def test_positions_are_those_of_pandas(ids, others):
    others = list(dict.fromkeys(others))
    asked = index([*ids, *others[::2]])

    found = positions(asked, index(others))

    np.testing.assert_array_equal(found, index(others).get_indexer(asked))
    np.testing.assert_array_equal(is_among(asked, index(others)), found >= 0)


@pytest.mark.parametrize("more", ["", "x" * 7, "x" * 240, "x" * 300])
def test_an_id_is_found_beside_longer_ones(more):
    """Its number must not depend on how long those beside it are."""
    short = [f"id {place}" for place in range(100)]

    assert positions(index(short), index([f"{short[0]}{more}-", *short])).tolist() == list(range(1, 101))


def test_letters_that_are_nothing_make_a_difference():
    names = ["a", "a\0", "a" + "\0" * 7, "a" + "\0" * 8, "\0" * 8 + "a"]

    assert positions(index(names), index(names[::-1])).tolist() == [4, 3, 2, 1, 0]


def test_a_view_and_a_slice_are_found_by_their_own_ids():
    names = index([f"{place:016x}" for place in range(1000)])

    assert positions(names[200:203], names).tolist() == [200, 201, 202]
    assert positions(names, names[::-1]).tolist() == list(range(999, -1, -1))
    assert positions(names.rename("example")[5:6], names).tolist() == [5]


@pytest.mark.parametrize("others", [pd.Index([3, 1, 2]), pd.Index(["a", 1, None], dtype="object"), pd.RangeIndex(5)])
def test_ids_that_are_no_strings_are_left_to_pandas(others):
    np.testing.assert_array_equal(positions(others[::-1], others), others.get_indexer(others[::-1]))


def test_a_missing_id_is_left_to_pandas():
    others = index(["a", None])

    assert positions(index([None, "b"]), others).tolist() == [1, -1]


def test_others_that_repeat_are_refused():
    with pytest.raises(pd.errors.InvalidIndexError):
        positions(index(["a"]), index(["a", "b", "a"]))
    assert not differ(index(["a", "b", "a"]))
    assert differ(index(["a", "b"]))


def test_numbers_that_two_ids_share_are_told_apart(monkeypatch):
    """What two ids have in common by chance is noticed, and pandas asked."""
    monkeypatch.setattr(core_ids, "mix", lambda values: values & np.uint64(0))
    names = index(["one", "another", "a third"])

    assert positions(names[::-1], names).tolist() == [2, 1, 0]
    assert differ(names)


@given(st.lists(st.integers(0, 20), unique=True), st.lists(st.integers(0, 20)))
def test_values_are_aligned_as_reindex_does(own, asked):
    values = pd.DataFrame({"number": own, "word": [str(each) for each in own]}, index=index([f"id {n}" for n in own]))
    wanted = index([f"id {n}" for n in asked])

    pd.testing.assert_frame_equal(aligned(values, wanted), values.reindex(wanted))
    pd.testing.assert_series_equal(aligned(values["word"], wanted), values["word"].reindex(wanted))


# How an id is written, and whether it has a number.
WRITTEN = pytest.mark.parametrize(
    ("written", "numbered"),
    [
        (lambda names: index([f"id {name}" for name in names]), True),
        (lambda names: index([f"{'x' * 300} {name}" for name in names]), False),
        (lambda names: pd.Index(names, dtype="int64"), False),
    ],
    ids=["short", "long", "integers"],
)


@WRITTEN
@given(own=st.lists(st.integers(0, 20), unique=True), asked=st.lists(st.integers(0, 20)), all_there=st.booleans())
def test_values_are_looked_up_as_loc_does(written, numbered, own, asked, all_there):
    ids = written(own)
    wanted = written([each for each in asked if each in own] if all_there else asked)
    values = pd.DataFrame(
        {
            "number": own,
            "even": np.array(own, dtype="int64") % 2 == 0,
            "half": np.array(own) / 2,
            "word": pd.Series([str(each) for each in own], index=ids, dtype="str"),
            "day": pd.to_datetime(pd.Series(own, index=ids, dtype="int64"), unit="D"),
        },
        index=ids,
    ).rename_axis(columns="column")

    assert (core_ids._numbers(ids) is not None) == (numbered or (ids.empty and isinstance(ids.dtype, pd.StringDtype)))
    if not set(wanted) <= set(ids):
        for look_up in (looked_up, lambda values, ids: values.loc[ids]):
            with pytest.raises(KeyError):
                look_up(values, wanted)
        return
    found = looked_up(values, wanted)
    assert found.index is wanted
    pd.testing.assert_frame_equal(found, values.loc[wanted])
    for name in values.columns:
        pd.testing.assert_series_equal(looked_up(values[name], wanted), values[name].loc[wanted])


@WRITTEN
def test_ids_that_are_not_there_are_counted_and_named(written, numbered):
    values = pd.Series(range(3), index=written([0, 1, 2]))

    with pytest.raises(KeyError) as refused:
        looked_up(values, written([7, 1, 8, 7, *range(1000, 2000)]))

    first = ", ".join(map(repr, written([7, 8, 1000, 1001, 1002])))
    assert refused.value.args[0] == f"Every id must have a value. Without one: 1,002, first {first}."


@pytest.mark.parametrize("look_up", [aligned, looked_up])
def test_what_is_given_can_be_changed_without_its_source(look_up):
    values = pd.Series([1, 2], index=index(["a", "b"]))

    found = look_up(values, values.index)
    assert found.index is values.index
    found.iloc[0] = 9

    assert values.tolist() == [1, 2]


def test_numbers_go_with_their_ids():
    names = index([f"{place}" for place in range(50)])
    before = len(core_ids._KNOWN)
    positions(names, names[:10])
    assert len(core_ids._KNOWN) > before

    del names
    gc.collect()

    assert len(core_ids._KNOWN) <= before
