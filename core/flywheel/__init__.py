"""The wheel: projects, edits, the log, turns, the review queue, what to do next, and export."""

from core.flywheel.actions import Action, suggest
from core.flywheel.edits import (
    Collect,
    Correct,
    Decide,
    Decision,
    DropColumn,
    Edit,
    EditError,
    Exclude,
    Generate,
    Relabel,
    SetRules,
)
from core.flywheel.errors import LockError, ProjectError, StaleError
from core.flywheel.export import export
from core.flywheel.log import Entry
from core.flywheel.project import Project
from core.flywheel.review import (
    SIMULATED,
    Queue,
    current_queue,
    decide,
    decisions,
    move,
    next_place,
    simulate_reviewer,
    start_queue,
)
from core.flywheel.store import StoreError
from core.flywheel.turn import Turn
from core.flywheel.workspace import ProjectSummary, find_project, home, list_projects, new_folder

__all__ = [
    "SIMULATED",
    "Action",
    "Collect",
    "Correct",
    "Decide",
    "Decision",
    "DropColumn",
    "Edit",
    "EditError",
    "Entry",
    "Exclude",
    "Generate",
    "LockError",
    "Project",
    "ProjectError",
    "ProjectSummary",
    "Queue",
    "Relabel",
    "SetRules",
    "StaleError",
    "StoreError",
    "Turn",
    "current_queue",
    "decide",
    "decisions",
    "export",
    "find_project",
    "home",
    "list_projects",
    "move",
    "new_folder",
    "next_place",
    "simulate_reviewer",
    "start_queue",
    "suggest",
]
