"""Collect: bring data, see what is wrong with it, mend what can be mended at once, add rows."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.errors import FlywheelError
from core.flywheel import Collect, Project
from core.report import count
from pages.parts import (
    checks,
    columns,
    data_view,
    drafts,
    errors,
    files,
    findings,
    frame,
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
        new_project.choose_files()
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
                "Add rows": add_rows,
            }[view](project)


def add_rows(project: Project) -> None:
    """Add the rows of another file, after a look at what would be added."""
    st.markdown(
        "Rows with a class go to train, the others to the pool. Rows that are in the data already are left out; so are "
        "rows that equal a test example. The test set stays as it is."
    )
    file = st.file_uploader(
        "More rows with the same columns", key=f"more-{project.revision}", max_upload_size=files.most_uploaded()
    )
    if file is None:
        return
    table = files.read_upload(file)
    new = project.dataset.admit(table)
    labelled = int(new[project.dataset.schema.label].notna().sum())
    st.markdown(
        f"{count(len(table), 'row')} read. **{count(len(new))} are new**: {count(labelled)} with a class go to train, "
        f"{count(len(new) - labelled)} to the pool. {count(len(table) - len(new))} are left out."
    )
    missing = [name for name in project.dataset.frame.columns if name not in set(map(str, table.columns))]
    if missing:
        st.caption(f"Not in the file, so missing in the new rows: {plain(', '.join(missing))}.")
    broken = checks.broken_by(project, new)
    left_out = checks.leave_out(broken)
    added = new[~broken.to_numpy(dtype=bool)] if left_out else new
    if len(added) and st.button(f"Add {count(len(added), 'row')}", type="primary", icon=":material/add:"):
        rows = added.reset_index(drop=True) if left_out else table
        project.apply(Collect(rows, by=sidebar.reviewer(), reason=file.name))
        frame.tell(f"Added {count(len(added), 'row')}.")
        st.rerun()


frame.guard()
try:
    opened = frame.open_project()
except FlywheelError:
    opened = frame.project_or_stop("collect")
if opened is None:
    begin()
else:
    look(opened)
