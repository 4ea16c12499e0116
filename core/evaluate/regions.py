"""Regions: parts of the examples, all measured in the same way: slices, cells of a heat map, nodes of a tree."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.evaluate.predicates import Predicate, sentence
from core.ids import is_among
from core.statistics import wilson_interval

__all__ = ["Region", "measure", "overlap", "shares_of_errors"]

Booleans = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Region:
    """The examples that meet some predicates, and how badly the model does on them.

    Attributes
    ----------
    predicates : tuple of Predicate
    size, wrong : int
        Number of examples, and of those predicted wrongly.
    share : float
        Of all examples.
    error, low, high : float
        Share of wrong predictions with its 95% interval (Wilson).
    coverage, coverage_low, coverage_high : float
        Share of all errors that lie in it, with its 95% interval (Wilson).
    lift : float
        Error over that of all examples.
    gain_if_fixed : float
        By how much the error of all would fall if it were as good as the rest.
    ids : Index
    """

    predicates: tuple[Predicate, ...]
    size: int
    wrong: int
    share: float
    error: float
    low: float
    high: float
    coverage: float
    coverage_low: float
    coverage_high: float
    lift: float
    gain_if_fixed: float
    ids: pd.Index = field(repr=False, compare=False)

    def __str__(self) -> str:
        return sentence(self.predicates) or "all examples"


def measure(predicates: Sequence[Predicate], inside: Booleans, losses: pd.Series) -> Region:
    """Measure the examples that meet some predicates.

    Parameters
    ----------
    predicates : sequence of Predicate
    inside : array of bool of shape (n,)
        Who meets them.
    losses : Series of shape (n,)
        1 for wrong and 0 for right, by id.
    """
    loss = losses.to_numpy(dtype=float)
    rows, total = len(loss), float(loss.sum())
    size, wrong = int(np.count_nonzero(inside)), float(loss[inside].sum())
    ends = shares_of_errors(np.array([size]), np.array([wrong]), total)
    mean = total / rows if rows else math.nan
    error = wrong / size if size else math.nan
    rest = (total - wrong) / (rows - size) if size < rows else mean
    return Region(
        predicates=tuple(predicates),
        size=size,
        wrong=round(wrong),
        share=size / rows if rows else math.nan,
        **{name: float(values[0]) for name, values in ends.items()},
        lift=error / mean if total else math.nan,
        gain_if_fixed=mean - rest,
        ids=losses.index[inside],
    )


def shares_of_errors(sizes: npt.ArrayLike, wrong: npt.ArrayLike, total: float) -> dict[str, Floats]:
    """Error and error coverage of several parts, with their 95% intervals.

    Parameters
    ----------
    sizes, wrong : array-like of one shape
        Examples, and wrong ones among them.
    total : float
        Wrong ones in all.

    Returns
    -------
    dict
        ``error``, ``low``, ``high``, ``coverage``, ``coverage_low``, ``coverage_high``: arrays of that shape; NaN
        where there is nothing to share.
    """
    n, k = np.asarray(sizes, dtype=float), np.asarray(wrong, dtype=float)
    low, high = wilson_interval(k, n)
    coverage_low, coverage_high = wilson_interval(k, np.full(k.shape, total))
    return {
        "error": np.divide(k, n, out=np.full(k.shape, np.nan), where=n > 0),
        "low": low,
        "high": high,
        "coverage": k / total if total else np.full(k.shape, np.nan),
        "coverage_low": coverage_low,
        "coverage_high": coverage_high,
    }


def overlap(one: pd.Index, others: Sequence[pd.Index]) -> list[float]:
    """The share of some examples that each of several other sets holds too."""
    return [float(is_among(one, other).mean()) if len(one) else 0.0 for other in others]
