"""The review queue: a persisted snapshot of who is to be looked at, in which order, and how far each reviewer has come.

A queue never changes under the reviewer: a better ranking starts another queue, when they say so. (The one in which
test labels are reviewed blind grows, at its end.) Several reviewers may walk one queue: each has a place, what one has
settled the others pass over, and the card that one has before them is handed to nobody else. A card whose example is in
a case (equal content, different labels) settles the whole case.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.annotate import Estimate, chances, conflicts, copies, estimate
from core.flywheel import places
from core.flywheel.edits import Decide, Decision
from core.flywheel.errors import ProjectError
from core.flywheel.stale import changes_of
from core.flywheel.store import now
from core.ids import aligned, looked_up, positions

if TYPE_CHECKING:
    from core.dataset import Dataset
    from core.flywheel.project import Project

__all__ = [
    "SIMULATED",
    "Queue",
    "arrive",
    "audit_estimate",
    "current_queue",
    "decide",
    "decisions",
    "is_of_pool",
    "join",
    "left_behind",
    "members",
    "move",
    "next_place",
    "one_label",
    "open_in",
    "other_queues",
    "others",
    "read_queue",
    "start_queue",
    "what_was_done",
]

# Who signs what the simulated reviewer settled.
SIMULATED = "simulated reviewer"
_STRETCH = 8
# So many cards tell how often one is drawn at random.
_SOME = 1000


@dataclass(frozen=True)
class Queue:
    """A snapshot of a ranking, as one reviewer walks it.

    Attributes
    ----------
    number : int
    at : str
    turn : int
        The turn whose model ranked it.
    version : str
        The version of the data it was made on.
    source : str
        What it holds, in words: "suspects of turn 0".
    cards : DataFrame
        Indexed by id, first to last: given, suggested, score, flagged, reasons. Where examples are in a case,
        ``copies`` lists all ids of it. In a queue mixed for audit, ``drawn`` says "ranked" or "random". A queue of
        test examples has nothing but ``blind``.
    place : int
        The card that the reviewer has come to; as many as there are cards if they are through.
    by : str
        The reviewer; nobody in particular if empty.
    began : int
        The last entry of the log before the queue.
    started_by : str
    asked : bool
        Whether the reviewer asked for the card at their place: it is shown even if somebody has settled it.
    """

    number: int
    at: str
    turn: int
    version: str
    source: str
    cards: pd.DataFrame
    place: int
    by: str = ""
    began: int = 0
    started_by: str = ""
    asked: bool = False

    @property
    def blind(self) -> bool:
        """Whether it holds test examples, of which neither label nor suggestion is to be seen."""
        return "blind" in self.cards


def start_queue(project: Project, cards: pd.DataFrame, *, source: str, turn: int, by: str = "") -> Queue:
    """Keep a ranking as the queue that a reviewer walks from now on.

    Parameters
    ----------
    project : Project
    cards : DataFrame
        See `Queue`; which examples are in a case is added.
    source : str
        What it holds, in words.
    turn : int
        The turn whose model ranked it.
    by : str
        Who starts it. Others stay in theirs. Started by nobody in particular, everybody is in it.

    Raises
    ------
    ProjectError
        If there is nothing to review.
    """
    if cards.empty:
        raise ProjectError(f"A queue must hold examples. There are none in '{source}'. Choose another one.")
    store, dataset, revision = project.store, project.dataset, project.revision
    listed = copies(conflicts(dataset), cards.index)
    if listed.notna().any():
        cards = cards.assign(copies=listed)
    row = {"at": now(), "turn": turn, "version": dataset.version, "source": source, "place": 0}
    blob = store.write_frame(cards)
    with store.writing():
        number = store.insert("queue", row | {"blob": blob})
        places.begin(store, number, revision=revision, by=by)
    return read_queue(project, number, by)


def join(project: Project, number: int, *, by: str) -> None:
    """Bring a reviewer into a queue that somebody else has started."""
    with project.store.writing():
        places.join(project.store, number, by)


def current_queue(project: Project, by: str = "") -> Queue | None:
    """The queue that a reviewer is in, with the card that they have come to.

    Parameters
    ----------
    project : Project
    by : str
        Whoever is in none yet is in the one that was started last.
    """
    number = places.current(project.store, by)
    return None if number is None else read_queue(project, number, by)


def read_queue(project: Project, number: int, by: str) -> Queue:
    """A queue by its number, with the card that a reviewer has come to."""
    store = project.store
    ((at, turn, version, source, blob, place),) = store.execute(
        "SELECT at, turn, version, source, blob, place FROM queue WHERE number = ?", (number,)
    )
    began, stand = places.began(store, number), places.stand(store, number, by)
    queue = Queue(
        number=number,
        at=at,
        turn=turn,
        version=version,
        source=source,
        cards=store.read_frame(blob),
        place=place if stand is None else stand.place,
        by=by,
        began=began.revision,
        started_by=began.by,
        asked=stand is not None and stand.asked,
    )
    return replace(queue, place=next_place(project, queue))


def next_place(
    project: Project, queue: Queue, place: int | None = None, *, step: int = 1, without: Collection[str] = ()
) -> int:
    """The first place from ``place`` on (backwards with ``step=-1``) whose card is open to the reviewer.

    A card is open if its example is still in train (in test, in a queue of those), nobody else has it before them, and
    it was not settled since the queue began other than by the reviewer at this very card: what somebody else settled,
    or a case that was settled at another of its cards, is passed over. The card that the reviewer asked for is open if
    its example is there.

    Parameters
    ----------
    project : Project
    queue : Queue
    place : int, optional
        By default the reviewer's own.
    step : int
    without : collection of str
        Ids that count as settled already.

    Returns
    -------
    int
        ``len(queue.cards)`` if there is none ahead, the given place if there is none behind.
    """
    ids, own = queue.cards.index, place is None
    place = queue.place if place is None else place
    if (
        own
        and step > 0
        and queue.asked
        and place < len(ids)
        and _there(project.dataset, queue, ids[place : place + 1])[0]
        and not (queue.blind and any(said.settles for said in project.decided.of(str(ids[place]))))
    ):
        return place
    held = _held(project, queue)
    without = {*without, *held}
    # Stretch by stretch, ever longer: as a rule the very next card is open, and a queue may hold every label of a large
    # set.
    low = high = place
    length = _STRETCH
    while low > 0 if step < 0 else high < len(ids):
        low, high = (max(0, low - length), low) if step < 0 else (high, min(high + length, len(ids)))
        found = open_in(project, queue, low, high, without=without)
        if len(found):
            return int(found[-1 if step < 0 else 0])
        length *= 4
    return place if step < 0 else len(ids)


def _held(project: Project, queue: Queue) -> set[str]:
    """The examples that others have before them now, with those of their case."""
    if not queue.by:
        return set()
    ids = queue.cards.index
    at_hand = places.at_hand(project.store, queue.number, queue.by, apart=[SIMULATED])
    return {each for place in at_hand if place < len(ids) for each in _case(queue, place)}


def _case(queue: Queue, place: int) -> list[str]:
    """The example of a card first, then those of its case, as it was when the queue began."""
    example = str(queue.cards.index[place])
    listed = queue.cards["copies"].iloc[place] if "copies" in queue.cards else None
    return [example, *([] if listed is None else [str(each) for each in listed if each != example])]


def open_in(
    project: Project, queue: Queue, start: int, stop: int, *, without: Collection[str] = ()
) -> npt.NDArray[np.intp]:
    """The places from one to before another whose cards are open, ascending; see `next_place`.

    Parameters
    ----------
    project : Project
    queue : Queue
    start, stop : int
    without : collection of str
        Ids that count as settled already.
    """
    ids = queue.cards.index[start:stop]
    names = ids.tolist()
    said = project.decided.settled_among(names, queue.began, by=queue.by)
    left = [
        place - start
        for place, (example, last) in enumerate(zip(names, said, strict=True), start)
        if (last is None or (last.by, last.queue, last.place) == (queue.by, queue.number, place))
        # What was answered blind is not asked again, of nobody.
        and not (queue.blind and last is not None and last.settles)
        and example not in without
    ]
    found = np.array(left, dtype=np.intp)
    mine = np.array([said[place] is not None for place in left], dtype=bool)
    return start + found[_there(project.dataset, queue, ids[found], mine=mine)]


def left_behind(project: Project, queue: Queue) -> npt.NDArray[np.intp]:
    """The open places of which the reviewer has said nothing, in the whole queue."""
    found = open_in(project, queue, 0, len(queue.cards))
    names = queue.cards.index[found].tolist()
    said = project.decided.settled_among(names, queue.began, by=queue.by)
    return found[[last is None for last in said]]


def _in_train(dataset: Dataset, ids: pd.Index) -> npt.NDArray[np.bool_]:
    return np.asarray(aligned(dataset.split, ids).to_numpy(dtype=object) == "train", dtype=bool)


def _there(
    dataset: Dataset, queue: Queue, ids: pd.Index, *, mine: bool | npt.NDArray[np.bool_] = True
) -> npt.NDArray[np.bool_]:
    """Whose card is there to be settled: in train; without a given label, in the pool, or labelled by oneself."""
    if queue.blind:
        return np.asarray(aligned(dataset.split, ids).to_numpy(dtype=object) == "test", dtype=bool)
    train = _in_train(dataset, ids)
    unlabelled = aligned(queue.cards["given"], ids).isna().to_numpy()
    if not unlabelled.any():
        return train
    in_pool = aligned(dataset.split, ids).to_numpy(dtype=object) == "pool"
    return np.asarray(np.where(unlabelled, in_pool | (train & mine), train), dtype=bool)


def is_of_pool(queue: Queue) -> bool:
    """Whether it says what to label next: it holds examples without a label, or some that are worth another one."""
    return (not queue.blind and bool(queue.cards["given"].isna().any())) or not chances(queue.cards.iloc[0]).empty


def move(project: Project, queue: Queue, place: int) -> None:
    """Go to one card, settled or not; kept on disk, so that the reviewer finds it again."""
    place = min(max(0, place), len(queue.cards))
    with project.store.writing():
        places.put(project.store, queue.number, queue.by, place, asked=True)


def arrive(project: Project, queue: Queue) -> Queue:
    """Note on disk which card the reviewer has before them, so that nobody else is handed it.

    Returns
    -------
    Queue
        At the card that is theirs: the next one, if two were handed the same at the same moment.
    """
    stand = places.stand(project.store, queue.number, queue.by)
    if stand is None or stand.place != queue.place or not stand.fresh:
        with project.store.writing():
            places.put(project.store, queue.number, queue.by, queue.place, asked=queue.asked)
    twice = [
        other
        for other in places.stands(project.store, queue.number)
        if other.place == queue.place and "" < other.by < queue.by and other.fresh and other.by != SIMULATED
    ]
    if queue.asked or queue.place >= len(queue.cards) or not twice or all(other.asked for other in twice):
        return queue
    ahead = replace(queue, place=next_place(project, queue))
    with project.store.writing():
        places.put(project.store, queue.number, queue.by, ahead.place)
    return ahead


def others(project: Project, queue: Queue) -> dict[str, int]:
    """How many examples of the queue others have settled at its cards, by reviewer."""
    shares = project.decided.shares(queue.number)
    return {by: count for by, count in sorted(shares.items()) if by != queue.by}


def audit_estimate(project: Project, queue: Queue) -> Estimate | None:
    """What the settled cards say of all labels and of the ranking; None if the queue is not mixed for audit."""
    if "drawn" not in queue.cards:
        return None
    said = project.decided.since(queue.began)
    # Only up to the last card of which something was said: a queue may hold every label of a large set.
    last = int(positions(said.index, queue.cards.index).max(initial=-1)) + 1
    cards = queue.cards.iloc[: max(last, _SOME)]
    there = _in_train(project.dataset, cards.index)
    return estimate(cards, said, there=there, more=len(queue.cards) - len(cards))


def other_queues(project: Project, queue: Queue) -> list[tuple[int, str, str]]:
    """The queues that others are in now, the latest first: number, what it holds, one who is in it."""
    return [
        (number, source, by)
        for number, source, by in places.elsewhere(project.store, apart=[queue.by, "", SIMULATED])
        if number != queue.number
    ]


def what_was_done(project: Project, queue: Queue, place: int, *, since: int) -> list[str]:
    """What was done to the examples of a card after one entry of the log, and by whom, in words."""
    return changes_of(project.log, members(project, queue, place), since)


def members(project: Project, queue: Queue, place: int) -> list[str]:
    """The examples that one decision at a card settles: its own first, then those of its case that are still in train.

    The case is that of the moment when the queue began, whatever labels its members have by now.
    """
    example, *rest = _case(queue, place)
    return [example, *pd.Index(rest)[_in_train(project.dataset, pd.Index(rest))]] if rest else [example]


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

    ``suggested`` takes the label from the card. A card of a case settles all its members: with one label for all, or
    all are ambiguous, excluded or skipped.

    Raises
    ------
    StaleError
        If one of the examples was changed since ``revision``.
    FlywheelError
        If the decision does not fit the example.
    """
    if not 0 <= place < len(queue.cards):
        raise ProjectError(
            f"The queue has {len(queue.cards):,} cards, there is none at place {place:,}. Go back to one."
        )
    if decision == Decision.SUGGESTED:
        label = str(queue.cards["suggested"].iloc[place])
    if decision == Decision.KEEP and not queue.blind and pd.isna(queue.cards["given"].iloc[place]):
        raise ProjectError(
            f"A label that is kept must be there. '{queue.cards.index[place]}' has none yet. Give it one, or skip it."
        )
    settled = _for_all(project, queue, place, decision, label)
    ahead = next_place(project, replace(queue, by=by), place + 1, without=settled)
    project.apply(
        Decide(
            settled,
            guideline=project.guideline_version,
            blind=queue.blind,
            queue=(queue.number, place, ahead),
            by=by,
            reason=reason or queue.source,
        ),
        revision=revision,
    )


def _for_all(
    project: Project, queue: Queue, place: int, decision: str, label: str | None
) -> dict[str, tuple[str, str | None]]:
    """What a decision at a card says of each of its members."""
    ids = members(project, queue, place)
    if queue.blind:
        # With the class that was named, though it is the one that the example has.
        return {ids[0]: (decision, label)}
    if decision in {Decision.AMBIGUOUS, Decision.EXCLUDE, Decision.SKIP}:
        return dict.fromkeys(ids, (decision, None))
    if len(ids) == 1 or ids[0] not in project.dataset.frame.index:
        return {ids[0]: (decision, None if decision == Decision.KEEP else label)}
    wanted = project.dataset.labels.loc[ids[0]] if decision == Decision.KEEP else label
    return one_label(project, queue, dict.fromkeys(ids, str(wanted or "")))


def one_label(project: Project, queue: Queue, wanted: Mapping[str, str]) -> dict[str, tuple[str, str | None]]:
    """Say of each example the label it is to have: it keeps the one it has, or takes it, as a suggestion if it was one.

    Parameters
    ----------
    project : Project
    queue : Queue
        With the suggestions.
    wanted : mapping of str to str
        Id of an example in the data to its label.

    Returns
    -------
    dict
        As `Decide` takes it.
    """
    ids = pd.Index(list(wanted))
    labels = looked_up(project.dataset.labels, ids).tolist()
    if queue.blind:
        named = zip(wanted.items(), labels, strict=True)
        return {
            example: (str(Decision.KEEP if has == label else Decision.OTHER), label) for (example, label), has in named
        }
    suggested = aligned(queue.cards["suggested"], ids).tolist()
    said: dict[str, tuple[str, str | None]] = {}
    for (example, label), has, other in zip(wanted.items(), labels, suggested, strict=True):
        taken = str(Decision.SUGGESTED if other == label else Decision.OTHER)
        said[example] = (str(Decision.KEEP), None) if has == label else (taken, label)
    return said


def decisions(project: Project) -> pd.DataFrame:
    """The decision in force on each example.

    Returns
    -------
    DataFrame
        Indexed by id: decision, label (NaN where it gave none), by, at.
    """
    return project.decided.frame()
