"""What is missing: how much of each column, where in the order of collection, together with what, and of which classes.

Values that are missing together, or from some row on, were seldom left out by chance: a form has changed, a source has
no such column, a question follows from another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.collect.distributions import Distribution
from core.collect.relations import relate
from core.statistics import holm

__all__ = ["Missingness", "missing_by_class", "missingness"]

Floats = npt.NDArray[np.float64]

_BLOCKS = 60
_PAIRS = 50
# Columns whose pairs are looked at: those with the most missing values.
_MOST_COLUMNS = 500
_ROWS = 100_000


@dataclass(frozen=True)
class Missingness:
    """What is missing in some rows.

    Attributes
    ----------
    rows : int
        Rows that were looked at.
    shares : Series
        By column, the largest first; only columns in which something is missing.
    blocks : DataFrame of shape (columns, blocks)
        Share that is missing in each block of rows; a column of it is named by its first and last row, from 1.
    together : DataFrame
        Pairs of columns, the closest first, at most 50: ``one``, ``other``, ``both`` (rows in which both are missing),
        ``of_one``, ``of_other`` (the share of what is missing in one that is missing in the other as well), ``phi``
        (correlation; above 0).
    """

    rows: int
    shares: pd.Series
    blocks: pd.DataFrame
    together: pd.DataFrame


def missingness(frame: pd.DataFrame, *, blocks: int = _BLOCKS) -> Missingness:
    """Look for missing values.

    Parameters
    ----------
    frame : DataFrame of shape (n, columns)
        In the order in which it was collected.
    blocks : int
        Into how many blocks the rows are cut, at most.

    Returns
    -------
    Missingness
    """
    n = len(frame)
    blocks = max(1, min(blocks, n))
    starts = np.arange(blocks) * n // blocks
    sizes = np.diff(np.append(starts, n))
    missing = {str(name): column.isna().to_numpy() for name, column in frame.items()} if n else {}
    missing = {name: mask for name, mask in missing.items() if mask.any()}
    shares = pd.Series({name: mask.mean() for name, mask in missing.items()}, dtype=float)
    shares = shares.sort_values(ascending=False, kind="stable")
    found = [np.add.reduceat(missing[name].astype(np.int64), starts) / sizes for name in shares.index]
    names = [
        f"{start + 1:,}–{end:,}" if end > start + 1 else f"{end:,}"
        for start, end in zip(starts, starts + sizes, strict=True)
    ]
    return Missingness(
        n,
        shares,
        pd.DataFrame(np.array(found).reshape(len(shares), blocks), index=shares.index, columns=names),
        _together({name: missing[name] for name in shares.index[:_MOST_COLUMNS]}, n),
    )


def missing_by_class(found: Mapping[str, Distribution]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compare the classes by what is missing of each column.

    Parameters
    ----------
    found : mapping of column to Distribution

    Returns
    -------
    shares : DataFrame of shape (columns, classes)
        Share that is missing, a row a column with missing values, the closest to the label first.
    related : DataFrame
        Of the same columns ``v``, ``low``, ``high``, ``p`` and ``p_adjusted`` (Holm): whether being missing has to do
        with the label.
    """
    some = {name: each for name, each in found.items() if each.missing.any()}
    tables = {name: np.vstack([each.missing, each.sizes - each.missing]) for name, each in some.items()}
    rows = {name: relate(table) for name, table in tables.items()}
    related = pd.DataFrame(
        {field: [getattr(row, field) for row in rows.values()] for field in ("v", "low", "high", "p")},
        index=list(rows),
        dtype=float,
    )
    related["p_adjusted"] = holm(related["p"])
    related = related.sort_values(["v", "p"], ascending=[False, True], kind="stable")
    shares = pd.DataFrame({name: some[name].missing / some[name].sizes for name in related.index}).T
    return shares, related


def _together(missing: Mapping[str, npt.NDArray[np.bool_]], n: int) -> pd.DataFrame:
    names = list(missing)
    both = np.zeros((len(names), len(names)))
    for start in range(0, n, _ROWS):
        block = np.array([mask[start : start + _ROWS] for mask in missing.values()], dtype=np.float32)
        both += block @ block.T
    counts = np.diag(both)
    spread = np.sqrt(np.outer(counts * (n - counts), counts * (n - counts)))
    phi: Floats = np.divide(n * both - np.outer(counts, counts), spread, out=np.zeros_like(both), where=spread > 0)
    one, other = np.triu_indices(len(names), 1)
    order = np.argsort(-phi[one, other], kind="stable")[:_PAIRS]
    one, other = one[order], other[order]
    close = (phi[one, other] > 0) & (both[one, other] > 0)
    one, other = one[close], other[close]
    return pd.DataFrame(
        {
            "one": pd.array([names[place] for place in one], dtype="str"),
            "other": pd.array([names[place] for place in other], dtype="str"),
            "both": both[one, other].astype(np.int64),
            "of_one": both[one, other] / counts[one],
            "of_other": both[one, other] / counts[other],
            "phi": phi[one, other],
        }
    )
