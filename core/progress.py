"""Progress and cancel for long work: what a caller hands in, and how the work reports.

Long functions take ``progress`` and ``cancel``. ``progress(share, message)`` hears a share in [0, 1] and what is being
done. ``cancel`` is a ``threading.Event`` or a function without arguments that answers True once the work should stop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

__all__ = ["Cancel", "Cancelled", "Progress", "Steps"]

Progress = Callable[[float, str], None]


class _Event(Protocol):
    def is_set(self) -> bool: ...


Cancel = _Event | Callable[[], bool]


class Cancelled(Exception):
    """The work was cancelled by its caller; nothing of it was kept."""


class Steps:
    """Counts equal steps of long work, reports each and stops between two of them when asked to.

    Parameters
    ----------
    total : int
        Number of steps, at least 1.
    progress : callable, optional
        Hears ``(share, message)`` before each step and ``(1.0, "done")`` at the end.
    cancel : threading.Event or callable, optional
        Asked before each step.
    """

    def __init__(self, total: int, progress: Progress | None = None, cancel: Cancel | None = None) -> None:
        self.total = max(1, total)
        self.done = 0
        self._progress = progress
        self._cancel = cancel

    def check(self) -> None:
        """Raise `Cancelled` if the caller asked to stop."""
        if self._cancel is None:
            return
        if self._cancel() if callable(self._cancel) else self._cancel.is_set():
            raise Cancelled("cancelled")

    def start(self, message: str) -> None:
        """Announce the next step; call it before the step's work.

        Raises
        ------
        Cancelled
            If the caller asked to stop.
        """
        self.check()
        self.announce(message)
        self.done += 1

    def announce(self, message: str) -> None:
        """Say what is being done without counting a step."""
        if self._progress is not None:
            self._progress(min(1.0, self.done / self.total), message)

    def finish(self, message: str = "done") -> None:
        """Report that all steps are through."""
        if self._progress is not None:
            self._progress(1.0, message)
