"""The start of a race: what it is, what it needs, its budget, and the race itself as a job."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pandas as pd
import streamlit as st

from core.flywheel import IN_TURNS, SECONDS_PER_DECISION, SECONDS_PER_FIT, Project, kept_volume, race_project
from core.progress import Cancel, Progress
from pages.parts import jobs, volume

__all__ = ["JOB", "about", "form", "so_far"]

JOB = "race"

_MODEL = (
    "A better model",
    "The data stays as it is. Recipes and settings are searched by cross-validation, the better ones go on.",
)
_REVIEWED = (
    "Better data",
    "The model stays locked. A reviewer settles the labels that are probably wrong, turn by turn.",
)
_BOTH = ("Both", "Turns of the one and searches of the other, whichever has cost less so far.")
_TURNS = ("Better data", "The model stays locked. The turns of this project, with what you have changed before each.")
_SIMULATED = (
    "The truth of this data is known. A simulated reviewer answers from it and sees the worst suspects only; the "
    "score is that on the true labels of the test set, which no side sees."
)
_LEDGER = (
    "Better data is the ledger of this project. The model's side gets what that has cost, on the data as it was "
    "brought; both are scored on the test labels as they are."
)


@st.cache_resource(show_spinner=False)
def so_far() -> dict[str, pd.DataFrame]:
    """The table of each project's running race; written by its thread, read by the page."""
    return {}


def about(project: Project) -> None:
    """Say what a race is, before the first one."""
    st.header("Where is an hour better spent: on the model, or on the data?", anchor=False)
    st.markdown(
        "A race answers it for this project. All sides start from the same model on the same data and spend the same "
        "budget."
    )
    sides = (_MODEL, _REVIEWED, _BOTH) if simulated(project) else (_MODEL, _TURNS)
    for place, (title, sentence) in zip(st.columns(len(sides), border=True), sides, strict=True):
        place.markdown(f"**{title}**  \n{sentence}")


def form(project: Project) -> None:
    """Let the budget be chosen, and start a race."""
    known = simulated(project)
    asked = _asked(known)
    st.caption(
        f"{_SIMULATED if known else _LEDGER} Fits and decisions have a price, whatever the clock says, so that the "
        "same race comes out the same."
    )
    beside = known and kept_volume(project) is None and _volume_too()
    ready = known or len(project.turns) > 1
    if not ready:
        st.info(
            "The ledger needs a turn after turn 0: change the data, run a turn, and race then. Or open the churn or "
            "the tickets demo: there the truth is known, and a simulated reviewer runs.",
            icon=":material/hourglass_empty:",
        )
        st.page_link("pages/annotate.py", label="Review suspects", icon=":material/rate_review:", query_params={})
    busy = any(job.kind == JOB for job in jobs.registry().running(project.id))
    if st.button(
        "Start the race", type="primary", icon=":material/flag:", key="race-start", disabled=busy or not ready
    ):
        _run(project, asked, volume_too=beside)


def _asked(known: bool) -> dict[str, Any]:
    """The arguments of the race that are chosen."""
    asked: dict[str, Any] = {}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if known:
            asked["budget"] = 60.0 * st.number_input(
                "Minutes each side may spend", 2, 600, 20, 5, key="race-minutes", width=210
            )
            asked["reviews_per_turn"] = st.number_input(
                "Labels reviewed per turn", 1, 1000, 30, 10, key="race-reviews", width=180
            )
            asked["accuracy"] = (
                st.number_input("Reviewer right (%)", 0, 100, 95, 5, key="race-accuracy", width=170) / 100
            )
        asked["seconds_per_fit"] = st.number_input(
            "Seconds a fit costs", 0.1, 3600.0, SECONDS_PER_FIT, 1.0, "%g", key="race-fit", width=170
        )
        asked["seconds_per_decision"] = st.number_input(
            "Seconds a decision costs",
            0.1,
            3600.0,
            float(SECONDS_PER_DECISION),
            1.0,
            "%g",
            key="race-decision",
            width=190,
        )
    return asked


def _volume_too() -> bool:
    """Offer to measure volume against consistency after the race."""
    return st.checkbox(
        "Then measure volume against consistency, as its last step",
        value=True,
        key="race-volume",
        help=f"Takes about as long as {IN_TURNS} turns, in the background.",
    )


def simulated(project: Project) -> bool:
    """Whether the truth is known, so that a simulated reviewer can run."""
    return project.versions.schema.truth is not None


def _run(project: Project, asked: dict[str, Any], *, volume_too: bool) -> None:
    tables, project_id = so_far(), project.id
    tables.pop(project_id, None)

    def hear(table: pd.DataFrame) -> None:
        # The axis is that of the whole budget from the first step on.
        ledger = table.loc[table["arm"] == "data", "cost"].max()
        table.attrs["budget"] = asked.get("budget") or float(ledger)
        tables[project_id] = table

    def work(progress: Progress, cancel: Cancel) -> int:
        try:
            run = race_project(project, **asked, heard=hear, progress=progress, cancel=cancel)
        finally:
            tables.pop(project_id, None)
        if volume_too:
            # It may be under way already.
            with suppress(jobs.JobError):
                volume.measure(project)
        return run.number

    jobs.start(project.id, JOB, "Race", work)
