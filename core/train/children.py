"""What the locked model says of rows that were generated, by models that saw none of their parents."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.dataset import Dataset
from core.ids import aligned, positions
from core.progress import Cancel, Progress, Steps
from core.train.fit import Task, TrainError, TrainingSet, left_out, side_by_side
from core.train.lock import FOLDS, LockedModel

__all__ = ["predict_children"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]

FOLDS_OF_TWO = 4


def predict_children(
    dataset: Dataset,
    model: LockedModel,
    rows: pd.DataFrame,
    *,
    folds: int | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> pd.DataFrame:
    """Predict generated rows by models that were fitted without the folds of their parents.

    A model that learned a parent with its label says of the child what the label says. A row of two parents from two
    folds is predicted by a model fitted without both.

    Parameters
    ----------
    dataset : Dataset
        With the parents in train; the rows are not in it.
    model : LockedModel
    rows : DataFrame of shape (n, columns)
        As `core.generate.propose` makes them: with ``parent`` and ``other_parent``.
    folds : int, optional
        At least 2, and 3 where rows have two parents. By default five; four where rows have two parents, so that six
        fits on half of the examples do.
    progress, cancel
        See `core.progress`.

    Returns
    -------
    DataFrame of shape (n, classes)
        Indexed like `rows`.

    Raises
    ------
    TrainError
        If a parent is not in train, or too few examples are left to train on.
    Cancelled
        If the caller asked to stop.
    """
    two = bool((rows["other_parent"].notna() & (rows["other_parent"] != rows["parent"])).any())
    folds = folds or (FOLDS_OF_TWO if two else FOLDS)
    fold = dataset.folds(folds)
    pairs = _pairs(fold, rows, folds if two else None)
    distinct, of_pair = np.unique(pairs, axis=0, return_inverse=True)
    steps = Steps(1 + len(distinct), progress, cancel)
    steps.start("reading the examples")
    training_set = TrainingSet(model.recipe.to_dict(), dataset)
    own = aligned(fold, training_set.ids).to_numpy()
    encoded: Any = training_set.encoder.encode(rows)

    def predicted(number: int) -> Floats:
        inside = ~left_out(np.isin(own, distinct[number]), training_set.ids, dataset.parents)
        if not inside.any():
            raise TrainError(f"Without two of {folds} folds no example is left to train on. Add examples to train.")
        return training_set.fit_on(inside).predict_proba(encoded.take(of_pair == number))

    tasks = [
        Task(f"without the parents, fit {number + 1} of {len(distinct)}", partial(predicted, number))
        for number in range(len(distinct))
    ]
    probabilities = np.zeros((len(rows), len(training_set.classes)))
    for number, found in enumerate(side_by_side(tasks, steps) if tasks else []):
        probabilities[of_pair == number] = found
    steps.finish()
    return pd.DataFrame(probabilities, index=rows.index, columns=training_set.classes)


def _pairs(fold: pd.Series, rows: pd.DataFrame, beside: int | None) -> Integers:
    """The folds of both parents of each row, the smaller first; of one fold twice the same.

    Where there are so many folds `beside` it, the next one goes out with a single one: no fit for it alone.
    """
    places = []
    for name in ("parent", "other_parent"):
        ids = rows[name].where(rows[name].notna(), rows["parent"])
        place = positions(pd.Index(ids), fold.index)
        if (place < 0).any():
            raise TrainError(
                f"The parents of generated examples must be train examples. '{ids[place < 0].iloc[0]}' is none. "
                "Make the proposal again."
            )
        places.append(fold.to_numpy()[place])
    first, second = places
    if beside is not None:
        second = np.where(first == second, (first + 1) % beside, second)
    return np.sort(np.column_stack([first, second]), axis=1).astype(np.intp)
