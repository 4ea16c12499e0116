"""A data set as the checks of the audit look at it: who is in which part, and each column coded once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from core import wording
from core.collect.finding import Cells
from core.dataset import Dataset

__all__ = ["Audited", "Coded"]

# Roles whose cells are settled elsewhere, or say something about the label.
_NOT_CHECKED = {"label", "id", "group", "split", "truth", "annotator", "image", "text"}
# A group of so many rows, nearly all of them alike, is a group with a habit of its own.
WHOLE, FILLED = 2, 0.8


def _names_things(column: pd.Series) -> bool:
    """Whether a column names things: words, whole numbers, flags. Measurements and dates settle nothing."""
    if pd.api.types.is_float_dtype(column.dtype):
        numbers = column.to_numpy()
        # Most measurements show in the first few.
        return not any(bool((part[np.isfinite(part)] % 1 != 0).any()) for part in (numbers[:1_000], numbers))
    return not pd.api.types.is_datetime64_any_dtype(column.dtype)


@dataclass(frozen=True)
class Coded:
    """One column as codes, so that a check looks at each different value once.

    Attributes
    ----------
    name : str
    codes : array of shape (n,), int64
        Position in ``values``; -1 where the value is missing.
    values : array of shape (m,)
        The different values in the order in which they first occur: str as objects, numbers and dates as they are.
    counts : array of shape (m,), int64
        How often each occurs outside test: rules are learned from these.
    everywhere : array of shape (m,), int64
        How often each occurs in all parts.
    """

    name: str
    codes: npt.NDArray[np.int64]
    values: npt.NDArray[np.generic]
    counts: npt.NDArray[np.int64]
    everywhere: npt.NDArray[np.int64]

    @property
    def present(self) -> int:
        """Number of rows that have a value."""
        return int(self.everywhere.sum())

    def where(self, marked: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        """Positions of the rows whose value is marked; ``marked`` has an entry for each of ``values``."""
        return np.flatnonzero(np.append(marked, False)[self.codes])


class Audited:
    """A data set, and what several checks ask of it, computed once."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.frame = dataset.frame
        self.schema = dataset.schema
        self.ids = dataset.frame.index
        self.train: npt.NDArray[np.bool_] = (dataset.split == "train").to_numpy()
        # Test and sealed: what the model is judged by.
        self.judged: npt.NDArray[np.bool_] = dataset.split.isin(["test", "sealed"]).to_numpy()
        # What is sealed is compared with nothing: what it holds is not told before it is opened.
        self.test: npt.NDArray[np.bool_] = (dataset.split == "test").to_numpy()
        self._coded: dict[str, Coded] = {}
        self._settled: dict[str, npt.NDArray[np.bool_]] = {}

    def __len__(self) -> int:
        return len(self.frame)

    @cached_property
    def checked(self) -> tuple[str, ...]:
        """The columns whose cells are looked at: features, and what is kept without being used."""
        return tuple(column.name for column in self.schema.columns if column.role not in _NOT_CHECKED)

    @cached_property
    def worded(self) -> tuple[str, ...]:
        """Those of them that hold text."""
        return tuple(name for name in self.checked if self.frame[name].dtype == "str")

    @cached_property
    def numeric(self) -> tuple[str, ...]:
        """Those of them that hold numbers."""
        return tuple(
            name
            for name in self.checked
            if pd.api.types.is_numeric_dtype(self.frame[name].dtype)
            and not pd.api.types.is_bool_dtype(self.frame[name].dtype)
        )

    def coded(self, name: str) -> Coded:
        """One column as codes."""
        if name not in self._coded:
            codes, values = pd.factorize(self.frame[name])
            there = codes >= 0
            self._coded[name] = Coded(
                name,
                codes.astype(np.int64, copy=False),
                np.asarray(values, dtype=object) if self.frame[name].dtype == "str" else np.asarray(values),
                np.bincount(codes[there & ~self.judged], minlength=len(values)),
                np.bincount(codes[there], minlength=len(values)),
            )
        return self._coded[name]

    @cached_property
    def groupings(self) -> tuple[str, ...]:
        """The columns whose values come in groups: words, whole numbers and flags that repeat."""
        names = [self.schema.group] if self.schema.group else []
        names += [name for name in self.checked if _names_things(self.frame[name])]
        return tuple(name for name in names if 2 <= len(self.coded(name).values) <= 0.5 * self.coded(name).present)

    def in_whole_groups(self, name: str, marked: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Mark those of the marked rows that fill a group of another column: what all of a group have is no slip.

        Parameters
        ----------
        name : str
            The column that was looked at.
        marked : array of shape (n,), bool

        Returns
        -------
        array of shape (n,), bool
        """
        filled = np.zeros(len(self), dtype=bool)
        if not marked.any():
            return filled
        for other in self.groupings:
            if other != name:
                coded = self.coded(other)
                hits = np.bincount(coded.codes[marked & (coded.codes >= 0)], minlength=len(coded.values))
                whole = (coded.everywhere >= WHOLE) & (hits >= FILLED * coded.everywhere)
                filled |= np.append(whole, False)[coded.codes]
        return filled & marked

    def settle(self, cells: Cells) -> None:
        """Note cells that have been given a value, so that no later check gives them another one."""
        for name, where in cells.places.items():
            self._settled.setdefault(name, np.zeros(len(self), dtype=bool))[where] = True

    def unsettled(self, name: str, where: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Those of some positions in a column that no check has given a value yet."""
        return where[~self._settled[name][where]] if name in self._settled else where

    def cells(self, places: dict[str, npt.NDArray[np.int64]]) -> Cells:
        """Cells of some columns by the positions of their rows."""
        return Cells(self.ids, places)

    def of_examples(self, count: int, one: str, many: str) -> str:
        """Write a number of examples with their share and the verb that fits: "1 of 20 examples (5.0%) has"."""
        of = wording.count(len(self), "example")
        return f"{count:,} of {of} ({count / max(1, len(self)):.1%}) {wording.verb(count, one, many)}"
