from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.collect.finding import Cells, examples_of, listed

IDS = pd.Index(["a", "b", "c", "d"], dtype="str", name="example")


def test_cells_are_a_sequence_like_the_list_of_them():
    cells = Cells(IDS, {"x": np.array([0, 3]), "none": np.array([], dtype=np.int64), "y": np.array([1, 0, 2])})
    plain = [("a", "x"), ("d", "x"), ("b", "y"), ("a", "y"), ("c", "y")]
    assert list(cells) == plain
    assert cells == plain
    assert [cells[place] for place in range(-5, 5)] == plain + plain
    assert cells[1:4] == plain[1:4]
    assert cells[::-2] == plain[::-2]
    assert ("b", "y") in cells
    assert ("b", "x") not in cells
    assert cells.ids.tolist() == ["a", "b", "c", "d"]
    assert cells != plain[:4]
    with pytest.raises(IndexError, match=r"There are 5 cells\. Got 5 instead\."):
        cells[5]


def test_no_cells():
    assert len(Cells(IDS, {})) == 0
    assert list(Cells(IDS, {})) == []
    assert Cells(IDS, {}).ids.empty


def test_ten_million_cells_are_there_at_once():
    ids = pd.RangeIndex(1_000_000)
    cells = Cells(ids, {f"c{number}": np.arange(1_000_000) for number in range(10)})
    assert len(cells) == 10_000_000
    assert cells[-1] == ("999999", "c9")


def test_lists_name_the_first_and_count_the_rest():
    assert listed("abc", 4) == "a, b, c"
    assert listed("abcde", 2) == "a, b and 3 more"
    assert examples_of([("N/A", None), ("SEOUL", "Seoul")]) == "'N/A' → missing, 'SEOUL' → 'Seoul'"
