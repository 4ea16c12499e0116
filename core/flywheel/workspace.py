"""The workspace: the folder that holds all projects."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.flywheel.errors import ProjectError
from core.flywheel.store import Store, StoreError
from core.schema import Schema
from core.settings import Settings, read_settings

__all__ = ["ProjectSummary", "find_project", "home", "list_projects", "new_folder"]

# One plain folder name: nothing that leads out of the workspace, at most 240 bytes. Copied folders keep working.
_ID = re.compile(r"\w[\w.\-() ]{0,59}")


@dataclass(frozen=True)
class ProjectSummary:
    """One line in the list of projects; ``copy`` says whether it was restored from a backup."""

    id: str
    name: str
    modality: str
    headline: str
    created: str
    changed: str
    edits: int
    turns: int
    copy: bool


def home(environment: Mapping[str, str] = os.environ) -> Path:
    """The workspace: the setting ``home``, by default ``~/.flywheel``."""
    return Path(read_settings(environment).home or Settings.home).expanduser()


def new_folder(workspace: Path, name: str) -> Path:
    """A folder for a new project: readable, and with a part that can't be guessed."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "project"
    return workspace / f"{slug}-{secrets.token_hex(8)}"


def find_project(workspace: Path, project_id: str) -> Path:
    """The folder of a project.

    Raises
    ------
    ProjectError
        If the id is not one that could be, or there is no such project.
    """
    folder = workspace / project_id
    if not _ID.fullmatch(project_id) or not (folder / "project.sqlite").is_file():
        raise ProjectError(
            f"There is no project '{project_id[:60]}' in this workspace. It may have been removed, or the "
            "address is mistyped. Choose one from the list."
        )
    return folder


def list_projects(workspace: Path) -> list[ProjectSummary]:
    """All projects of a workspace, the one changed last first; folders that can't be read are passed over."""
    if not workspace.is_dir():
        return []
    found = []
    for folder in workspace.iterdir():
        if not _ID.fullmatch(folder.name) or not (folder / "project.sqlite").is_file():
            continue
        store = None
        try:
            store = Store(folder)
            ((edits, edited),) = store.execute("SELECT COUNT(*), MAX(at) FROM log")
            ((turns, turned),) = store.execute(
                "SELECT COUNT(*), MAX(at) FROM turns WHERE baseline = (SELECT value FROM meta WHERE key = 'baseline')"
            )
            created = store.get("created")
            schema = Schema.from_json(store.get("schema"))
            found.append(
                ProjectSummary(
                    id=folder.name,
                    name=store.get("name"),
                    modality=schema.modality.value,
                    headline=store.get("headline"),
                    created=created,
                    changed=max(filter(None, [created, edited, turned])),
                    edits=edits,
                    turns=turns,
                    copy=bool(store.get("restored", [])),
                )
            )
        except (StoreError, TypeError, ValueError):
            continue
        finally:
            if store is not None:
                store.close()
    return sorted(found, key=lambda summary: summary.changed, reverse=True)
