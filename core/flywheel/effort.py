"""What people put into a turn: how many examples they decided on and how long that took, from the log."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import accumulate
from statistics import median
from typing import TYPE_CHECKING

import pandas as pd

from core.flywheel.family import looks
from core.flywheel.log import Entry
from core.flywheel.pace import AWAY
from core.flywheel.review import SIMULATED

if TYPE_CHECKING:
    from core.flywheel.project import Project

__all__ = ["Effort", "efforts", "with_effort"]


@dataclass(frozen=True)
class Effort:
    """What went into a stretch of the log.

    Attributes
    ----------
    decisions : int
        Examples that people decided on one by one; what was taken back took its time, too.
    minutes : float
        How long people worked on the data: times between two entries of one person in a row, idle ones left out. After
        a pause the first entry counts as long as that person's entries usually take.
    bulk : int
        Examples that were decided on together, without a look at each.
    simulated : int
        Examples that the simulated reviewer decided on. It takes no minutes.
    """

    decisions: int = 0
    minutes: float = 0.0
    bulk: int = 0
    simulated: int = 0


def efforts(entries: Sequence[Entry], revisions: Sequence[int]) -> list[Effort]:
    """What people put in up to each of some revisions, since the one before it.

    Parameters
    ----------
    entries : sequence of Entry
        The whole log.
    revisions : sequence of int
        Ascending: those of the turns.

    Returns
    -------
    list of Effort
    """
    seconds = _seconds(entries)
    found, first = [], 0
    for revision in revisions:
        last = first
        while last < len(entries) and entries[last].seq <= revision:
            last += 1
        found.append(_effort(entries[first:last], seconds[first:last]))
        first = last
    return found


def with_effort(project: Project, table: pd.DataFrame) -> pd.DataFrame:
    """The ledger's table with the effort behind each turn, column by column as in `Effort`, and ``look``.

    The latter says the how-manieth look at the test set the turn was, branches of the project included.
    """
    if table.empty:
        return table
    turns = project.turns
    found = efforts(project.log, [turn.revision for turn in turns])
    times = looks(project)
    # Times are kept to the second: turns of one second come one after the other.
    numbers = accumulate((bisect_left(times, turn.at) + 1 for turn in turns), lambda last, own: max(last + 1, own))
    efforts_ = {field.name: [getattr(each, field.name) for each in found] for field in fields(Effort)}
    return table.assign(**efforts_, look=list(numbers))


def _effort(entries: Sequence[Entry], seconds: Sequence[float]) -> Effort:
    decisions = bulk = simulated = 0
    for entry in entries:
        if entry.kind != "decide":
            continue
        size = len(entry.content["decisions"])
        if entry.by == SIMULATED:
            simulated += size
        elif entry.content.get("bulk", False):
            bulk += size
        else:
            decisions += size
    return Effort(decisions, sum(seconds) / 60, bulk, simulated)


def _seconds(entries: Sequence[Entry]) -> list[float]:
    """How long each entry took the person who made it."""
    last: dict[str, datetime] = {}
    gaps: dict[str, list[float]] = {}
    taken: list[float | None] = []
    for entry in entries:
        at = datetime.fromisoformat(entry.at)
        gap = (at - last[entry.by]).total_seconds() if entry.by in last else AWAY
        last[entry.by] = at
        here = entry.by != SIMULATED and gap < AWAY
        taken.append(gap if here else None)
        if here:
            gaps.setdefault(entry.by, []).append(gap)
    usual = {by: median(own) for by, own in gaps.items()}
    return [
        (0.0 if entry.by == SIMULATED else usual.get(entry.by, 0.0)) if gap is None else gap
        for entry, gap in zip(entries, taken, strict=True)
    ]
