"""Whether an edit was made on something that has changed since, and who changed it."""

from __future__ import annotations

from collections.abc import Sequence

from core.flywheel.edits import Decide, Decision, Edit
from core.flywheel.errors import StaleError
from core.flywheel.log import Entry, InForce

__all__ = ["changes_of", "check"]

# So many of them are told.
_TOLD = 3


def check(entries: Sequence[Entry], edit: Edit, revision: int) -> None:
    """Refuse an edit that was made on what is no longer so.

    A decision is about the examples on its card: it is refused if one of them was decided on, relabelled, excluded,
    corrected, or had such an edit taken back. What others did to other examples, rows that came in and columns that
    the model no longer learns from leave it as true as it was. Every other edit is refused if anything has changed.

    Parameters
    ----------
    entries : sequence of Entry
        The whole log.
    edit : Edit
    revision : int
        The last entry that its maker has seen.

    Raises
    ------
    StaleError
        With who did what.
    """
    if not entries or entries[-1].seq <= revision:
        return
    if isinstance(edit, Decide):
        changed = changes_of(entries, edit.ids, revision)
        what = "The example was" if len(edit.ids) == 1 else "Some of these examples were"
    else:
        changed = [f"{entry.by or 'somebody'} {entry.summary}" for entry in _since(entries, revision)]
        what = "The project was"
    if changed:
        more = f" and {len(changed) - _TOLD:,} more before" if len(changed) > _TOLD else ""
        raise StaleError(
            f"{what} changed since this was shown ({'; '.join(changed[-_TOLD:])}{more}). "
            "Nothing was written. Look at what changed and decide again."
        )


def changes_of(entries: Sequence[Entry], ids: Sequence[str], revision: int) -> list[str]:
    """What was done to some examples after one entry of the log, oldest first: ``ann kept the label``.

    Parameters
    ----------
    entries : sequence of Entry
        The whole log.
    ids : sequence of str
    revision : int

    Returns
    -------
    list of str
        Skipping an example is not told: nothing was said of it.
    """
    asked = set(ids)
    said = []
    late = _since(entries, revision)
    force = InForce(entries[: len(entries) - len(late)])
    for entry in late:
        left, came = force.take_in(entry)
        brought = "" if entry.is_edit else "brought back: "
        for each, how in [*((each, "took back: ") for each in left), *((each, brought) for each in came)]:
            if phrase := _done_to(each, asked):
                said.append(f"{entry.by or 'somebody'} {how}{phrase}")
    return said


def _since(entries: Sequence[Entry], revision: int) -> list[Entry]:
    # From the end: as a rule there are few.
    first = len(entries)
    while first and entries[first - 1].seq > revision:
        first -= 1
    return list(entries[first:])


def _done_to(entry: Entry, asked: set[str]) -> str:
    """What an edit did to the examples that are asked for, in words; empty if nothing."""
    content = entry.content
    if entry.kind == "decide":
        made = {example: (kind, label) for example, (kind, label) in content["decisions"].items() if example in asked}
        made = {example: said for example, said in made.items() if said[0] != Decision.SKIP}
        return Decide(made, blind=content.get("blind", False)).summary if made else ""
    if entry.kind == "relabel":
        labels = {content["labels"][example] for example in asked & set(content["labels"])}
        return f"relabelled to {', '.join(repr(label) for label in sorted(labels))}" if labels else ""
    if entry.kind == "exclude":
        return "excluded" if asked & set(content["examples"]) else ""
    if entry.kind == "correct":
        columns = dict.fromkeys(column for example, column, _ in content["cells"] if example in asked)
        return f"corrected {', '.join(repr(column) for column in columns)}" if columns else ""
    return ""
