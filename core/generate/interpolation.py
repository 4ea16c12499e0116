"""Rows between two rows of one class: SMOTE and what was made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.generate.known_neighbours import Found, KnownNeighbours
from core.generate.smote import (
    Origins,
    RecordedADASYN,
    RecordedBorderlineSMOTE,
    RecordedSMOTE,
    RecordedSMOTEN,
    RecordedSMOTENC,
)
from core.generate.strategy import GenerateError
from core.generate.table import Table

__all__ = ["at_the_border", "interpolate", "where_others_are_near"]

Integers = npt.NDArray[np.intp]
Booleans = npt.NDArray[np.bool_]

NEIGHBOURS = 5
# Of so many neighbours among all rows Borderline-SMOTE asks which class they have.
BORDER_NEIGHBOURS = 10
# SMOTE-N holds the distances between all rows of a class.
_MOST_CATEGORICAL_ROWS = 2_000


def interpolate(
    table: Table,
    labels: pd.Series,
    counts: Mapping[str, int],
    seed: int,
    *,
    parents: Booleans | None = None,
    known: Found | None = None,
) -> tuple[pd.DataFrame, Origins]:
    """Make rows between a row and one of its neighbours in the same class: SMOTE, SMOTE-NC or SMOTE-N.

    Numbers and dates lie between those of the two parents; they have as many decimals as their column, and dates
    without a time of day stay so. A category is the most frequent one among the neighbours. A cell is missing if the
    first parent's is, and the first parent's where only the second's is. Distances are taken over standardised columns
    with the median in the place of missing numbers, and with missing as a category of its own.

    Parameters
    ----------
    table : Table of n rows
    labels : Series of shape (n,)
    counts : mapping
        Class to the number of rows to make.
    seed : int
    parents : array of bool of shape (n,), optional
        Who may be a parent; all if not given.
    known : dict, optional
        Neighbours that were found among these rows before, see `KnownNeighbours`.

    Returns
    -------
    rows : DataFrame of shape (sum of counts, columns)
        With the dtypes of the table's features, indexed from 0.
    origins : Origins

    Raises
    ------
    GenerateError
        If a class has fewer than two rows that may be parents.

    References
    ----------
    N. V. Chawla, K. W. Bowyer, L. O. Hall, W. P. Kegelmeyer: SMOTE: Synthetic Minority Over-sampling Technique. JAIR
    16, 2002.
    """
    parents = np.ones(len(table), dtype=bool) if parents is None else parents
    sizes = _enough("SMOTE", labels[parents], counts)
    rows = _needed(labels, counts, seed, parents, others=not table.continuous)
    seen = np.hstack([table.numbers[rows], table.codes[rows]])
    y, names = pd.factorize(labels.iloc[rows])
    width = len(table.continuous)
    parts, voted = [], []
    # A row can't have more neighbours than its class has other rows.
    for k in sorted({_neighbours(sizes[name]) for name in counts}):
        some = {name: count for name, count in counts.items() if _neighbours(sizes[name]) == k}
        wanted: dict[str, Any] = {"sampling_strategy": _sizes(y, names, some), "random_state": seed}
        if not table.continuous:
            sampler = RecordedSMOTEN(k_neighbors=k, **wanted)
        elif not table.categorical:
            sampler = RecordedSMOTE(k_neighbors=KnownNeighbours(k + 1, known), **wanted)
        else:
            # "auto" would miss str columns: the categories are named by position.
            places = list(range(width, width + len(table.categorical)))
            sampler = RecordedSMOTENC(places, k_neighbors=KnownNeighbours(k + 1, known), **wanted)
        made, _ = sampler.fit_resample(seen, y)
        parts.append(sampler.origins_)
        voted.append(made[len(rows) :, width:].astype(np.intp))
    origins, codes = _at(rows, parts), np.concatenate(voted)
    made_rows = table.between(origins.base, origins.other, origins.gap)
    for position, name in enumerate(table.categorical):
        made_rows[name] = table.voted(position, origins.base, codes[:, position])
    return made_rows, origins


def at_the_border(
    table: Table,
    labels: pd.Series,
    counts: Mapping[str, int],
    seed: int,
    *,
    parents: Booleans | None = None,
    known: Found | None = None,
) -> tuple[pd.DataFrame, Origins]:
    """Make rows of those that have mostly, but not only, rows of other classes around them: Borderline-SMOTE.

    A category is that of the nearer parent; all else is as in `interpolate`, and so are parameters and what is
    returned.

    Raises
    ------
    GenerateError
        If there is no number or date, a class has fewer than two rows, or none of them lies at the border.

    References
    ----------
    H. Han, W.-Y. Wang, B.-H. Mao: Borderline-SMOTE: A New Over-Sampling Method in Imbalanced Data Sets Learning. ICIC
    2005.
    """

    def sampler(k: int, wanted: Mapping[str, Any]) -> Any:
        m = min(BORDER_NEIGHBOURS, len(table) - 1)
        return RecordedBorderlineSMOTE(
            k_neighbors=KnownNeighbours(k + 1, known), m_neighbors=KnownNeighbours(m + 1, known), **wanted
        )

    return _by_neighbourhood("Borderline-SMOTE", sampler, table, labels, counts, seed, parents)


def where_others_are_near(
    table: Table,
    labels: pd.Series,
    counts: Mapping[str, int],
    seed: int,
    *,
    parents: Booleans | None = None,
    known: Found | None = None,
) -> tuple[pd.DataFrame, Origins]:
    """Make the more rows of a row, the more of its neighbours have another class: ADASYN.

    A category is that of the nearer parent; all else is as in `interpolate`, and so are parameters and what is
    returned.

    Raises
    ------
    GenerateError
        If there is no number or date, a class has fewer than two rows, or no neighbour of its rows has another class.

    References
    ----------
    H. He, Y. Bai, E. A. Garcia, S. Li: ADASYN: Adaptive Synthetic Sampling Approach for Imbalanced Learning. IJCNN
    2008.
    """

    def sampler(k: int, wanted: Mapping[str, Any]) -> Any:
        return RecordedADASYN(n_neighbors=KnownNeighbours(k + 1, known), **wanted)

    return _by_neighbourhood("ADASYN", sampler, table, labels, counts, seed, parents)


def _by_neighbourhood(
    title: str,
    sampler: Callable[[int, Mapping[str, Any]], Any],
    table: Table,
    labels: pd.Series,
    counts: Mapping[str, int],
    seed: int,
    parents: Booleans | None,
) -> tuple[pd.DataFrame, Origins]:
    """What the two have in common: they look at the neighbours of every class, in one space for all columns."""
    if not table.continuous:
        raise GenerateError(
            f"{title} needs a column of numbers or dates to place rows between others. This table has categories "
            "only. Use SMOTE for it."
        )
    parents = np.ones(len(table), dtype=bool) if parents is None else parents
    sizes = _enough(title, labels[parents], counts)
    parts = []
    for name, count in counts.items():
        # Rows of the class that may not be parents are not seen at all: between them nothing may be made.
        rows = np.flatnonzero(parents | (labels != name).to_numpy())
        y, names = pd.factorize(labels.iloc[rows])
        wanted = {"sampling_strategy": _sizes(y, names, {name: count}), "random_state": seed}
        drawn = sampler(_neighbours(sizes[name]), wanted)
        drawn.fit_resample(table.space[rows], y)
        if len(drawn.origins_.base) < count:
            raise GenerateError(
                f"{title} makes rows where a class meets another. No row of class '{name}' lies there. Use SMOTE for "
                "it."
            )
        parts.append(_at(rows, [drawn.origins_]))
    origins = _at(np.arange(len(table)), parts)
    return table.between(origins.base, origins.other, origins.gap), origins


def _enough(title: str, labels: pd.Series, counts: Mapping[str, int]) -> pd.Series:
    """The sizes of the classes, if each that is to grow has at least two rows."""
    sizes = labels.value_counts()
    lonely = [name for name in counts if sizes.get(name, 0) < 2]
    if lonely:
        raise GenerateError(
            f"{title} needs at least 2 rows of a class to make rows between them. Class '{lonely[0]}' has "
            f"{sizes.get(lonely[0], 0)}. Use random oversampling for it, or collect more."
        )
    return sizes


def _neighbours(size: int) -> int:
    return min(NEIGHBOURS, int(size) - 1)


def _sizes(y: Integers, names: pd.Index, change: Mapping[str, int]) -> dict[int, int]:
    """Sizes after a change, as imbalanced-learn wants them. It gets numbers for classes: strings are slow there."""
    sizes = np.bincount(y)
    return {code: int(sizes[code]) + change[name] for code, name in enumerate(names) if name in change}


def _at(rows: Integers, parts: list[Origins]) -> Origins:
    """Origins of several parts together, as positions in all rows."""
    base, other, gap = (np.concatenate([getattr(part, name) for part in parts]) for name in ("base", "other", "gap"))
    return Origins(rows[base], rows[other], gap)


def _needed(labels: pd.Series, counts: Mapping[str, int], seed: int, parents: Booleans, *, others: bool) -> Integers:
    """Positions of the rows a sampler needs.

    With ``others``, as SMOTE-N wants for its distances, all rows, but a bounded number of each class that is to grow.
    Otherwise the classes that are to grow and one row more, since imbalanced-learn refuses a single class.
    """
    grows = labels.isin(counts).to_numpy()
    if not others:
        return np.sort(np.append(np.flatnonzero(grows & parents), np.flatnonzero(~grows)[:1]))
    place = pd.Series(np.random.default_rng(seed).permutation(len(labels))).where(parents | ~grows)
    rank = place.groupby(labels.to_numpy()).rank().to_numpy()
    return np.flatnonzero((rank <= _MOST_CATEGORICAL_ROWS) | ~grows)
