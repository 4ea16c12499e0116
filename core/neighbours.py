"""Which examples are equal, nearly equal or close: the one home of neighbours and near-duplicates."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import issparse, spmatrix
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import normalize

from core.content import canonicalise, hash_rows
from core.errors import FlywheelError

__all__ = ["NeighbourError", "equal_groups", "near_duplicates", "nearest", "nearest_in", "nearest_to", "unit_rows"]


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
    return normalize(features).astype(np.float32)


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
