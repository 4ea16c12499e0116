"""Columns as numbers and the way back: what methods for tables see of a frame, and how new rows keep its kinds.

Numbers and dates are standardised, with the median where one is missing; missing is a category of its own. On the way
back whole numbers stay whole, a number has as many decimals as its column, dates without a time of day stay so, and a
category is always one that exists.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["Table", "moved", "numbers_of"]

Integers = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]

_DAY = 24 * 60 * 60 * 1_000_000
# Values of a column that have a dimension of their own; the others share one.
_MOST_DIMENSIONS = 20
# A column of more decimals than these was not rounded by somebody.
_MOST_DECIMALS = 6
# So many values say which numbers of decimals need not be tried on all.
_FEW = 100


@dataclass(frozen=True)
class Table:
    """A frame as numbers and codes.

    Attributes
    ----------
    features : DataFrame of shape (n, columns)
    continuous, categorical : list of str
        The columns by what they are.
    numbers : array of shape (n, continuous)
        Standardised, nothing missing.
    codes : array of shape (n, categorical)
        The number of the value of each cell, missing being a value too.
    """

    features: pd.DataFrame
    continuous: list[str]
    categorical: list[str]
    numbers: Floats
    codes: Integers

    @classmethod
    def of(cls, features: pd.DataFrame, categorical: Sequence[str]) -> Table:
        """Read a frame.

        Parameters
        ----------
        features : DataFrame of shape (n, columns)
        categorical : sequence of str
            The columns that are categories, whatever their dtype. Text and boolean columns always are.
        """
        kinds = {str(name): column.dtype.kind for name, column in features.items()}
        continuous = [name for name, kind in kinds.items() if kind in "iufM" and name not in categorical]
        rest = [name for name in kinds if name not in continuous]
        rows = len(features)
        numbers = np.array([_standardised(features[name]) for name in continuous]).reshape(-1, rows).T
        codes = [pd.factorize(features[name], use_na_sentinel=False)[0] for name in rest]
        return cls(
            features,
            continuous,
            rest,
            np.ascontiguousarray(numbers),
            np.ascontiguousarray(np.array(codes, dtype=np.intp).reshape(-1, rows).T),
        )

    def __len__(self) -> int:
        return len(self.features)

    @cached_property
    def space(self) -> Floats:
        """The rows as points: two that differ in a category are as far apart as a number's standard deviation."""
        blocks = [self.numbers]
        for codes in self.codes.T:
            order = np.argsort(-np.bincount(codes), kind="stable")
            place = np.empty(len(order), dtype=np.intp)
            place[order] = np.minimum(np.arange(len(order)), _MOST_DIMENSIONS)
            blocks.append(np.eye(min(len(order), _MOST_DIMENSIONS + 1))[place[codes]] / np.sqrt(2))
        return np.hstack(blocks)

    def between(self, base: Integers, other: Integers, gap: Floats) -> pd.DataFrame:
        """Rows on the way from one to another; categories are those of the nearer one, or missing if base's are."""
        columns: dict[str, pd.Series] = {}
        for name in self.features.columns:
            if name in self.continuous:
                columns[str(name)] = self._between(str(name), base, other, gap)
            else:
                columns[str(name)] = self.taken(str(name), base, np.where(gap < 0.5, base, other))
        return self.framed(columns, len(base))

    def taken(self, name: str, base: Integers, source: Integers) -> pd.Series:
        """Values of a column from some rows; base's own where one of the two is missing."""
        column = self.features[name]
        missing = column.isna().to_numpy()
        return column.take(np.where(missing[base] | missing[source], base, source)).reset_index(drop=True)

    def voted(self, position: int, base: Integers, codes: Integers) -> pd.Series:
        """Values of the category at a position by their codes; base's own where one of the two is missing."""
        _, first = np.unique(self.codes[:, position], return_index=True)
        return self.taken(self.categorical[position], base, first[codes])

    def step(self, name: str) -> float:
        """What the values of a column are whole multiples of: days, ones, cents; 0 if there is no such step."""
        if name not in self._steps:
            column, numbers = self.features[name], numbers_of(self.features[name])
            present = column.to_numpy()[~np.isnan(numbers)]
            if column.dtype.kind == "M":
                ticks = numbers[~np.isnan(numbers)]
                self._steps[name] = float(_DAY) if not (ticks % _DAY).any() else 1.0
            else:
                self._steps[name] = _step(present)
        return self._steps[name]

    @cached_property
    def _steps(self) -> dict[str, float]:
        return {}

    def _between(self, name: str, base: Integers, other: Integers, gap: Floats) -> pd.Series:
        """Values between those of the two parents; the first parent's where one of the two is missing or infinite."""
        column = self.features[name]
        numbers = numbers_of(column)
        way = np.nan_to_num(gap * (numbers[other] - numbers[base]))
        values = column.to_numpy()
        # Where there is no way, the second parent may be missing.
        ends = values[base], np.where(way == 0, values[base], values[other])
        return moved(column, base, way, np.minimum(*ends), np.maximum(*ends), self.step(name))

    def framed(self, columns: dict[str, pd.Series], rows: int) -> pd.DataFrame:
        """Columns in the order of the features."""
        return pd.DataFrame({name: columns[name] for name in self.features.columns}, index=range(rows))


def moved(
    column: pd.Series, base: Integers, way: Floats, low: npt.ArrayLike, high: npt.ArrayLike, step: float
) -> pd.Series:
    """Values of some rows of a column of numbers or dates, moved a way, as the column has them.

    Parameters
    ----------
    column : Series of shape (n,)
    base : array of shape (made,)
    way : array of shape (made,)
        In the column's unit (microseconds for dates). Where it is 0 the value stays, missing or infinite as it may be.
    low, high : array-like of the column's dtype, broadcast to (made,)
        What no moved value leaves.
    step : float
        What values are whole multiples of (a power of ten for numbers), 0 if of nothing; see `Table.step`.

    Returns
    -------
    Series of shape (made,)
    """
    if step:
        way = np.rint(way / step) * step
    values = column.to_numpy()
    start = values[base]
    unit = values.dtype.kind
    end = start + (way if unit == "f" else way.astype("m8[us]" if unit == "M" else np.int64))
    if step and unit == "f":
        # A sum of cents is a hair off the number that is written with two decimals.
        end = np.round(end, round(-np.log10(step)))
    low, high = np.where(way == 0, start, low), np.where(way == 0, start, high)
    # Rounding may go a hair beyond the end.
    return pd.Series(np.clip(end, low, high), dtype=column.dtype)


def numbers_of(column: pd.Series) -> Floats:
    """Finite numbers (dates in microseconds), NaN for everything else."""
    if column.dtype.kind == "M":
        ticks = column.to_numpy().astype("datetime64[us]").view(np.int64)
        return np.where(column.isna(), np.nan, ticks)
    numbers = column.to_numpy(dtype=np.float64)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _step(present: npt.NDArray[Any]) -> float:
    """A power of ten with as many decimals as these numbers have; 0 if they have more than a person would write."""
    if present.dtype.kind != "f":
        return 1.0
    with np.errstate(over="ignore", invalid="ignore"):
        for decimals in range(_MOST_DECIMALS + 1):
            if all(np.array_equal(np.round(some, decimals), some) for some in (present[:_FEW], present)):
                return float(10.0**-decimals)
    return 0.0


def _standardised(column: pd.Series) -> Floats:
    numbers = numbers_of(column)
    if np.isnan(numbers).all():
        return np.zeros(len(numbers))
    numbers = np.where(np.isnan(numbers), np.nanmedian(numbers), numbers)
    return np.asarray((numbers - numbers.mean()) / (numbers.std() or 1.0))
