"""Above everything on Evaluate: the headline metric of a turn, what the verdicts say, and the looks they rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.evaluate import METRICS
from core.report import interval, number, times
from pages.parts import turns, verdicts

if TYPE_CHECKING:
    from core.flywheel import Project, Turn

__all__ = ["draw", "looks", "then"]


def draw(project: Project, turn: Turn) -> None:
    """Draw the headline metric and both verdicts, with the number of looks they rest on."""
    title = METRICS[project.headline]
    with st.container(border=True):
        left, right = st.columns([2, 5], vertical_alignment="center")
        value, low, high = turn.headline
        left.metric(f"{title}, turn {turn.number}", number(value), help=verdicts.INTERVAL_HELP)
        left.caption(f"95% interval {interval(low, high)}")
        with right:
            if turn.verdict is None or turn.verdict_against_first is None:
                st.markdown(
                    "**The first mark.** From turn 1 on, a verdict says what the changes of the data did to it."
                )
            else:
                verdicts.statement(turn.verdict, metric=title, against=f"turn {turn.number - 1}")
                if turn.number > 1:
                    verdicts.statement(turn.verdict_against_first, metric=title, against="turn 0")
                if turn.verdict.refits:
                    st.caption(verdicts.covers(turn.verdict))
            if turn.rescored:
                st.markdown(then(project, turn))
            st.caption(looks(project, turn))
    if turns.moved_on(project, turn):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"The data was changed since: scores, mistakes and slices are those of turn {turn.number}.")
            turns.to_train(project, f"Run turn {turn.number + 1}")


def then(project: Project, turn: Turn) -> str:
    """Say what was said of a turn when it ran, on the test labels of then."""
    said = f"When it ran: {verdicts.score(*turn.evaluation_then.metrics[project.headline])}"
    old = turn.verdict_then
    if old is not None and turn.verdict is not None:
        said += f", {verdicts.badge(old.verdict)} {verdicts.change(old)} against turn {turn.number - 1}"
        if old.verdict != turn.verdict.verdict:
            said += ": **the verdict is another one** on the test labels as they are now"
    return f"{said}."


def looks(project: Project, turn: Turn) -> str:
    """Say how often the test set was looked at, and what follows from it."""
    said = f"The test set was looked at {times(project.looks)}. Each look makes the next verdict a little less sure."
    if turn.rescored:
        said += " Test labels were corrected or examples excluded since: it is scored anew from its stored predictions."
    return said
