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
)
from core.flywheel.errors import LockError, ProjectError, StaleError
from core.flywheel.export import export
from core.flywheel.log import Entry
from core.flywheel.pace import seconds_per_decision
from core.flywheel.pool import PoolView, look_at_pool
from core.flywheel.project import Project
from core.flywheel.review import (
    SIMULATED,
    Queue,
    arrive,
    audit_estimate,
    current_queue,
    decide,
    decisions,
    is_of_pool,
    join,
    left_behind,
    members,
    move,
    next_place,
    other_queues,
    others,
    start_queue,
    what_was_done,
)
from core.flywheel.simulate import simulate_reviewer
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
    "PoolView",
    "Project",
    "ProjectError",
    "ProjectSummary",
    "Queue",
    "Relabel",
    "StaleError",
    "StoreError",
    "Turn",
    "arrive",
    "audit_estimate",
    "current_queue",
    "decide",
    "decisions",
    "export",
    "find_project",
    "home",
    "is_of_pool",
    "join",
    "left_behind",
    "list_projects",
    "look_at_pool",
    "members",
    "move",
    "new_folder",
    "next_place",
    "other_queues",
    "others",
    "seconds_per_decision",
    "simulate_reviewer",
    "start_queue",
    "suggest",
    "what_was_done",
]
