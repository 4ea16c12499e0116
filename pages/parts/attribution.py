"""What a turn's gain is made of: its groups of edits, what each was worth, made as a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.evaluate import METRICS
from core.flywheel import EXACT, Attribution, attribute, groups_of
from core.report import count, shares_chart, signed
from pages.parts import figure, jobs
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.flywheel import EditGroup, Project

__all__ = ["draw"]

_JOB = "attribution"


def draw(project: Project, number: int) -> None:
    """Split the change of a turn over what went into it."""
    st.subheader("What its change is made of", anchor=False)
    if not number:
        st.caption("From turn 1 on a turn's change can be split over the edits that went into it.")
        return
    turns = project.turns
    groups = _groups(project.id, number, turns[number].at, turns[number - 1].at, project)
    if not groups:
        st.caption(f"Turn {number} took in no edit that changes train.")
        return
    if len(groups) == 1:
        st.caption(f"All of it comes from one group of edits, {plain(groups[0].title)}: there is nothing to split.")
        return
    job = jobs.registry().snapshot(project.id, _JOB)
    done = job is not None and job.state == "done" and _is_of(job.result, project, number)
    if not done:
        _offer(project, number, groups)
    jobs.panel(project.id, _JOB)
    if job is not None and done:
        _show(job.result[1], metric=METRICS[project.headline])


def _is_of(result: tuple[tuple[object, ...], Attribution], project: Project, number: int) -> bool:
    return result[0] == _key(project, number)


def _key(project: Project, number: int) -> tuple[object, ...]:
    """Another test set or another run of the turns is another question."""
    turns = project.turns
    return (number, turns[number].at, turns[number - 1].at, turns[number].evaluation.metrics[project.headline])


@st.cache_data(show_spinner=False, max_entries=32)
def _groups(project_id: str, number: int, at: str, before: str, _project: Project) -> tuple[EditGroup, ...]:
    return groups_of(_project, number)


def _offer(project: Project, number: int, groups: tuple[EditGroup, ...]) -> None:
    how = (
        f"on each of {count(2 ** len(groups))} subsets of the groups"
        if len(groups) <= EXACT
        else "along drawn orders of the groups, since there are too many for every subset"
    )
    busy = any(job.kind == _JOB for job in jobs.registry().running(project.id))
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Split the change", icon=":material/call_split:", key="split", disabled=busy):
            key = _key(project, number)
            jobs.start(
                project.id,
                _JOB,
                f"Splitting turn {number}",
                lambda progress, cancel: (key, attribute(project, number, progress=progress, cancel=cancel)),
            )
        st.caption(f"The locked model is trained {how}; what was fitted before is not fitted again.")


def _show(found: Attribution, *, metric: str) -> None:
    said = (
        "Each share is what its group adds, averaged over all orders in which the groups could have come (Shapley): "
        "they sum to the change. Intervals cover the test sample, and are corrected for the number of groups (Holm)."
    )
    if found.orders:
        said += f" {count(found.orders)} orders were drawn; the error of the draw is in the intervals and in the table."
    st.markdown(f"{plain(metric)} of turn {found.turn} against the turn before: **{signed(found.gain)}**, made of")
    figure.draw(shares_chart(found.shares, metric=metric), key=f"shares-{found.turn}", caption=said, opened=True)
