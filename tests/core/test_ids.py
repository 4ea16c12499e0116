"""Look-ups of ids come to what pandas says of them, however long and of whatever letters they are."""

from __future__ import annotations

import gc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import ids as core_ids
from core.ids import aligned, differ, is_among, positions

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


def test_what_is_aligned_can_be_changed_without_its_source():
    values = pd.Series([1, 2], index=index(["a", "b"]))

    found = aligned(values, values.index)
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
