"""Race: the model's side against the data's side at equal budget, live while it runs, and played through afterwards."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from core.evaluate import METRICS
from core.flywheel import SECONDS_PER_DECISION, SECONDS_PER_FIT, Project, Race, kept_races, race_project
from core.progress import Cancel, Progress
from core.report import count, knobs_chart, moment, number, race_chart, race_html
from pages.parts import errors, figure, frame, jobs, verdicts, volume
from pages.parts.plain import plain

JOB = "race"
POLL_SECONDS = 1.0


@st.cache_resource(show_spinner=False)
def live() -> dict[str, pd.DataFrame]:
    """The table of each project's running race, so far; written by its thread, read by the page."""
    return {}


def begin(project: Project) -> None:
    """Let the budget be chosen, and start a race."""
    simulated = project.dataset_at(0).schema.truth is not None
    minutes, reviews, accuracy = 20, 30, 95
    if simulated:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            minutes = st.number_input("Minutes each side may spend", 2, 600, 20, 5, key="race-minutes", width=230)
            reviews = st.number_input("Labels reviewed a turn", 1, 1000, 30, 10, key="race-reviews", width=200)
            accuracy = st.number_input("Reviewer right, in %", 0, 100, 95, 5, key="race-accuracy", width=180)
        said = (
            "The truth of this data is known: a simulated reviewer answers from it, and the score is that on the true "
            "labels of the test set, which neither side sees."
        )
    else:
        said = (
            "The data's side is the ledger of this project. The model's side gets what that has cost, on the data as "
            "it was brought."
        )
    st.caption(
        f"{said} A fit of a model costs {SECONDS_PER_FIT:g} s, a decision {SECONDS_PER_DECISION:g} s, whatever the "
        "clock says, so that the same race comes out the same."
    )
    busy = any(job.kind == JOB for job in jobs.registry().running(project.id))
    if st.button("Start the race", type="primary", icon=":material/flag:", key="race-start", disabled=busy):
        shown, project_id = live(), project.id
        shown.pop(project_id, None)

        def work(progress: Progress, cancel: Cancel) -> int:
            run = race_project(
                project,
                budget=60.0 * minutes,
                reviews_per_turn=int(reviews),
                accuracy=accuracy / 100,
                heard=lambda table: shown.__setitem__(project_id, table),
                progress=progress,
                cancel=cancel,
            )
            return run.number

        jobs.start(project.id, JOB, "Race", work)


@st.fragment(run_every=POLL_SECONDS)
@errors.calm(doing="showing the race")
def running(project_id: str, metric: str) -> None:
    """Draw the race as far as it has come."""
    table = live().get(project_id)
    if table is None:
        st.caption("The race begins: all sides start from the same model on the same data.")
        return
    chart = race_chart(table, metric=metric, budget=max(60.0, float(table["cost"].max())))
    figure.draw(chart, key="race-live")


def finished(project: Project, run: Race) -> None:
    """Play a finished race through, step by step."""
    metric, budget = METRICS[run.settings["metric"]], float(run.settings["budget"])
    st.markdown(f"### {plain(outcome(run))}")
    costs = sorted(set(run.table["cost"]))
    place = len(costs) - 1
    if place:
        place = st.select_slider(
            "Minutes spent",
            range(len(costs)),
            place,
            format_func=lambda at: number(costs[at] / 60, 1),
            key=f"race-step-{run.number}",
        )
    figure.draw(race_chart(run.table, metric=metric, budget=budget, until=costs[place]), key=f"race-{run.number}")
    st.header("Which knob moved the score", anchor=False)
    figure.draw(
        knobs_chart(run.table, metric=metric),
        key=f"knobs-{run.number}",
        caption="From the common start to the end of the budget. Whiskers: 95 % interval of the end's score.",
    )
    st.download_button(
        "Download as one HTML file",
        data=lambda: written(project.name, run).encode("utf-8"),
        file_name=f"race-{run.number}.html",
        mime="text/html",
        icon=":material/download:",
        on_click="ignore",
    )


def outcome(run: Race) -> str:
    """Say in one sentence how the race came out; never more than the interval allows."""
    ends = run.table.groupby("arm", sort=False).tail(1).set_index("arm")["score"]
    said = f"Better data: {number(ends['data'])}. A better model: {number(ends['model'])}."
    word = {
        "gain": "Better data is ahead",
        "harm": "The better model is ahead",
        "no evidence": "This test set can't tell which is ahead",
    }[run.verdict.verdict]
    return f"{said} {word}: {verdicts.change(run.verdict)}."


def written(name: str, run: Race) -> str:
    """The race as one HTML file."""
    metric, budget = METRICS[run.settings["metric"]], float(run.settings["budget"])
    return race_html(
        f"{name}: a better model, or better data?",
        race_chart(run.table, metric=metric, budget=budget),
        [knobs_chart(run.table, metric=metric)],
        remark=f"{outcome(run)} {conditions(run)}",
    )


def conditions(run: Race) -> str:
    """Say under which rules a race was run."""
    rules: dict[str, Any] = run.settings
    said = f"Each side could spend {number(rules['budget'] / 60, 1)} minutes; "
    said += f"a fit costs {rules['seconds_per_fit']:g} s, a decision {rules['seconds_per_decision']:g} s."
    if rules["simulated"]:
        said += (
            f" A simulated reviewer, right in {rules['accuracy']:.0%}, settled {count(rules['reviews_per_turn'])} "
            "labels a turn. Scored on the truth of the test set."
        )
    return said


frame.guard()
opened = frame.project_or_stop("race")
frame.heading("race")
begin(opened)
job = jobs.panel(opened.id, JOB)
if job is not None and job.running:
    running(opened.id, METRICS[opened.headline])
else:
    races = kept_races(opened)
    if races:
        chosen = races[0]
        if len(races) > 1:
            names = {run.number: f"race {run.number}, {moment(run.at)}" for run in races}
            picked = st.selectbox("Race", list(names), format_func=names.__getitem__, key="race-chosen", width=320)
            chosen = next(run for run in races if run.number == picked)
        finished(opened, chosen)
        st.caption(conditions(chosen))
volume.draw(opened)
