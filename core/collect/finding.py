"""One thing that is wrong with the data, in one shape whatever it is, so that one table on screen serves all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Any, overload

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["Cells", "Finding", "examples_of", "listed"]


def listed(phrases: Iterable[str], most: int = 4) -> str:
    """Write the first few phrases and how many more there are: "a, b and 3 more"."""
    phrases = list(phrases)
    more = len(phrases) - most
    return ", ".join(phrases[:most]) + (f" and {more:,} more" if more > 0 else "")


def examples_of(pairs: Iterable[tuple[object, object]], most: int = 3) -> str:
    """Write the first few of what becomes what: "'SEOUL' → 'Seoul'"."""
    return listed((f"'{old}' → {'missing' if new is None else repr(str(new))}" for old, new in pairs), most)


class Cells(Sequence[tuple[str, str]]):
    """The cells ``(id, column)`` that a finding is about, one column after the other, made as they are asked for.

    Parameters
    ----------
    ids : Index of shape (n,)
        Ids of all examples.
    places : mapping of str to array of int64
        By column, the positions of the examples.
    """

    def __init__(self, ids: pd.Index, places: Mapping[str, npt.NDArray[np.int64]]) -> None:
        self._ids = ids
        self.places = {str(name): where for name, where in places.items() if len(where)}
        self._ends = np.cumsum([len(where) for where in self.places.values()], dtype=np.int64)

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    @overload
    def __getitem__(self, place: int) -> tuple[str, str]: ...
    @overload
    def __getitem__(self, place: slice) -> list[tuple[str, str]]: ...
    def __getitem__(self, place: int | slice) -> tuple[str, str] | list[tuple[str, str]]:
        if isinstance(place, slice):
            return [self._at(each) for each in range(*place.indices(len(self)))]
        if not -len(self) <= place < len(self):
            raise IndexError(f"There are {len(self):,} cells. Got {place} instead.")
        return self._at(place % len(self))

    def _at(self, place: int) -> tuple[str, str]:
        part = int(np.searchsorted(self._ends, place, side="right"))
        name = list(self.places)[part]
        return str(self._ids[self.places[name][place - self._ends[part]]]), name

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return chain.from_iterable(
            zip(self._ids[where].tolist(), repeat(name), strict=False) for name, where in self.places.items()
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(tuple.__eq__, self, other))

    __hash__ = None  # type: ignore[assignment]

    def ids_of(self, column: str) -> pd.Index:
        """The examples of one column's cells, in the order of the cells."""
        return self._ids[self.places[column]]

    @property
    def ids(self) -> pd.Index:
        """The examples, each once, in the order of the data."""
        if not self.places:
            return _nobody()
        return self._ids[np.unique(np.concatenate(list(self.places.values())))]


def _nobody() -> pd.Index:
    return pd.Index([], dtype="str", name="example")


@dataclass(frozen=True, eq=False)
class Finding:
    """One result of the audit.

    Attributes
    ----------
    kind : str
        What it is, such as "exact_duplicates".
    title : str
        The same in a few words for a heading.
    severity : float
        0 (worth knowing) to 1 (the figures mean nothing until it is mended).
    message : str
        What is wrong, with count and share.
    remedy : str
        What to do about it.
    ids : Index
        The examples it is about: those that ``fix`` acts on, if that is "exclude".
    columns : tuple of str
        The columns it is about: the one that ``fix`` acts on, if that is "drop_column".
    cells : sequence of (id, column)
        The single cells it is about: those that ``fix`` acts on, if that is "correct". A list, or `Cells`.
    fix : str or None
        The edit that mends it: "exclude", "drop_column", "correct", "relabel" or None.
    values : list
        What to put into ``cells``, in their order, if ``fix`` is "correct"; None makes a cell missing.
    labels : dict of str to str
        Id to the label to give it, if ``fix`` is "relabel".
    """

    kind: str
    title: str
    severity: float
    message: str
    remedy: str
    ids: pd.Index = field(default_factory=_nobody)
    columns: tuple[str, ...] = ()
    cells: Sequence[tuple[str, str]] = ()
    fix: str | None = None
    values: list[Any] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
