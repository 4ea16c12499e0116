"""Files on the server's own disk, in the one folder that its operator opened for that; by default there is none."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from core.collect.errors import ReadError, shown
from core.collect.packed import is_table_name
from core.settings import SETTINGS, read_settings

__all__ = ["disk_files", "disk_folder", "on_disk"]

MAX_FILES = SETTINGS.disk_files


def disk_folder(environment: Mapping[str, str] = os.environ) -> Path | None:
    """The folder that the setting ``disk`` names, with links resolved; None if it is not set or not there."""
    named = read_settings(environment).disk
    folder = Path(named).expanduser().resolve() if named else None
    return folder if folder is not None and folder.is_dir() else None


def disk_files(folder: Path) -> list[str]:
    """Names of the tables in the folder and below it, relative to it; links out of it are left out.

    Parameters
    ----------
    folder : path
        As `disk_folder` gives it.

    Returns
    -------
    list of str
        The first `MAX_FILES`.
    """
    found: list[str] = []
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(place, name)
            if is_table_name(name) and not name.startswith(".") and path.resolve().is_relative_to(folder):
                found.append(path.relative_to(folder).as_posix())
        if len(found) >= MAX_FILES:
            break
    return found[:MAX_FILES]


def on_disk(folder: Path, name: str) -> Path:
    """The path of a file in the folder.

    Raises
    ------
    ReadError
        If it is not there, no file, or leads out of the folder, by its name or by a link.
    """
    try:
        path = (folder / name).resolve()
        inside = path.is_relative_to(folder.resolve()) and path.is_file()
    except (OSError, ValueError):
        inside = False
    if not inside:
        raise ReadError(
            "it is not in the folder that the operator opened",
            "Choose a file of that folder, or upload it.",
            source=f"'{shown(name)}'",
        )
    return path
