"""Where each reviewer stands in each queue, on disk with the decision that moved them; and which queue they are in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.flywheel.store import Store, now

__all__ = [
    "HELD",
    "Began",
    "Stand",
    "at_hand",
    "began",
    "begin",
    "current",
    "elsewhere",
    "join",
    "put",
    "set_aside",
    "stand",
    "stands",
]

_ASIDE = "aside"
# For so long a card stays with the reviewer who has it before them, and others are handed the next ones.
HELD = timedelta(minutes=5)


@dataclass(frozen=True)
class Stand:
    """Where one reviewer stands in one queue.

    Attributes
    ----------
    by : str
    place : int
    asked : bool
        Whether they asked for this very card: then it is shown, even if somebody has settled it.
    at : str
        When they came to it.
    """

    by: str
    place: int
    asked: bool
    at: str

    @property
    def fresh(self) -> bool:
        """Whether they came to it lately: then the card is theirs."""
        # Either way: a clock that was set back must not leave the card with them until it has caught up.
        return abs(datetime.now(UTC) - datetime.fromisoformat(self.at)) < HELD


@dataclass(frozen=True)
class Began:
    """How a queue began: the last entry of the log before it, and who started it."""

    revision: int
    by: str


def begin(store: Store, queue: int, *, revision: int, by: str) -> None:
    """Note how a queue began; whoever started it is in it from now on."""
    store.insert("starts", {"queue": queue, "revision": revision, "by": by})
    put(store, queue, by, 0)


def set_aside(store: Store, queue: int) -> None:
    """Note that a queue has a screen of its own: nobody is in it elsewhere, or led into it."""
    store.put(_ASIDE, [*store.get(_ASIDE, []), queue])


def _not_aside(store: Store) -> str:
    """The condition that a queue is none of those, as SQL; they are numbers that the store gave."""
    return f"queue NOT IN ({', '.join(str(int(number)) for number in store.get(_ASIDE, []))})"


def began(store: Store, queue: int) -> Began:
    """How a queue began; a queue of an older project tells only when."""
    found = store.execute("SELECT revision, by FROM starts WHERE queue = ?", (queue,))
    if not found:
        found = store.execute(
            "SELECT COALESCE(MAX(seq), 0), '' FROM log WHERE at < (SELECT at FROM queue WHERE number = ?)", (queue,)
        )
    return Began(*found[0])


def put(store: Store, queue: int, by: str, place: int, *, asked: bool = False) -> None:
    """Keep where a reviewer stands."""
    store.execute(
        "INSERT INTO places (queue, by, place, asked, at, joined) "
        "VALUES (?, ?, ?, ?, ?, (SELECT COALESCE(MAX(joined), 0) + 1 FROM places)) "
        "ON CONFLICT (queue, by) DO UPDATE SET place = excluded.place, asked = excluded.asked, at = excluded.at",
        (queue, by, place, int(asked), now()),
    )


def join(store: Store, queue: int, by: str) -> None:
    """Bring a reviewer into a queue; where they stood before, they stand again."""
    known = stand(store, queue, by)
    put(store, queue, by, 0 if known is None else known.place)
    store.execute(
        "UPDATE places SET joined = (SELECT MAX(joined) + 1 FROM places) WHERE queue = ? AND by = ?", (queue, by)
    )


def current(store: Store, by: str) -> int | None:
    """The queue that a reviewer is in: the one they came into last, or that was started for everybody since.

    Somebody who is in none, or nobody in particular (``by=""``), is in the queue that was started last.
    """
    found = []
    there = _not_aside(store)
    if by:
        found = store.execute(
            f"SELECT queue FROM places WHERE {there} AND EXISTS (SELECT 1 FROM places WHERE {there} AND by = ?) "
            "AND (by = ? OR (by = '' AND queue IN (SELECT queue FROM starts WHERE by = ''))) "
            "ORDER BY joined DESC LIMIT 1",
            (by, by),
        )
    found = found or store.execute(f"SELECT MAX(number) FROM (SELECT number, number AS queue FROM queue) WHERE {there}")
    return None if found[0][0] is None else int(found[0][0])


def stand(store: Store, queue: int, by: str) -> Stand | None:
    """Where a reviewer stands in a queue; None if they never were in it."""
    return next(iter(_read(store, "queue = ? AND by = ?", (queue, by))), None)


def stands(store: Store, queue: int) -> list[Stand]:
    """Where everybody stands in a queue."""
    return _read(store, "queue = ?", (queue,))


def at_hand(store: Store, queue: int, by: str, *, apart: Iterable[str] = ()) -> dict[int, str]:
    """The cards that other reviewers have before them now, by place; those ``apart`` hold none."""
    left_out = {by, "", *apart}
    return {each.place: each.by for each in stands(store, queue) if each.by not in left_out and each.fresh}


def elsewhere(store: Store, *, apart: Iterable[str]) -> list[tuple[int, str, str]]:
    """The queues that others came into last, each once: number, source and who came."""
    rows = store.execute(
        "SELECT number, source, by FROM places JOIN queue ON queue.number = places.queue "
        f"WHERE places.{_not_aside(store)} ORDER BY joined DESC"
    )
    seen = set(apart)
    found: dict[int, tuple[int, str, str]] = {}
    for number, source, by in rows:
        # Each of them is in the queue that they came into last.
        if by not in seen:
            seen.add(by)
            found.setdefault(number, (number, source, by))
    return list(found.values())


def _read(store: Store, where: str, values: tuple[object, ...]) -> list[Stand]:
    rows = store.execute(f"SELECT by, place, asked, at FROM places WHERE {where} ORDER BY by", values)
    return [Stand(by, place, bool(asked), at) for by, place, asked, at in rows]
