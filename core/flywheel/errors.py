"""What a project refuses."""

from __future__ import annotations

from core.errors import FlywheelError

__all__ = ["LockError", "ProjectError", "SealError", "StaleError"]


class ProjectError(FlywheelError):
    """The project can't do what was asked."""


class LockError(ProjectError):
    """The model is locked."""


class SealError(ProjectError):
    """The sealed examples stay as they are: sealed, or opened once."""


class StaleError(ProjectError):
    """Somebody else changed the project since it was looked at."""
