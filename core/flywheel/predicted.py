"""What the locked model said of examples in one turn, beside what they are labelled; all views of errors read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.evaluate import confusion_of, log_losses
from core.ids import aligned, is_among, looked_up, present

if TYPE_CHECKING:
    from core.flywheel.project import Project
    from core.flywheel.turn import Turn

__all__ = ["Predicted", "chances", "hardest", "predicted"]

_Known = TypeVar("_Known", pd.Series, pd.DataFrame)


@dataclass(frozen=True)
class Predicted:
    """Labels and predictions of one part of the data in one turn, by id and in one order.

    Attributes
    ----------
    labels : Series
        Of train as the turn saw them; of test as they are now.
    probabilities : DataFrame
        Of train out of fold: no example was predicted by a model that had seen it.
    decided : Series
        Predicted classes by the locked decision rule.
    confusion : DataFrame
        As `core.evaluate.confusion_of`.
    generated : int
        Generated examples of train that were left out.
    """

    labels: pd.Series
    probabilities: pd.DataFrame
    decided: pd.Series
    confusion: pd.DataFrame
    generated: int = 0


def predicted(project: Project, turn: Turn, part: str, *, generated: bool = False) -> Predicted:
    """Bring labels and predictions of a turn together.

    Parameters
    ----------
    project : Project
    turn : Turn
    part : str
        ``"test"`` or ``"train"``.
    generated : bool
        With the generated examples of train. They would shift the balance of the classes, and their labels were given
        by the app; scores are read without them, as the locked threshold is chosen without them.
    """
    left_out = 0
    if part == "test":
        probabilities = turn.test_probabilities
        labels = present(aligned(project.dataset.labels, probabilities.index))
    else:
        probabilities = turn.out_of_fold
        labels = turn.suspects["given"]
        made = project.dataset_at(turn.revision).generated
        if len(made) and not generated:
            real = ~is_among(labels.index, made)
            left_out = int((~real).sum())
            labels = labels[real]
    probabilities = _rows_of(probabilities, labels.index)
    decided = project.model.decide(probabilities, turn.threshold)
    return Predicted(labels, probabilities, decided, confusion_of(labels, decided), left_out)


def hardest(project: Project, turn: Turn) -> pd.DataFrame:
    """The train examples of a turn by their log loss out of fold, the highest first.

    Returns
    -------
    DataFrame
        By id: ``given``, ``predicted``, ``chance`` (probability of the predicted class), ``loss`` (log loss in nats),
        ``of_given`` (probability of the given class), ``suspect`` (whether the label is flagged).
    """
    found = predicted(project, turn, "train")
    loss = log_losses(found.labels, found.probabilities)
    table = pd.DataFrame(
        {
            "given": found.labels,
            "predicted": found.decided,
            "chance": chances(found.probabilities, found.decided),
            "loss": loss,
            "of_given": np.exp(-loss),
            "suspect": _rows_of(turn.suspects["flagged"], found.labels.index).astype(bool),
        }
    )
    return table.sort_values("loss", ascending=False, kind="stable")


def chances(probabilities: pd.DataFrame, decided: pd.Series) -> npt.NDArray[np.float64]:
    """Probability of the class that was decided on."""
    values: npt.NDArray[np.float64] = probabilities.to_numpy(dtype=float)
    codes, names = pd.factorize(decided)
    return values[np.arange(len(decided)), probabilities.columns.get_indexer(pd.Index(names))[codes]]


def _rows_of(known: _Known, ids: pd.Index) -> _Known:
    """The rows with some ids; none is looked up where they are all of them, in this order."""
    return known if known.index.equals(ids) else looked_up(known, ids)
