"""Ledger: every turn with its verdicts, any two side by side, branches, every edit, and the way out with all of it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import streamlit as st

from core.flywheel import Project
from pages.parts import (
    attribution,
    branches,
    edits,
    frame,
    release,
    report,
    seal,
    side_by_side,
    turn_detail,
    turns,
    turns_table,
    ways,
)


def of_turns(project: Project) -> None:
    """Draw the turns, and one of them opened."""
    ledger = project.ledger()
    if ledger.empty:
        st.info("No turn yet. The ledger begins with turn 0.", icon=":material/lock:")
        turns.to_train(project, "Run turn 0")
        return
    seal.entry(project)
    turns_table.chart(project, ledger)
    turns_table.table(project, ledger)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = turns_table.choose(ledger)
        turn = project.turns[number]
        ways.draw(project, turn.revision, turn=number)
    turn_detail.draw(project, turn, ledger.iloc[number])
    attribution.draw(project, number)
    report.draw(project, number)


def log_of_edits(project: Project) -> None:
    """Draw the log, and the ways from any of its entries."""
    edits.draw(project)
    if project.revision:
        ways.from_entry(project)


def way_out(project: Project) -> None:
    """Offer the report, everything as one zip file, and the model."""
    if not project.turns:
        st.caption("Run the first turn: report and export hold its numbers.")
        return
    st.markdown(
        "A report for those who weren't there, as one HTML file that opens anywhere without a network: what the data "
        "is, what was changed and why, verdicts with their intervals, the worst slices, what the numbers can't say."
    )
    report.draw(project)
    st.markdown(
        "The corrected data as CSV and Parquet, the log, the metrics, the recipe, and a script that rebuilds the last "
        "turn's numbers without this app."
    )
    st.download_button(
        "Download as zip",
        data=lambda: _zipped(project),
        file_name=f"{project.id}.zip",
        mime="application/zip",
        icon=":material/download:",
        on_click="ignore",
    )
    release.draw(project)


def _zipped(project: Project) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return project.export(Path(folder) / "export.zip").read_bytes()


VIEWS = {
    "Turns": of_turns,
    "Side by side": side_by_side.choose,
    "Branches": branches.draw,
    "Edits": log_of_edits,
    "Export": way_out,
}

frame.guard()
opened = frame.project_or_stop("ledger")
frame.heading("ledger")
branches.line(opened)
tabs = st.tabs(list(VIEWS), key="ledger-view", on_change="rerun")
for tab, view in zip(tabs, VIEWS.values(), strict=True):
    if tab.open:
        with tab:
            view(opened)
