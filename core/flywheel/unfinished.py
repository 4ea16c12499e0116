"""What a process that was ended left half done in a project's folder: dropped when the project is opened, and said."""

from __future__ import annotations

import os
import re
import struct
import time
from pathlib import Path

__all__ = ["drop_unfinished", "has_unfinished_change"]

# A blob or a cache is written under this name first: of what, by which process and thread.
_TEMPORARY = re.compile(r"\.[0-9a-f]{64}\.(\d+)\.\d+")
# Whoever writes for so long is gone, though another process may have the number now.
_LONGEST_SECONDS = 600
_HEADER, _FRAME = 32, 24
_MAGIC = (0x377F0682, 0x377F0683)


def drop_unfinished(folder: Path) -> int:
    """Remove files that nobody is writing any more and that never got their name; return how many there were."""
    dropped = 0
    for path in (path for below in ("blobs", "findings") for path in (folder / below).glob(".*")):
        found = _TEMPORARY.fullmatch(path.name)
        try:
            if found and not (_runs(int(found[1])) and time.time() - path.stat().st_mtime < _LONGEST_SECONDS):
                path.unlink()
                dropped += 1
        except OSError:
            # Somebody else was quicker, or the folder can't be written: it is harmless where it is.
            continue
    return dropped


def _runs(process: int) -> bool:
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def has_unfinished_change(path: Path) -> bool:
    """Whether a write-ahead log ends in a change that was not committed; SQLite drops it without a word.

    Parameters
    ----------
    path : Path
        Of the ``-wal`` file. Frames after the last commit that carry the salts of its header are such a change; those
        with other salts are what an earlier, longer log left behind.

    References
    ----------
    The WAL file format, https://www.sqlite.org/fileformat2.html#walformat
    """
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER)
            if len(header) < _HEADER or struct.unpack(">I", header[:4])[0] not in _MAGIC:
                return False
            page, salts = struct.unpack(">I", header[8:12])[0], header[16:24]
            open_frames = False
            while (frame := file.read(_FRAME)) and frame[8:16] == salts:
                whole = len(file.read(page)) == page
                open_frames = not whole or frame[4:8] == bytes(4)
    except OSError:
        return False
    return open_frames
