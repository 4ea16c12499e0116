"""How much of a project was confirmed, noted in a file beside its database: who opens it finds whether any is lost.

SQLite leaves out a write-ahead log that is gone or torn without a word, and a database that was put back from an older
copy looks like any other. The note is written after each change, once that is on disk. It may be behind, after a power
cut; it is never ahead. A folder without one (of an older project, or just restored) gets it with its next change.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["NOTE", "counts", "missing", "read_note", "write_note"]

NOTE = "confirmed.json"
# Always as long, so that it is written over in one piece.
_LENGTH = 2048
# What people did, by table; whatever else is kept can be computed again.
_WORDS = {
    "turns": ("turn", "turns"),
    "queue": ("review queue", "review queues"),
    "guidelines": ("definition of a class", "definitions of classes"),
    "pins": ("pinned example", "pinned examples"),
    "watched": ("pin of a slice", "pins of slices"),
    "notes": ("note", "notes"),
    "batches": ("batch", "batches"),
    "dated_tests": ("dated test set", "dated test sets"),
    "races": ("race", "races"),
}


def counts(execute: Callable[[str], Any]) -> dict[str, int]:
    """How many rows each table has been given so far.

    Parameters
    ----------
    execute : callable
        Runs one statement, as `sqlite3.Connection.execute`.
    """
    return {
        str(name): int(number)
        for name, number in execute(
            "SELECT name, seq FROM sqlite_sequence UNION ALL SELECT 'turns', COUNT(*) FROM turns"
        )
    }


def write_note(folder: Path, confirmed: Mapping[str, int]) -> None:
    """Note how much is on disk; the system may write it out later than what it is about.

    Raises
    ------
    OSError
        If it can't be written.
    """
    content = json.dumps(dict(confirmed), sort_keys=True)
    line = f"{zlib.crc32(content.encode()):08x} {content}".ljust(_LENGTH - 1) + "\n"
    descriptor = os.open(folder / NOTE, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


def read_note(folder: Path) -> dict[str, int]:
    """What was noted; nothing if there is no note, or it was being written when the power went."""
    try:
        check, _, content = (folder / NOTE).read_text("utf-8").strip().partition(" ")
        if check != f"{zlib.crc32(content.encode()):08x}":
            return {}
        return {str(name): int(number) for name, number in json.loads(content).items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def missing(confirmed: Mapping[str, int], found: Mapping[str, int]) -> str:
    """Say what was confirmed and is not there; empty if all of it is.

    Parameters
    ----------
    confirmed, found : mapping of str to int
        As `read_note` and `counts` return them.
    """
    gone = {name: number - found.get(name, 0) for name, number in confirmed.items() if number > found.get(name, 0)}
    if not gone:
        return ""
    said = []
    if lost := gone.get("log"):
        said.append(f"{lost:,} of {confirmed['log']:,} {'entries' if confirmed['log'] > 1 else 'entry'} of the log")
    for name in (name for name in _WORDS if name in gone):
        said.append(f"{gone[name]:,} {_WORDS[name][gone[name] > 1]}")
    if rest := sum(number for name, number in gone.items() if name not in ("log", *_WORDS)):
        said.append(f"{rest:,} stored {'results' if rest > 1 else 'result'} that can be computed again")
    return (
        f"Confirmed work is missing: {', '.join(said)}. It was in project.sqlite or project.sqlite-wal, and one of "
        "them is gone, torn or older than it was. What came before is there. Restore a backup, or a copy of the whole "
        "folder, if you have one. Who goes on from here does so without what is missing."
    )
