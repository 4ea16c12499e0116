"""The edit log: what was done, by whom, when and why, and which of it is in force.

Undo, redo and going back are entries themselves, so that the state at any moment is the replay of the log up to it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from typing import Any

from core.flywheel.edits import Edit, read_edit
from core.flywheel.store import Store, now

__all__ = [
    "BACK",
    "REDO",
    "UNDO",
    "Entry",
    "InForce",
    "active",
    "append",
    "following",
    "read_since",
    "redoable",
    "stays",
    "to_edit",
    "undoable",
]

Entries = tuple["Entry", ...]

UNDO, REDO, BACK = "undo", "redo", "back"
# What is no part of the data, and stays as it is whichever version of the data one goes back to.
_BESIDE_THE_DATA = {"annotations", "rules", "checks", "dismiss"}

_COLUMNS = "seq, at, by, kind, reason, summary, payload, blob, target"


@dataclass(frozen=True)
class Entry:
    """One line of the log.

    ``target`` is the line that an undo or redo is about, or the one whose state a ``"back"`` goes back to (0: as the
    data was brought).
    """

    seq: int
    at: str
    by: str
    kind: str
    reason: str
    summary: str
    payload: str
    blob: str | None
    target: int | None

    @property
    def is_edit(self) -> bool:
        """Whether it is an edit of the project, not the undo or redo of one, nor a way back."""
        return self.target is None

    @property
    def is_act(self) -> bool:
        """Whether it can be taken back itself: an edit, or a way back."""
        return self.kind not in (UNDO, REDO)

    @cached_property
    def content(self) -> dict[str, Any]:
        """The payload, read."""
        return dict(json.loads(self.payload))


def read_since(store: Store, seq: int) -> list[Entry]:
    """Read the entries after one, oldest first."""
    rows = store.execute(f"SELECT {_COLUMNS} FROM log WHERE seq > ? ORDER BY seq", (seq,))
    return [Entry(*row) for row in rows]


def append(
    store: Store,
    edit: Edit | None = None,
    *,
    by: str = "",
    reason: str = "",
    kind: str = "",
    summary: str = "",
    target: int | None = None,
    blob: str | None = None,
) -> int:
    """Append an edit, the undo or redo of one, or a way back, and return its number."""
    if edit is not None:
        by, reason, kind, summary = edit.by, edit.reason, edit.kind, edit.summary
    payload = json.dumps({} if edit is None else edit.payload(), ensure_ascii=False)
    return store.insert(
        "log",
        {
            "at": now(),
            "by": by,
            "kind": kind,
            "reason": reason,
            "summary": summary,
            "payload": payload,
            "blob": blob,
            "target": target,
        },
    )


def to_edit(store: Store, entry: Entry) -> Edit:
    """Make an edit again of its entry."""
    rows = None if entry.blob is None else store.read_frame(entry.blob)
    return read_edit(entry.kind, entry.content, rows, by=entry.by, reason=entry.reason)


def following(entries: Sequence[Entry], *, kind: str, by: str = "", target: int) -> Entry:
    """Write an undo, a redo or a way back as it would be the next entry, to see what the log would come to."""
    seq = entries[-1].seq + 1 if entries else 1
    return Entry(seq, "", by, kind, "", "", "{}", None, target)


def stays(entry: Entry) -> bool:
    """Whether an edit stays in force when the data goes back to an earlier version.

    Blind answers are about the test set, which judges every version alike; what several annotators said, rules, checks
    and what was dismissed are no part of the data.
    """
    return entry.kind in _BESIDE_THE_DATA or (entry.kind == "decide" and bool(entry.content.get("blind", False)))


class InForce:
    """What is in force, kept up with the log entry by entry.

    An edit puts itself in force, undo and redo are about one act. A way back puts in force what was so at an earlier
    entry, but for what `stays`; taken back, it brings back what it took, and takes what it brought.
    """

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._edits: dict[int, Entry] = {}
        self._known: dict[int, Entry] = {}
        self._walked: list[Entry] = []
        # What left and came with each entry that is no edit, and when an act was brought back by itself.
        self._moves: dict[int, tuple[Entries, Entries]] = {}
        self._since: dict[int, int] = {}
        # The ways back that are in force, and what taking them back or going them again moves.
        self._gone: set[int] = set()
        self._ways: dict[int, tuple[Entries, Entries]] = {}
        for entry in entries:
            # Most entries are edits, and a log is walked often: this is kept short.
            if entry.target is None:
                self._known[entry.seq] = self._edits[entry.seq] = entry
                self._walked.append(entry)
            else:
                self.take_in(entry)

    @property
    def edits(self) -> list[Entry]:
        """The edits in force, in their order."""
        return [self._edits[seq] for seq in sorted(self._edits)]

    def holds(self, act: Entry) -> bool:
        """Whether an edit, or a way back, is in force."""
        return act.seq in (self._gone if act.kind == BACK else self._edits)

    def since(self, act: Entry) -> int:
        """The entry by which an act was put in force last by itself: a way back leaves the order as it was."""
        return self._since.get(act.seq, act.seq)

    def act_of(self, entry: Entry) -> Entry:
        """The act that an entry is, or takes back, or brings back."""
        return entry if entry.is_act else self._known[entry.target or 0]

    def take_in(self, entry: Entry) -> tuple[Entries, Entries]:
        """Take in the next entry of the log; the edits that left, and those that came in force."""
        if entry.target is None:
            self._known[entry.seq] = self._edits[entry.seq] = entry
            self._walked.append(entry)
            return (), (entry,)
        act = self.act_of(entry)
        left, came = self._moves[entry.seq] = (self._way if act.kind == BACK else self._turned)(entry, act)
        for each in left:
            del self._edits[each.seq]
        for each in came:
            self._edits[each.seq] = each
        if entry.kind == REDO:
            self._since[act.seq] = entry.seq
        self._walked.append(entry)
        return left, came

    def _turned(self, entry: Entry, edit: Entry) -> tuple[Entries, Entries]:
        """An edit that is undone or brought back by itself: the ways back that are gone move it no more."""
        for seq in self._gone:
            left, came = self._ways[seq]
            self._ways[seq] = tuple(e for e in left if e is not edit), tuple(e for e in came if e is not edit)
        return ((edit,), ()) if entry.kind == UNDO else ((), (edit,))

    def _way(self, entry: Entry, act: Entry) -> tuple[Entries, Entries]:
        """What leaves and what comes on a way back, or when it is taken back or gone again."""
        now = self._edits
        if entry is act:
            self._known[act.seq] = act
            then = self._at(act.target or 0)
            left = tuple(each for seq, each in now.items() if seq not in then and not stays(each))
            came = tuple(each for seq, each in then.items() if seq not in now and not stays(each))
        else:
            # The other way round, but for what is so already.
            before, after = self._ways[act.seq]
            left = tuple(each for each in after if each.seq in now)
            came = tuple(each for each in before if each.seq not in now)
        self._ways[act.seq] = left, came
        (self._gone.discard if entry.kind == UNDO else self._gone.add)(act.seq)
        return left, came

    def _at(self, seq: int) -> dict[int, Entry]:
        """The edits that were in force after one entry."""
        then = dict(self._edits)
        for entry in reversed(self._walked):
            if entry.seq <= seq:
                break
            left, came = self._moves.get(entry.seq, ((), (entry,)))
            for each in came:
                del then[each.seq]
            for each in left:
                then[each.seq] = each
        return then


def active(entries: Iterable[Entry], *, until: int | None = None) -> list[Entry]:
    """Return the edits in force after entry ``until`` (None: now), in their order."""
    return InForce(entries if until is None else takewhile(lambda entry: entry.seq <= until, entries)).edits


def undoable(entries: Sequence[Entry], by: str | None = None) -> Entry | None:
    """Return the act that undo would take back: the last one in force, of one author or (None) of anybody."""
    force = InForce(entries)
    done = (entry for entry in entries if entry.is_act and by in (None, entry.by) and force.holds(entry))
    return max(done, key=force.since, default=None)


def redoable(entries: Sequence[Entry], by: str | None = None) -> Entry | None:
    """Return the act that redo would bring back, of one author or (None) of anybody; a new one ends the chance."""
    force = InForce(entries)
    undone: list[Entry] = []
    for entry in entries:
        if entry.target is None and not undone:
            continue
        act = force.act_of(entry)
        # Somebody else's new edit may have ended this chance for everybody, but not for the author.
        if by is None or act.by == by:
            undone = [] if entry.is_act else [other for other in undone if other.seq != act.seq]
            undone += [act] if entry.kind == UNDO else []
    return next((act for act in reversed(undone) if not force.holds(act)), None)
