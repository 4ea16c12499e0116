"""The report of a project, or of one of its turns: one HTML file for those who weren't there.

It asks what is known of the project and computes nothing that a screen doesn't: audit, slices and attribution are those
of the app. See `html_page` for how it is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.flywheel import ProjectError, error_slices_of
from core.flywheel import log as entries
from core.flywheel.findings import checks_in_force, dismissals, is_dismissed
from core.flywheel.ledger import part_of
from core.flywheel.store import now
from core.progress import Cancel, Progress, Steps
from core.report.html_page import Section, Sentences, html_page
from core.report.report_changes import changes_section
from core.report.report_data import data_section
from core.report.report_limits import limits_section, lock_section, test_section
from core.report.report_scores import mistakes_section, said_of, verdicts_section
from core.report.report_slices import slices_section
from core.wording import moment

if TYPE_CHECKING:
    from core.collect import Finding
    from core.flywheel import Project, Turn

__all__ = ["project_report"]


def project_report(
    project: Project, number: int | None = None, *, progress: Progress | None = None, cancel: Cancel | None = None
) -> str:
    """Write the report.

    Parameters
    ----------
    project : Project
        With at least one turn.
    number : int, optional
        A turn: the report ends with it, and tells its data and its changes alone. By default it is about the project
        as it is now: the data of today, every turn, the last of them in detail.
    progress, cancel
        See `core.progress`.

    Returns
    -------
    str
        One HTML document that needs neither network nor script.

    Raises
    ------
    ProjectError
        If there is no such turn.
    Cancelled
        If the caller asked to stop.
    """
    turns = project.turns
    last = len(turns) - 1
    if not 0 <= (last if number is None else number) <= last:
        known = f"0 to {last}" if turns else "of which there is none yet: run turn 0"
        raise ProjectError(f"A report is about a turn that was run, {known}. Got {number} instead.")
    told = turns if number is None else turns[: number + 1]
    turn = told[-1]
    revision = project.revision if number is None else turn.revision
    steps = Steps(3, progress, cancel)
    steps.start("auditing the data")
    findings = _findings(project, revision, part_of(progress, 0, steps.total), cancel)
    steps.start("seeking slices")
    slices = error_slices_of(project, turn, part_of(progress, 1, steps.total), cancel)
    steps.start("writing")
    dataset = project.dataset_at(revision)
    sections = [
        _in_short(project, turn),
        data_section(project, dataset, findings, until=now() if number is None else turn.at),
        changes_section(project, told, only=number is not None),
        verdicts_section(project, told),
        mistakes_section(turn),
        slices_section(project, turn, slices),
        test_section(project),
        lock_section(project),
        limits_section(project, turn, project.dataset_at(turn.revision)),
    ]
    of = f"turn {turn.number}" if number is not None else "the project"
    page = html_page(
        f"{project.name}: report of {of}",
        f"Hold the model, improve the data. Written {moment(now())}.",
        sections,
        foot="Made with Data flywheel. The project's export holds data, log and a script that makes the numbers again.",
    )
    steps.finish()
    return page


def _in_short(project: Project, turn: Turn) -> Section:
    parts = [Sentences(said_of(project, turn), strong=True)]
    if project.claim is not None:
        parts.append(Sentences([f"Final claim. {project.claim.sentence}"], strong=True))
    return Section("In short", parts)


def _findings(project: Project, revision: int, progress: Progress | None, cancel: Cancel | None) -> list[Finding]:
    """What the audit says of the data after one entry of the log, without what was dismissed by then."""
    force = entries.active(project.log, until=revision)
    found = project.audits.look(project.dataset_at(revision), checks_in_force(force), progress, cancel)
    known = dismissals(force)
    return [finding for finding in found if not is_dismissed(finding, known)]
