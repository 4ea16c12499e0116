"""Variations of rows: moved a little, mixed with another row of their class, or with values taken out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.generate.strategy import GenerateError
from core.generate.table import Table, moved, numbers_of

__all__ = ["cross", "jitter", "mask", "partners"]

Integers = npt.NDArray[np.intp]
Booleans = npt.NDArray[np.bool_]


def jitter(table: Table, labels: pd.Series, base: Integers, seed: int, *, strength: float) -> pd.DataFrame:
    """Move the numbers and dates of rows by normal noise, each column by a share of its spread within the class.

    No value leaves the range that its column has within the class; numbers keep as many decimals as their column has,
    missing values stay missing, and categories what they are.

    Parameters
    ----------
    table : Table of n rows
    labels : Series of shape (n,)
    base : array of shape (made,)
        The rows to vary.
    seed : int
    strength : float
        Standard deviation of the noise in standard deviations of the column within the class.

    Returns
    -------
    DataFrame of shape (made, continuous columns)

    Raises
    ------
    GenerateError
        If there are categories only, or a class has a single row, which has no spread.
    """
    if not table.continuous:
        raise GenerateError(
            "Jitter moves numbers and dates. This table has categories only. Mix rows of a class instead."
        )
    groups, names = pd.factorize(labels)
    of_base = groups[base]
    members = {code: np.flatnonzero(groups == code) for code in np.unique(of_base)}
    for code, own in members.items():
        if len(own) < 2:
            raise GenerateError(
                f"Jitter needs at least 2 rows of a class to know its spread. Class '{names[code]}' has 1. Use random "
                "oversampling for it, or collect more."
            )
    noise = np.random.default_rng(seed).normal(size=(len(base), len(table.continuous))) * strength
    columns = {}
    for place, name in enumerate(table.continuous):
        column = table.features[name]
        numbers, values = numbers_of(column), column.to_numpy()
        way = np.where(np.isnan(numbers[base]), 0.0, noise[:, place])
        # The ends as the column has them: as floats large whole numbers would lose digits.
        low, high = values[base].copy(), values[base].copy()
        for code, own in members.items():
            there = own[~np.isnan(numbers[own])]
            if len(there):
                made = of_base == code
                way[made] *= numbers[there].std()
                low[made], high[made] = values[there].min(), values[there].max()
        columns[name] = moved(column, base, way, low, high, table.step(name))
    return pd.DataFrame(columns, index=range(len(base)))


def partners(labels: pd.Series, base: Integers, parents: Booleans, seed: int) -> Integers:
    """Draw another row of the same class for each row.

    Parameters
    ----------
    labels : Series of shape (n,)
    base : array of shape (made,)
        Rows that may be parents.
    parents : array of bool of shape (n,)
        Who may be a parent.
    seed : int

    Returns
    -------
    array of shape (made,)

    Raises
    ------
    GenerateError
        If a class has a single row.
    """
    rng = np.random.default_rng(seed)
    groups = labels.to_numpy(dtype=object)
    other = np.empty_like(base)
    for name in dict.fromkeys(groups[base]):
        members = np.flatnonzero(parents & (groups == name))
        if len(members) < 2:
            raise GenerateError(
                f"Two rows are mixed only within a class, so it needs at least 2. Class '{name}' has 1. Use random "
                "oversampling for it, or collect more."
            )
        own = np.flatnonzero(groups[base] == name)
        place = np.searchsorted(members, base[own])
        other[own] = members[(place + rng.integers(1, len(members), len(own))) % len(members)]
    return other


def cross(table: Table, base: Integers, other: Integers, seed: int, *, share: float) -> pd.DataFrame:
    """Take each value of a new row from one of its two parents.

    Parameters
    ----------
    table : Table of n rows
    base, other : array of shape (made,)
    seed : int
    share : float
        Chance of a value to be the second parent's.

    Returns
    -------
    DataFrame of shape (made, columns)
        A value that is missing in the parent it is taken from is missing.
    """
    rng = np.random.default_rng(seed)
    columns = {}
    for name, column in table.features.items():
        source = np.where(rng.random(len(base)) < share, other, base)
        columns[str(name)] = column.take(source).reset_index(drop=True)
    return table.framed(columns, len(base))


def mask(table: Table, base: Integers, seed: int, *, share: float) -> pd.DataFrame:
    """Take values out of rows, so that a model learns to do without them.

    Parameters
    ----------
    table : Table of n rows
    base : array of shape (made,)
    seed : int
    share : float
        Chance of a value to be taken out; at least one of each row is.

    Returns
    -------
    DataFrame of shape (made, columns that can hold a missing value)

    Raises
    ------
    GenerateError
        If no column can: whole numbers without a missing one, and truth values, have no room for it.
    """
    able = [str(name) for name, column in table.features.items() if column.dtype.kind not in "iub"]
    if not able:
        raise GenerateError(
            "Values can be taken out of columns that can hold a missing one. This table has whole numbers and truth "
            "values only. Use jitter instead."
        )
    rng = np.random.default_rng(seed)
    out = rng.random((len(base), len(able))) < share
    out[np.arange(len(base)), rng.integers(0, len(able), len(base))] = True
    columns = {
        name: table.features[name].take(base).reset_index(drop=True).mask(out[:, place])
        for place, name in enumerate(able)
    }
    return pd.DataFrame(columns, index=range(len(base)))
