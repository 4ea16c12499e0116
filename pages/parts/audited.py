"""The findings as a page may ask for them: at once where that is quick, else from a job that is started here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.flywheel import ready_findings
from core.report import count
from pages.parts import jobs

if TYPE_CHECKING:
    from core.collect import Finding
    from core.flywheel import Project

__all__ = ["KIND", "again", "findings", "said"]

KIND = "audit"


def findings(project: Project) -> list[Finding] | None:
    """What the audit says of the data as it is; None while a job looks for it, or after that was stopped."""
    version = project.dataset.version
    job = jobs.registry().snapshot(project.id, KIND)
    if job is not None and job.running and job.of != version:
        # Of data that is no longer so: what it would find nobody asks for.
        jobs.registry().cancel(project.id, KIND)
    found = ready_findings(project)
    if found is not None:
        return found
    stopped = job is not None and job.state in ("failed", "cancelled") and job.of == version
    if not stopped and (job is None or not job.running):
        # Drawn anew, the sidebar shows how far it is, and draws the page once more when it ends.
        jobs.start(
            project.id,
            KIND,
            "Auditing the data",
            lambda progress, cancel: len(project.findings(progress, cancel)),
            of=version,
        )
    return None


def said(project: Project) -> str:
    """How many findings there are, in words, or that the audit is not through yet."""
    found = findings(project)
    if found is not None:
        return count(len(found), "finding")
    job = jobs.registry().snapshot(project.id, KIND)
    return "audit running" if job is None or job.running or job.state == "done" else "not audited"


def again(project: Project) -> None:
    """Forget an audit that was stopped, so that the next look at the findings starts it anew."""
    jobs.registry().dismiss(project.id, KIND)
