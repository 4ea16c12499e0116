"""Which examples are equal, nearly equal or close: the one home of neighbours and near-duplicates."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import coo_array, issparse, spmatrix
from scipy.sparse.csgraph import connected_components
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import normalize
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from core.content import canonicalise, hash_rows
from core.errors import FlywheelError

__all__ = [
    "NeighbourError",
    "close_groups",
    "equal_groups",
    "far_rows",
    "near_duplicates",
    "nearest",
    "nearest_in",
    "nearest_to",
    "nearest_within_cells",
    "unit_rows",
]

# Rows of one cell, and in how many cells a neighbour is sought.
_CELL, _PROBES = 2_000, 2
_ROUNDS = 2
# Far: the mean distance to the nearest lies so many interquartile ranges above the upper quartile.
_FAR = 1 / 0.37037 - 1
_SAMPLE = 3_000
_BLOCK, _CHUNKS = 512, 8

_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")
# Near: a share of the median distance to the nearest one. Cleanlab's 0.13 of a cosine distance is 0.36 of a length.
_NEAR = 0.36
_BY_CHANCE = 0.001
_threads = ThreadpoolController()


class NeighbourError(FlywheelError):
    """Neighbours can't be found as asked."""


def equal_groups(frame: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Number the rows so that equal rows, and only those, have one number.

    Parameters
    ----------
    frame : DataFrame of shape (n, columns)
        Rows are equal if all values are, whatever their dtype; missing values equal each other.

    Returns
    -------
    array of shape (n,), int64
        Group of each row, from 0 in the order in which they first occur.
    """
    groups, _ = pd.factorize(hash_rows(canonicalise(frame)))
    return groups.astype(np.int64)


def near_duplicates(texts: pd.Series) -> npt.NDArray[np.int64]:
    """Number texts so that those which differ only in case, width, spaces and punctuation have one number.

    Parameters
    ----------
    texts : Series of shape (n,)
        Strings; missing ones equal each other.

    Returns
    -------
    array of shape (n,), int64
        Group of each text, from 0 in the order in which they first occur.
    """
    plain = pa.chunked_array([pa.array(texts.astype("str"), pa.large_string(), from_pandas=True)])
    plain = pc.utf8_lower(pc.utf8_normalize(plain, "NFKC"))
    words = pc.utf8_trim_whitespace(pc.replace_substring_regex(plain, r"[\pP\pS\pZ\pC\s]+", " "))
    # Texts of nothing but signs are told apart by them.
    words = pc.if_else(pc.equal(words, ""), plain, words)
    groups, _ = pd.factorize(pd.Series(pd.array(words, dtype="str")), use_na_sentinel=False)
    return groups.astype(np.int64)


def nearest(
    features: npt.NDArray[np.floating] | spmatrix,
    k: int,
    metric: str = "cosine",
    among: npt.NDArray[np.int64] | None = None,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Find the k nearest other rows of each row, exactly.

    Parameters
    ----------
    features : array or sparse matrix of shape (n, d)
    k : int
        At least 1; with fewer other rows, all of them.
    metric : str
        As `sklearn.neighbors.NearestNeighbors` takes it.
    among : array of int64, optional
        Positions of the rows that may be neighbours, sorted; by default all. Where a large set is sampled, the cost
        grows with the rows alone.

    Returns
    -------
    (array of int64, array of float64), both of shape (n, min(k, n - 1))
        Positions of the neighbours, nearest first, and their distances.

    Raises
    ------
    NeighbourError
        If k is less than 1, or there is only one row.
    """
    rows = features.shape[0]
    if k < 1 or rows < 2:
        raise NeighbourError(f"Neighbours need k of at least 1 and two rows. Got k = {k} and {rows} rows instead.")
    if among is None or len(among) == rows:
        search = NearestNeighbors(n_neighbors=min(k, rows - 1), metric=metric).fit(features)
        # Without a query each row is left out of its own neighbours, also where others equal it.
        distances, positions = search.kneighbors()
        return positions.astype(np.int64), np.asarray(distances, dtype=np.float64)
    search = NearestNeighbors(n_neighbors=min(k + 1, len(among)), metric=metric).fit(features[among])
    distances, positions = search.kneighbors(features)
    positions = among[positions]
    # One more was sought: each row's own place goes last, and the last place goes.
    own = positions == np.arange(rows)[:, None]
    order = np.argsort(own, axis=1, kind="stable")[:, : min(k, len(among) - 1)]
    return (
        np.take_along_axis(positions, order, axis=1).astype(np.int64),
        np.take_along_axis(np.asarray(distances, dtype=np.float64), order, axis=1),
    )


def nearest_in(
    rows: npt.NDArray[np.floating] | spmatrix,
    queries: npt.NDArray[np.floating] | spmatrix,
    k: int = 1,
    metric: str = "cosine",
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Find the k rows nearest to each of some others, exactly.

    Parameters
    ----------
    rows : array or sparse matrix of shape (n, d)
    queries : array or sparse matrix of shape (m, d)
    k : int
        At least 1; with fewer rows, all of them.
    metric : str
        As `sklearn.neighbors.NearestNeighbors` takes it.

    Returns
    -------
    (array of int64, array of float64), both of shape (m, min(k, n))
        Positions in `rows`, nearest first, and their distances.

    Raises
    ------
    NeighbourError
        If k is less than 1, or there is no row.
    """
    if k < 1 or not rows.shape[0]:
        raise NeighbourError(
            f"Neighbours need k of at least 1 and a row. Got k = {k} and {rows.shape[0]} rows instead."
        )
    if not queries.shape[0]:
        empty = (0, min(k, rows.shape[0]))
        return np.empty(empty, dtype=np.int64), np.empty(empty)
    search = NearestNeighbors(n_neighbors=min(k, rows.shape[0]), metric=metric).fit(rows)
    distances, positions = search.kneighbors(queries)
    return positions.astype(np.int64), np.asarray(distances, dtype=np.float64)


def unit_rows(features: npt.NDArray[np.floating] | spmatrix) -> npt.NDArray[np.float32] | spmatrix:
    """Scale rows to length 1, in half the memory: made once, it lets `nearest_to` answer with one product.

    Parameters
    ----------
    features : array or sparse matrix of shape (n, d)

    Returns
    -------
    array or sparse matrix of shape (n, d), float32
        A row of zeros stays one.
    """
    # Single precision first: a copy of a large table less.
    return normalize(features.astype(np.float32), copy=False)


def nearest_to(
    rows: npt.NDArray[np.floating] | spmatrix, position: int, k: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Find the k other rows nearest to one row by cosine distance, exactly.

    Parameters
    ----------
    rows : array or sparse matrix of shape (n, d)
        As `unit_rows` makes them.
    position : int
        Which row.
    k : int
        At least 1; with fewer other rows, all of them.

    Returns
    -------
    (array of int64, array of float64), both of shape (min(k, n - 1),)
        Positions of the neighbours, nearest first (at a tie the first row first), and their distances.

    Raises
    ------
    NeighbourError
        If k is less than 1, or there is no such row.
    """
    total = rows.shape[0]
    if k < 1 or not 0 <= position < total:
        raise NeighbourError(
            f"Neighbours need k of at least 1 and a row below {total}. Got k = {k} and row {position} instead."
        )
    row: Any = rows[position]
    row = row.toarray().ravel() if issparse(row) else np.asarray(row)
    distances = np.clip(1.0 - np.asarray(rows @ row, dtype=np.float64), 0.0, 2.0)
    distances[position] = np.inf
    k = min(k, total - 1)
    # Those that tie with the last one all come along, so that the order of the rows settles it.
    within = np.flatnonzero(distances <= np.partition(distances, k - 1)[k - 1]) if k else np.array([], dtype=np.int64)
    chosen = within[np.argsort(distances[within], kind="stable")][:k].astype(np.int64)
    return chosen, distances[chosen]


def nearest_within_cells(
    rows: npt.NDArray[np.float32], k: int, seed: int = 0
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Find near rows of each row quickly: the nearest ones within the cells around it.

    Rows are cut into cells by a few rounds of k-means, and neighbours sought in the nearest cells only (an inverted
    file: Sivic and Zisserman 2003; Jégou et al. 2011). What is found may not be the nearest, so that each distance is
    an upper bound; very near rows are hardly ever missed.

    Parameters
    ----------
    rows : array of shape (n, d), float32
    k : int
    seed : int
        Chooses the first centres.

    Returns
    -------
    (array of int64, array of float32), both of shape (n, k)
        Positions, nearest first, and Euclidean distances. Where the cells hold fewer, the row itself and infinity.
    """
    count = len(rows)
    positions = np.repeat(np.arange(count)[:, None], k, axis=1)
    distances = np.full((count, k), np.inf, dtype=np.float32)
    cells, centres = _cells(rows, max(1, count // _CELL), seed)
    members = np.split(np.argsort(cells, kind="stable"), np.cumsum(np.bincount(cells, minlength=len(centres)))[:-1])
    gaps = np.square(centres).sum(axis=1) - 2 * centres @ centres.T
    around = np.argsort(gaps, axis=1)[:, :_PROBES]

    def fill(cell: int) -> None:
        own = members[cell]
        # A cell's own centre may coincide with another one's.
        others = np.concatenate([own, *(members[each] for each in around[cell] if each != cell)])
        found = min(k, len(others) - 1)
        if not len(own) or not found:
            return
        search = NearestNeighbors(n_neighbors=found + 1, algorithm="brute").fit(rows[others])
        near, at = search.kneighbors(rows[own])
        # The row itself is one of them; where others equal it, it may stand anywhere among these, or not at all.
        itself = at == np.arange(len(own))[:, None]
        itself[~itself.any(axis=1), -1] = True
        positions[own, :found] = others[at[~itself].reshape(-1, found)]
        distances[own, :found] = near[~itself].reshape(-1, found)

    _in_threads(fill, range(len(members)))
    return positions, distances


def _in_threads(work: Callable[[_Item], _Answer], items: Iterable[_Item]) -> list[_Answer]:
    """Work on items in as many threads as there are cores, each of which computes alone.

    The threads of OpenMP and BLAS spin while they wait for each other, on a busy machine much longer than they work.
    """
    with (
        _threads.limit(limits=1, user_api="blas"),
        ThreadPoolExecutor(
            min(8, os.cpu_count() or 1), initializer=partial(_threads.limit, limits=1, user_api="openmp")
        ) as pool,
    ):
        return list(pool.map(work, items))


def _blocks(places: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    return [places[start : start + _BLOCK] for start in range(0, len(places), _BLOCK)]


def _cells(
    rows: npt.NDArray[np.float32], count: int, seed: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Cut rows into cells around centres: a few rounds of k-means."""
    centres = rows[np.random.default_rng(seed).choice(len(rows), count, replace=False)]
    for turn in range(_ROUNDS + 1):
        cells = np.argmax(rows @ centres.T - np.square(centres).sum(axis=1) / 2, axis=1)
        if turn < _ROUNDS:
            sizes = np.maximum(1, np.bincount(cells, minlength=count))
            sums = [np.bincount(cells, weights=column, minlength=count) for column in rows.T]
            centres = (np.stack(sums, axis=1) / sizes[:, None]).astype(np.float32)
    return cells, centres


def far_rows(
    rows: npt.NDArray[np.float32],
    nearby: npt.NDArray[np.float32],
    *,
    cosine: bool = False,
    seed: int = 0,
) -> npt.NDArray[np.bool_]:
    """Mark the rows whose mean distance to their nearest ones lies far above that of most rows.

    The bound is that of cleanlab's Datalab (2.9): the upper quartile and 1.7 interquartile ranges. Here it is estimated
    on a sample, and set lower by its standard error, rather than to miss a row; the distances of all rows that may lie
    beyond it are exact.

    Parameters
    ----------
    rows : array of shape (n, d), float32
        Of length 1 if the distance is the cosine.
    nearby : array of shape (n, k), float32
        Upper bounds of the distances, as `nearest_within_cells` gives them.
    cosine : bool
        Whether cosine distances are meant, which are half the squares of those.
    seed : int
        Chooses the sample.

    Returns
    -------
    array of shape (n,), bool
    """
    k = nearby.shape[1]

    def mean(distances: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        lengths = np.asarray(distances, dtype=np.float64)
        means: npt.NDArray[np.float64] = (np.square(lengths) / 2 if cosine else lengths).mean(axis=1)
        return means

    def exact(some: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        found = _in_threads(lambda block: search.kneighbors(rows[block])[0][:, 1:], _blocks(some))
        return mean(np.concatenate(found))

    search = NearestNeighbors(n_neighbors=min(k + 1, len(rows)), algorithm="brute").fit(rows)
    bounds = mean(nearby)
    sample = np.random.default_rng(seed).choice(len(rows), min(_SAMPLE, len(rows)), replace=False)
    # What the bounds are too long by on the sample is what they are too long by everywhere.
    level = [0.25, 0.75]
    low, high = np.quantile(bounds, level) + np.quantile(exact(sample), level) - np.quantile(bounds[sample], level)
    # The standard error is that under a normal distribution, of which the range of the quartiles is 1.35 deviations.
    error = 0 if len(sample) == len(rows) else 3.6 / np.sqrt(len(sample)) * (high - low) / 1.349
    limit = high + _FAR * (high - low) - error
    may_be = _few_within(rows, np.flatnonzero(bounds > limit), np.sqrt(2 * limit) if cosine else limit, k)
    far = np.zeros(len(rows), dtype=bool)
    if len(may_be):
        far[may_be[exact(may_be) > limit]] = True
    return far


def _few_within(
    rows: npt.NDArray[np.float32], some: npt.NDArray[np.int64], length: float, k: int
) -> npt.NDArray[np.int64]:
    """Keep those of some rows that have fewer than k other rows within a length: the mean of the others is not larger.

    A row is done with once it has met k, after a part of the rows; a product and a comparison are much faster than
    keeping the nearest ones.
    """
    squares = np.square(rows).sum(axis=1)
    # a·b - b²/2 is large where b is near to a; a hair less of the length makes up for single precision.
    others = np.column_stack([rows, -squares / 2]).astype(np.float32)
    enough = ((squares - (length * 0.999) ** 2) / 2).astype(np.float32)
    met = np.zeros(len(rows), dtype=np.int64)

    def meet(block: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        mine = np.column_stack([rows[block], np.ones(len(block), dtype=np.float32)])
        for chunk in range(_CHUNKS):
            met[block] += np.count_nonzero(mine @ parts[chunk] >= enough[block, None], axis=1)
            # The row itself is one of those that it meets.
            few = met[block] <= k
            block, mine = block[few], mine[few]
        return block

    parts = [np.ascontiguousarray(others[chunk::_CHUNKS].T) for chunk in range(_CHUNKS)]
    return np.concatenate([some[:0], *_in_threads(meet, _blocks(some))])


def close_groups(
    rows: npt.NDArray[np.float32],
    candidates: Sequence[npt.NDArray[np.int64]],
    typical: float,
    alike: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    """Number rows so that those which are much nearer to each other than rows usually are have one number.

    Near is a share of the usual distance to the nearest row, and less in few dimensions, where rows come so near by
    chance.

    Parameters
    ----------
    rows : array of shape (n, d), float32
    candidates : sequence of arrays of shape (n, k), int64
        Positions that may be near each row, as `nearest_within_cells` finds them.
    typical : float
        The usual distance of a row to its nearest one.
    alike : array of shape (n,), int64
        Rows with different numbers are not near, whatever their distance.

    Returns
    -------
    array of shape (n,), int64
        Group of each row.
    """
    count, columns = rows.shape
    spread = np.linalg.eigvalsh(np.cov(rows.T).reshape(columns, -1))
    # The participation ratio: correlated columns count as fewer.
    dimensions = max(1.0, float(spread.sum() ** 2 / np.square(spread).sum())) if spread.any() else 1.0
    radius = min(_NEAR, _BY_CHANCE ** (1 / dimensions)) * typical
    pairs = []
    for positions in candidates:
        for right in positions.T:
            left = np.flatnonzero(alike == alike[right])
            gaps = np.linalg.norm(rows[left] - rows[right[left]], axis=1)
            pairs.append(np.stack([left, right[left]])[:, gaps < radius])
    left, right = np.concatenate(pairs, axis=1)
    graph = coo_array((np.ones(len(left)), (left, right)), shape=(count, count))
    groups: npt.NDArray[np.int64] = connected_components(graph, directed=False)[1].astype(np.int64)
    return groups
