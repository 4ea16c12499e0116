"""What was said of each example, as it is in force: kept up with the log entry by entry, so that asking is cheap."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from core.flywheel.edits import Decision
from core.flywheel.log import Entry, InForce

__all__ = ["Decided", "Said"]

_COLUMNS = ["decision", "label", "by", "at"]


@dataclass(frozen=True, slots=True)
class Said:
    """One decision on one example.

    Attributes
    ----------
    seq : int
        The entry of the log.
    decision : str
    label : str or None
    by, at : str
    queue, place : int or None
        The card at which it was made, if it was made at one.
    """

    seq: int
    decision: str
    label: str | None
    by: str
    at: str
    queue: int | None
    place: int | None

    @property
    def settles(self) -> bool:
        """Whether it says anything: who skips an example leaves it to others."""
        return self.decision != Decision.SKIP


class Decided:
    """The decisions in force, example by example."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen = 0
        self._force = InForce()
        # By example, oldest first.
        self._said: dict[str, list[Said]] = {}
        # How many examples have their last word from whom, by queue and reviewer.
        self._shares: Counter[tuple[int, str]] = Counter()
        self._frame: tuple[int, pd.DataFrame] | None = None

    def follow(self, entries: Sequence[Entry]) -> Decided:
        """Take in the entries that are new; `entries` is the whole log."""
        with self._lock:
            # From the end, since as a rule only the last one is new.
            new = len(entries)
            while new and entries[new - 1].seq > self._seen:
                new -= 1
            for entry in entries[new:]:
                self._take_in(entry)
                self._seen = entry.seq
        return self

    def _take_in(self, entry: Entry) -> None:
        left, came = self._force.take_in(entry)
        for each in left:
            if each.kind == "decide":
                self._remove(each)
        for each in came:
            if each.kind == "decide":
                self._put(each)

    def _put(self, entry: Entry) -> None:
        queue, place, *_ = entry.content.get("queue") or (None, None)
        for example, (decision, label) in entry.content["decisions"].items():
            said = Said(entry.seq, decision, label, entry.by, entry.at, queue, place)
            before = self._said.get(example, [])
            self._replace(example, before, sorted([*before, said], key=lambda each: each.seq))

    def _remove(self, entry: Entry) -> None:
        for example in entry.content["decisions"]:
            before = self._said[example]
            self._replace(example, before, [said for said in before if said.seq != entry.seq])

    def _replace(self, example: str, before: list[Said], after: list[Said]) -> None:
        # A new list each time: others may be reading the old one.
        self._count(before, -1)
        self._count(after, +1)
        if after:
            self._said[example] = after
        else:
            del self._said[example]

    def _count(self, said: list[Said], step: int) -> None:
        last = next((each for each in reversed(said) if each.settles), None)
        if last is not None and last.queue is not None:
            self._shares[last.queue, last.by] += step

    def of(self, example: str) -> Sequence[Said]:
        """What is in force of one example, oldest first."""
        return self._said.get(example, ())

    def settled(self, example: str, since: int, *, by: str) -> Said | None:
        """The decision that settled an example for a reviewer after one entry of the log.

        What they skipped themselves counts as well; for nobody in particular (``by=""``), what anybody skipped.
        """
        for said in reversed(self._said.get(example, ())):
            if said.seq <= since:
                return None
            if said.settles or by in ("", said.by):
                return said
        return None

    def settled_among(self, examples: Iterable[str], since: int, *, by: str) -> list[Said | None]:
        """The same for each of some examples."""
        said = self._said
        return [self.settled(example, since, by=by) if example in said else None for example in examples]

    def since(self, revision: int) -> pd.DataFrame:
        """The last decision on each example of which something was said after one entry; see `frame`."""
        with self._lock:
            new = {example: said for example, said in self._said.items() if said[-1].seq > revision}
        # Who only skips takes nothing away from what another has said.
        told = {
            example: next((each for each in reversed(said) if each.settles and each.seq > revision), said[-1])
            for example, said in new.items()
        }
        return _table(told)

    def shares(self, queue: int) -> dict[str, int]:
        """How many examples were settled at the cards of a queue, by reviewer."""
        return {by: count for (number, by), count in list(self._shares.items()) if number == queue and count}

    def frame(self, ids: Iterable[str] | None = None) -> pd.DataFrame:
        """The last decision on each example, or on some; see `core.flywheel.decisions`."""
        with self._lock:
            if ids is not None:
                rows = {example: self._said[example][-1] for example in ids if example in self._said}
                return _table(rows)
            if self._frame is None or self._frame[0] != self._seen:
                self._frame = (self._seen, _table({example: said[-1] for example, said in self._said.items()}))
            return self._frame[1].copy(deep=False)


def _table(rows: dict[str, Said]) -> pd.DataFrame:
    said = list(rows.values())
    columns = {name: [getattr(each, name) for each in said] for name in _COLUMNS}
    return pd.DataFrame(columns, index=pd.Index(list(rows), dtype="str"), dtype="str")
