"""The review queue: a persisted snapshot of who is to be looked at, in which order, and how far the reviewer has come.

A queue never changes under the reviewer: a better ranking starts another queue, when they say so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.flywheel import log
from core.flywheel.edits import Decide, Decision
from core.flywheel.errors import ProjectError
from core.flywheel.store import now

if TYPE_CHECKING:
    from core.flywheel.project import Project

__all__ = [
    "SIMULATED",
    "Queue",
    "current_queue",
    "decide",
    "decisions",
    "is_of_pool",
    "move",
    "next_place",
    "simulate_reviewer",
    "start_queue",
]

# Who signs what the simulated reviewer settled.
SIMULATED = "simulated reviewer"
_STRETCH = 256


@dataclass(frozen=True)
class Queue:
    """A snapshot of a ranking.

    Attributes
    ----------
    number : int
    turn : int
        The turn whose model ranked it.
    version : str
        The version of the data it was made on.
    source : str
        What it holds, in words: "suspects of turn 0".
    cards : DataFrame
        Indexed by id, first to last: given, suggested, score, flagged, reasons.
    place : int
        How many cards are behind the reviewer.
    """

    number: int
    at: str
    turn: int
    version: str
    source: str
    cards: pd.DataFrame
    place: int


def start_queue(project: Project, cards: pd.DataFrame, *, source: str, turn: int) -> Queue:
    """Keep a ranking as the queue to review from now on.

    Raises
    ------
    ProjectError
        If there is nothing to review.
    """
    if cards.empty:
        raise ProjectError(f"A queue must hold examples. There are none in '{source}'. Choose another one.")
    store = project.store
    blob = store.write_frame(cards)
    with store.writing():
        store.insert(
            "queue",
            {"at": now(), "turn": turn, "version": project.dataset.version, "source": source, "blob": blob, "place": 0},
        )
    queue = current_queue(project)
    assert queue is not None
    return queue


def current_queue(project: Project) -> Queue | None:
    """The queue that was started last, with the place the reviewer has reached."""
    rows = project.store.execute(
        "SELECT number, at, turn, version, source, blob, place FROM queue ORDER BY number DESC LIMIT 1"
    )
    if not rows:
        return None
    number, at, turn, version, source, blob, place = rows[0]
    return Queue(number, at, turn, version, source, project.store.read_frame(blob), place)


def next_place(project: Project, queue: Queue, place: int | None = None, *, step: int = 1) -> int:
    """The first place from ``place`` on (backwards with ``step=-1``) whose example is still in train.

    Returns
    -------
    int
        ``len(queue.cards)`` if there is none ahead, the given place if there is none behind.
    """
    place = queue.place if place is None else place
    split, ids = project.dataset.split, queue.cards.index
    # A card without a label is of the pool, until it has one.
    part = np.where(queue.cards["given"].isna(), "pool", "train")

    def there(stretch: slice) -> npt.NDArray[np.intp]:
        return np.flatnonzero(split.reindex(ids[stretch]).to_numpy(dtype=object) == part[stretch])

    # Stretch by stretch: as a rule the very next card is there, and a queue may hold every label of a large set.
    if step < 0:
        for end in range(place, 0, -_STRETCH):
            start = max(0, end - _STRETCH)
            if len(found := there(slice(start, end))):
                return start + int(found[-1])
        return place
    for start in range(place, len(ids), _STRETCH):
        if len(found := there(slice(start, start + _STRETCH))):
            return start + int(found[0])
    return len(ids)


def is_of_pool(queue: Queue) -> bool:
    """Whether it holds examples without a label: each is open as long as it is in the pool."""
    return bool(queue.cards["given"].isna().any())


def move(project: Project, queue: Queue, place: int) -> None:
    """Go to another card; kept on disk, so that the reviewer finds it again."""
    place = min(max(0, place), len(queue.cards))
    with project.store.writing():
        project.store.execute("UPDATE queue SET place = ? WHERE number = ?", (place, queue.number))


def decide(
    project: Project,
    queue: Queue,
    place: int,
    decision: str,
    label: str | None = None,
    *,
    by: str = "",
    reason: str = "",
    revision: int | None = None,
) -> None:
    """Settle the card at one place and go on behind it: one entry in the log, on disk when this returns.

    ``suggested`` takes the label from the card.

    Raises
    ------
    FlywheelError
        If the decision does not fit the example, or the project has moved on from ``revision``.
    """
    if not 0 <= place < len(queue.cards):
        raise ProjectError(
            f"The queue has {len(queue.cards):,} cards, there is none at place {place:,}. Go back to one."
        )
    example = str(queue.cards.index[place])
    if decision == Decision.SUGGESTED:
        label = str(queue.cards["suggested"].iloc[place])
    if decision == Decision.KEEP and pd.isna(queue.cards["given"].iloc[place]):
        raise ProjectError(f"A label that is kept must be there. '{example}' has none yet. Give it one, or skip it.")
    project.apply(
        Decide(
            {example: (decision, label)},
            guideline=project.guideline_version,
            queue=(queue.number, place, place + 1),
            by=by,
            reason=reason or queue.source,
        ),
        revision=revision,
    )


def decisions(project: Project) -> pd.DataFrame:
    """The decision in force on each example.

    Returns
    -------
    DataFrame
        Indexed by id: decision, label (NaN where it gave none), by, at.
    """
    rows: dict[str, tuple[str, str | None, str, str]] = {}
    for entry in log.active(project.log):
        if entry.kind == "decide":
            for example, (decision, label) in entry.content["decisions"].items():
                rows[example] = (decision, label, entry.by, entry.at)
    return pd.DataFrame.from_dict(rows, orient="index", columns=["decision", "label", "by", "at"])


def simulate_reviewer(
    project: Project, queue: Queue, count: int, *, accuracy: float = 0.95, seed: int = 0, by: str = SIMULATED
) -> int:
    """Settle the next cards of a queue with the known truth: one entry in the log, one undo.

    The simulated reviewer answers with the truth in a share ``accuracy`` of the cases; otherwise they leave a wrong
    label as it is, or follow the suggestion against a right one.

    Parameters
    ----------
    project : Project
        With a truth column.
    queue : Queue
    count : int
        How many cards, fewer if the queue ends.
    accuracy : float
        Share of right answers, 0 to 1.
    seed : int
        Chooses the wrong answers.

    Returns
    -------
    int
        How many cards were settled.

    Raises
    ------
    ProjectError
        If the truth is not known, or there is no card left.
    """
    dataset = project.dataset
    truth_column = dataset.schema.truth
    if truth_column is None:
        raise ProjectError(
            "A simulated reviewer needs a column with the known truth. This data has none. "
            "Review by hand, or open a demo."
        )
    if not 0 <= accuracy <= 1:
        raise ProjectError(f"The accuracy of the simulated reviewer must be between 0 and 1. Got {accuracy} instead.")
    cards = queue.cards.iloc[queue.place : queue.place + count]
    cards = cards[(dataset.split.reindex(cards.index) == "train").to_numpy()]
    truth = dataset.frame[truth_column].reindex(cards.index)
    cards, truth = cards[truth.notna()], truth.dropna().astype("str")
    if cards.empty:
        raise ProjectError("There is no card left that the simulated reviewer could settle. Start another queue.")
    given = dataset.labels.loc[cards.index]
    right = np.random.default_rng([seed, queue.number, queue.place]).random(len(cards)) < accuracy
    answer = truth.where(right, given.where(truth != given, cards["suggested"]))
    kind = np.select(
        [answer == given, answer == cards["suggested"]], [Decision.KEEP, Decision.SUGGESTED], Decision.OTHER
    )
    settled = {
        example: (str(decision), None if decision == Decision.KEEP else label)
        for example, decision, label in zip(cards.index, kind, answer, strict=True)
    }
    passed = int(queue.cards.index.get_indexer(cards.index[-1:])[0]) + 1
    project.apply(
        Decide(
            settled,
            guideline=project.guideline_version,
            queue=(queue.number, queue.place, passed),
            by=by,
            reason=f"{queue.source} (simulated, {accuracy:.0%} right)",
        )
    )
    return len(settled)
