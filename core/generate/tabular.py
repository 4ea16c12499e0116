"""New table rows between two of one class, that keep what their columns are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.generate.smote import Origins, RecordedSMOTE, RecordedSMOTEN, RecordedSMOTENC
from core.generate.strategy import GenerateError

__all__ = ["interpolate"]

Integers = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]

NEIGHBOURS = 5
# SMOTE-N holds the distances between all rows of a class.
_MOST_CATEGORICAL_ROWS = 2_000
_DAY = 24 * 60 * 60 * 1_000_000


def interpolate(
    features: pd.DataFrame, categorical: list[str], labels: pd.Series, counts: Mapping[str, int], seed: int
) -> tuple[pd.DataFrame, Origins]:
    """Make rows between a row and one of its neighbours in the same class: SMOTE, SMOTE-NC or SMOTE-N.

    Numbers and dates lie between those of the two parents; whole numbers stay whole, and dates without a time of day
    stay so. A category is the most frequent one among the neighbours. A cell is missing if the first parent's is, and
    the first parent's where only the second's is. Distances are taken over standardised columns with the median in the
    place of missing numbers, and with missing as a category of its own.

    Parameters
    ----------
    features : DataFrame of shape (n, columns)
    categorical : list of str
        The columns that are categories, whatever their dtype. Text and boolean columns always are.
    labels : Series of shape (n,)
    counts : mapping
        Class to the number of rows to make.
    seed : int

    Returns
    -------
    rows : DataFrame of shape (sum of counts, columns)
        With the dtypes of `features`, indexed from 0.
    origins : Origins

    Raises
    ------
    GenerateError
        If a class has fewer than two rows.

    References
    ----------
    N. V. Chawla, K. W. Bowyer, L. O. Hall, W. P. Kegelmeyer: SMOTE: Synthetic Minority Over-sampling Technique. JAIR
    16, 2002.
    """
    sizes = labels.value_counts()
    lonely = [name for name in counts if sizes[name] < 2]
    if lonely:
        raise GenerateError(
            f"SMOTE needs at least 2 rows of a class to make rows between them. Class '{lonely[0]}' has "
            f"{sizes[lonely[0]]}. Use random oversampling for it, or collect more."
        )
    table = _Table.of(features, categorical)
    parts = []
    # A row can't have more neighbours than its class has other rows.
    for k in sorted({_neighbours(sizes[name]) for name in counts}):
        some = {name: count for name, count in counts.items() if _neighbours(sizes[name]) == k}
        parts.append(table.smote(labels, some, k, seed))
    origins = Origins(
        *(np.concatenate([getattr(part[0], name) for part in parts]) for name in ("base", "other", "gap"))
    )
    codes = np.concatenate([part[1] for part in parts])
    return table.rows(origins, codes), origins


def _neighbours(size: int) -> int:
    return min(NEIGHBOURS, int(size) - 1)


def _sizes(labels: pd.Series, change: Mapping[str, int]) -> dict[str, int]:
    """Sizes after a change, as imbalanced-learn wants them."""
    sizes = labels.value_counts()
    return {name: int(sizes[name]) + count for name, count in change.items()}


def _needed(labels: pd.Series, counts: Mapping[str, int], seed: int, *, others: bool) -> Integers:
    """Positions of the rows a sampler needs.

    With ``others``, as SMOTE-N wants for its distances, all rows, but a bounded number of each class that is to grow.
    Otherwise the classes that are to grow and one row more, since imbalanced-learn refuses a single class.
    """
    grows = labels.isin(counts).to_numpy()
    if not others:
        return np.sort(np.append(np.flatnonzero(grows), np.flatnonzero(~grows)[:1]))
    place = pd.Series(np.random.default_rng(seed).permutation(len(labels)))
    rank = place.groupby(labels.to_numpy()).rank().to_numpy()
    return np.flatnonzero((rank <= _MOST_CATEGORICAL_ROWS) | ~grows)


@dataclass(frozen=True)
class _Table:
    """Columns as numbers: what SMOTE sees of a frame, and the way back.

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
    def of(cls, features: pd.DataFrame, categorical: list[str]) -> _Table:
        kinds = {str(name): column.dtype.kind for name, column in features.items()}
        continuous = [name for name, kind in kinds.items() if kind in "iufM" and name not in categorical]
        rest = [name for name in kinds if name not in continuous]
        rows = len(features)
        numbers = np.array([_standardised(features[name]) for name in continuous]).reshape(-1, rows).T
        codes = [pd.factorize(features[name], use_na_sentinel=False)[0] for name in rest]
        return cls(features, continuous, rest, numbers, np.array(codes, dtype=np.intp).reshape(-1, rows).T)

    def smote(self, labels: pd.Series, counts: Mapping[str, int], k: int, seed: int) -> tuple[Origins, Integers]:
        """Origins of new rows, and the codes of their categories."""
        rows = _needed(labels, counts, seed, others=not self.continuous)
        y = labels.iloc[rows]
        settings = {"sampling_strategy": _sizes(y, counts), "k_neighbors": k, "random_state": seed}
        width = len(self.continuous)
        if not self.categorical:
            sampler = RecordedSMOTE(**settings)
        elif not self.continuous:
            sampler = RecordedSMOTEN(**settings)
        else:
            # "auto" would miss str columns: the categories are named by position.
            sampler = RecordedSMOTENC(list(range(width, width + len(self.categorical))), **settings)
        seen = np.hstack([self.numbers[rows], self.codes[rows]])
        made, _ = sampler.fit_resample(seen, y.to_numpy(dtype=object))
        own = sampler.origins_
        return Origins(rows[own.base], rows[own.other], own.gap), made[len(rows) :, width:].astype(np.intp)

    def rows(self, origins: Origins, codes: Integers) -> pd.DataFrame:
        """The new rows in the columns' own values and dtypes."""
        columns: dict[str, pd.Series] = {}
        for position, name in enumerate(self.categorical):
            own = self.codes[:, position]
            columns[name] = _voted(self.features[name], own, codes[:, position], origins.base)
        for name in self.continuous:
            columns[name] = _between(self.features[name], origins)
        return pd.DataFrame(columns)[list(self.features.columns)]


def _numbers(column: pd.Series) -> Floats:
    """Finite numbers (dates in microseconds), NaN for everything else."""
    if column.dtype.kind == "M":
        ticks = column.to_numpy().astype("datetime64[us]").view(np.int64)
        return np.where(column.isna(), np.nan, ticks)
    numbers = column.to_numpy(dtype=np.float64)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _standardised(column: pd.Series) -> Floats:
    numbers = _numbers(column)
    if np.isnan(numbers).all():
        return np.zeros(len(numbers))
    numbers = np.where(np.isnan(numbers), np.nanmedian(numbers), numbers)
    return np.asarray((numbers - numbers.mean()) / (numbers.std() or 1.0))


def _voted(column: pd.Series, own: Integers, voted: Integers, base: Integers) -> pd.Series:
    """The value that the neighbours voted for; the first parent's where its own or the voted one is missing."""
    _, first = np.unique(own, return_index=True)
    missing = column.isna().to_numpy()
    source = first[voted]
    return column.take(np.where(missing[base] | missing[source], base, source)).reset_index(drop=True)


def _between(column: pd.Series, origins: Origins) -> pd.Series:
    """Values between those of the two parents; the first parent's where one of the two is missing or infinite."""
    numbers = _numbers(column)
    way = np.nan_to_num(origins.gap * (numbers[origins.other] - numbers[origins.base]))
    step = _step(column, numbers)
    if step:
        way = np.rint(way / step) * step
    values = column.to_numpy()
    base = values[origins.base]
    moved = base + (way if values.dtype.kind == "f" else way.astype("m8[us]" if values.dtype.kind == "M" else np.int64))
    # Rounding may go a hair beyond the second parent; where there was no way, that one may be missing.
    other = np.where(way == 0, base, values[origins.other])
    return pd.Series(np.clip(moved, np.minimum(base, other), np.maximum(base, other)), dtype=column.dtype)


def _step(column: pd.Series, numbers: Floats) -> float:
    """What the values of a column are whole multiples of: days, ones; 0 if there is no such step."""
    present = numbers[~np.isnan(numbers)]
    if column.dtype.kind == "M":
        return float(_DAY) if not (present % _DAY).any() else 1.0
    return 1.0 if not (present % 1).any() else 0.0
