"""The report of a turn or of the project: made as a job, then offered as one HTML file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.report import project_report
from pages.parts import jobs

if TYPE_CHECKING:
    from core.flywheel import Project

__all__ = ["draw"]

_JOB = "report"


def draw(project: Project, number: int | None = None) -> None:
    """Offer the report.

    Parameters
    ----------
    project : Project
        With at least one turn.
    number : int, optional
        Of that turn; by default of the project as it is now.
    """
    of = "the project" if number is None else f"turn {number}"
    # What was written of an earlier state is not handed out as one of now.
    key = (number, project.revision, tuple((turn.number, turn.at) for turn in project.turns), project.claim is not None)
    job = jobs.registry().snapshot(project.id, _JOB)
    done = job is not None and job.state == "done" and job.result[0] == key
    if not done:
        busy = job is not None and job.running
        if st.button(f"Write the report of {of}", icon=":material/description:", key=f"report-{number}", disabled=busy):
            jobs.start(
                project.id,
                _JOB,
                f"The report of {of}",
                lambda progress, cancel: (key, project_report(project, number, progress=progress, cancel=cancel)),
            )
    if job is not None and (job.running or job.title == f"The report of {of}"):
        jobs.panel(project.id, _JOB)
    if job is not None and done:
        st.download_button(
            f"Download the report of {of}",
            data=job.result[1],
            file_name=f"{project.id}-report.html" if number is None else f"{project.id}-turn-{number}.html",
            mime="text/html",
            icon=":material/download:",
            key=f"report-file-{number}",
            on_click="ignore",
        )
