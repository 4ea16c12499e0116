"""Rows that are better left out: Tomek links, and rows whose neighbours disagree with them."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import pandas as pd
from imblearn.under_sampling import EditedNearestNeighbours

from core.generate.known_neighbours import Found, KnownNeighbours
from core.generate.table import Table

__all__ = ["disagreeing", "tomek_links"]

Booleans = npt.NDArray[np.bool_]


def tomek_links(table: Table, labels: pd.Series, classes: Collection[str], known: Found | None = None) -> Booleans:
    """Find rows of some classes whose nearest neighbour is of another class and has them as its nearest in turn.

    Parameters
    ----------
    table : Table of n rows
    labels : Series of shape (n,)
    classes : collection of str
        The classes that may lose rows.
    known : dict, optional
        See `KnownNeighbours`.

    Returns
    -------
    array of bool of shape (n,)
        As imbalanced-learn's ``TomekLinks`` finds them.

    References
    ----------
    I. Tomek: Two Modifications of CNN. IEEE Transactions on Systems, Man, and Cybernetics 6, 1976.
    """
    y, names = pd.factorize(labels)
    space = table.space
    search = KnownNeighbours(2, known).fit(space)
    nearest = np.full(len(table), -1)
    # A link has at least one end outside the largest class: of that one only rows matter that are nearest to others.
    largest = np.bincount(y).argmax()
    for code in range(len(names)):
        if code != largest:
            nearest[y == code] = search.kneighbors(space[y == code], return_distance=False)[:, 1]
    wanted = np.unique(nearest[nearest >= 0])
    wanted = wanted[y[wanted] == largest]
    if len(wanted):
        nearest[wanted] = search.kneighbors(space[wanted], return_distance=False)[:, 1]
    mutual = (nearest >= 0) & (nearest[nearest] == np.arange(len(y)))
    links: Booleans = mutual & (y[nearest] != y) & names[y].isin(list(classes))
    return links


def disagreeing(
    table: Table,
    labels: pd.Series,
    classes: Collection[str],
    known: Found | None = None,
    *,
    neighbours: int = 3,
    unanimous: bool = False,
) -> Booleans:
    """Find rows of some classes whose neighbours are mostly of another class: edited nearest neighbours.

    Parameters
    ----------
    table, labels, classes, known
        As for `tomek_links`.
    neighbours : int
        How many are asked.
    unanimous : bool
        Whether one neighbour of another class is enough; otherwise their most frequent class decides.

    Returns
    -------
    array of bool of shape (n,)

    References
    ----------
    D. L. Wilson: Asymptotic Properties of Nearest Neighbor Rules Using Edited Data. IEEE Transactions on Systems, Man,
    and Cybernetics 2, 1972.
    """
    # imbalanced-learn takes the most frequent of numbers, not of strings.
    codes, names = pd.factorize(labels)
    sampler = EditedNearestNeighbours(
        sampling_strategy=[int(code) for code in np.flatnonzero(names.isin(list(classes)))],
        n_neighbors=KnownNeighbours(min(neighbours, len(table) - 1) + 1, known),
        kind_sel="all" if unanimous else "mode",
    )
    sampler.fit_resample(table.space, codes)
    gone = np.ones(len(table), dtype=bool)
    gone[sampler.sample_indices_] = False
    return gone
