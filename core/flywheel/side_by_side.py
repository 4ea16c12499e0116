"""Any two turns side by side, of one project or of two branches: the rows in which they differ, and what that did.

Both are judged on the test examples that they share, with the labels as they are now. Where two branches have corrected
a test label blind in two ways, the example is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core.evaluate import (
    METRICS,
    Verdict,
    compare,
    compare_classes,
    together,
)
from core.flywheel.errors import ProjectError
from core.flywheel.predicted import chances
from core.flywheel.refits import kept_refits, luck_of
from core.flywheel.rows_apart import RowsApart, rows_apart
from core.flywheel.sealed import is_sealed
from core.flywheel.slice_verdicts import SliceVerdict, judge_between
from core.ids import is_among, looked_up
from core.progress import Cancel, Progress, Steps

if TYPE_CHECKING:
    from core.evaluate import TrainingLuck
    from core.flywheel.project import Project
    from core.flywheel.turn import Turn

__all__ = ["FLIPS", "Side", "SideBySide", "common_test", "side_by_side"]

# What became of a prediction, in words.
FLIPS = {"fixed": "wrong before, right now", "broken": "right before, wrong now", "moved": "wrong in another way"}


@dataclass(frozen=True, eq=False)
class Side:
    """One turn of one project."""

    project: Project
    turn: Turn


@dataclass(frozen=True, eq=False)
class SideBySide:
    """What lies between two turns.

    Attributes
    ----------
    rows : RowsApart
        The examples in which their data differs; sealed ones are passed over while they are sealed.
    labels : Series
        The test examples that both are judged on.
    left_out : int
        Test examples that they do not share, or whose label was corrected in two ways.
    verdict : Verdict
        The second against the first, by the headline metric, by itself.
    flips : DataFrame
        The test examples that are predicted otherwise, by id, the surest of the second turn first: ``flip`` (see
        `FLIPS`), ``given``, ``before``, ``after`` (predicted classes), ``chance_before``, ``chance_after`` (of those).
    classes : DataFrame
        Indexed by class: ``support``, ``fixed``, ``broken``, ``before``, ``after`` (F1), ``delta``, ``low``, ``high``
        (paired, corrected for all classes: Holm), ``word``.
    slices : tuple of SliceVerdict
        The pinned slices of the first side's project, corrected for all of them.
    """

    rows: RowsApart
    labels: pd.Series
    left_out: int
    verdict: Verdict
    flips: pd.DataFrame
    classes: pd.DataFrame
    slices: tuple[SliceVerdict, ...]


def side_by_side(
    first: Side, second: Side, *, progress: Progress | None = None, cancel: Cancel | None = None
) -> SideBySide:
    """Put two turns side by side: what the second is against the first.

    Parameters
    ----------
    first, second : Side
        Of one project, or of two of a family: under one lock, on one test set.
    progress, cancel
        See `core.progress`.

    Raises
    ------
    ProjectError
        If they are under two locks or judged by two metrics, or share no test example.
    Cancelled
        If the caller asked to stop.
    """
    steps = Steps(4, progress, cancel)
    one, other = first.project, second.project
    if one is not other:
        _refuse_apart(one, other, first.turn, second.turn)
    labels, left_out = common_test(one, other)
    said = [looked_up(side.turn.test_probabilities, labels.index) for side in (first, second)]
    decided = [one.model.decide(own, side.turn.threshold) for own, side in zip(said, (first, second), strict=True)]
    steps.start("comparing predictions")
    verdict = compare(
        labels,
        *said,
        metric=one.headline,
        predicted_before=decided[0],
        predicted_after=decided[1],
        luck=_luck(first, second, labels),
    )
    flips = _flips(labels, decided, said)
    steps.start("comparing each class")
    classes = _classes(labels, said, decided, flips)
    steps.start("comparing pinned slices")
    slices = judge_between(one, first.turn, second.turn, labels)
    steps.start("comparing the examples")
    before, after = (side.project.dataset_at(side.turn.revision) for side in (first, second))
    out_of_sight = [side.project.dataset_at(0).ids("sealed") for side in (first, second) if is_sealed(side.project)]
    rows = rows_apart(before, after, hidden=out_of_sight[0] if out_of_sight else None)
    steps.finish()
    return SideBySide(
        rows=rows,
        labels=labels,
        left_out=left_out,
        verdict=verdict,
        flips=flips,
        classes=classes,
        slices=slices,
    )


def common_test(one: Project, other: Project) -> tuple[pd.Series, int]:
    """The test examples that two projects share, with their labels, and how many either has beside them.

    A label that blind review has corrected in one of them counts for both. Corrected in two ways, the example is left
    out.
    """
    mine = one.dataset.labels_of("test")
    if one is other:
        return mine.sort_index(), 0
    theirs = other.dataset.labels_of("test")
    brought = one.dataset_at(0).labels
    ids = mine.index[is_among(mine.index, theirs.index)].sort_values()
    a, b, was = (looked_up(labels, ids).to_numpy(dtype=object) for labels in (mine, theirs, brought))
    labels = pd.Series(np.where(a != was, a, b), index=ids, dtype="str")
    agreed = (a == b) | (a == was) | (b == was)
    return labels[agreed], len(mine.index.union(theirs.index)) - int(agreed.sum())


def _refuse_apart(one: Project, other: Project, first: Turn, second: Turn) -> None:
    if first.fingerprint != second.fingerprint or one.headline != other.headline:
        what = (
            f"{METRICS[one.headline]} and {METRICS[other.headline]}"
            if one.headline != other.headline
            else f"the models {first.fingerprint[:8]} and {second.fingerprint[:8]}"
        )
        raise ProjectError(
            f"Turns compare under one locked model and one metric. '{one.name}' and '{other.name}' have two: {what}. "
            "Compare branches whose turns ran under one lock; a re-baseline of both brings them under one."
        )
    if common_test(one, other)[0].empty:
        raise ProjectError(
            f"Turns compare on the test examples that they share. '{one.name}' and '{other.name}' share none. "
            "Choose a branch of this project."
        )


def _luck(first: Side, second: Side, labels: pd.Series) -> TrainingLuck | None:
    """What refits of both turns say of the luck of the training sample, where both have some; see decision 21."""
    found = [kept_refits(side.project.store, side.turn.version, side.turn.fingerprint) for side in (first, second)]
    if first.turn.version == second.turn.version:
        return None
    return luck_of(first.project.model, labels, *found, metric=first.project.headline)


def _flips(labels: pd.Series, decided: list[pd.Series], said: list[pd.DataFrame]) -> pd.DataFrame:
    old, new = (looked_up(own, labels.index).to_numpy(dtype=object) for own in decided)
    truth = labels.to_numpy(dtype=object)
    flip = np.select([(new == truth) & (old != truth), (new != truth) & (old == truth)], ["fixed", "broken"], "moved")
    table = pd.DataFrame(
        {
            "flip": flip,
            "given": truth,
            "before": old,
            "after": new,
            "chance_before": chances(said[0], decided[0]),
            "chance_after": chances(said[1], decided[1]),
        },
        index=labels.index,
    )
    other: pd.DataFrame = table[old != new].sort_values("chance_after", ascending=False, kind="stable")
    return other


def _classes(
    labels: pd.Series, said: list[pd.DataFrame], decided: list[pd.Series], flips: pd.DataFrame
) -> pd.DataFrame:
    found = compare_classes(labels, *said, predicted_before=decided[0], predicted_after=decided[1])
    corrected = dict(zip(found, together(list(found.values())), strict=True))
    sizes = labels.value_counts()
    counted = {kind: flips.loc[flips["flip"] == kind, "given"].value_counts() for kind in ("fixed", "broken")}
    rows = {
        name: {
            "support": int(sizes[name]),
            **{kind: int(counts.get(name, 0)) for kind, counts in counted.items()},
            "before": verdict.before,
            "after": verdict.after,
            "delta": verdict.delta,
            "low": verdict.low,
            "high": verdict.high,
            "word": verdict.verdict,
        }
        for name, verdict in corrected.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index")
