"""Queues that are random samples: what was reviewed in them speaks for all that they were drawn from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from core.flywheel import log
from core.flywheel.review import Queue, start_queue

if TYPE_CHECKING:
    from core.flywheel.project import Project

__all__ = ["begin_sample", "in_samples"]


def begin_sample(
    project: Project, cards: pd.DataFrame, *, kind: str, of: str, source: str, turn: int, by: str
) -> Queue:
    """Start a queue of cards in random order, and note that it is a sample.

    Parameters
    ----------
    project : Project
    cards : DataFrame
        As `start_queue` takes them, in random order: who stops early has reviewed a random part of them.
    kind : str
        The name under which samples of this kind are noted in the project.
    of : str
        The state of what it is a sample of: answers are no random sample of what another one has.
    source, turn, by
        As `start_queue` takes them.
    """
    with project.store.writing():
        queue = start_queue(project, cards, source=source, turn=turn, by=by)
        project.store.put(kind, [*project.store.get(kind, []), [queue.number, of]])
    return queue


def in_samples(project: Project, said: pd.DataFrame, *, kind: str, of: str, since: int = 0) -> pd.Series:
    """Whether each judged example was reviewed as a part of such a sample.

    Parameters
    ----------
    project : Project
    said : DataFrame
        As `judgements` returns it.
    kind : str
    of : str
    since : int
        Only what was decided after this entry of the log counts.

    Returns
    -------
    Series of bool
        In the order of `said`.
    """
    drawn = {number for number, what in project.store.get(kind, []) if what == of}
    shown = {
        example
        for entry in log.active(project.log)
        if drawn and entry.seq > since and entry.kind == "decide" and (entry.content.get("queue") or [0])[0] in drawn
        for example in entry.content["decisions"]
    }
    # Somebody may decide again elsewhere on what they were shown as a part of the sample.
    return pd.Series(said["queue"].isin(list(drawn)) | said.index.isin(list(shown)), index=said.index, dtype=bool)
