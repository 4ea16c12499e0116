"""What several annotators said, brought into one form: who gave which class to which example."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from core.content import written
from core.errors import FlywheelError

__all__ = ["AnnotationsError", "Crowd", "class_names", "read_crowd"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class AnnotationsError(FlywheelError):
    """The annotators' labels are not what they should be."""


@dataclass(frozen=True)
class Crowd:
    """Labels of several annotators, one entry a label.

    Attributes
    ----------
    ids : Index of shape (n,)
        Every example, also one that nobody labelled.
    annotators : Index of shape (m,)
        Every annotator, also one who labelled nothing.
    classes : Index of shape (k,)
        The classes that were given, sorted.
    example, annotator, label : arrays of shape (labels,)
        Positions in the three above; sorted by annotator, then by example.
    """

    ids: pd.Index
    annotators: pd.Index
    classes: pd.Index
    example: Integers
    annotator: Integers
    label: Integers

    @property
    def shape(self) -> tuple[int, int, int]:
        """How many examples, annotators and classes there are."""
        return len(self.ids), len(self.annotators), len(self.classes)

    @cached_property
    def votes(self) -> Floats:
        """How many annotators gave each class, examples x classes."""
        n, _, k = self.shape
        return np.bincount(self.example * k + self.label, minlength=n * k).reshape(n, k).astype(float)

    @cached_property
    def counts(self) -> Integers:
        """How many annotators labelled each example."""
        return np.bincount(self.example, minlength=len(self.ids))

    @cached_property
    def said(self) -> sparse.csr_matrix:
        """Which (annotator, class) was said of each example, examples x (annotators * classes)."""
        n, m, k = self.shape
        entries = (np.ones(len(self.label)), (self.example, self.annotator * k + self.label))
        return sparse.csr_matrix(entries, shape=(n, m * k))

    def part(self, keep: npt.NDArray[np.bool_]) -> Crowd:
        """Only some of the labels; examples, annotators and classes stay."""
        entries = (self.example[keep], self.annotator[keep], self.label[keep])
        return Crowd(self.ids, self.annotators, self.classes, *entries)

    def some(self, chosen: npt.NDArray[np.bool_]) -> Crowd:
        """Only some of the examples, with all their labels."""
        keep = chosen[self.example]
        place = np.cumsum(chosen) - 1
        entries = (place[self.example[keep]], self.annotator[keep], self.label[keep])
        return Crowd(self.ids[chosen], self.annotators, self.classes, *entries)


def read_crowd(annotations: pd.DataFrame) -> Crowd:
    """Read what annotators said from a wide table.

    Parameters
    ----------
    annotations : DataFrame of shape (n, annotators)
        A row an example, a column an annotator; missing means not labelled. Labels of any dtype become str: 1 and 1.0
        are the class "1", blank ones are missing.

    Raises
    ------
    AnnotationsError
        If it is no table, ids or annotators repeat, or the labels hardly repeat and so are no classes.
    """
    if not isinstance(annotations, pd.DataFrame):
        raise AnnotationsError(
            f"Annotations must be a table with one row per example and one column per annotator. Got "
            f"'{type(annotations).__name__}' instead. Turn a list of labels into one with to_wide."
        )
    for names, what in ((annotations.index, "example"), (annotations.columns, "annotator")):
        if names.has_duplicates:
            raise AnnotationsError(
                f"Each {what} must occur once in the table of annotations. '{names[names.duplicated()][0]}' repeats. "
                "Turn a table with one row per label into a wide one first."
            )
    places, said_by = [], []
    for place in range(annotations.shape[1]):
        named = class_names(annotations.iloc[:, place].reset_index(drop=True)).dropna()
        places.append(named.index.to_numpy(dtype=np.int64))
        said_by.append(named.to_numpy(dtype=object))
    example = np.concatenate([np.empty(0, dtype=np.int64), *places])
    annotator = np.repeat(np.arange(len(places)), [len(each) for each in places])
    said = np.concatenate([np.empty(0, dtype=object), *said_by])
    label, classes = pd.factorize(pd.Series(said, dtype="object"), sort=True)
    if len(classes) > 1_000 and len(classes) > 0.5 * len(said):
        raise AnnotationsError(
            f"Annotators must give classes that repeat. There are {len(classes):,} different values among "
            f"{len(said):,} labels. Choose the column that holds the class."
        )
    return Crowd(
        annotations.index,
        annotations.columns,
        pd.Index(classes, dtype="str"),
        example.astype(np.int64),
        annotator.astype(np.int64),
        label.astype(np.int64),
    )


def class_names(column: pd.Series) -> pd.Series:
    """The labels of one annotator as names of classes: str, 1.0 and 1 are "1", blank ones are missing."""
    there = column[column.notna()]
    if pd.api.types.is_float_dtype(there.dtype):
        numbers = there.to_numpy(dtype=np.float64)
        whole = np.isfinite(numbers) & (numbers == np.round(numbers)) & (np.abs(numbers) < 2**53)
        names = numbers.astype(str).astype(object)
        names[whole] = numbers[whole].astype(np.int64).astype(str)
    else:
        # Each name is made once, however often it was given; what can't be compared (a list) is made one by one.
        try:
            codes, values = pd.factorize(there.astype("object"))
        except (TypeError, UnicodeEncodeError):
            codes, values = np.arange(len(there)), pd.Index([_name(value) for value in there], dtype="str")
        names = np.array([_name(value) for value in values], dtype=object)[codes]
    made = pd.Series(names, index=there.index, dtype="object")
    return made[made != ""].reindex(column.index)


def _name(value: object) -> str:
    """One value among others of several kinds; a whole number is written without its decimals."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return written(value).strip()
