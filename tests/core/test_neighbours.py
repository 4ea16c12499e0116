from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.spatial.distance import cdist

from core.neighbours import (
    NeighbourError,
    close_groups,
    equal_groups,
    far_rows,
    near_duplicates,
    nearest,
    nearest_in,
    nearest_to,
    nearest_within_cells,
    unit_rows,
)

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


@pytest.mark.parametrize("make", [np.asarray, csr_matrix])
@pytest.mark.parametrize("k", [1, 4, 39, 100])
def test_nearest_to_one_row_against_all_pairs(make, k):
    points = np.random.default_rng(0).normal(size=(40, 6))
    points[5] = points[6] = points[7]
    rows = unit_rows(make(points))
    for position in (0, 6, 39):
        every = cdist(points[[position]], points, "cosine")[0]
        every[position] = np.inf
        positions, distances = nearest_to(rows, position, k)
        np.testing.assert_allclose(distances, np.sort(every)[: min(k, 39)], atol=1e-6)
        np.testing.assert_allclose(every[positions], distances, atol=1e-6)
        assert position not in positions
        assert len(set(positions)) == len(positions)


@given(st.integers(2, 30), st.integers(1, 8), st.randoms(use_true_random=False))
def test_rows_that_tie_come_in_their_order(rows, k, chance):
    points = np.eye(3)[[chance.randrange(3) for _ in range(rows)]]
    positions, _ = nearest_to(unit_rows(points), 0, k)
    same = [place for place in range(1, rows) if (points[place] == points[0]).all()]
    other = [place for place in range(1, rows) if (points[place] != points[0]).any()]
    assert positions.tolist() == (same + other)[:k]


def test_a_row_of_zeros_has_neighbours_too():
    rows = unit_rows(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]]))
    assert rows.dtype == np.float32
    assert nearest_to(rows, 0, 5)[1].tolist() == [1.0, 1.0]


def test_neighbours_of_no_row_or_of_one_that_is_not_there():
    assert nearest_to(np.ones((1, 2)), 0, 3)[0].tolist() == []
    with pytest.raises(NeighbourError, match="row 3"):
        nearest_to(np.eye(3), 3, 1)
    with pytest.raises(NeighbourError, match="k = 0"):
        nearest_to(np.eye(3), 0, 0)


@pytest.mark.parametrize("sparse", [False, True])
def test_the_nearest_among_others_are_those_of_all_pairs(sparse):
    rng = np.random.default_rng(0)
    rows, queries = rng.random((30, 4)), rng.random((12, 4))
    away = 1 - (queries @ rows.T) / np.outer(np.linalg.norm(queries, axis=1), np.linalg.norm(rows, axis=1))
    places, distances = nearest_in(*((csr_matrix(one) if sparse else one) for one in (rows, queries)), 3)
    assert (places == np.argsort(away, axis=1)[:, :3]).all()
    np.testing.assert_allclose(distances, np.sort(away, axis=1)[:, :3], atol=1e-9)
    assert nearest_in(rows, queries[:0], 3)[0].shape == (0, 3)
    with pytest.raises(NeighbourError, match="0 rows"):
        nearest_in(rows[:0], queries)


def blobs(rows=3_000, columns=6, seed=0):
    random = np.random.default_rng(seed)
    return (random.normal(size=(rows, columns)) @ random.normal(size=(columns, columns))).astype(np.float32)


def test_what_is_found_within_cells_bounds_the_true_distances():
    rows = blobs(5_000)
    positions, distances = nearest_within_cells(rows, 5)
    _, exact = nearest(rows, 5, metric="euclidean")
    assert (positions != np.arange(len(rows))[:, None]).all()
    assert (distances >= exact - 1e-2).all()
    assert np.allclose(np.linalg.norm(rows[:, None] - rows[positions], axis=2), distances, atol=1e-2)
    assert (distances[:, 0] <= exact[:, 0] + 1e-2).mean() > 0.9


def test_few_rows_are_their_own_cell():
    positions, distances = nearest_within_cells(blobs(4), 10)
    assert np.isfinite(distances).sum(axis=1).tolist() == [3, 3, 3, 3]
    assert positions[:, 3:].tolist() == [[n] * 7 for n in range(4)]


@pytest.mark.parametrize("cosine", [False, True])
def test_far_rows_are_those_of_the_whole_matrix(cosine):
    rows = unit_rows(blobs()) if cosine else blobs()
    found = far_rows(rows, nearest_within_cells(rows, 10)[1], cosine=cosine)
    _, exact = nearest(rows, 10, metric="cosine" if cosine else "euclidean")
    means = exact.mean(axis=1)
    low, high = np.quantile(means, [0.25, 0.75])
    limit = high + (1 / 0.37037 - 1) * (high - low)
    assert found.any()
    # What lies on the limit may fall to either side.
    sure = np.abs(means - limit) > 0.01 * limit
    assert (found == (means > limit))[sure].all()


def test_near_rows_are_grouped_and_others_are_not():
    rows = blobs(columns=8)
    rows[:50] = rows[100:150] + 1e-3
    positions, distances = nearest_within_cells(rows, 10)
    typical = float(np.median(distances[:, 0]))
    groups = close_groups(rows, [positions], typical, np.zeros(len(rows), dtype=np.int64))
    assert (groups[:50] == groups[100:150]).mean() > 0.95
    assert len(np.unique(groups)) >= len(rows) - 55
    apart = close_groups(rows, [positions], typical, np.arange(len(rows)))
    assert len(np.unique(apart)) == len(rows)
