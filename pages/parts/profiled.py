"""The profile of the data as it is: made in the background once for each version, shared by the views that show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.collect import profile
from core.report import count
from pages.parts import jobs

if TYPE_CHECKING:
    from core.collect import Profile
    from core.flywheel import Project

__all__ = ["of", "said"]

_KIND = "profile"


def of(project: Project) -> Profile | None:
    """The profile of the data as it is; None while it is being made, which is then shown."""
    dataset = project.dataset
    job = jobs.registry().snapshot(project.id, _KIND)
    if job is None or (job.of != dataset.version and not job.running):
        jobs.registry().start(
            project.id,
            _KIND,
            "Looking at the columns",
            lambda progress, cancel: profile(dataset, progress, cancel),
            of=dataset.version,
        )
    job = jobs.panel(project.id, _KIND)
    if job is not None and job.state == "done" and job.of == dataset.version:
        found: Profile = job.result
        return found
    if job is not None and not job.running and st.button("Look again", key="profile-again"):
        jobs.registry().dismiss(project.id, _KIND)
        st.rerun()
    return None


def said(found: Profile) -> str:
    """Say which examples were looked at."""
    left_out = f" {count(found.generated, 'generated one')} left out: they repeat others." if found.generated else ""
    return f"Of {count(found.rows, 'train example')}; test plays no part.{left_out}"
