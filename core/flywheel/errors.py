"""What a project refuses."""

from __future__ import annotations

from core.errors import FlywheelError

__all__ = ["LockError", "ProjectError", "StaleError"]


class ProjectError(FlywheelError):
    """The project can't do what was asked."""


class LockError(ProjectError):
    """The model is locked."""


class StaleError(ProjectError):
    """Somebody else changed the project since it was looked at."""
