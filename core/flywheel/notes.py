"""Notes on turns: what somebody wanted to be remembered of one, every state of it with who wrote it and when."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from core.flywheel.errors import ProjectError, StaleError
from core.flywheel.store import now

if TYPE_CHECKING:
    from core.flywheel.project import Project

__all__ = ["LONGEST", "Note", "note_history", "notes", "notes_json", "with_notes", "write_note"]

LONGEST = 2_000
_COLUMNS = "number, at, by, turn, text"


@dataclass(frozen=True)
class Note:
    """One state of the note on a turn.

    Attributes
    ----------
    number : int
    at, by : str
        When and by whom it was written.
    turn : int
    text : str
        Empty where the note was taken off.
    """

    number: int
    at: str
    by: str
    turn: int
    text: str


def write_note(project: Project, turn: int, text: str, *, by: str = "", seen: int | None = None) -> bool:
    """Write the note on a turn, if that is something new; earlier states stay. An empty text takes it off.

    Parameters
    ----------
    project : Project
    turn : int
    text, by : str
    seen : int, optional
        The number of the note that the writer had before them (0: none).

    Returns
    -------
    bool
        Whether anything was written.

    Raises
    ------
    ProjectError
        If there is no such turn, or the text is too long.
    StaleError
        If somebody has written the note anew since.
    """
    text = text.strip()
    if len(text) > LONGEST:
        raise ProjectError(f"A note has at most {LONGEST:,} characters. This one has {len(text):,}. Shorten it.")
    if not 0 <= turn < len(project.turns):
        raise ProjectError(f"A note is about a turn that was run, 0 to {len(project.turns) - 1}. Got {turn} instead.")
    with project.store.writing():
        known = note_history(project, turn)
        last = known[0] if known else None
        if (last.text if last else "") == text:
            return False
        if seen is not None and seen != (last.number if last else 0):
            who = (last.by if last else "") or "Somebody"
            raise StaleError(
                f"{who} has written the note on turn {turn} anew since this was shown. Nothing was written. "
                "Read it and save again."
            )
        project.store.insert("notes", {"at": now(), "by": by, "turn": turn, "text": text})
    return True


def note_history(project: Project, turn: int | None = None) -> list[Note]:
    """Every state of the note on a turn (None: of any), the newest first."""
    rows = project.store.execute(
        f"SELECT {_COLUMNS} FROM notes WHERE ? IS NULL OR turn = ? ORDER BY number DESC", (turn, turn)
    )
    return [Note(*row) for row in rows]


def notes(project: Project) -> dict[int, Note]:
    """The note on each turn that has one, as it stands."""
    found = {note.turn: note for note in reversed(note_history(project))}
    return {turn: note for turn, note in sorted(found.items()) if note.text}


def with_notes(project: Project, table: pd.DataFrame) -> pd.DataFrame:
    """The ledger's table with a column ``note``."""
    found = notes(project)
    return table if table.empty else table.assign(note=[found[n].text if n in found else "" for n in table["turn"]])


def notes_json(project: Project) -> list[dict[str, Any]]:
    """Every state of every note as JSON can hold it, the oldest first."""
    return [asdict(note) for note in reversed(note_history(project))]
