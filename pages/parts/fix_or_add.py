"""Fix data, or add data? What settling the suspects is worth in rows: measured once for a version, as a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.evaluate import METRICS
from core.flywheel import (
    FARTHEST,
    IN_TURNS,
    LABELLINGS,
    SECONDS_PER_DECISION,
    fix_or_add,
    is_current,
    kept_fix_or_add,
    open_suspects,
    seconds_per_decision,
)
from core.report import count, gains_table, two_curves_chart, worth_in_words
from pages.parts import better_ranking, figure, jobs, sidebar, turns

if TYPE_CHECKING:
    from core.flywheel import FixOrAdd, Project, Turn
    from core.progress import Cancel, Progress

__all__ = ["NAMES", "conditions", "draw", "worth"]

_JOB = "fix-or-add"
NAMES = {LABELLINGS[0]: "labels as they are", LABELLINGS[1]: "suspects settled"}


def draw(project: Project) -> None:
    """Draw the answer for the data as it is now, or offer to measure it; there must have been a turn."""
    with st.container(border=True):
        st.header("Fix data, or add data?", anchor=False)
        st.caption(
            "How many more examples, labelled like those you have, would bring as much as settling the suspects? "
            "Measured inside the train examples; the test set is not used."
        )
        job = jobs.panel(project.id, _JOB)
        if job is not None and job.running:
            return
        found = kept_fix_or_add(project)
        if found is None:
            _offer(project, "Measure it")
            return
        _answer(project, found)
        if not is_current(project, found):
            st.caption("The data or its suspects have changed since this was measured.")
            _offer(project, "Measure it again")


def _offer(project: Project, label: str) -> None:
    turn = project.turns[-1]
    # Soon there will be other suspects: what is measured of these would be old at once.
    ranking = better_ranking.under_way(project, turn)
    if st.button(label, key="measure-fix-or-add", icon=":material/balance:", disabled=ranking):

        def work(progress: Progress, cancel: Cancel) -> None:
            fix_or_add(project, progress=progress, cancel=cancel)

        jobs.start(project.id, _JOB, "Fix or add", work)
    said = f"Takes about as long as {IN_TURNS} turns, in the background"
    # The quickest turn so far: another may have shared the machine with other work.
    minutes = IN_TURNS * min(each.seconds for each in project.turns) / 60
    if minutes >= 100:
        said += f": some {count(minutes / 60, 'hour')}."
    else:
        said += f": some {count(minutes, 'minute')}." if minutes >= 1.5 else "."
    if not _any_open(turns.identity(project, turn), project.revision, project, turn):
        said = f"No suspect is open: it will say what more examples would bring. {said}"
    st.caption(f"It can be measured once the suspects are ranked. {said}" if ranking else said)
    if ranking:
        better_ranking.draw(project, turn)


@st.cache_data(show_spinner=False, max_entries=16)
def _any_open(identity: str, revision: int, _project: Project, _turn: Turn) -> bool:
    """Whether a suspect of the turn is open, looked up once for each state of the log."""
    return len(open_suspects(_project, _turn)) > 0


def _answer(project: Project, found: FixOrAdd) -> None:
    curves, metric = found.curves, METRICS[found.metric]
    st.markdown(f"### {worth(found)}")
    if found.suspects:
        pace = seconds_per_decision(project.log, sidebar.reviewer())
        minutes = max(1, round(found.suspects * (pace or SECONDS_PER_DECISION) / 60))
        whose = "at your pace" if pace else f"at {SECONDS_PER_DECISION:g} s per label"
        st.markdown(f"The review takes about {count(minutes, 'minute')} {whose}.")
    st.dataframe(
        gains_table(curves, NAMES[LABELLINGS[1]], only_added=not found.suspects),
        hide_index=True,
        key="fix-or-add-gains",
        alt=f"What a fix and an addition each bring to {metric}.",
    )
    figure.draw(two_curves_chart(curves, metric=metric, names=NAMES), key="fix-or-add", caption=conditions(found))


def worth(found: FixOrAdd) -> str:
    """Say what the fix is worth."""
    if not found.suspects:
        return "No suspect was open: more examples are what is left."
    what = "the one open suspect" if found.suspects == 1 else f"the {count(found.suspects)} suspects"
    return worth_in_words(found.curves, f"Settling {what}")


def conditions(found: FixOrAdd) -> str:
    """Say what the answer rests on."""
    said = ""
    if found.suspects:
        wrong, low, high = found.wrong
        rests = (
            f"judged by {count(found.answers, 'reviewed suspect')} of this project"
            if found.answers
            else "judged by the ranking alone: review some of them, and this becomes surer"
        )
        said = (
            f"About {count(wrong)} ({count(low)} to {count(high)}) of the suspects have a wrong label, {rests}. As "
            "many more wrong labels were put in, at random: what they cost is taken for what settling brings. "
        )
    return (
        f"{said}Scored out of fold on the labels as they are. Dotted: a power law, followed to {FARTHEST:g} times the "
        "examples and no further. Intervals cover the draws of examples and labels, and the examples scored."
    )
