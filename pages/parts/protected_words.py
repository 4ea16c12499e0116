"""The words that stay as they are when label-bearing words are left untouched: which, of which class, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.generate import protected_by_class
from core.progress import Cancel, Progress, Steps
from core.report import count, shorten
from pages.parts import jobs
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.flywheel import Project

__all__ = ["KIND", "draw"]

KIND = "words"
_TITLE = "The words that the model goes by"

# The version of the data, and the words of each class.
_Found = tuple[str, dict[str, tuple[str, ...]]]


def draw(project: Project, by_class: int) -> None:
    """List the words, class by class; they are found in the background when they are not known yet."""
    dataset = project.dataset

    def work(progress: Progress, cancel: Cancel) -> _Found:
        steps = Steps(1, progress, cancel)
        steps.start("fitting the locked model on train")
        found = protected_by_class(dataset, project.model, by_class)
        steps.finish()
        return dataset.version, found

    job = jobs.registry().snapshot(project.id, KIND)
    if job is None or (job.state == "done" and job.result[0] != dataset.version):
        jobs.start(project.id, KIND, _TITLE, work)
    job = jobs.panel(project.id, KIND)
    # One that failed or was stopped is not begun again by itself.
    if job is not None and job.state in ("failed", "cancelled") and st.button("List the words", key="list-words"):
        jobs.start(project.id, KIND, _TITLE, work)
        st.rerun()
    if job is None or job.state != "done" or job.result[0] != dataset.version:
        return
    words = job.result[1]
    number = len(set().union(*words.values()))
    with st.expander(f"{count(number, 'word')} left as they are", icon=":material/lock:", key="protected-words"):
        for name, own in words.items():
            st.markdown(f"**{plain(shorten(name, 60))}**: {plain(', '.join(own) or 'none')}")
        st.caption(
            "Each alone moves the locked model towards its class, the first of a class most: at most "
            f"{by_class} a class, none that moves it less than a quarter as far as the first. Found in train; a trial "
            "finds them anew in each fold."
        )
