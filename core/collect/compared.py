"""Two sets of counts or values beside each other: how likely chance makes the difference, and how large it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import gammaincc
from scipy.stats import fisher_exact, ks_2samp

__all__ = ["Shares", "compare_counts", "compare_missing", "compare_values", "stability"]

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

# Categories that are compared one by one; the rest, rarer, count as one.
MOST = 50
# Expected in each cell, so that the chi-square distribution can be trusted.
_ENOUGH = 5.0
_DRAWS = 4_000
# Up to here SciPy's p-value is exact.
_EXACT = 10_000
# How many draws at once, in numbers.
_AT_ONCE = 2_000_000
_NAMED = 3


@dataclass(frozen=True)
class Shares:
    """How often each value occurs on both sides.

    Attributes
    ----------
    names : list of str
        The most frequent values of both sides together, at most 50.
    old, new : arrays of int64
        Counts by name, then of all other values together and of missing ones, where there are any.
    fresh : list of (str, float)
        Values that only the batch has, with their share, the most frequent first.
    fresh_values : int
        How many there are.
    """

    names: list[str]
    old: Counts
    new: Counts
    fresh: list[tuple[str, float]]
    fresh_values: int

    @classmethod
    def of(cls, old: pd.Series, new: pd.Series, missing: tuple[int, int], rows: tuple[int, int]) -> Shares:
        """Bring the counts of both sides together.

        Which values are kept is settled by both sides together, so that exchanging rows between them changes nothing:
        what chance makes of the counts stays what the tests assume.
        """
        both = pd.concat([old, new], axis=1, keys=["old", "new"]).fillna(0).astype("int64")
        # Ties in the order of the values, which is nobody's.
        both = both[both.sum(axis=1) > 0].sort_index()
        order = both.sum(axis=1).sort_values(ascending=False, kind="stable").index
        kept = both.loc[order[:MOST]]
        rest = both.loc[order[MOST:]].sum()
        extra = [pair for pair in ((int(rest["old"]), int(rest["new"])), missing) if any(pair)]
        only = both[(both["old"] == 0) & (both["new"] > 0)]["new"].sort_values(ascending=False, kind="stable")
        return cls(
            [str(name) for name in kept.index],
            np.array([*kept["old"], *(pair[0] for pair in extra)], dtype=np.int64),
            np.array([*kept["new"], *(pair[1] for pair in extra)], dtype=np.int64),
            [(str(name), count / rows[1]) for name, count in only.head(_NAMED).items()],
            len(only),
        ).named(missing, extra)

    def named(self, missing: tuple[int, int], extra: list[tuple[int, int]]) -> Shares:
        """Name the counts that stand behind the values."""
        names = [*self.names]
        if len(extra) == 2 or (extra and not any(missing)):
            names.append("others")
        if any(missing):
            names.append("missing")
        return Shares(names, self.old, self.new, self.fresh, self.fresh_values)

    def said(self) -> str:
        """Say what moved most, and which values are new."""
        old, new = self.old / max(1, self.old.sum()), self.new / max(1, self.new.sum())
        most = np.argsort(-np.abs(new - old), kind="stable")[:2]
        fresh = {name for name, _ in self.fresh}
        phrases = [
            f"{_quoted(self.names[place])} {old[place]:.1%} to {new[place]:.1%}"
            for place in most
            if old[place] != new[place] and self.names[place] not in fresh
        ]
        if self.fresh:
            listed = ", ".join(f"{_quoted(name)} ({share:.1%})" for name, share in self.fresh)
            more = f" and {self.fresh_values - len(self.fresh)} more" if self.fresh_values > len(self.fresh) else ""
            phrases.append(f"new: {listed}{more}")
        return ", ".join(phrases) or "the same shares on both sides"


def _quoted(name: str) -> str:
    return name if name in {"missing", "others"} else f"'{name if len(name) <= 30 else name[:29] + '…'}'"


def stability(old: Counts, new: Counts) -> float:
    """Population stability index of two sets of counts, less what it is on average by chance alone; at least 0.

    By chance it is about (bins - 1) (1/n + 1/m). A bin in which less than one example is expected adds less than a
    whole one, and counts in proportion. Half an example a bin, spread as both sides together are, keeps empty bins
    finite without making something of bins that are next to empty on both sides.

    Parameters
    ----------
    old, new : arrays of shape (bins,)
        Counts of n and m examples.

    Returns
    -------
    float
    """
    n, m = float(old.sum()), float(new.sum())
    used = (old + new) > 0
    old, new = old[used], new[used]
    if len(old) < 2 or not n or not m:
        return 0.0
    pooled = (old + new) / (n + m)
    added = len(old) / 2
    p, q = (old + added * pooled) / (n + added), (new + added * pooled) / (m + added)
    index = float(((p - q) * np.log(p / q)).sum())
    bins = float(np.minimum(1.0, pooled * min(n, m)).sum())
    return max(0.0, index - max(0.0, bins - 1) * (1 / n + 1 / m))


def compare_counts(shares: Shares) -> tuple[str, float, float, float]:
    """Pearson's chi-square test of two sets of counts.

    Where fewer than five are expected in a cell the distribution is drawn instead of assumed: tables with the same
    margins, from a fixed seed.

    Returns
    -------
    test : str
    statistic, p, effect : float
        The effect is that of `stability`.
    """
    old, new = shares.old, shares.new
    if len(old) < 2:
        return "chi-square", 0.0, 1.0, 0.0
    n, m = int(old.sum()), int(new.sum())
    pooled = old + new
    statistic = float(_chi_square(new[np.newaxis].astype(float), pooled, n, m)[0])
    if float(pooled.min()) * min(n, m) / (n + m) >= _ENOUGH:
        p = float(gammaincc((len(old) - 1) / 2, statistic / 2))
    else:
        p = _drawn(statistic, pooled, n, m)
    return "chi-square", statistic, p, stability(old, new)


def _chi_square(new: Floats, pooled: Counts, n: int, m: int) -> Floats:
    """Pearson's statistic of tables with given margins, from their second rows: shape (tables, cells) to (tables,)."""
    expected = pooled * (m / (n + m))
    # Both rows miss their expectation by the same amount.
    return np.asarray((((new - expected) ** 2) / expected).sum(axis=1) * ((n + m) / n))


def _drawn(statistic: float, pooled: Counts, n: int, m: int) -> float:
    rng = np.random.default_rng(0)
    size = max(1, min(_DRAWS, _AT_ONCE // len(pooled)))
    draws = rng.multivariate_hypergeometric(pooled, m, size=size, method="marginals").astype(float)
    found = _chi_square(draws, pooled, n, m)
    reached = int((found >= statistic * (1 - 1e-9)).sum())
    p = (reached + 1) / (size + 1)
    if reached:
        return p
    # Beyond all draws: the tail of the gamma distribution with their mean and variance, so that many columns can be
    # corrected for.
    mean, variance = float(found.mean()), float(found.var())
    return min(p, float(gammaincc(mean**2 / variance, statistic * mean / variance))) if variance > 0 else p


def compare_values(a: Floats, b: Floats, tail: Callable[[float, float], float]) -> tuple[float, float]:
    """Kolmogorov-Smirnov test of two sorted arrays without missing values.

    Parameters
    ----------
    a, b : arrays of shape (n,), (m,)
    tail : callable
        Chance of at least such a distance, given the effective number of values.

    Returns
    -------
    distance, p : float
        As `scipy.stats.ks_2samp` gives them: exact up to 10,000 values, asymptotic beyond.
    """
    if max(len(a), len(b)) <= _EXACT:
        found = ks_2samp(_finite(a), _finite(b))
        return float(found.statistic), float(found.pvalue)
    # At the values of the shorter side alone, from the right and from the left: the distance is largest there.
    long, short = (a, b) if len(a) >= len(b) else (b, a)
    n, m = len(long), len(short)
    steps = np.arange(m) / m
    right = np.searchsorted(long, short, side="right") / n
    left = np.searchsorted(long, short, side="left") / n
    distance = max(float((steps + 1 / m - right).max()), float((left - steps).max()), 0.0)
    return distance, min(1.0, float(tail(distance, round(n * m / (n + m)))))


def _finite(values: Floats) -> Floats:
    """Infinite values as the largest there are: the test looks at the order alone."""
    return np.nan_to_num(values, posinf=np.finfo(float).max, neginf=np.finfo(float).min)


def compare_missing(missing: tuple[int, int], rows: tuple[int, int]) -> float:
    """Chance that so many more values are missing on one side than on the other."""
    there = [total - gone for total, gone in zip(rows, missing, strict=True)]
    table = np.array([missing, there], dtype=np.int64)
    if (table.sum(axis=1) == 0).any():
        return 1.0
    pooled = table.sum(axis=1)
    n, m = rows
    if float(pooled.min()) * min(n, m) / (n + m) >= _ENOUGH:
        return float(gammaincc(0.5, float(_chi_square(table[np.newaxis, :, 1].astype(float), pooled, n, m)[0]) / 2))
    return float(fisher_exact(table).pvalue)
