"""The worst slices of a turn, sought over its out-of-fold errors: the test set takes no part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from core.collect import describe
from core.evaluate import Slice, find_slices, fold, losses, slice_frame
from core.flywheel.predicted import chances, predicted
from core.ids import looked_up
from core.progress import Cancel, Progress

if TYPE_CHECKING:
    from core.flywheel.project import Project
    from core.flywheel.turn import Turn

__all__ = ["ErrorSlices", "error_slices_of"]

# Before near-copies are folded.
_SOUGHT = 60


@dataclass(frozen=True, eq=False)
class ErrorSlices:
    """What was found.

    Attributes
    ----------
    slices : tuple of (Slice, int)
        Worst first, each with the number of near-copies folded into it.
    predictions : DataFrame
        Train ids of the turn: ``given``, ``predicted``, ``chance``, ``loss`` (1 where the two differ).
    described : DataFrame
        All examples of the turn with the columns that are derived from them.
    categories : DataFrame
        What slices are made of: a categorical a column, by train id.
    left_out : dict
        Column to the reason why no slice speaks of it.
    """

    slices: tuple[tuple[Slice, int], ...]
    predictions: pd.DataFrame
    described: pd.DataFrame
    categories: pd.DataFrame
    left_out: dict[str, str]

    @property
    def error(self) -> float:
        """Share of wrong predictions in all of train."""
        return float(self.predictions["loss"].mean())


def error_slices_of(
    project: Project, turn: Turn, progress: Progress | None = None, cancel: Cancel | None = None
) -> ErrorSlices:
    """Find the worst slices of a turn.

    The data is taken as it was when the turn ran, so that decisions made since don't change what the turn said.

    Raises
    ------
    Cancelled
        If the caller asked to stop.
    """
    found = predicted(project, turn, "train", generated=True)
    predictions = pd.DataFrame(
        {
            "given": found.labels,
            "predicted": found.decided,
            "chance": chances(found.probabilities, found.decided),
            "loss": losses(found.labels, found.decided),
        }
    ).sort_values("chance", ascending=False, kind="stable")
    loss = predictions["loss"]
    described = describe(project.dataset_at(turn.revision), topics=True)
    categories, left_out = slice_frame(looked_up(described, predictions.index), loss)
    slices = fold(find_slices(categories, loss, top=_SOUGHT, progress=progress, cancel=cancel))
    return ErrorSlices(tuple(slices), predictions, described, categories, left_out)
