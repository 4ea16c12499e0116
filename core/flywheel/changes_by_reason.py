"""What was done to the data between two entries of the log, kind by kind and reason by reason."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import pandas as pd

from core.flywheel import log
from core.flywheel.decision import Decision
from core.flywheel.log import Entry

__all__ = ["KINDS", "changes_by_reason", "worded_change", "worded_changes"]

# Kinds of entries in words, those that change what the model learns from first.
KINDS = {
    "collect": "collected",
    "generate": "generated",
    "relabel": "relabelled",
    "exclude": "excluded",
    "correct": "cells corrected",
    "drop_column": "columns dropped",
    "keep": "looked at and left",
    "decide": "decided",
    "blind": "test labels reviewed blind",
    "annotations": "examples annotated",
    "rules": "changes of rules",
    "checks": "changes of checks",
    "dismiss": "findings dismissed or brought back",
}
_OF_DATA = ("collect", "generate", "relabel", "exclude", "correct", "drop_column")
_SEVERAL, _ONE = re.compile(r"^(cell|column|test label|example|change|finding)s"), r"\1"
_COLUMNS = ["kind", "reason", "taken_back", "size", "entries", "by"]


def changes_by_reason(entries: Sequence[Entry], since: int, until: int) -> pd.DataFrame:
    """What came in force between two entries of the log, and what was taken back.

    Parameters
    ----------
    entries : sequence of Entry
        The whole log.
    since, until : int

    Returns
    -------
    DataFrame
        A row for each kind (see `KINDS`), reason and way, in the order of `KINDS`: ``kind``, ``reason`` (empty if none
        was given), ``taken_back`` (whether it left), ``size`` (examples, rows, cells or columns), ``entries`` (of the
        log), ``by`` (who, first come first).
    """
    old, new = ({entry.seq: entry for entry in log.active(entries, until=at)} for at in (since, until))
    found: dict[tuple[str, str, bool], tuple[int, int, dict[str, None]]] = {}
    for seq in sorted(old.keys() ^ new.keys()):
        entry = old.get(seq) or new[seq]
        for kind, size in _sizes(entry):
            key = (kind, entry.reason, seq in old)
            known, times, who = found.get(key, (0, 0, {}))
            found[key] = (known + size, times + 1, who | {entry.by: None})
    order = list(KINDS)
    rows = [(*key, size, times, ", ".join(by or "somebody" for by in who)) for key, (size, times, who) in found.items()]
    rows.sort(key=lambda row: (row[2], order.index(row[0])))
    return pd.DataFrame(rows, columns=_COLUMNS)


def worded_changes(changes: pd.DataFrame) -> str:
    """The same in one short phrase, for a line of a table: ``40 collected, 118 relabelled; 12 taken back``."""
    kinds = changes.groupby(["taken_back", "kind"], sort=False)["size"].sum()
    said = [worded_change(kinds[False, kind], kind) for kind in _OF_DATA if (False, kind) in kinds]
    back = sum(int(kinds[True, kind]) for kind in _OF_DATA if (True, kind) in kinds)
    beside = [worded_change(kinds[False, kind], kind) for kind in KINDS if (False, kind) in kinds]
    phrases = [", ".join(said)] if said else []
    phrases += [f"{back:,} taken back"] if back else []
    return "; ".join(phrases or beside[:2])


def worded_change(size: int, kind: str) -> str:
    """One kind with its number: ``1 cell corrected``."""
    words = KINDS[kind]
    return f"{size:,} {_SEVERAL.sub(_ONE, words, count=1) if size == 1 else words}"


def _sizes(entry: Entry) -> Iterator[tuple[str, int]]:
    """What kinds of changes one entry made, and to how many."""
    content = entry.content
    if entry.kind != "decide":
        size = next((len(content[key]) for key in ("labels", "examples", "cells") if key in content), None)
        yield entry.kind, int(content.get("count", 1)) if size is None else size
        return
    if content.get("blind", False):
        yield "blind", len(content["decisions"])
        return
    said = [decision for decision, _ in content["decisions"].values()]
    gone = said.count(Decision.EXCLUDE)
    given = said.count(Decision.SUGGESTED) + said.count(Decision.OTHER)
    yield from ((kind, size) for kind, size in (("relabel", given), ("exclude", gone)) if size)
    if left := len(said) - gone - given:
        yield "keep", left
