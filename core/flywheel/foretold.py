"""Forecasts held against what came: a turn with one such action, and little else, shows what it brought."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import pandas as pd

from core.collect import describe
from core.evaluate import Predicate, holds
from core.flywheel import log
from core.flywheel.action import Action, Forecast
from core.flywheel.forecasts import Kept, kept_forecasts
from core.ids import is_among

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
    """What two turns differ by in train: labels that were looked at, rows, cells, columns."""

    looked_at: pd.Index
    excluded: pd.Index
    corrected: pd.Index
    collected: pd.DataFrame
    parents: pd.Index
    dropped: frozenset[str]

    @property
    def kinds(self) -> set[str]:
        """What was done, in kinds. Who excludes an example in review has looked at it."""
        sizes = {
            "labels": len(self.looked_at),
            "exclusions": len(self.excluded.difference(self.looked_at)),
            "cells": len(self.corrected),
            "rows": len(self.collected),
            "generated": len(self.parents),
            "columns": len(self.dropped),
        }
        return {kind for kind, size in sizes.items() if size}


def _moved(project: Project, before: Turn, after: Turn) -> _Moved:
    old, new = project.dataset_at(before.revision), project.dataset_at(after.revision)
    entries = project.log
    known = {entry.seq for entry in log.active(entries, until=before.revision)}
    done = [entry for entry in log.active(entries, until=after.revision) if entry.seq not in known]
    named: list[str] = []
    corrected: list[str] = []
    for entry in done:
        if entry.kind == "decide" and not entry.content.get("blind", False):
            named += entry.content["decisions"]
        elif entry.kind == "relabel":
            named += entry.content["labels"]
        elif entry.kind == "correct":
            corrected += [example for example, *_ in entry.content["cells"]]
    added = new.frame.index.difference(old.frame.index)
    made = new.generated.intersection(added)
    return _Moved(
        pd.Index(named, dtype="str").unique().intersection(old.ids("train")),
        old.ids("train").difference(new.ids("train")),
        pd.Index(corrected, dtype="str").unique(),
        new.frame.loc[added.difference(made)],
        pd.Index(new.parents.loc[made, "parent"], dtype="str"),
        frozenset(map(str, old.schema.features)) - frozenset(map(str, new.schema.features)),
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
    kinds = moved.kinds
    touched = moved.looked_at.union(moved.excluded).union(moved.corrected)
    if action.kind in {"review", "settle"}:
        return "labels" in kinds <= {"labels", "exclusions"} and _same(ids, touched)
    if action.kind == "mend":
        return kinds in ({"labels"}, {"exclusions"}, {"cells"}) and _same(ids, touched)
    if action.kind == "collect":
        return kinds == {"rows"} and _about(action, moved.collected) and _aims_at(action, moved.collected, dataset)
    if action.kind == "generate":
        near = is_among(moved.parents, ids)
        return kinds == {"generated"} and _about(action, moved.parents) and bool(near.mean() >= _MOST)
    return kinds == {"columns"} and moved.dropped == {action.setup["column"]}


def _about(action: Action, done: pd.Index | pd.DataFrame) -> bool:
    return action.count / _FACTOR <= len(done) <= action.count * _FACTOR


def _same(planned: pd.Index, done: pd.Index) -> bool:
    both = len(planned.intersection(done))
    return both >= _MOST * max(1, len(planned)) and both >= _MOST * len(done)


def _aims_at(action: Action, rows: pd.DataFrame, dataset: Dataset) -> bool:
    """Whether the rows are mostly of the class or slice that was asked for."""
    if "label" in action.setup:
        return bool((rows[dataset.schema.label] == action.setup["label"]).mean() >= _MOST)
    if "predicates" in action.setup:
        asked = [Predicate.from_dict(each) for each in action.setup["predicates"]]
        # Of a text the slice speaks of columns that are derived from it.
        return bool(holds(asked, describe(dataset).loc[rows.index]).mean() >= _MOST)
    return True
