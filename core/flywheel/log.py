"""The edit log: what was done, by whom, when and why, and which of it is in force.

Undo and redo are entries themselves, so that the state at any moment is the replay of the log up to it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from core.flywheel.edits import Edit, read_edit
from core.flywheel.store import Store, now

__all__ = ["Entry", "active", "append", "read_since", "redoable", "to_edit", "undoable"]

_COLUMNS = "seq, at, by, kind, reason, summary, payload, blob, target"


@dataclass(frozen=True)
class Entry:
    """One line of the log. ``target`` is the line that an undo or redo is about."""

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
        """Whether it is an edit itself, not the undo or redo of one."""
        return self.target is None

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
    """Append an edit, or the undo or redo of one, and return its number."""
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


def active(entries: Iterable[Entry], *, until: int | None = None) -> list[Entry]:
    """Return the edits in force after entry ``until`` (None: now), in their order."""
    force: dict[int, Entry] = {}
    taken_back: dict[int, Entry] = {}
    for entry in entries:
        if until is not None and entry.seq > until:
            break
        if entry.target is None:
            force[entry.seq] = entry
        elif entry.kind == "undo":
            taken_back[entry.target] = force.pop(entry.target)
        else:
            force[entry.target] = taken_back.pop(entry.target)
    return [force[seq] for seq in sorted(force)]


def _stacks(entries: Sequence[Entry], by: str | None) -> tuple[list[Entry], list[Entry]]:
    """One author's edits in force, and those taken back that can still return; ``by=None`` is everybody."""
    known = {entry.seq: entry for entry in entries}
    done: list[Entry] = []
    undone: list[Entry] = []
    for entry in entries:
        if by is not None and known[entry.target or entry.seq].by != by:
            continue
        if entry.target is None:
            done.append(entry)
            undone.clear()
        elif entry.kind == "undo":
            done.remove(known[entry.target])
            undone.append(known[entry.target])
        else:
            # Somebody else's new edit may have ended this chance for everybody, but not for the author.
            undone = [other for other in undone if other.seq != entry.target]
            done.append(known[entry.target])
    return done, undone


def undoable(entries: Sequence[Entry], by: str | None = None) -> Entry | None:
    """Return the edit that undo would take back: the author's last one in force."""
    done, _ = _stacks(entries, by)
    return done[-1] if done else None


def redoable(entries: Sequence[Entry], by: str | None = None) -> Entry | None:
    """Return the edit that redo would bring back; a new edit ends the chance."""
    _, undone = _stacks(entries, by)
    return undone[-1] if undone else None
