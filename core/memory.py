"""How much memory the app takes, whether there is enough left to begin something, and giving back what is free."""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress
from pathlib import Path

import pyarrow as pa

from core.errors import FlywheelError
from core.settings import SETTINGS

__all__ = ["MemoryLimitError", "allowed_memory", "check_memory", "give_back", "used_memory"]

MB = 1024**2
# Below that much more than what was left the last time, asking allocators to give memory back is not worth it.
_GROWN = 256 * MB
_left = 0
_USAGE = Path("/proc/self/statm")
_CONTAINER = Path("/sys/fs/cgroup/memory.max")


class MemoryLimitError(FlywheelError):
    """The app takes as much memory as it may."""


def used_memory() -> int | None:
    """Bytes of this process in memory; None where the system does not say (only Linux does)."""
    try:
        return int(_USAGE.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None


def allowed_memory() -> int | None:
    """Bytes that the setting ``memory_mb`` allows; None where nobody knows how many there are."""
    if SETTINGS.memory_mb:
        return SETTINGS.memory_mb * MB
    try:
        whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None
    # No container, or one without a limit ("max").
    with suppress(OSError, ValueError):
        whole = min(whole, int(_CONTAINER.read_text()))
    return whole * 4 // 5


def check_memory() -> None:
    """Refuse to begin something while the app takes more memory than it may.

    Raises
    ------
    MemoryLimitError
    """
    used, allowed = used_memory(), allowed_memory()
    if used is not None and allowed is not None and used > allowed:
        raise MemoryLimitError(
            f"Nothing further is begun while the app takes more than {allowed / MB:,.0f} MB of memory (the setting "
            f"memory_mb). It takes {used / MB:,.0f} MB. Wait for what is running, or start the app again."
        )


def give_back(*, if_grown: bool = False) -> None:
    """Hand memory that is free within this process back to the system, where allocators can be asked to.

    After long work they hold on to hundreds of megabytes for the next one, which may never come.

    Parameters
    ----------
    if_grown : bool
        Only if the process takes much more than it did after the last time; costs next to nothing where it does not.
    """
    global _left
    used = used_memory() or 0
    if if_grown and used < _left + _GROWN:
        # What it takes may have sunk since.
        _left = min(_left, used)
        return
    pa.default_memory_pool().release_unused()
    # Of glibc alone: other C libraries lack it, and Windows has nothing to look it up in.
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
    _left = used_memory() or 0
