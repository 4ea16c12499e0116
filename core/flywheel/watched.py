"""Watched slices: those that an analyst has pinned, who is in them, and how the model does on them.

A slice is sought on the out-of-fold errors of train. Once it is pinned its predicates are fixed. Columns that are
learned from train (the topic of a text) stay what they were then, or each turn would be judged on other examples.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.collect import describe
from core.evaluate import (
    Predicate,
    Region,
    holds,
    losses,
    measure,
    sentence,
)
from core.flywheel.errors import ProjectError
from core.flywheel.store import now
from core.ids import aligned, looked_up, positions, present

if TYPE_CHECKING:
    from core.dataset import Dataset
    from core.flywheel.project import Project
    from core.flywheel.turn import Turn

__all__ = ["WatchedSlice", "inside", "is_watched", "region_of", "unwatch", "watch", "watch_history", "watched_slices"]

Booleans = npt.NDArray[np.bool_]

_WATCHED, _REMOVED = "watched", "removed"
_COLUMNS = ("number", "at", "by", "predicates", "kind", "turn", "blob")


@dataclass(frozen=True)
class WatchedSlice:
    """A slice that was pinned, or taken off. ``str`` of it is a sentence.

    Attributes
    ----------
    number : int
    at, by : str
        When and by whom.
    predicates : tuple of Predicate
        By column: the same slice is the same whoever pins it.
    kind : str
        ``"watched"`` or ``"removed"``.
    turn : int
        The turn on whose errors it was found.
    blob : str or None
        Name of the frame with the columns that are learned from train, by id, as they were; None if it needs none.
    """

    number: int
    at: str
    by: str
    predicates: tuple[Predicate, ...]
    kind: str
    turn: int
    blob: str | None = None

    def __str__(self) -> str:
        return sentence(self.predicates)


# --- pinning --------------------------------------------------------------------------------------------------------


def watch(
    project: Project,
    predicates: Sequence[Predicate],
    *,
    turn: int,
    by: str = "",
    described: pd.DataFrame | None = None,
) -> WatchedSlice:
    """Pin a slice: from now on every turn is judged on it.

    Parameters
    ----------
    project : Project
    predicates : sequence of Predicate
    turn : int
        The turn on whose errors it was found.
    by : str
    described : DataFrame, optional
        The data of that turn as `describe` with ``topics`` gives it, if the caller has it: it takes time to make.

    Returns
    -------
    WatchedSlice
        The one that is watched already, if it is.

    Raises
    ------
    ProjectError
        If it has no predicate.
    """
    if not predicates:
        raise ProjectError("A slice that is pinned must have a condition. This one is all examples. Choose a part.")
    ordered = _ordered(predicates)
    known = is_watched(project, ordered)
    if known is not None:
        return known
    blob = _keep_learned(project, ordered, turn, described)
    with project.store.writing():
        return is_watched(project, ordered) or _write(project, ordered, _WATCHED, turn, by, blob)


def unwatch(project: Project, predicates: Sequence[Predicate], *, by: str = "") -> WatchedSlice:
    """Take a slice off; the history keeps it.

    Raises
    ------
    ProjectError
        If it is not watched.
    """
    with project.store.writing():
        known = is_watched(project, predicates)
        if known is None:
            raise ProjectError(f"The slice '{sentence(predicates)}' is not pinned any more. Nothing was changed.")
        return _write(project, known.predicates, _REMOVED, known.turn, by, known.blob)


def watch_history(project: Project) -> list[WatchedSlice]:
    """Everything that was pinned or taken off, the oldest first."""
    rows = project.store.execute(f"SELECT {', '.join(_COLUMNS)} FROM watched ORDER BY number")
    named = (dict(zip(_COLUMNS, row, strict=True)) for row in rows)
    return [WatchedSlice(**row | {"predicates": _read(row["predicates"])}) for row in named]


def watched_slices(project: Project) -> list[WatchedSlice]:
    """The slices that are watched, in the order of their pinning."""
    force: dict[tuple[Predicate, ...], WatchedSlice] = {}
    for each in watch_history(project):
        force.pop(each.predicates, None)
        if each.kind == _WATCHED:
            force[each.predicates] = each
    return list(force.values())


def is_watched(project: Project, predicates: Sequence[Predicate]) -> WatchedSlice | None:
    """The watched slice with these predicates, in whatever order; None if it is not watched."""
    ordered = _ordered(predicates)
    return next((each for each in watched_slices(project) if each.predicates == ordered), None)


def _keep_learned(
    project: Project, predicates: tuple[Predicate, ...], turn: int, described: pd.DataFrame | None
) -> str | None:
    """Write the columns of a slice that are learned from train, as the turn had them; the name of the frame."""
    turns = project.turns
    dataset = project.dataset_at(turns[turn].revision) if turn < len(turns) else project.dataset
    needed = dict.fromkeys(each.column for each in predicates if each.column not in dataset.schema.features)
    learned = [name for name in needed if name not in describe(dataset)] if needed else []
    if not learned:
        return None
    described = describe(dataset, topics=True) if described is None else described
    return project.store.write_frame(described[[name for name in learned if name in described]])


def _write(
    project: Project, predicates: tuple[Predicate, ...], kind: str, turn: int, by: str, blob: str | None
) -> WatchedSlice:
    written = json.dumps([each.to_dict() for each in predicates], ensure_ascii=False)
    at = now()
    row = {"at": at, "by": by, "predicates": written, "kind": kind, "turn": turn, "blob": blob}
    return WatchedSlice(project.store.insert("watched", row), at, by, predicates, kind, turn, blob)


def _read(written: str) -> tuple[Predicate, ...]:
    return tuple(Predicate.from_dict(each) for each in json.loads(written))


def _ordered(predicates: Sequence[Predicate]) -> tuple[Predicate, ...]:
    written = json.dumps([each.to_dict() for each in sorted(predicates, key=lambda each: (each.column, each.words))])
    return _read(written)


# --- who is in it ---------------------------------------------------------------------------------------------------


def inside(project: Project, slices: Sequence[WatchedSlice], dataset: Dataset) -> list[Booleans]:
    """Who is in each of several slices, over all rows of a data set; nobody where a column is not there any more.

    An example that came after a slice was pinned is in it if its columns say so. Where the slice speaks of a column
    that was learned from train, only examples that were there then can be in it.

    Parameters
    ----------
    project : Project
    slices : sequence of WatchedSlice
    dataset : Dataset
        One version of the project's data.

    Returns
    -------
    list of arrays of bool of shape (n,)
    """
    named = {predicate.column for each in slices for predicate in each.predicates}
    # Columns that have to be derived (of a text) cost time, those of the data don't.
    derived = bool(named - set(dataset.schema.features))
    columns = describe(dataset) if derived else dataset.frame[[*dataset.schema.features]]
    return [_met(project, each, columns) for each in slices]


def _met(project: Project, each: WatchedSlice, columns: pd.DataFrame) -> Booleans:
    if each.blob is None:
        return holds(each.predicates, columns)
    kept = project.store.read_frame(each.blob)
    there = kept.index.get_indexer(columns.index) >= 0
    return holds(each.predicates, pd.concat([columns, kept.reindex(columns.index)], axis=1)) & there


def region_of(project: Project, each: WatchedSlice, turn: Turn, part: str) -> Region:
    """Measure a watched slice on the predictions of one turn, on ``train`` (out of fold) or on ``test``."""
    if part == "test":
        dataset, probabilities = project.dataset, turn.test_probabilities
    else:
        dataset, probabilities = project.dataset_at(turn.revision), turn.out_of_fold
    labels = present(aligned(dataset.labels, probabilities.index))
    loss = losses(labels, project.model.decide(looked_up(probabilities, labels.index), turn.threshold))
    (met,) = inside(project, [each], dataset)
    return measure(each.predicates, met[positions(labels.index, dataset.frame.index)], loss)
