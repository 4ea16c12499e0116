"""What whoever runs the app may set: where projects lie, and how much one person may ask of the machine.

There is one file, ``settings.toml`` beside ``app.py``; ``FLYWHEEL_SETTINGS`` names another. An environment variable
(``FLYWHEEL_`` and the name in capitals) goes before the file, and what neither says is the default below. Limits are
read once, when the app starts.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from core.errors import FlywheelError

__all__ = ["FILE", "SETTINGS", "Settings", "SettingsError", "read_settings", "variable"]

FILE = Path(__file__).parents[1] / "settings.toml"


class SettingsError(FlywheelError):
    """A setting can't be what it was set to."""


def _at_least(default: int, least: int, says: str) -> int:
    """A whole number with its lower bound and a sentence; the sentence is the documentation."""
    value: int = field(default=default, metadata={"least": least, "says": says})
    return value


def _text(default: str, says: str) -> str:
    value: str = field(default=default, metadata={"says": says})
    return value


@dataclass(frozen=True)
class Settings:
    """All settings with their defaults. What each means stands in its metadata, in the file and in docs/settings.md."""

    home: str = _text("~/.flywheel", "The workspace: the folder that holds all projects.")
    disk: str = _text("", "A folder of the server's disk whose tables may be chosen on Collect; empty: none.")
    upload_mb: int = _at_least(
        500,
        1,
        "How large an upload may be, packed or not. The server has a limit of its own, server.maxUploadSize in "
        ".streamlit/config.toml; the smaller one holds.",
    )
    unpacked_mb: int = _at_least(2_048, 1, "What a file may have once it is unpacked, and a file that is read whole.")
    rows: int = _at_least(10_000_000, 100, "How many rows a table may have.")
    columns: int = _at_least(10_000, 2, "How many columns a table may have.")
    archive_entries: int = _at_least(5_000, 1, "How many entries a zip archive may have.")
    archive_ratio: int = _at_least(250, 10, "To how many times its size a file may unpack, from 64 MB on.")
    workbook_cells: int = _at_least(30_000_000, 1, "How many cells the sheet of a workbook may span.")
    workbook_memory_mb: int = _at_least(2_560, 256, "What the process that reads a workbook may take of memory.")
    workbook_seconds: int = _at_least(300, 1, "How long the process that reads a workbook may take.")
    disk_files: int = _at_least(1_000, 1, "How many files of the folder on the server's disk are offered.")
    backup_mb: int = _at_least(20_480, 1, "What a backup may unpack to when a project is restored from it.")
    memory_mb: int = _at_least(
        0,
        0,
        "From how much memory of the app on no further file is read and no further work begun; 0: four fifths of what "
        "the machine, or the container, has.",
    )
    ranking_rows: int = _at_least(
        20_000,
        0,
        "Up to how many train examples the better ranking of suspects is begun by itself after a turn; of more, it "
        "waits for a button.",
    )
    jobs_per_session: int = _at_least(
        6, 1, "How many pieces of long work of one browser session run at once; further ones wait."
    )
    jobs: int = _at_least(12, 1, "How many pieces of long work of all sessions run at once; further ones wait.")


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return f"FLYWHEEL_{name.upper()}"


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings: environment before file before default.

    Raises
    ------
    SettingsError
        If the file can't be read, names a setting that there is not, or a value is none that could be.
    """
    path = Path(environment.get("FLYWHEEL_SETTINGS") or FILE)
    given = _from_file(path, named="FLYWHEEL_SETTINGS" in environment)
    known = {each.name: each for each in fields(Settings)}
    for name in given:
        if name not in known:
            raise SettingsError(f"'{path.name}' may set {', '.join(known)}. It names '{name}'. Take that line out.")
    for name in known:
        # An empty variable is one that is not set.
        if said := environment.get(variable(name), "").strip():
            given[name] = said
    checked: dict[str, Any] = {name: _checked(name, value, known[name].metadata) for name, value in given.items()}
    return Settings(**checked)


def _from_file(path: Path, *, named: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if not named:
            return {}
        raise SettingsError(
            f"FLYWHEEL_SETTINGS names '{path.name}', and there is no such file. Name one that is there."
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"The settings in '{path.name}' can't be read ({error}). Mend the file.") from None


def _checked(name: str, value: Any, about: Mapping[str, Any]) -> int | str:
    if "least" not in about:
        if isinstance(value, str):
            return value
        raise SettingsError(f"The setting {name} must be a text. Got {value!r} instead.")
    try:
        number = int(value.replace("_", "")) if isinstance(value, str) else value
    except ValueError:
        number = None
    if isinstance(number, bool) or not isinstance(number, int) or number < about["least"]:
        raise SettingsError(
            f"The setting {name} must be a whole number of at least {about['least']:,}. Got {value!r} instead. "
            f"Change it in the settings, or in the variable {variable(name)}."
        )
    return number


SETTINGS = read_settings()
