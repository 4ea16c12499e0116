"""What each turn did to the watched slices, on the test examples in them.

A slice was found on train and its predicates are fixed: the search has not seen what the judgement rests on.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from core.evaluate import FEWEST, FEWEST_OF_A_CLASS, GAIN, HARM, NO_EVIDENCE, Verdict, compare, part_p_value, together
from core.flywheel.watched import WatchedSlice, inside, region_of, watched_slices
from core.ids import looked_up, positions
from core.statistics import holm, wilson_interval

if TYPE_CHECKING:
    from core.flywheel.project import Project
    from core.flywheel.turn import Turn

__all__ = [
    "FEWEST",
    "TOO_FEW",
    "SliceVerdict",
    "harmed",
    "judge_between",
    "judge_watched",
    "watched_json",
    "watched_trend",
    "with_watched",
]

TOO_FEW = "too few to tell"
_LEVEL = 0.05

# What was judged and measured last of each open project: a page that is drawn again computes nothing.
_Looked = tuple[tuple["SliceVerdict", ...], pd.DataFrame]
_kept: WeakKeyDictionary[Project, tuple[tuple[Any, ...], _Looked]] = WeakKeyDictionary()
_lock = threading.Lock()


@dataclass(frozen=True)
class SliceVerdict:
    """What one turn did to one watched slice, on the test examples in it.

    Attributes
    ----------
    watched : WatchedSlice
    turn : int
    size : int
        Test examples in the slice.
    verdict : Verdict or None
        The paired change against the turn before, with an interval that is corrected for all slices that are watched;
        None if there are too few to tell.
    p_adjusted : float
        Holm's, over all slices that are watched.
    word : str
        ``gain``, ``no evidence``, ``harm`` or ``too few to tell``, by the adjusted p-value.
    """

    watched: WatchedSlice
    turn: int
    size: int
    verdict: Verdict | None
    p_adjusted: float
    word: str


def judge_watched(project: Project) -> tuple[SliceVerdict, ...]:
    """What each turn did to each watched slice against the turn before, on the test set as it is now.

    Returns
    -------
    tuple of SliceVerdict
        Turn by turn from turn 1 on, in the order of pinning.
    """
    return _looked(project)[0]


def judge_between(project: Project, before: Turn, after: Turn, labels: pd.Series) -> tuple[SliceVerdict, ...]:
    """What one turn is against another on each watched slice, in the order of pinning.

    Parameters
    ----------
    project : Project
    before, after : Turn
        Of the project, or of one that shares its test set.
    labels : Series
        The test examples to judge on, by id.
    """
    slices = watched_slices(project)
    return tuple(_judge(project, slices, _members(project, slices, labels), before, after)) if slices else ()


def watched_trend(project: Project) -> pd.DataFrame:
    """How each watched slice fared: turn by turn on the test set as it is now, and on train in the last, out of fold.

    Returns
    -------
    DataFrame
        A row for each slice, part and turn: ``number`` (of the pin), ``turn``, ``part`` (``test`` or ``train``),
        ``size``, ``error``, ``low``, ``high`` (Wilson's 95% interval).
    """
    return _looked(project)[1]


def _looked(project: Project) -> _Looked:
    """What was judged and measured; once for a state of data, turns and pins."""
    slices, turns, dataset = watched_slices(project), project.turns, project.dataset
    key = (
        dataset.version,
        tuple(each.number for each in slices),
        tuple((turn.number, turn.at, turn.fingerprint) for turn in turns),
    )
    with _lock:
        known = _kept.get(project)
    if known is not None and known[0] == key:
        return known[1]
    members = _members(project, slices, dataset.labels_of("test")) if slices else []
    verdicts = tuple(
        verdict for before, after in pairwise(turns) for verdict in _judge(project, slices, members, before, after)
    )
    rows = [
        {"number": each.number, "turn": turn.number, "part": "test"}
        | _share_wrong(looked_up(decided, own.index) != own)
        for turn in turns
        for decided in [project.model.decide(turn.test_probabilities, turn.threshold)]
        for each, own in zip(slices, members, strict=True)
    ]
    for each in slices if turns else []:
        region = region_of(project, each, turns[-1], "train")
        shown = {name: getattr(region, name) for name in ("size", "error", "low", "high")}
        rows.append({"number": each.number, "turn": turns[-1].number, "part": "train"} | shown)
    trend = pd.DataFrame(rows, columns=["number", "turn", "part", "size", "error", "low", "high"])
    with _lock:
        _kept[project] = (key, (verdicts, trend))
    return verdicts, trend


def _members(project: Project, slices: Sequence[WatchedSlice], labels: pd.Series) -> list[pd.Series]:
    """The labels of those test examples that are in each slice, as the data is now."""
    dataset = project.dataset
    place = positions(labels.index, dataset.frame.index)
    # By id: resamples must not depend on the order in which the rows came.
    return [labels[met[place]].sort_index() for met in inside(project, slices, dataset)]


def _share_wrong(wrong: pd.Series) -> dict[str, Any]:
    size, count = len(wrong), int(wrong.sum())
    low, high = wilson_interval(count, size)
    return {"size": size, "error": count / size if size else np.nan, "low": float(low), "high": float(high)}


def harmed(project: Project, turn: Turn | None = None) -> list[SliceVerdict]:
    """The watched slices that a turn (None: any) has harmed, whatever the headline says."""
    return [each for each in judge_watched(project) if each.word == HARM and (turn is None or each.turn == turn.number)]


def with_watched(project: Project, table: pd.DataFrame) -> pd.DataFrame:
    """The ledger's table with a column ``watched``: which pinned slices a turn harmed, in words."""
    if table.empty:
        return table
    said: dict[int, list[str]] = {}
    for each in harmed(project):
        said.setdefault(each.turn, []).append(f"harms '{each.watched}'")
    return table.assign(watched=["; ".join(said.get(number, [])) for number in table["turn"]])


def watched_json(project: Project) -> list[dict[str, Any]]:
    """Each pinned slice as JSON can hold it: conditions, who pinned it when, and what each turn did to it."""
    judged = judge_watched(project)
    return [
        {
            "slice": str(each),
            "conditions": [predicate.to_dict() for predicate in each.predicates],
            "at": each.at,
            "by": each.by,
            "found_on_turn": each.turn,
            "turns": [
                {
                    "turn": one.turn,
                    "test_examples": one.size,
                    "said": one.word,
                    "p_adjusted": one.p_adjusted if one.verdict is not None else None,
                    "verdict": None if one.verdict is None else json.loads(one.verdict.to_json()),
                }
                for one in judged
                if one.watched.number == each.number
            ],
        }
        for each in watched_slices(project)
    ]


def _judge(
    project: Project, slices: Sequence[WatchedSlice], members: Sequence[pd.Series], before: Turn, after: Turn
) -> list[SliceVerdict]:
    """Judge one turn on all slices together: Holm's correction takes in those that are large enough to be judged."""
    classes = project.dataset.labels_of("test").nunique()
    judged = {
        place: _compare(project, labels, classes, before, after)
        for place, labels in enumerate(members)
        if len(labels) >= FEWEST
    }
    verdicts = dict(zip(judged, together([verdict for verdict, _ in judged.values()]), strict=True))
    adjusted = dict(zip(judged, holm([p_value for _, p_value in judged.values()]).tolist(), strict=True))
    found = []
    for place, (each, labels) in enumerate(zip(slices, members, strict=True)):
        draft = SliceVerdict(each, after.number, len(labels), None, 1.0, TOO_FEW)
        if place in judged:
            own, p_adjusted = verdicts[place], adjusted[place]
            draft = replace(draft, verdict=own, p_adjusted=p_adjusted, word=_word(own, p_adjusted))
        found.append(draft)
    return found


def _word(verdict: Verdict, p_adjusted: float) -> str:
    if p_adjusted >= _LEVEL:
        return NO_EVIDENCE
    return GAIN if verdict.delta > 0 else HARM


def _compare(project: Project, labels: pd.Series, classes: int, before: Turn, after: Turn) -> tuple[Verdict, float]:
    sizes = labels.value_counts()
    enough = len(sizes) == classes and int(sizes.min()) >= FEWEST_OF_A_CLASS
    old, new = (looked_up(turn.test_probabilities, labels.index) for turn in (before, after))
    said = [project.model.decide(own, turn.threshold) for own, turn in ((old, before), (new, after))]
    verdict = compare(
        labels,
        old,
        new,
        metric=project.headline if enough else "accuracy",
        predicted_before=said[0],
        predicted_after=said[1],
    )
    right = [(own == labels).to_numpy(dtype=bool) for own in said]
    return verdict, part_p_value(verdict, int((right[1] & ~right[0]).sum()), int((right[0] & ~right[1]).sum()))
