"""Where examples stand among others, by their ids.

To look ids up, pandas makes a Python string of each: a second and 100 MB for a million of them. Here they are looked up
as numbers, which are kept as long as the ids live. Ids that are no short strings are left to pandas.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from core.content import mix

__all__ = ["aligned", "differ", "is_among", "looked_up", "positions", "present"]

Values = TypeVar("Values", pd.Series, pd.DataFrame)

# Bytes of an id at most, and of what is made at once to read so many.
_LONGEST = 256
_BLOCK = 1 << 24
# Two for each eight letters, drawn anew with each start, so that nobody can write ids of one number.
_SALTS = np.random.default_rng().integers(1, 1 << 63, size=(_LONGEST // 8, 2), dtype=np.uint64)


@dataclass(frozen=True)
class _Numbers:
    """A number for each id to find it by, and one to be sure by: together 128 bits."""

    first: npt.NDArray[np.uint64]
    second: npt.NDArray[np.uint64]

    @cached_property
    def index(self) -> pd.Index:
        return pd.Index(self.first)


_KNOWN: dict[int, _Numbers] = {}


def positions(ids: pd.Index, others: pd.Index) -> npt.NDArray[np.intp]:
    """Say where ids stand among others, as ``others.get_indexer(ids)``.

    Parameters
    ----------
    ids, others : Index
        The others must differ.

    Returns
    -------
    ndarray of shape (ids,)
        A position in `others` each, -1 for those that are not among them.

    Raises
    ------
    InvalidIndexError
        If one of the others is there twice.

    Examples
    --------
    >>> positions(pd.Index(["b", "d"], dtype="str"), pd.Index(["a", "b"], dtype="str")).tolist()
    [1, -1]
    """
    mine, theirs = _numbers(ids), _numbers(others)
    if mine is None or theirs is None or not theirs.index.is_unique:
        return others.get_indexer(ids)
    found = theirs.index.get_indexer(mine.index)
    there = found >= 0
    if not np.array_equal(theirs.second[found[there]], mine.second[there]):
        return others.get_indexer(ids)
    return found


def is_among(ids: pd.Index, others: pd.Index) -> npt.NDArray[np.bool_]:
    """Say which ids are among others, as ``ids.isin(others)``; the others must differ."""
    return positions(ids, others) >= 0


def aligned(values: Values, ids: pd.Index) -> Values:
    """Give the values of these ids, missing where there are none, as ``values.reindex(ids)``."""
    if values.index is ids:
        return values.set_axis(ids)
    rows = values.set_axis(pd.RangeIndex(len(values)))
    return rows.reindex(positions(ids, values.index)).set_axis(ids)


def looked_up(values: Values, ids: pd.Index) -> Values:
    """Give the values of these ids, each of which must have one, as ``values.loc[ids]``.

    Parameters
    ----------
    values : Series or DataFrame
        Their ids must differ.
    ids : Index

    Returns
    -------
    Series or DataFrame
        With `ids` as its index, of the same types.

    Raises
    ------
    KeyError
        If an id has no value.

    Examples
    --------
    >>> labels = pd.Series([3, 4, 5], index=pd.Index(["a", "b", "c"], dtype="str"))
    >>> looked_up(labels, pd.Index(["c", "a"], dtype="str")).tolist()
    [5, 3]
    """
    if values.index is ids:
        return values.set_axis(ids)
    places = positions(ids, values.index)
    if (places < 0).any():
        missing = ids[places < 0].unique()
        raise KeyError(
            f"Every id must have a value. Without one: {len(missing):,}, first {', '.join(map(repr, missing[:5]))}."
        )
    return values.set_axis(pd.RangeIndex(len(values))).iloc[places].set_axis(ids)


def differ(ids: pd.Index) -> bool:
    """Say whether no id is there twice, as ``ids.is_unique``."""
    numbers = _numbers(ids)
    return ids.is_unique if numbers is None or not numbers.index.is_unique else True


def present(values: pd.Series) -> pd.Series:
    """Give the values that are not missing, as ``values.dropna()``, which looks among the ids for a name of pandas."""
    return values[values.notna().to_numpy()]


def _numbers(ids: pd.Index) -> _Numbers | None:
    """The numbers of ids, kept as long as these; none if they are no short strings."""
    if not isinstance(ids.dtype, pd.StringDtype):
        return None
    # Renamed and viewed, an index has the same array.
    array = ids.array
    if id(array) not in _KNOWN:
        numbers = _number(array)
        if numbers is None:
            return None
        weakref.finalize(array, _KNOWN.pop, id(array), None)
        _KNOWN[id(array)] = numbers
    return _KNOWN[id(array)]


def _number(array: pd.api.extensions.ExtensionArray) -> _Numbers | None:
    strings = pa.array(array, type=pa.large_string())
    if isinstance(strings, pa.ChunkedArray):
        strings = strings.combine_chunks()
    _, offsets, data = strings.buffers()
    if strings.null_count:
        return None
    ends = np.frombuffer(offsets, dtype=np.int64)[strings.offset : strings.offset + len(strings) + 1]
    lengths = np.diff(ends)
    longest = int(lengths.max(initial=0))
    if longest > _LONGEST:
        return None
    letters = np.frombuffer(data or b"", dtype=np.uint8)
    words = max(-(-longest // 8), 1)
    first, second = (np.zeros(len(strings), dtype=np.uint64) for _ in range(2))
    for start in range(0, len(strings), _BLOCK // (8 * words)):
        rows = slice(start, start + _BLOCK // (8 * words))
        written = np.zeros((len(lengths[rows]), 8 * words), dtype=np.uint8)
        # Row by row, so that the letters fall in the places that are theirs.
        written[np.arange(8 * words) < lengths[rows, None]] = letters[ends[start] : ends[start] + lengths[rows].sum()]
        for word, (one, other) in zip(written.view(np.uint64).T, _SALTS, strict=False):
            # Where an id has ended it gets nothing: its number must not depend on how long others are.
            mixed = np.where(word == 0, np.uint64(0), mix(word ^ one))
            first[rows] += mixed
            second[rows] += mixed * other
        second[rows] += lengths[rows].astype(np.uint64)
    return _Numbers(first, second)
