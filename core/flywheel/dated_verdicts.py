"""What each turn did on each dated test set, beside what it did on the test set of the project."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import pandas as pd

from core.evaluate import Evaluation, Verdict, compare, evaluate, together
from core.flywheel.dated import DatedTest, dated_tests
from core.flywheel.fits import kept_predictions
from core.flywheel.refits import kept_refits, luck_of
from core.ids import looked_up

if TYPE_CHECKING:
    from core.flywheel.project import Project
    from core.flywheel.turn import Turn

__all__ = ["DatedVerdict", "dated_table", "judge_dated"]

# What was judged last of each open project: a page that is drawn again computes nothing.
_kept: WeakKeyDictionary[Project, tuple[tuple[Any, ...], tuple[DatedVerdict, ...]]] = WeakKeyDictionary()
_lock = threading.Lock()


@dataclass(frozen=True, eq=False)
class DatedVerdict:
    """One turn on one dated test set.

    Attributes
    ----------
    test : DatedTest
    turn : int
    evaluation : Evaluation
    verdict, against_first : Verdict or None
        Against the turn before and against turn 0, corrected for all verdicts of the turn on dated test sets (Holm);
        None for turn 0.
    """

    test: DatedTest
    turn: int
    evaluation: Evaluation
    verdict: Verdict | None
    against_first: Verdict | None


def judge_dated(project: Project) -> tuple[DatedVerdict, ...]:
    """Judge each turn on each dated test set that it has predicted, turn by turn; computed once for each state.

    A turn is compared with others that have predicted the same set. Where the set is large against train, the luck of
    the training sample is covered as on the test set of the project, once `dated.score_dated` has refitted both turns;
    until then ``refits`` of the verdict is 0. Verdicts of one turn are read side by side, so all
    of them on dated test sets are corrected together; that on the test set of the project stays as it was said.

    Returns
    -------
    tuple of DatedVerdict
        In the order of the turns, then of the sets.
    """
    tests, turns = dated_tests(project), project.turns
    if not tests or not turns:
        return ()
    known = {
        (turn.number, test.number): kept_predictions(project.store, turn.version, turn.fingerprint, test.blob)
        for turn in turns
        for test in tests
    }
    said = {of: frame for of, frame in known.items() if frame is not None}
    ((refits,),) = project.store.execute("SELECT COUNT(*) FROM dated_refits")
    key = (tuple(said), refits, tuple((turn.at, turn.version, turn.fingerprint, turn.threshold) for turn in turns))
    with _lock:
        kept = _kept.get(project)
    if kept is not None and kept[0] == key:
        return kept[1]
    found = tuple(each for turn in turns for each in _judge(project, turns, turn, tests, said))
    with _lock:
        _kept[project] = (key, found)
    return found


def _judge(
    project: Project,
    turns: list[Turn],
    turn: Turn,
    tests: list[DatedTest],
    said: dict[tuple[int, int], pd.DataFrame],
) -> list[DatedVerdict]:
    mine = [test for test in tests if (turn.number, test.number) in said]
    drafts: list[tuple[DatedTest, int, Verdict]] = []
    for test in mine:
        for before in dict.fromkeys([turn.number - 1, 0]) if turn.number else []:
            if (before, test.number) in said:
                drafts.append((test, before, _compare(project, test, turns[before], turn, said)))
    corrected = dict(
        zip(
            [(test.number, before) for test, before, _ in drafts],
            together([verdict for *_, verdict in drafts]),
            strict=True,
        )
    )
    return [
        DatedVerdict(
            test,
            turn.number,
            _evaluate(project, test, turn, said),
            corrected.get((test.number, turn.number - 1)),
            corrected.get((test.number, 0)),
        )
        for test in mine
    ]


def _read(
    project: Project, test: DatedTest, turn: Turn, said: dict[tuple[int, int], pd.DataFrame]
) -> tuple[pd.Series, pd.DataFrame, pd.Series]:
    """Labels, probabilities and predicted classes, by id: resamples must not depend on the order of the rows."""
    labels = test.labels.sort_index()
    probabilities = looked_up(said[turn.number, test.number], labels.index)
    decided = project.model.decide(probabilities, turn.threshold)
    return labels, probabilities, decided


def _evaluate(project: Project, test: DatedTest, turn: Turn, said: dict[tuple[int, int], pd.DataFrame]) -> Evaluation:
    labels, probabilities, decided = _read(project, test, turn, said)
    return evaluate(labels, probabilities, predicted=decided)


def _compare(
    project: Project, test: DatedTest, before: Turn, after: Turn, said: dict[tuple[int, int], pd.DataFrame]
) -> Verdict:
    labels, old, old_decided = _read(project, test, before, said)
    _, new, new_decided = _read(project, test, after, said)
    refits = [kept_refits(project.store, turn.version, turn.fingerprint, test.blob) for turn in (before, after)]
    return compare(
        labels,
        old,
        new,
        metric=project.headline,
        predicted_before=old_decided,
        predicted_after=new_decided,
        luck=luck_of(project.model, labels, *refits, metric=project.headline),
    )


def dated_table(project: Project) -> pd.DataFrame:
    """Every turn on every test set, the project's own first, as a table.

    Returns
    -------
    DataFrame
        ``turn``, ``test`` (0 for the project's own), ``name``, ``day``, ``size``, ``score``, ``low``, ``high``; and
        ``verdict``, ``delta``, ``delta_low``, ``delta_high`` against the turn before, the same with ``since_first_``.
        Missing where a turn has no verdict.
    """
    rows = []
    judged = judge_dated(project)
    for turn in project.turns:
        own = {"turn": turn.number, "test": 0, "name": "the project's test set", "day": project.created[:10]}
        rows.append(
            own
            | {"size": len(project.dataset.ids("test"))}
            | _scored(turn.headline)
            | _said("", turn.verdict)
            | _said("since_first_", turn.verdict_against_first)
        )
        rows += [
            {"turn": turn.number, "test": each.test.number, "name": each.test.name, "day": each.test.day}
            | {"size": len(each.test.labels)}
            | _scored(each.evaluation.metrics[project.headline])
            | _said("", each.verdict)
            | _said("since_first_", each.against_first)
            for each in judged
            if each.turn == turn.number
        ]
    return pd.DataFrame(rows)


def _scored(score: tuple[float, float, float]) -> dict[str, float]:
    return dict(zip(("score", "low", "high"), score, strict=True))


def _said(prefix: str, verdict: Verdict | None) -> dict[str, Any]:
    return {
        f"{prefix}verdict": None if verdict is None else verdict.verdict,
        f"{prefix}delta": None if verdict is None else verdict.delta,
        f"{prefix}delta_low": None if verdict is None else verdict.low,
        f"{prefix}delta_high": None if verdict is None else verdict.high,
    }
