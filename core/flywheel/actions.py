"""What to do next: the actions that the state of the project suggests, most pressing first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.collect import Finding
from core.evaluate import imbalance
from core.flywheel import log
from core.flywheel.blind import train_moved
from core.flywheel.review import current_queue, decisions, next_place
from core.flywheel.sealed import is_sealed

if TYPE_CHECKING:
    from core.flywheel.project import Project

__all__ = ["SECONDS_PER_DECISION", "Action", "suggest"]

# What one decision takes when nothing is known of the reviewer's own speed.
SECONDS_PER_DECISION = 10
_LARGEST_TO_RAREST = 5


@dataclass(frozen=True)
class Action:
    """Something worth doing next.

    Attributes
    ----------
    kind : str
        "turn", "review", "mend", "generate", "collect" or "claim".
    title : str
        What to do, as one would say it.
    why : str
        One sentence with the numbers that speak for it.
    page : str
        The page where it is done.
    count : int
        How many examples it is about.
    minutes : float
        What it takes.
    """

    kind: str
    title: str
    why: str
    page: str
    count: int = 0
    minutes: float = 0.0


def suggest(project: Project, findings: Sequence[Finding] = ()) -> list[Action]:
    """Return the actions that the state of a project suggests.

    Parameters
    ----------
    project : Project
    findings : sequence of Finding
        What the audit of the data said.
    """
    turns = project.turns
    if not turns:
        return [_first_turn(project), *_mend(findings)]
    actions = [*_next_turn(project), *_review(project), *_mend(findings), *_balance(project)]
    recent = [turn.verdict.verdict for turn in turns[-2:] if turn.verdict is not None]
    if recent == ["no evidence", "no evidence"]:
        actions.append(
            Action(
                "collect",
                "Collect more data, or stop here",
                "The last two turns brought no evidence of a gain: what is left may be within the noise of "
                "the test set.",
                "collect",
            )
        )
        actions += _claim(project)
    if not actions:
        actions.append(Action("collect", "Collect more data", "Nothing is left to review or mend.", "collect"))
    return actions


def _claim(project: Project) -> list[Action]:
    if not is_sealed(project):
        return []
    sealed = len(project.dataset.ids("sealed"))
    return [
        Action(
            "claim",
            "Open the sealed examples, if you are done",
            f"{sealed:,} took no part in any choice: once, they say what the project claims in the end.",
            "evaluate",
            sealed,
        )
    ]


def _first_turn(project: Project) -> Action:
    rows = len(project.dataset.ids("train"))
    return Action(
        "turn",
        "Run turn 0",
        f"The locked model has not met the data yet: {rows:,} examples to train on.",
        "train",
        rows,
    )


def _next_turn(project: Project) -> list[Action]:
    last = project.turns[-1]
    if not train_moved(project, last):
        return []
    old = {entry.seq for entry in log.active(project.log, until=last.revision)}
    new = {entry.seq for entry in log.active(project.log)}
    count = len(old ^ new)
    return [
        Action(
            "turn",
            f"Run turn {last.number + 1}",
            f"The data was changed since turn {last.number} ({count:,} edit{'' if count == 1 else 's'}): "
            "see what that was worth.",
            "train",
            count,
        )
    ]


def _review(project: Project) -> list[Action]:
    turn = project.turns[-1]
    queue = current_queue(project)
    if queue is not None and queue.place > 0:
        left = len(queue.cards) - next_place(project, queue)
        if left > 0 and queue.turn == turn.number:
            return [
                Action(
                    "review",
                    f"Go on reviewing: {left:,} cards left",
                    f"You are in the {queue.source}.",
                    "annotate",
                    left,
                    left * SECONDS_PER_DECISION / 60,
                )
            ]
    suspects = turn.suspects[turn.suspects["flagged"]]
    settled = decisions(project).index
    train = project.dataset.ids("train")
    open_ones = suspects[(train.get_indexer(suspects.index) >= 0) & (settled.get_indexer(suspects.index) < 0)]
    count, collected = len(open_ones), len(train.difference(project.dataset.generated))
    if count == 0:
        return []
    return [
        Action(
            "review",
            f"Review {count:,} suspect label{'' if count == 1 else 's'}",
            f"{count / collected:.1%} of the training labels are probably wrong, judged by turn {turn.number}.",
            "annotate",
            count,
            count * SECONDS_PER_DECISION / 60,
        )
    ]


def _mend(findings: Sequence[Finding]) -> list[Action]:
    return [
        Action("mend", finding.title, finding.message, "collect", len(finding.ids))
        for finding in findings
        if finding.fix and finding.severity >= 0.3
    ][:3]


def _balance(project: Project) -> list[Action]:
    dataset = project.dataset
    counts = imbalance(dataset.labels_of("train"))
    rarest = counts.iloc[-1]
    if rarest["ratio"] < _LARGEST_TO_RAREST or len(dataset.generated):
        return []
    return [
        Action(
            "generate",
            f"Try more examples of '{counts.index[-1]}'",
            f"Only {int(rarest['count']):,} training examples, {rarest['share']:.1%}: the model sees little of it.",
            "generate",
            int(rarest["count"]),
        )
    ]
