"""Taking back, bringing back, and going back to an earlier version of the data: entries of the log like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.flywheel import log, places
from core.flywheel.errors import ProjectError, StaleError
from core.flywheel.log import BACK, REDO, UNDO, Entry
from core.flywheel.store import StoreError

if TYPE_CHECKING:
    from core.flywheel.project import Project

__all__ = ["back_to", "go_back", "redo", "undo"]


def undo(project: Project, by: str | None = None, *, shown: int | None = None) -> Entry:
    """Take back the last act in force (of one author, if named), as a new entry of the log.

    Parameters
    ----------
    project : Project
    by : str, optional
    shown : int, optional
        The entry that the caller was told would be taken back.

    Raises
    ------
    StaleError
        If it would be another one by now.
    ProjectError
        If there is nothing to take back.
    """
    return _turn_back(project, UNDO, by, shown)


def redo(project: Project, by: str | None = None, *, shown: int | None = None) -> Entry:
    """Bring back the act that was taken back last, as a new entry of the log; parameters as for `undo`.

    Raises
    ------
    StaleError
        If it would be another one by now than the one that was shown.
    ProjectError
        If there is nothing to bring back.
    """
    return _turn_back(project, REDO, by, shown)


def back_to(project: Project, revision: int) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
    """What going back to the data after one entry would take back, and what it would bring back.

    Parameters
    ----------
    project : Project
    revision : int
        Number of the entry; 0 is the data as it was brought.

    Raises
    ------
    ProjectError
        If there is no such entry, or the data is as it was then.
    """
    entries = project.log
    last = entries[-1].seq if entries else 0
    if not 0 <= revision <= last:
        raise ProjectError(
            f"One can go back to an entry of the log, 0 (the data as it was brought) to {last}. Got {revision} instead."
        )
    left, came = log.InForce(entries).take_in(log.following(entries, kind=BACK, target=revision))
    if not left and not came:
        raise ProjectError(f"It is the data {_then(project, revision)} already. There is nothing to go back to.")
    return left, came


def go_back(project: Project, revision: int, *, by: str = "", reason: str = "") -> Entry:
    """Go back to the data as it was after one entry of the log: an entry itself, which can be undone.

    What is no part of the data stays as it is: blind answers on test labels, which judge every version alike, what
    annotators said, rules, checks, and what was dismissed of the audit.

    Parameters
    ----------
    project : Project
    revision : int
        Number of the entry; 0 is the data as it was brought.
    by, reason : str

    Raises
    ------
    ProjectError
        If there is no such entry, or the data is as it was then.
    FlywheelError
        If what would be left is no data set; nothing is written then.
    """
    store = project.store
    with store.writing():
        back_to(project, revision)
        entries = project.log
        project.versions.at(log.active([*entries, log.following(entries, kind=BACK, by=by, target=revision)]))
        seq = log.append(
            store,
            kind=BACK,
            by=by,
            reason=reason,
            target=revision,
            summary=f"went back to the data {_then(project, revision)}",
        )
    return _entry(project, seq)


def _turn_back(project: Project, kind: str, by: str | None, shown: int | None) -> Entry:
    store = project.store
    with store.writing():
        entries = project.log
        target = (log.undoable if kind == UNDO else log.redoable)(entries, by)
        if target is None:
            raise ProjectError(f"There is nothing to {kind}" + (f" by '{by}'." if by else "."))
        if shown is not None and shown != target.seq:
            raise StaleError(
                f"Something was done in another window since this was shown: {kind} would "
                f"{'take back' if kind == UNDO else 'bring back'} '{target.summary}' now. Nothing was changed. "
                f"Look at it, then {kind} again."
            )
        # What is left must make a data set; if it does not, this says so and nothing is written.
        try:
            project.versions.at(log.active([*entries, log.following(entries, kind=kind, target=target.seq)]))
        except StoreError:
            # Rows that are damaged are in force before and after: taking back what lies on top of them is the way to
            # get behind them.
            if kind == REDO:
                raise
        seq = log.append(
            store,
            kind=kind,
            by=target.by if by is None else by,
            target=target.seq,
            summary=f"{kind}: {target.summary}",
        )
        queue: list[Any] | None = target.content.get("queue")
        if queue is not None:
            # The reviewer returns to the card, or goes on behind it.
            back = kind == UNDO
            walker = target.content.get("walker", target.by)
            places.put(store, queue[0], walker, queue[1 if back else 2], asked=back)
    return _entry(project, seq)


def _entry(project: Project, seq: int) -> Entry:
    return next(entry for entry in reversed(project.log) if entry.seq == seq)


def _then(project: Project, revision: int) -> str:
    """Which state an entry left behind, in words."""
    turns = [turn.number for turn in project.turns if turn.revision == revision]
    if turns:
        return f"of turn {turns[-1]}"
    return f"after entry {revision}" if revision else "as it was brought"
