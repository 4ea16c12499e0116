"""Labels and the out-of-fold probabilities that judge them, brought into one order and checked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.errors import FlywheelError
from core.ids import differ, positions

__all__ = ["Judged", "LabelsError", "judge"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

# What rounding may do to a probability.
_TOLERANCE = 1e-6


class LabelsError(FlywheelError):
    """Labels and probabilities that don't belong together, or aren't what they should be."""


@dataclass(frozen=True)
class Judged:
    """Labels and probabilities in the same order, as cleanlab wants them.

    Attributes
    ----------
    ids : Index of shape (n,)
    classes : Index of shape (k,)
        Those of the probabilities, then those that only labels have.
    given : array of shape (n,)
        The position of the given label in the classes.
    probabilities : array of shape (n, k)
    """

    ids: pd.Index
    classes: pd.Index
    given: Integers
    probabilities: Floats

    @property
    def learned(self) -> Booleans:
        """Whether the model ever gave the class a probability, by class; if not, it never saw the class."""
        return np.asarray(self.probabilities.max(axis=0, initial=0.0) > 0)

    @property
    def of_given(self) -> Floats:
        """The probability of the given label, by example."""
        return self.probabilities[np.arange(len(self.given)), self.given]

    @property
    def can_judge(self) -> Booleans:
        """Whether the model learned the given label, by example."""
        return self.learned[self.given]

    def judged_by(self, probabilities: Floats) -> Judged:
        """The same labels under other probabilities of what was learned, as `among_learned` has them."""
        values = np.zeros_like(self.probabilities)
        values[np.ix_(self.can_judge, self.learned)] = probabilities
        return Judged(self.ids, self.classes, self.given, values)

    def among_learned(self) -> Judged:
        """Only the classes that the model learned, and the examples labelled so."""
        rows, columns = self.can_judge, self.learned
        position = np.cumsum(columns) - 1
        probabilities = self.probabilities[np.ix_(rows, columns)]
        return Judged(self.ids[rows], self.classes[columns], position[self.given[rows]], probabilities)


def judge(labels: pd.Series, probabilities: pd.DataFrame) -> Judged:
    """Bring labels and probabilities into one order and check them.

    Raises
    ------
    LabelsError
        If an example has no label or no probabilities, ids repeat, or a probability is missing or outside [0, 1].
    """
    if labels.isna().any():
        raise LabelsError(
            f"Every example must have a label to doubt. {int(labels.isna().sum()):,} have none, the first is "
            f"'{labels.index[labels.isna()][0]}'. Leave out the pool."
        )
    same = labels.index.equals(probabilities.index)
    repeats = not differ(labels.index) or not (same or differ(probabilities.index))
    if repeats or probabilities.columns.has_duplicates:
        raise LabelsError("The ids of labels and probabilities and the classes must each occur once. Some repeat.")
    rows = np.arange(len(labels)) if same else positions(labels.index, probabilities.index)
    if (rows < 0).any():
        raise LabelsError(
            f"Every example must have out-of-fold probabilities. {int((rows < 0).sum()):,} have none, the first is "
            f"'{labels.index[rows < 0][0]}'. Predict them first."
        )
    known = pd.Index(probabilities.columns.astype("str"))
    codes, names = pd.factorize(labels.astype("str"))
    classes = known.append(pd.Index(sorted(set(names) - set(known)), dtype="str"))
    values = np.zeros((len(labels), len(classes)))
    values[:, : len(known)] = probabilities.to_numpy(dtype=np.float64)[rows]
    if len(values) and not (values.min() >= -_TOLERANCE and values.max() <= 1 + _TOLERANCE):
        raise LabelsError(
            f"Probabilities must lie between 0 and 1. They reach from {values.min():.3g} to {values.max():.3g}; "
            "nan means that some are missing."
        )
    given = classes.get_indexer(names).astype(np.int64)[codes]
    return Judged(labels.index, classes, given, values.clip(0.0, 1.0))
