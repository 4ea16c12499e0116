"""What the audit found, worst first, each with what to do and, where one edit mends it, a button for that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.flywheel import DropColumn, Exclude
from core.report import count
from pages.parts import errors, frame, paging, sidebar
from pages.parts.plain import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.collect import Finding
    from core.flywheel import Project

__all__ = ["draw", "listed"]

# From this severity on a finding is called by that word.
_LEVELS = ((0.6, "severe", "orange"), (0.3, "worth mending", "blue"), (0.0, "worth knowing", "gray"))


def draw(project: Project) -> None:
    """Draw the findings of the data as it is."""
    found = project.findings()
    if not found:
        st.success("The audit found nothing to mend.", icon=":material/check_circle:")
        return
    listed(project, found)


def listed(project: Project, found: Sequence[Finding]) -> None:
    """Draw some findings, each in a box of its own."""
    # A click on what another tab has changed meanwhile finds no button any more.
    version = project.dataset.version[:8]
    for place, finding in enumerate(found):
        with st.container(border=True):
            _finding(project, finding, f"{finding.kind}-{place}-{version}")


def _finding(project: Project, finding: Finding, key: str) -> None:
    word, colour = next((word, colour) for least, word, colour in _LEVELS if finding.severity >= least)
    left, right = st.columns([4, 1], vertical_alignment="center")
    left.markdown(f"**{plain(finding.title)}** :{colour}-badge[{word}]  \n{plain(finding.message)}")
    left.caption(plain(finding.remedy))
    if finding.fix in {"exclude", "drop_column"}:
        with right:
            _mend(project, finding, key)
    if len(finding.ids):
        _examples(project, finding, key)


def _mend(project: Project, finding: Finding, key: str) -> None:
    if finding.fix == "exclude":
        label = f"Exclude {count(len(finding.ids), 'example')}"
        edit = Exclude(tuple(finding.ids), by=sidebar.reviewer(), reason=finding.title)
    else:
        label = f"Drop '{plain(finding.columns[0])}'"
        edit = DropColumn(finding.columns[0], by=sidebar.reviewer(), reason=finding.title)
    if st.button(label, key=f"mend-{key}", width="stretch", help="One edit; undo takes it back."):
        with errors.calm(doing="mending a finding"):
            entry = project.apply(edit)
            frame.tell(f"{entry.summary[0].upper()}{entry.summary[1:]}.")
            st.rerun()


def _examples(project: Project, finding: Finding, key: str) -> None:
    # Only the page that is shown is cut out of the data.
    with st.expander(f"Show {count(len(finding.ids), 'example')}", key=f"open-{key}", on_change="rerun") as shown:
        if not shown.open:
            return
        dataset = project.dataset
        part = finding.ids[paging.page_of(len(finding.ids), key=key, rows=10)]
        columns = [*finding.columns, dataset.schema.label, *dataset.schema.inputs]
        rows = dataset.frame.loc[dataset.frame.index.intersection(part, sort=False), list(dict.fromkeys(columns))]
        st.dataframe(rows.rename_axis("id").reset_index(), hide_index=True, key=f"rows-{key}", height="content")
        paging.controls(len(finding.ids), key=key, rows=10)
