"""Labels and predictions brought together on the ids, and the losses that follow from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.errors import FlywheelError
from core.ids import differ, positions

__all__ = ["Aligned", "EvaluationError", "align", "log_losses", "losses"]

Codes = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]


class EvaluationError(FlywheelError):
    """Labels and predictions that can't be judged together."""


@dataclass(frozen=True)
class Aligned:
    """Labels and the predictions of one or more models for the same examples, in one order.

    Attributes
    ----------
    classes : tuple of str
        All that occur in labels, predictions and columns of probabilities, sorted.
    truth : array of shape (n,)
        Code of the label: its place in `classes`.
    predicted : tuple of arrays of shape (n,)
        Code of the predicted class, an array a model.
    probabilities : tuple of arrays of shape (n, classes)
        An array a model; 0 for a class the model doesn't know.
    """

    classes: tuple[str, ...]
    truth: Codes
    predicted: tuple[Codes, ...]
    probabilities: tuple[Floats, ...]

    def occurring(self) -> Codes:
        """Codes of the classes that occur in labels or predictions: those that scikit-learn averages macro F1 over."""
        return np.unique(np.concatenate([self.truth, *self.predicted]))

    def log_losses(self, model: int = 0) -> Floats:
        """Log loss of each example, probabilities clipped as scikit-learn does."""
        return _log_losses(self.probabilities[model][np.arange(len(self.truth)), self.truth])


def align(
    labels: pd.Series, probabilities: Sequence[pd.DataFrame | None], predicted: Sequence[pd.Series | None] | None = None
) -> Aligned:
    """Bring labels and the predictions of one or more models together on the ids of the labels.

    Parameters
    ----------
    labels : Series of shape (n,)
        Indexed by id.
    probabilities : sequence of DataFrames of shape (at least n, classes known to the model)
        Indexed by id. Examples without a label there are passed over. None, where the predicted classes are all that
        is asked for: the model then has probabilities of no class.
    predicted : sequence of Series or None, optional
        Predicted classes by id where they aren't those of the largest probability.

    Raises
    ------
    EvaluationError
        If there is no label, a label is missing, ids repeat, an id has no prediction, or a probability isn't one.
    """
    _check_labels(labels)
    none = pd.DataFrame(index=labels.index)
    frames = [none if frame is None else _probabilities(labels, frame) for frame in probabilities]
    decided = [
        _largest(frame) if own is None else pd.factorize(_chosen(labels, own))
        for frame, own in zip(frames, predicted or [None] * len(frames), strict=True)
    ]
    truth, given = pd.factorize(labels.astype(str))
    seen = set(given).union(*(frame.columns for frame in frames), *(names for _, names in decided))
    classes = pd.Index(sorted(seen))
    return Aligned(
        tuple(classes),
        classes.get_indexer(given)[truth],
        tuple(classes.get_indexer(names)[codes] for codes, names in decided),
        tuple(
            frame.to_numpy(float) if frame is none else frame.reindex(columns=classes, fill_value=0.0).to_numpy(float)
            for frame in frames
        ),
    )


def losses(labels: pd.Series, predicted: pd.Series) -> pd.Series:
    """Whether each example is predicted wrongly: 1.0 or 0.0.

    Parameters
    ----------
    labels, predicted : Series
        Indexed by id; the ids of the labels count.

    Returns
    -------
    Series as the labels

    Raises
    ------
    EvaluationError
        As `align`.
    """
    _check_labels(labels)
    return (labels.astype(str) != _chosen(labels, predicted)).astype(float).rename("loss")


def log_losses(labels: pd.Series, probabilities: pd.DataFrame) -> pd.Series:
    """Log loss of each example, in nats, with probabilities clipped as scikit-learn does.

    Parameters
    ----------
    labels : Series
        Indexed by id; its ids count.
    probabilities : DataFrame of shape (at least n, classes)

    Returns
    -------
    Series as the labels

    Raises
    ------
    EvaluationError
        As `align`.
    """
    return pd.Series(align(labels, [probabilities]).log_losses(), index=labels.index, name="loss")


def _log_losses(chosen: Floats) -> Floats:
    smallest = np.finfo(float).eps
    return -np.log(np.clip(chosen, smallest, 1 - smallest))


def _check_labels(labels: pd.Series) -> None:
    if not len(labels):
        raise EvaluationError("There are no labelled examples to judge by. Give the test set at least one label.")
    if not differ(labels.index):
        again = labels.index[labels.index.duplicated()].unique()
        raise EvaluationError(f"Ids must differ. {_listed(again)} stand there more than once. Name each example once.")
    missing = labels.index[labels.isna().to_numpy()]
    if len(missing):
        raise EvaluationError(
            f"Only labelled examples can be judged. {_listed(missing)} have no label. Leave them out or label them."
        )


def _of_labels(labels: pd.Series, index: pd.Index) -> Codes:
    """Place of each label's id in the index of a prediction."""
    if index.equals(labels.index):
        # As a rule they are the same ids, and those of labels have been looked at.
        return np.arange(len(index), dtype=np.intp)
    if not differ(index):
        again = index[index.duplicated()].unique()
        raise EvaluationError(f"Ids must differ. {_listed(again)} are predicted more than once. Predict each once.")
    places = positions(labels.index, index)
    absent = labels.index[places < 0]
    if len(absent):
        raise EvaluationError(
            f"Each labelled example needs a prediction. {_listed(absent)} have none. "
            "Predict them too, or leave their labels out."
        )
    return places


def _probabilities(labels: pd.Series, frame: pd.DataFrame) -> pd.DataFrame:
    found = frame.iloc[_of_labels(labels, frame.index)]
    found.columns = pd.Index([str(name) for name in frame.columns])
    values = found.to_numpy(dtype=float)
    wrong = ~np.isfinite(values) | (values < 0) | (values > 1 + 1e-6)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise EvaluationError(
            f"Probabilities lie between 0 and 1. That of class '{found.columns[column]}' for id '{found.index[row]}' "
            f"is {values[row, column]}. Check the model that predicted it."
        )
    return found


def _largest(frame: pd.DataFrame) -> tuple[Codes, pd.Index]:
    """The class of the largest probability, as a place among the columns, and the columns."""
    return frame.to_numpy(dtype=float).argmax(axis=1), frame.columns


def _chosen(labels: pd.Series, predicted: pd.Series) -> pd.Series:
    chosen = predicted.iloc[_of_labels(labels, predicted.index)]
    missing = labels.index[chosen.isna().to_numpy()]
    if len(missing):
        raise EvaluationError(f"Each labelled example needs a prediction. That of {_listed(missing)} is missing.")
    return chosen.astype(str)


def _listed(ids: Iterable[object], most: int = 5) -> str:
    names = [f"'{name}'" for name in ids]
    return ", ".join(names[:most]) + (f" and {len(names) - most:,} more" if len(names) > most else "")
