"""Race: the model's side against the data's side at equal budget, live while it runs, and played through afterwards."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.evaluate import METRICS
from core.flywheel import Project, Race, kept_races
from core.report import knobs_chart, moment, race_html, race_numbers, race_scene, race_terms
from pages.parts import errors, figure, frame, jobs, race_player, race_start, volume

POLL_SECONDS = 1.0
SHOW = "show"
_STYLE = Path(__file__).parent / "parts" / "show.css"


@st.fragment(run_every=POLL_SECONDS)
@errors.calm(doing="showing the race")
def running(project_id: str, metric: str) -> None:
    """Draw the race as far as it has come."""
    table = race_start.so_far().get(project_id)
    if table is None:
        st.caption("The race begins: all sides start from the same model on the same data.")
        return
    race_player.draw(race_scene(table, metric=metric, budget=table.attrs["budget"]), key="race-live")


def finished(project: Project, run: Race) -> None:
    """Show how a race came out, let it be played, shown to others and taken along."""
    beside = volume.picture(project)
    race_player.draw(scene(run, beside), key=f"race-{run.number}")
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Show to others", icon=":material/present_to_all:", key="race-show", help=_SHOW_HELP):
            st.query_params[SHOW] = str(run.number)
            st.rerun()
        st.download_button(
            "Download as one HTML file",
            data=lambda: written(project.name, run, beside).encode("utf-8"),
            file_name=f"race-{run.number}.html",
            mime="text/html",
            icon=":material/download:",
            on_click="ignore",
            help="Plays in any browser, without this app and without a network.",
        )
    st.caption(f"Race of {moment(run.at)}. {race_terms(run.settings)}")
    with st.expander("The numbers", icon=":material/table_rows:"):
        st.dataframe(
            race_numbers(run.table, metric=METRICS[run.settings["metric"]]),
            hide_index=True,
            key=f"race-numbers-{run.number}",
            alt="All steps of the race: side, step, what it has spent, score with its interval.",
        )
    if run.gains:
        st.header("Which knob moved the score", anchor=False)
        figure.draw(
            knobs_chart(run.gains, metric=METRICS[run.settings["metric"]]),
            key=f"knobs-{run.number}",
            caption=(
                "From the common start to the end of the budget, on the same test examples. Whiskers: 95% for all "
                "sides together (Holm)."
            ),
        )


_SHOW_HELP = "The race alone, in large letters. Space plays and pauses, the arrow keys step, F11 fills the screen."


def shown(project: Project, run: Race) -> None:
    """Show a race to a room: nothing else is on screen."""
    st.html(_STYLE)
    race_player.draw(scene(run, volume.picture(project), whole=True), key=f"race-shown-{run.number}")
    if st.button("Leave", icon=":material/close:", key="race-leave", type="tertiary", shortcut="Esc"):
        del st.query_params[SHOW]
        st.rerun()


def scene(run: Race, beside: volume.Picture | None, *, whole: bool = False) -> dict[str, object]:
    """The scene of a finished race; volume against consistency is its last step, where it was measured."""
    return race_scene(
        run.table,
        metric=METRICS[run.settings["metric"]],
        budget=float(run.settings["budget"]),
        verdict=run.verdict,
        gains=run.gains,
        volume=None if beside is None else beside.moment,
        whole=whole,
    )


def written(name: str, run: Race, beside: volume.Picture | None) -> str:
    """The race as one HTML file."""
    return race_html(
        f"{name}: a better model, or better data?",
        scene(run, beside, whole=True),
        run.table,
        remark=race_terms(run.settings),
        volume=None if beside is None else beside.numbers,
    )


def chosen(races: list[Race]) -> Race:
    """Let one of the races be chosen; the newest is it."""
    if len(races) == 1:
        return races[0]
    names = {run.number: f"race {run.number}, {moment(run.at)}" for run in races}
    picked = st.selectbox("Race", list(names), format_func=names.__getitem__, key="race-chosen", width=320)
    return next(run for run in races if run.number == picked)


frame.guard()
opened = frame.project_or_stop("race")
races = kept_races(opened)
asked = next((run for run in races if str(run.number) == st.query_params.get(SHOW)), None)
if asked is not None:
    shown(opened, asked)
    st.stop()
frame.heading("race")
job = jobs.panel(opened.id, race_start.JOB)
if job is not None and job.running:
    running(opened.id, METRICS[opened.headline])
elif races:
    finished(opened, chosen(races))
    volume.draw(opened)
    st.header("Another race", anchor=False)
    race_start.form(opened)
else:
    race_start.about(opened)
    race_start.form(opened)
    volume.draw(opened)
