"""Collect: bring data, see what is wrong with it, mend what can be mended at once, add rows."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.errors import FlywheelError
from core.flywheel import Project
from core.report import count
from pages.parts import (
    checks,
    choose_files,
    columns,
    data_view,
    drafts,
    errors,
    findings,
    frame,
    intake,
    map_view,
    missing_values,
    new_project,
    sidebar,
    strayed,
)
from pages.parts.plain import plain


def begin() -> None:
    """Without a project: from files to a project."""
    draft = drafts.current()
    if draft is None:
        frame.heading("collect", "Bring labelled data: a table or a set of texts. It stays on this machine.")
        choose_files.draw()
        return
    frame.heading("collect", "Settle what the columns are for and how turns are judged.")
    with st.container(horizontal=True, vertical_alignment="center"):
        size = f"{count(len(draft.frame), 'row')}, {count(draft.frame.shape[1], 'column')}"
        st.markdown(f"**{plain(draft.name)}** · {size}")
        if st.button("Choose other files", type="tertiary", icon=":material/undo:"):
            drafts.close(draft)
            st.rerun()
    new_project.settle(draft)


def look(project: Project) -> None:
    """With a project: its data and what is wrong with it."""
    frame.heading("collect", "The data as it is now, what is wrong with it, and more rows.")
    data_view.sizes(project)
    strayed.notice(project)
    views = ["Findings", "Checks", "Data", "Columns", "Missing", "Map", "Add rows"]
    for view, tab in zip(views, st.tabs(views, key="collect-view", on_change="rerun"), strict=True):
        if not tab.open:
            continue
        with tab, errors.calm(doing=f"showing {view.lower()}"):
            {
                "Findings": findings.draw,
                "Checks": partial(checks.draw, by=sidebar.reviewer()),
                "Data": data_view.examples,
                "Columns": columns.draw,
                "Missing": missing_values.draw,
                "Map": map_view.draw,
                "Add rows": partial(intake.draw, by=sidebar.reviewer()),
            }[view](project)


frame.guard()
try:
    opened = frame.open_project()
except FlywheelError:
    opened = frame.project_or_stop("collect")
if opened is None:
    begin()
else:
    look(opened)
