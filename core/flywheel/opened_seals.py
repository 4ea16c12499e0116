"""Which seals of a workspace were opened, so that an older copy of a project does not open its seal a second time.

Copies and restored backups share their origin, a mark that a project gets when it is made. The register is one small
file in the workspace. On one's own machine a seal stays a promise: who removes the file, or takes the copy to
another machine, can break it.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from core.flywheel.store import Store

__all__ = ["OpenedSeal", "find_opened", "note_opened", "origin_of"]

_FILE = ".opened-seals.json"


@dataclass(frozen=True)
class OpenedSeal:
    """When, by whom, for which turn and in which project (folder) the sealed examples of an origin were opened."""

    at: str
    by: str
    turn: int
    project: str


def origin_of(store: Store) -> str:
    """What a project and all its copies share, and no other project."""
    origin: str | None = store.get("origin")
    if origin is not None:
        return origin
    # Projects of before there was such a mark: data, split and moment of creation.
    said = [store.get(key) for key in ("created", "frame", "memberships")]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def find_opened(store: Store) -> OpenedSeal | None:
    """The opening of this project's seal in another copy of it in the same workspace; None if there was none."""
    found = _read(store.folder.parent).get(origin_of(store))
    return None if found is None or found.project == store.folder.name else found


def note_opened(store: Store, *, at: str, by: str, turn: int) -> None:
    """Note an opening; the first one counts. A workspace that can't be written keeps none; the claim stays."""
    workspace, origin = store.folder.parent, origin_of(store)
    known = _read(workspace)
    if origin in known:
        return
    known[origin] = OpenedSeal(at, by, turn, store.folder.name)
    temporary = workspace / f"{_FILE}.{secrets.token_hex(4)}"
    with suppress(OSError):
        with temporary.open("w", encoding="utf-8") as file:
            json.dump({each: asdict(opened) for each, opened in known.items()}, file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(workspace / _FILE)


def _read(workspace: Path) -> dict[str, OpenedSeal]:
    try:
        found = json.loads((workspace / _FILE).read_text(encoding="utf-8"))
        return {origin: OpenedSeal(**opened) for origin, opened in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
