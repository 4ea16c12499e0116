"""Evaluate: what the last turn says, where the model fails, and how much the test set can show."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.evaluate import METRICS, test_health
from core.flywheel import Project, Turn
from core.report import count, interval, number, per_class_f1, percent
from pages.parts import balance, figure, frame, mistakes, slices, turns, verdicts
from pages.parts.plain import plain


def judgement(project: Project, turn: Turn) -> None:
    """Draw the headline metric and both verdicts, with the number of looks they rest on."""
    title = METRICS[project.headline]
    with st.container(border=True):
        left, right = st.columns([2, 5], vertical_alignment="center")
        value, low, high = turn.evaluation.metrics[project.headline]
        left.metric(f"{title}, turn {turn.number}", number(value), help=verdicts.INTERVAL_HELP)
        left.caption(f"95 % interval {interval(low, high)}")
        with right:
            if turn.verdict is None or turn.verdict_against_first is None:
                st.markdown(
                    "**The first mark.** From turn 1 on, a verdict says what the changes of the data did to it."
                )
            else:
                verdicts.statement(turn.verdict, metric=title, against=f"turn {turn.number - 1}")
                if turn.number > 1:
                    verdicts.statement(turn.verdict_against_first, metric=title, against="turn 0")
            st.caption(looks(project, turn))
    if turns.moved_on(project, turn):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"The data was changed since: scores, mistakes and slices are those of turn {turn.number}.")
            turns.to_train(project, f"Run turn {turn.number + 1}")


def looks(project: Project, turn: Turn) -> str:
    """Say how often the test set was looked at, and what follows from it."""
    said = f"The test set was looked at {times(project.looks)}. Each look makes the next verdict a little less sure."
    if turn.rescored:
        said += " Test labels were corrected or excluded since the turn ran: it is scored again from its predictions."
    return said


def times(number: int) -> str:
    """Write how often something was done."""
    return "once" if number == 1 else f"{count(number)} times"


def metrics(project: Project, turn: Turn) -> None:
    """Draw every metric with its interval, and each class with its own."""
    left, right = st.columns(2, gap="large")
    rows = [
        {"metric": METRICS[name], "value (95 % interval)": verdicts.score(*values)}
        for name, values in turn.evaluation.metrics.items()
    ]
    left.dataframe(pd.DataFrame(rows), hide_index=True, height="content", alt="All metrics of the turn")
    right.markdown(
        f"Turns are judged by **{METRICS[project.headline]}** alone, chosen when the project was made. "
        "The others are there to be read."
    )
    right.caption(turn.evaluation.note)
    st.header("Each class", anchor=False)
    figure.draw(per_class_f1(turn.evaluation.per_class), key="per-class", opened=True)


def test_set(project: Project) -> None:
    """Say in words what the test set can show."""
    health = test_health(project.dataset)
    for warning in health.warnings:
        st.warning(plain(warning), icon=":material/warning:")
    st.markdown(
        f"- **{count(health.size, 'test example')}**, fixed when the project was made.\n"
        f"- The rarest class, **{plain(health.rarest_class)}**, has {count(health.rarest_support)} of them.\n"
        f"- A change of accuracy of **{percent(health.detectable)}** or more is likely to be seen; smaller ones mostly "
        f"end as *no evidence*. To see a change of 1 % it would take about {count(health.needed)} test examples.\n"
        f"- It was looked at **{times(project.looks)}** so far: each turn is a look."
    )


VIEWS = {
    "Metrics": metrics,
    "Mistakes": mistakes.draw,
    "Error slices": slices.draw,
    "Balance": lambda project, turn: balance.draw(project.dataset, key="balance", opened=True),
    "Test set": lambda project, turn: test_set(project),
}

frame.guard()
opened = frame.project_or_stop("evaluate")
frame.heading("evaluate")
last = turns.last_or_stop(opened, why="There is nothing to read before the locked model has met the data.")
judgement(opened, last)
tabs = st.tabs(list(VIEWS), key="evaluate-view", on_change="rerun")
for tab, view in zip(tabs, VIEWS.values(), strict=True):
    if tab.open:
        with tab:
            view(opened, last)
