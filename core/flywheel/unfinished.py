"""What a process that was ended left half done in a project's folder: dropped when the project is opened, and said."""

from __future__ import annotations

import os
import re
import struct
import time
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Frames", "drop_unfinished", "read_frames"]

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


@dataclass(frozen=True)
class Frames:
    """What a write-ahead log holds, as far as can be seen without its checksums.

    Attributes
    ----------
    salts : bytes
        Of its header; another log has others.
    number : int
        Pages in it that carry them, one that is cut off included. Those behind, with other salts, are what an earlier,
        longer log left there.
    """

    salts: bytes
    number: int


def read_frames(path: Path) -> Frames | None:
    """Look at a write-ahead log; None if there is nothing in it.

    Parameters
    ----------
    path : Path
        Of the ``-wal`` file.

    References
    ----------
    The WAL file format, https://www.sqlite.org/fileformat2.html#walformat
    """
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER)
            if not header:
                return None
            if len(header) < _HEADER or struct.unpack(">I", header[:4])[0] not in _MAGIC:
                # No header, no log: whatever it was, all of it is left out.
                return Frames(header, 1)
            page, salts, number = struct.unpack(">I", header[8:12])[0], header[16:24], 0
            while (frame := file.read(_FRAME)) and (frame[8:16] == salts or len(frame) < _FRAME):
                file.seek(page, os.SEEK_CUR)
                number += 1
            return Frames(salts, number)
    except OSError:
        return None
