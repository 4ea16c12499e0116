"""Whether the test set is fit to judge by, and whether it is like train and like what came last."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.collect import EFFECT
from core.flywheel import reviewed
from core.flywheel.test_set import TestSetReport, judge_test_set
from core.report import class_shares, column_drift, count, interval, number, percent, times
from pages.parts import figure, findings, jobs, test_labels
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.flywheel import Project, Turn
    from core.flywheel.test_set import Beside

__all__ = ["draw"]

_KIND = "test-set"
_SEVERE = 0.6


def draw(project: Project, turn: Turn) -> None:
    """Draw the judgement of the test set; it is made in the background once for each version of the data."""
    title = f"Test set of version {project.dataset.version[:8]}, turn {turn.number}"
    if (said := reviewed(project)) is not None:
        title += f", {count(said.noise.reviewed, 'label')} reviewed"
    job = jobs.registry().snapshot(project.id, _KIND)
    if job is None or (job.title != title and not job.running):
        jobs.registry().start(
            project.id, _KIND, title, lambda progress, cancel: judge_test_set(project, progress, cancel)
        )
    job = jobs.panel(project.id, _KIND)
    if job is not None and job.state == "done":
        _show(project, job.result, turn)
    elif job is not None and not job.running and st.button("Judge it again"):
        jobs.registry().dismiss(project.id, _KIND)
        st.rerun()


def _show(project: Project, report: TestSetReport, turn: Turn) -> None:
    health = report.health
    st.header("Is it fit to judge by?", anchor=False)
    worst = report.findings[0].severity if report.findings else 0.0
    first = report.findings[0].title if report.findings else ""
    if worst >= _SEVERE:
        st.warning(
            f"With care: {plain(first[:1].lower() + first[1:])}. What to do is said below.",
            icon=":material/warning:",
        )
    elif report.findings:
        st.info(f"Yes, with {count(len(report.findings), 'reservation')}.", icon=":material/rule:")
    else:
        st.success("Yes: nothing speaks against it.", icon=":material/check_circle:")
    st.markdown(
        f"- **{count(health.size, 'test example')}**, fixed when the project was made. The rarest class, "
        f"**{plain(health.rarest_class)}**, has {count(health.rarest_support)} of them.\n"
        f"- A share of one half is known to within **{percent(health.half_width)}**; a change of accuracy of "
        f"**{percent(health.detectable)}** or more is likely to be seen, for one of 1% it would take about "
        f"{count(health.needed)} test examples.\n"
        f"- It was looked at **{times(project.looks)}** so far: each turn is a look."
    )
    findings.listed(project, report.findings)
    test_labels.summary(project, turn)
    with st.expander("What it takes to know each class", icon=":material/table_rows:"):
        st.dataframe(
            _classes(health.per_class), hide_index=True, height="content", alt="Test examples needed for each class"
        )
    for beside in report.beside:
        _beside(beside)


def _classes(per_class: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "class": per_class.index.astype(str),
            "test examples": per_class["support"].to_numpy(),
            "recall": per_class["recall"].map(number).to_numpy(),
            "known to within": per_class["half_width"].map(percent).to_numpy(),
            "examples for 5%": per_class["needed"].to_numpy(),
        }
    )


def _beside(beside: Beside) -> None:
    st.header(f"Beside {plain(beside.name)}", anchor=False)
    told = beside.told
    if told is None:
        st.caption(f"{count(beside.rows, 'example')}: too few for a classifier to learn the difference from.")
    else:
        st.markdown(
            f"A classifier that tries to tell the two apart reaches an AUC of **{number(told.auc)}** "
            f"({interval(told.low, told.high)}); 0.5 is guessing. "
            + (
                f"It looks at **{plain(told.columns.index[0])}** most."
                if told.told_apart
                else "It can't: in all that the model sees they are alike."
            )
        )
    left, right = st.columns(2, gap="large")
    with left:
        figure.draw(class_shares(beside.classes, other=beside.name), key=f"classes-{beside.name}")
    with right:
        figure.draw(column_drift(beside.columns, other=beside.name, threshold=EFFECT), key=f"columns-{beside.name}")
