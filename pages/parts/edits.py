"""The log of edits: who did what, when and why, whether it is in force, and undo and redo of anybody's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.flywheel import InForce
from core.report import moment
from pages.parts import errors, frame, paging
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.flywheel import Entry, Project

__all__ = ["draw"]


def draw(project: Project) -> None:
    """Show the entries of the log, newest first."""
    entries = project.log
    if not entries:
        st.caption("No edit yet. Everything you change from now on is listed here and can be undone.")
        return
    back, forth = project.undoable(), project.redoable()
    with st.container(horizontal=True, vertical_alignment="center"):
        _turn_back(project, "undo", back)
        _turn_back(project, "redo", forth)
        st.caption("Of anybody. The buttons in the sidebar are for your own edits alone.")
    part = paging.page_of(len(entries), key="log")
    force = _in_force(project.id, project.revision, entries)
    shown = entries[::-1][part]
    st.dataframe(
        pd.DataFrame(
            {
                "entry": [entry.seq for entry in shown],
                "when": [moment(entry.at) for entry in shown],
                "who": [entry.by or "–" for entry in shown],
                "what": [entry.summary for entry in shown],
                "why": [entry.reason or "–" for entry in shown],
                "state": [_state(entry, force) for entry in shown],
            }
        ),
        hide_index=True,
        key="log-table",
        height="content",
        alt="The log of edits, newest first: who, when, what, why, and whether it is in force.",
    )
    paging.controls(len(entries), key="log", noun="entry", many="entries")


def _turn_back(project: Project, kind: str, entry: Entry | None) -> None:
    # What the button said when it was clicked: another window may have gone on since.
    said = f"{kind}-any-{project.id}"
    shown = st.session_state.get(said)
    st.session_state[said] = None if entry is None else entry.seq
    what = f"{kind.capitalize()}: {plain(entry.summary)}" if entry else f"Nothing to {kind}"
    if st.button(what, key=f"{kind}-any", icon=f":material/{kind}:", disabled=entry is None):
        with errors.calm(doing=f"doing the {kind}"):
            made = getattr(project, kind)(shown=shown)
            frame.tell(made.summary[0].upper() + made.summary[1:], icon=f":material/{kind}:")
            st.rerun()


@st.cache_data(show_spinner=False, max_entries=32)
def _in_force(project_id: str, revision: int, _entries: list[Entry]) -> frozenset[int]:
    force = InForce(_entries)
    return frozenset(entry.seq for entry in _entries if entry.is_act and force.holds(entry))


def _state(entry: Entry, force: frozenset[int]) -> str:
    if not entry.is_act:
        return "–"
    return "in force" if entry.seq in force else "taken back"
