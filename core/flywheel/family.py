"""The family of a project: itself and all that were branched from it, with one test set and one seal between them.

Branches must not make anything look surer than it is: who looks at the test set in one branch has looked for all, and
the sealed examples are opened once for all. So the family has a register of its own beside the projects, in a folder
that outlives each of them: a file a member, with when it looked at the test set, and one that is there once the seal
is open.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.flywheel.errors import SealError
from core.flywheel.store import Store, StoreError, sync_folder

if TYPE_CHECKING:
    from core.flywheel.claim import Claim
    from core.flywheel.project import Project

__all__ = [
    "Member",
    "Opened",
    "Origin",
    "branched_from",
    "enrol",
    "looks",
    "note_look",
    "opened_elsewhere",
    "relatives",
    "take_seal",
]

_REGISTER = ".families"
_OPENED = "opened"
_MARK = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True)
class Origin:
    """What a project was branched from.

    Attributes
    ----------
    project, name : str
        Id and name of the project it came from, as it was called then.
    revision : int
        The entry of its log up to which the two are one.
    turn : int
        The last turn that they share; -1 if they share none.
    at, by : str
        When and by whom it was branched.
    looks : int
        How often the family had looked at the test set by then.
    """

    project: str
    name: str
    revision: int
    turn: int
    at: str
    by: str
    looks: int


@dataclass(frozen=True)
class Member:
    """One project of a family, as it is registered.

    Attributes
    ----------
    id, name : str
    came_from : str or None
        The id of the project it was branched from; None for the first.
    turn : int
        The last turn that it shares with that one.
    at : str
        When it was registered.
    looks : tuple of str
        When it looked at the test set, by itself: turns that it shares with the one it came from are left out.
    """

    id: str
    name: str
    came_from: str | None
    turn: int
    at: str
    looks: tuple[str, ...]


@dataclass(frozen=True)
class Opened:
    """By which project of a family the sealed examples were opened."""

    project: str
    name: str
    turn: int
    at: str
    by: str

    @classmethod
    def by_claim(cls, store: Store, claim: Claim) -> Opened:
        return cls(store.folder.name, store.get("name"), claim.turn, claim.at, claim.by)


def branched_from(project: Project) -> Origin | None:
    """What a project was branched from; None if it was made of data."""
    written = project.store.get("branched_from")
    return None if written is None else Origin(**written)


def relatives(project: Project) -> list[Member]:
    """All projects of a family that are still there, the first one first; only itself where nothing was branched."""
    folder = _register(project.store)
    found = [] if folder is None else [each for each in _read_members(folder) if _is_there(project, each)]
    return sorted(found, key=lambda each: (each.came_from is not None, each.at, each.id))


def looks(project: Project) -> list[str]:
    """When the test set was looked at, by any project of the family, oldest first: once a turn.

    Those of a project that is gone count as well.
    """
    store, folder = project.store, _register(project.store)
    own = [str(at) for (at,) in store.execute("SELECT at FROM turns ORDER BY rowid")]
    if folder is None:
        return sorted(own)
    elsewhere = [at for each in _read_members(folder) if each.id != project.id for at in each.looks]
    came = branched_from(project)
    shared = [] if came is None else own[: store.get("shared", 0)]
    known = sorted([*own[len(shared) :], *(elsewhere if elsewhere else shared)])
    # Where the register was lost, at least what was known when it was branched.
    missing = 0 if came is None else came.looks + len(own) - len(shared) - len(known)
    return sorted([*known, *([came.at] * missing if came is not None else [])])


def enrol(project: Project, *, came_from: Origin | None = None, id: str | None = None, name: str | None = None) -> Path:
    """Register a project in its family, which is founded if there is none; call it while the store is being written.

    Parameters
    ----------
    project : Project
        The one that is registered, or whose branch is.
    came_from : Origin, optional
        Of a branch, with its ``id`` and ``name``.

    Returns
    -------
    Path
        The file of the member.
    """
    store = project.store
    if store.get("family") is None:
        store.put("family", secrets.token_hex(16))
    folder = _register(store)
    assert folder is not None
    folder.mkdir(parents=True, exist_ok=True)
    sync_folder(folder.parent)
    if project.claim is not None and _read_opened(folder) is None:
        _write_once(folder / _OPENED, asdict(Opened.by_claim(store, project.claim)))
    if came_from is not None:
        return _write_member(folder, Member(str(id), str(name), project.id, came_from.turn, came_from.at, ()))
    return note_look(project) or folder


def note_look(project: Project, *at: str) -> Path | None:
    """Register when a project has looked at the test set, and is about to; nothing where it has no family."""
    store, folder = project.store, _register(project.store)
    if folder is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    came = branched_from(project)
    own = [str(each) for (each,) in store.execute("SELECT at FROM turns ORDER BY rowid")][store.get("shared", 0) :]
    return _write_member(
        folder,
        Member(
            id=project.id,
            name=project.name,
            came_from=None if came is None else came.project,
            turn=-1 if came is None else came.turn,
            at=project.created if came is None else came.at,
            looks=(*own, *at),
        ),
    )


def opened_elsewhere(project: Project) -> Opened | None:
    """By which other project of the family the sealed examples were opened; None if by none."""
    folder = _register(project.store)
    opened = None if folder is None else _read_opened(folder)
    return None if opened is None or opened.project == project.id else opened


def take_seal(store: Store, claim: Claim) -> None:
    """Take the seal of the family for a claim that is about to be written; whoever comes first has it for good.

    A project that was killed between this and its claim still has it, and may open the sealed examples again.

    Raises
    ------
    SealError
        If another project of the family has it.
    """
    folder = _register(store)
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    own = Opened.by_claim(store, claim)
    taken = _read_opened(folder)
    if taken is None and not _write_once(folder / _OPENED, asdict(own)):
        taken = _read_opened(folder)
    if taken is not None and taken.project != own.project:
        raise SealError(
            f"The sealed examples are those of the project '{taken.name}', too, and were opened there just now. "
            "They can be opened once."
        )


# --- the register ---------------------------------------------------------------------------------------------------


def _register(store: Store) -> Path | None:
    """The folder of the family, beside the projects; None where there is no family."""
    family = store.get("family")
    # A project that came from elsewhere may say anything; only a mark of our own is the name of a folder.
    known = isinstance(family, str) and _MARK.fullmatch(family)
    return store.folder.parent / _REGISTER / family if known else None


def _is_there(project: Project, member: Member) -> bool:
    return member.id == project.id or (project.folder.parent / member.id / "project.sqlite").is_file()


def _read_members(folder: Path) -> list[Member]:
    found = []
    for path in sorted(folder.glob("*.json")):
        # What was damaged by hand can't be counted; the others can.
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            written = json.loads(path.read_text(encoding="utf-8"))
            found.append(Member(**written | {"looks": tuple(written["looks"])}))
    return found


def _read_opened(folder: Path) -> Opened | None:
    try:
        written = (folder / _OPENED).read_text(encoding="utf-8")
    except OSError:
        return None
    try:
        return Opened(**json.loads(written))
    except (ValueError, TypeError):
        # It is there: somebody has opened them, whoever it was.
        return Opened("", "another branch", -1, "", "")


def _write_member(folder: Path, member: Member) -> Path:
    path = folder / f"{member.id}.json"
    temporary = _written(folder, asdict(member))
    temporary.replace(path)
    sync_folder(folder)
    return path


def _write_once(path: Path, content: dict[str, Any]) -> bool:
    """Write a file whole, or not at all if it is there; whether it was written."""
    temporary = _written(path.parent, content)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError:
        # A file system without links: two who come at the same moment are told apart by the name alone.
        if path.exists():
            return False
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)
    return True


def _written(folder: Path, content: dict[str, Any]) -> Path:
    """A file with some content, on disk, under a name that nobody reads."""
    path = folder / f".{secrets.token_hex(8)}"
    try:
        with path.open("w", encoding="utf-8") as file:
            json.dump(content, file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise StoreError(
            f"The register of the branches can't be written ({error.strerror}). Nothing was changed. "
            "Free some space or check the rights of the workspace, and try again."
        ) from error
    return path
