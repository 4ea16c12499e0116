from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.spatial.distance import cdist

from core.neighbours import NeighbourError, equal_groups, near_duplicates, nearest

VALUES = st.sampled_from([0, 1, 1.0, 2.5, None, "a", "b", ""])


@given(st.lists(st.tuples(VALUES, VALUES), max_size=12))
def test_equal_groups_against_pairs(rows):
    frame = pd.DataFrame(
        {"x": pd.Series([row[0] for row in rows], dtype=object), "y": pd.Series([row[1] for row in rows], dtype=object)}
    )
    # In one column numbers and texts are all texts.
    plain = [tuple(None if value is None else str(value) for value in row) for row in rows]
    numeric = [not any(isinstance(row[place], str) for row in rows) for place in (0, 1)]
    keys = [
        tuple(
            None if value is None else float(row[place]) if numeric[place] else value
            for place, value in enumerate(texts)
        )
        for row, texts in zip(rows, plain, strict=True)
    ]
    groups = equal_groups(frame)
    for one in range(len(rows)):
        for other in range(len(rows)):
            assert (groups[one] == groups[other]) == (keys[one] == keys[other])


def test_groups_are_numbered_as_they_come():
    assert equal_groups(pd.DataFrame({"a": [2, 1, 2, np.nan, np.nan]})).tolist() == [0, 1, 0, 2, 2]
    assert equal_groups(pd.DataFrame({"a": []})).tolist() == []


def test_near_duplicates_ignore_case_width_spaces_and_signs():
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in "HELLO") + "\u3000world"
    texts = pd.Series(["Hello, World!", "hello world", wide, "hello worlds", "가 나.", "가 나", "!!", "??", None])
    assert near_duplicates(texts).tolist() == [0, 0, 0, 1, 2, 2, 3, 4, 5]


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("make", [np.asarray, csr_matrix])
def test_nearest_against_all_pairs(metric, make):
    points = np.abs(np.random.default_rng(0).normal(size=(40, 6)))
    # Equal rows are neighbours of each other, never of themselves.
    points[5] = points[6] = points[7]
    positions, distances = nearest(make(points), 4, metric)
    every = cdist(points, points, metric)
    np.fill_diagonal(every, np.inf)
    np.testing.assert_allclose(distances, np.sort(every, axis=1)[:, :4], atol=1e-7)
    assert (positions != np.arange(40)[:, None]).all()
    np.testing.assert_allclose(np.take_along_axis(every, positions, axis=1), distances, atol=1e-7)


def test_nearest_of_few_rows():
    assert nearest(np.eye(3), 10)[0].shape == (3, 2)
    with pytest.raises(NeighbourError, match="two rows"):
        nearest(np.eye(1), 1)
    with pytest.raises(NeighbourError, match="at least 1"):
        nearest(np.eye(3), 0)
