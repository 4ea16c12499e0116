"""Branching: another project that is one with the first up to an entry of its log, and goes its own way from there.

It shares the data, the lock, the log and the turns up to there, so that its numbers are those of the first, bit for
bit; frames are immutable files and are shared as links where the disk can. What is no part of the data (`log.stays`),
guidelines and pinned slices come along as they are now: above all blind answers on test labels, so that both projects
are judged by the same test set and nobody answers a card twice. The seal is one for the whole family, see `family`.

Until everything is on disk the folder has a name that no list shows; then it is renamed.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from core.flywheel import family, log, places
from core.flywheel.blob_uses import mentioned_blobs
from core.flywheel.errors import ProjectError
from core.flywheel.family import Origin
from core.flywheel.log import Entry, InForce
from core.flywheel.store import Store, StoreError, now, sync_folder

if TYPE_CHECKING:
    from core.flywheel.project import Project

__all__ = ["branch"]

# Begins like no project: `workspace.list_projects` passes it over.
_UNFINISHED = ".branch-"
# What is left of one that was killed so many seconds ago is removed.
_LEFT = 3600
_LONG_AGO = "1970-01-01T00:00:00+00:00"
# The rows of each table that a branch begins with; a table that is not named begins empty. Races are of their project,
# who stands where follows from the log, and a claim is made once in a family.
_ROWS = {
    "log": "seq <= {revision}",
    "turns": "number <= {turn}",
    "notes": "turn <= {turn}",
    "watched": "turn <= {turn}",
    "queue": "number = {blind} OR number IN (SELECT queue FROM source.starts WHERE revision <= {revision})",
    "starts": "queue = {blind} OR revision <= {revision}",
    "guidelines": "1",
    "pins": "1",
    "rankings": "1",
    "refits": "1",
    "dated_refits": "1",
    "fits": "1",
    "curves": "1",
    "forecasts": "turn <= {turn}",
    "predictions": "1",
    # All of a family are judged by the same dated test sets. Batches come along but for those that an entry after the
    # point where the two part took in: they are not in the data of the branch.
    "dated_tests": "1",
    "batches": "number NOT IN (SELECT COALESCE(json_extract(payload, '$.batch'), -1) FROM source.log "
    "WHERE seq > {revision})",
    "meta": "1",
}


def branch(
    project: Project,
    folder: str | Path,
    *,
    turn: int | None = None,
    revision: int | None = None,
    name: str | None = None,
    by: str = "",
) -> Project:
    """Make a project that goes its own way from a turn, or from an entry of the log.

    Parameters
    ----------
    project : Project
    folder : path
        A new one, beside that of the project: what the two share is registered there.
    turn : int, optional
        From the data of this turn; the turn is the last one that they share.
    revision : int, optional
        Or from the data after this entry, with the turns up to there; by default as the project is now.
    name : str, optional
    by : str

    Returns
    -------
    Project
        Open. It is in the list of projects as a whole, or not at all.

    Raises
    ------
    ProjectError
        If there is no such turn or entry, or the folder is not beside that of the project.
    StoreError
        If the folder is taken or can't be written; nothing is left of it then.
    """
    folder = Path(folder)
    if folder.exists():
        raise StoreError(f"A branch needs a folder of its own. '{folder.name}' is there already. Choose another one.")
    if folder.parent.resolve() != project.folder.parent.resolve():
        raise ProjectError(
            f"A branch lies beside the project it comes from, in '{project.folder.parent.name}': they share a test "
            f"set, and looks at it are counted there. Got '{folder.parent.name}' instead."
        )
    _sweep(folder.parent)
    revision, turn = _where(project, turn, revision)
    unfinished = folder.with_name(f"{_UNFINISHED}{secrets.token_hex(8)}")
    name = name or f"{project.name}, from {f'turn {turn}' if turn >= 0 else f'entry {revision}'}"
    registered: Path | None = None
    try:
        with project.store.writing():
            family.enrol(project)
            came = Origin(project.id, project.name, revision, turn, now(), by, len(family.looks(project)))
            registered = family.enrol(project, came_from=came, id=folder.name, name=name)
        _fill(project, unfinished, came, name)
        unfinished.replace(folder)
        sync_folder(folder.parent)
    except BaseException as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        if registered is not None and not folder.exists():
            registered.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise StoreError(
                f"The branch could not be written to '{folder.name}' ({error.strerror}). Nothing was changed. "
                "Free some space or check the rights, and try again."
            ) from error
        raise
    return type(project).open(folder)


def _where(project: Project, turn: int | None, revision: int | None) -> tuple[int, int]:
    """The last entry and the last turn that the two projects share."""
    turns = project.turns
    if turn is not None:
        if not 0 <= turn < len(turns):
            said = f"0 to {len(turns) - 1}" if turns else "and there is none yet"
            raise ProjectError(f"A branch begins at a turn that was run, {said}. Got {turn} instead.")
        return turns[turn].revision, turn
    revision = project.revision if revision is None else revision
    if not 0 <= revision <= project.revision:
        raise ProjectError(f"A branch begins at an entry of the log, 0 to {project.revision}. Got {revision} instead.")
    later = [each.number for each in turns if each.revision > revision]
    return revision, (later[0] if later else len(turns)) - 1


def _fill(project: Project, folder: Path, came: Origin, name: str) -> None:
    """Write the branch: its rows, what stays, what it came from, then the frames it names."""
    store = Store(folder, create=True)
    try:
        store.execute("ATTACH DATABASE ? AS source", (str(project.folder / "project.sqlite"),))
        with store.writing():
            blind = project.store.get("blind")
            where = {"revision": came.revision, "turn": came.turn, "blind": blind["queue"] if blind else -1}
            for table, condition in _ROWS.items():
                _copy(store, table, condition.format(**where))
            _number_on(store)
            for entry in _staying(project.log, came.revision):
                store.insert("log", entry)
            store.execute("UPDATE starts SET revision = MIN(revision, ?)", (came.revision,))
            kept = {number for (number,) in store.execute("SELECT number FROM queue")}
            for (queue, by), place in _stands(log.read_since(store, 0)).items():
                if queue in kept:
                    places.put(store, queue, by, place)
            # Nobody has a card of the branch before them yet.
            store.execute("UPDATE places SET at = ?", (_LONG_AGO,))
            ((shared,),) = store.execute("SELECT COUNT(*) FROM turns")
            values = {"name": name, "created": came.at, "branched_from": asdict(came), "shared": shared}
            for key, value in values.items():
                store.put(key, value)
        store.execute("DETACH DATABASE source")
        for name in sorted(mentioned_blobs(store.execute)):
            _share(project.folder / "blobs" / f"{name}.parquet", folder / "blobs" / f"{name}.parquet")
        sync_folder(folder / "blobs")
    finally:
        store.close()
    sync_folder(folder)


def _copy(store: Store, table: str, condition: str) -> None:
    # By name: a project of another day may have its columns in another order.
    columns = [row[1] for row in store.execute(f"PRAGMA main.table_info({table})")]
    known = {row[1] for row in store.execute(f"PRAGMA source.table_info({table})")}
    listed = ", ".join(f'"{column}"' for column in columns if column in known)
    store.execute(f"INSERT INTO main.{table} ({listed}) SELECT {listed} FROM source.{table} WHERE {condition}")


def _number_on(store: Store) -> None:
    """Go on counting where the first project is: a number of before never means something else. The log has no gaps."""
    store.execute("DELETE FROM main.sqlite_sequence WHERE name != 'log'")
    store.execute("INSERT INTO main.sqlite_sequence SELECT name, seq FROM source.sqlite_sequence WHERE name != 'log'")


def _staying(entries: list[Entry], revision: int) -> Iterator[dict[str, object]]:
    """Rows of the log that bring what is no part of the data to where it is now."""
    then = InForce(entry for entry in entries if entry.seq <= revision)
    old, new = ({entry.seq: entry for entry in force.edits if log.stays(entry)} for force in (then, InForce(entries)))
    for seq in sorted(old.keys() ^ new.keys()):
        entry = old.get(seq) or new[seq]
        row: dict[str, object] = {"at": entry.at, "by": entry.by}
        if seq > revision:
            same = ("kind", "reason", "summary", "payload", "blob", "target")
            yield row | {key: getattr(entry, key) for key in same}
        else:
            kind = log.UNDO if seq in old else log.REDO
            said = {"kind": kind, "reason": "", "summary": f"{kind}: {entry.summary}", "payload": "{}"}
            yield row | said | {"blob": None, "target": seq}


def _stands(entries: list[Entry]) -> dict[tuple[int, str], int]:
    """Where each reviewer stood in each queue after the last card they settled there, whoever moved last at the end."""
    stands: dict[tuple[int, str], int] = {}
    known = {entry.seq: entry for entry in entries}
    for entry in entries:
        act = entry if entry.is_act else known[entry.target or 0]
        moved = act.content.get("queue")
        if moved is not None:
            who = (int(moved[0]), str(act.content.get("walker", act.by)))
            stands.pop(who, None)
            stands[who] = int(moved[1 if entry.kind == log.UNDO else 2])
    return stands


def _share(source: Path, target: Path) -> None:
    """One file under both names; a copy where the disk has no links. What is no file was no name of one."""
    if not source.is_file():
        return
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
        with target.open("rb+") as file:
            os.fsync(file.fileno())


def _sweep(workspace: Path) -> None:
    """Remove what is left of branches whose process was killed."""
    for left in workspace.glob(f"{_UNFINISHED}*"):
        if left.is_dir() and time.time() - left.stat().st_mtime > _LEFT:
            shutil.rmtree(left, ignore_errors=True)
