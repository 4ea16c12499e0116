"""The wheel: projects, edits, the log, turns, the review queue, what to do next, and export."""

from core.flywheel.actions import Action, suggest
from core.flywheel.bands import Audit, BandError, Figure, audit_bands, fix_band, review_sample
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
from core.flywheel.guidelines import (
    PIN_KINDS,
    Definition,
    GuidelineError,
    Pin,
    define_class,
    guideline_history,
    guidelines_markdown,
    pin_example,
    pin_history,
    pins,
    second_look,
    touched,
    unpin_example,
)
from core.flywheel.judgements import judgements
from core.flywheel.listing import Filter, decide_rows, evidence, list_cards, matching, open_rows
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
    "PIN_KINDS",
    "SIMULATED",
    "Action",
    "Audit",
    "BandError",
    "Collect",
    "Correct",
    "Decide",
    "Decision",
    "Definition",
    "DropColumn",
    "Edit",
    "EditError",
    "Entry",
    "Exclude",
    "Figure",
    "Filter",
    "Generate",
    "GuidelineError",
    "LockError",
    "Pin",
    "Project",
    "ProjectError",
    "ProjectSummary",
    "Queue",
    "Relabel",
    "StaleError",
    "StoreError",
    "Turn",
    "audit_bands",
    "current_queue",
    "decide",
    "decide_rows",
    "decisions",
    "define_class",
    "evidence",
    "export",
    "find_project",
    "fix_band",
    "guideline_history",
    "guidelines_markdown",
    "home",
    "judgements",
    "list_cards",
    "list_projects",
    "matching",
    "move",
    "new_folder",
    "next_place",
    "open_rows",
    "pin_example",
    "pin_history",
    "pins",
    "review_sample",
    "second_look",
    "simulate_reviewer",
    "start_queue",
    "suggest",
    "touched",
    "unpin_example",
]
