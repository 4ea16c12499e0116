"""Take the locked model of a turn out of the app."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.flywheel import export_model
from pages.parts import jobs

if TYPE_CHECKING:
    from core.flywheel import Project
    from core.progress import Cancel, Progress

__all__ = ["draw"]

_JOB = "model"


def draw(project: Project) -> None:
    """Let a turn be chosen, fit its model as a job, and offer the file."""
    st.markdown(
        "The locked model of a turn, with a script that predicts rows elsewhere. No pickle, no train examples. What it "
        "predicts can be brought back as a batch."
    )
    numbers = [turn.number for turn in reversed(project.turns)]
    job = jobs.registry().snapshot(project.id, _JOB)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.selectbox("Model of", numbers, format_func=lambda each: f"turn {each}", key="model-turn", width=160)
        if st.button("Prepare the model", icon=":material/deployed_code:", disabled=job is not None and job.running):

            def work(progress: Progress, cancel: Cancel) -> tuple[int, bytes]:
                with tempfile.TemporaryDirectory() as folder:
                    made = export_model(project, Path(folder) / "model.zip", number, progress=progress, cancel=cancel)
                    return number, made.read_bytes()

            jobs.start(project.id, _JOB, f"The model of turn {number}", work)
    job = jobs.panel(project.id, _JOB)
    if job is not None and job.state == "done":
        of, data = job.result
        st.download_button(
            f"Download the model of turn {of}",
            data=data,
            file_name=f"{project.id}-turn-{of}.zip",
            mime="application/zip",
            icon=":material/download:",
            on_click="ignore",
        )
