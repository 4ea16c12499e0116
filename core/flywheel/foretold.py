"""Forecasts held against what came: a turn with one such action, and little else, shows what it brought."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import pandas as pd

from core.evaluate import Predicate, holds
from core.flywheel import log
from core.flywheel.action import Action, Forecast
from core.flywheel.forecasts import Kept, kept_forecasts

if TYPE_CHECKING:
    from core.dataset import Dataset
    from core.flywheel.project import Project
    from core.flywheel.turn import Turn

__all__ = ["Foretold", "foretold"]

# So much of the action must have been done, and so much of what was done must belong to it.
_MOST = 0.8
# Rows that were collected or generated may be fewer or more than those that were forecast, within this factor.
_FACTOR = 1.5


@dataclass(frozen=True)
class Foretold:
    """One forecast and what came.

    Attributes
    ----------
    turn : int
        The turn that measured it.
    action : Action
    forecast : Forecast
    measured, low, high : float
        The change of the headline metric against the turn before, with the 95% interval of the test sample.
    """

    turn: int
    action: Action
    forecast: Forecast
    measured: float
    low: float
    high: float

    @property
    def inside(self) -> bool:
        """Whether the interval of the forecast held what was measured."""
        return self.forecast.low <= self.measured <= self.forecast.high


def foretold(project: Project) -> list[Foretold]:
    """The forecasts that a turn has put to the test, the earliest first.

    Parameters
    ----------
    project : Project

    Returns
    -------
    list of Foretold
        Turns that took in several actions, or half of one, say nothing of a forecast and are left out.
    """
    found = []
    for before, after in pairwise(project.turns):
        kept = kept_forecasts(project, before)
        if kept is None or after.verdict is None:
            continue
        action = _done(project, kept, before, after)
        if action is not None and action.forecast is not None:
            verdict = after.verdict
            found.append(Foretold(after.number, action, action.forecast, verdict.delta, verdict.low, verdict.high))
    return found


@dataclass(frozen=True, eq=False)
class _Moved:
    """What two turns differ by in train: labels that were looked at, rows, columns."""

    looked_at: pd.Index
    excluded: pd.Index
    collected: pd.DataFrame
    parents: pd.Index
    dropped: frozenset[str]
    cells: bool


def _moved(project: Project, before: Turn, after: Turn) -> _Moved:
    old, new = project.dataset_at(before.revision), project.dataset_at(after.revision)
    entries = project.log
    known = {entry.seq for entry in log.active(entries, until=before.revision)}
    done = [entry for entry in log.active(entries, until=after.revision) if entry.seq not in known]
    named: list[str] = []
    for entry in done:
        if entry.kind == "decide" and not entry.content.get("blind", False):
            named += entry.content["decisions"]
        elif entry.kind == "relabel":
            named += entry.content["labels"]
    added = new.frame.index.difference(old.frame.index)
    made = new.generated.intersection(added)
    return _Moved(
        pd.Index(named, dtype="str").unique().intersection(old.ids("train")),
        old.ids("train").difference(new.ids("train")),
        new.frame.loc[added.difference(made)],
        pd.Index(new.parents.loc[made, "parent"], dtype="str"),
        frozenset(map(str, old.schema.features)) - frozenset(map(str, new.schema.features)),
        any(entry.kind == "correct" for entry in done),
    )


def _done(project: Project, kept: Kept, before: Turn, after: Turn) -> Action | None:
    """The action that the second turn contains; of several the most special one."""
    moved = _moved(project, before, after)
    dataset = project.dataset_at(after.revision)
    fits = [
        (not action.setup, len(kept.ids_of(place)), action)
        for place, action in enumerate(kept.actions)
        if _is(action, kept.ids_of(place), moved, dataset)
    ]
    return min(fits, key=lambda each: each[:2])[2] if fits else None


def _is(action: Action, ids: pd.Index, moved: _Moved, dataset: Dataset) -> bool:
    labels, rows = len(moved.looked_at) > 0, len(moved.collected) > 0
    made, columns = len(moved.parents) > 0, len(moved.dropped) > 0
    kinds = [labels, rows, made, columns, moved.cells]
    if action.kind in {"review", "settle"}:
        return kinds == [True, False, False, False, False] and _same(ids, moved.looked_at)
    if action.kind == "collect":
        near = action.count / _FACTOR <= len(moved.collected) <= action.count * _FACTOR
        return kinds == [False, True, False, False, False] and near and _aims_at(action, moved.collected, dataset)
    if action.kind == "generate":
        near = action.count / _FACTOR <= len(moved.parents) <= action.count * _FACTOR
        among = (ids.get_indexer(moved.parents) >= 0).mean() >= _MOST if made else False
        return kinds == [False, False, True, False, False] and near and bool(among)
    if action.kind == "drop":
        return kinds == [False, False, False, True, False] and moved.dropped == {action.setup["column"]}
    return kinds == [False, False, False, False, False] and _same(ids, moved.excluded)


def _same(planned: pd.Index, done: pd.Index) -> bool:
    both = len(planned.intersection(done))
    return both >= _MOST * max(1, len(planned)) and both >= _MOST * len(done)


def _aims_at(action: Action, rows: pd.DataFrame, dataset: Dataset) -> bool:
    """Whether the rows are mostly of the class or slice that was asked for."""
    if "label" in action.setup:
        return bool((rows[dataset.schema.label] == action.setup["label"]).mean() >= _MOST)
    if "predicates" in action.setup:
        asked = [Predicate.from_dict(each) for each in action.setup["predicates"]]
        return bool(holds(asked, rows).mean() >= _MOST)
    return True
