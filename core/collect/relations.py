"""How much each column has to do with the label: one measure for numbers, dates and categories, corrected for chance.

The measure is Cramér's V with Bergsma's correction: 0 where column and label have nothing to do with each other, 1
where the column settles the label. What speaks against chance is the permutation distribution of Pearson's chi-square,
whose mean and variance are known exactly: there is nothing to draw, and few examples in a cell do no harm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import gammaincc

from core.collect.distributions import Distribution
from core.statistics import draw_cells, holm, percentile_interval

__all__ = ["Relation", "relate", "relations"]

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

_RESAMPLES = 400
# From here on an adjusted p-value is no chance.
SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Relation:
    """How much a column has to do with the label.

    Attributes
    ----------
    v, low, high : float
        Cramér's V, corrected for chance, with its 95% interval (bootstrap over the cells).
    p : float
        Chance of at least such a table if labels were dealt out blindly.
    """

    v: float
    low: float
    high: float
    p: float


def relations(found: Mapping[str, Distribution]) -> pd.DataFrame:
    """Measure how much each column has to do with the label.

    Parameters
    ----------
    found : mapping of column to Distribution

    Returns
    -------
    DataFrame, a row a column, the closest first
        ``kind``, ``v``, ``low``, ``high``, ``p``, ``p_adjusted`` (Holm over all columns), ``related`` (adjusted p below
        0.05), ``missing`` (share) and ``different`` (values).
    """
    rows = {name: relate(each.groups) for name, each in found.items()}
    table = pd.DataFrame(
        {
            "kind": pd.array([each.kind for each in found.values()], dtype="str"),
            **{
                field: np.array([getattr(row, field) for row in rows.values()], dtype=float)
                for field in ("v", "low", "high", "p")
            },
            "missing": np.array([each.missing_share for each in found.values()], dtype=float),
            "different": np.array([each.different for each in found.values()], dtype=np.int64),
        },
        index=pd.Index(list(found), dtype="str", name="column"),
    )
    table["p_adjusted"] = holm(table["p"])
    table["related"] = table["p_adjusted"] < SIGNIFICANT
    return table.sort_values(["v", "p"], ascending=[False, True], kind="stable")


def relate(counts: npt.ArrayLike, seed: int = 0) -> Relation:
    """Measure the relation of rows and columns of a table of counts.

    Parameters
    ----------
    counts : array-like of shape (groups, classes)
        Examples in each cell.
    seed : int
        Draws the bootstrap.

    Returns
    -------
    Relation
        All 0 with p = 1 where one side has a single value.

    References
    ----------
    Bergsma (2013), "A bias-correction for Cramér's V and Tschuprow's T", Journal of the Korean Statistical Society 42;
    Dawson (1954), "A simplified expression for the variance of the chi-square function on a contingency table",
    Biometrika 41 (the moments over all permutations).
    """
    table = np.asarray(counts, dtype=np.int64)
    table = table[table.any(axis=1)][:, table.any(axis=0)]
    r, c = table.shape
    n = int(table.sum())
    if min(r, c) < 2 or n < 4:
        return Relation(0.0, 0.0, 0.0, 1.0)
    phi_square = float(_phi_square(table[np.newaxis].astype(float))[0])
    chance = (r - 1) * (c - 1) / (n - 1)
    rng = np.random.default_rng(seed)
    used = table > 0
    draws = []
    for cells in draw_cells(table[used], _RESAMPLES, rng):
        drawn = np.zeros((len(cells), r, c))
        drawn[:, used] = cells
        draws.append(_phi_square(drawn))
    # A resample has what chance adds twice: once from the sample, once from drawing anew.
    ends = percentile_interval(np.concatenate(draws) - 2 * chance)
    v, low, high = (_corrected_v(value, r, c, n) for value in (phi_square - chance, float(ends[0]), float(ends[1])))
    return Relation(v, min(low, v), max(high, v), _permutation_p(n * phi_square, table.sum(axis=1), table.sum(axis=0)))


def _phi_square(tables: Floats) -> Floats:
    """Pearson's chi-square over n, of tables of shape (k, rows, columns)."""
    across, down = tables.sum(axis=2, keepdims=True), tables.sum(axis=1, keepdims=True)
    margins = across * down
    share = np.divide(tables**2, margins, out=np.zeros_like(tables), where=margins > 0)
    # Rounding may leave equal rows a hair below.
    return np.asarray(np.maximum(share.sum(axis=(1, 2)) - 1, 0.0))


def _corrected_v(phi_square: float, r: int, c: int, n: int) -> float:
    most = min(side - (side - 1) ** 2 / (n - 1) for side in (r, c)) - 1
    return float(np.sqrt(min(1.0, max(0.0, phi_square) / most))) if most > 0 else 0.0


def _permutation_p(statistic: float, rows: Counts, columns: Counts) -> float:
    """Tail of the gamma distribution with the mean and the variance that chi-square has over all permutations."""
    n = int(rows.sum())
    r, c = len(rows), len(columns)
    mean = n * (r - 1) * (c - 1) / (n - 1)
    v, w = [], []
    for margin in (rows, columns):
        k = len(margin)
        v.append((k - 1) * (n - k) / (n - 1))
        w.append((n * float((1 / margin).sum()) - k**2) / (n - 2))
    variance = 2 * n / (n - 3) * (v[0] - w[0]) * (v[1] - w[1]) + n**2 / (n - 1) * w[0] * w[1]
    if not variance > 0:
        return 1.0
    return float(gammaincc(mean**2 / variance, statistic * mean / variance))
