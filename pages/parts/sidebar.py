"""The sidebar: the state of the wheel, the lock, the headline metric, undo and redo. The same on every page."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING

import streamlit as st

from core.errors import FlywheelError
from core.report import interval, number, signed
from pages.parts import frame, jobs, verdicts
from pages.parts.plain import escaped, plain

if TYPE_CHECKING:
    from core.flywheel import Project
    from core.flywheel.log import Entry

__all__ = ["draw", "reviewer"]

_REVIEWER = "reviewer"
_ROW = "display:flex;justify-content:space-between;gap:.75rem;padding:.1rem 0"
_TERM = "color:color-mix(in srgb,currentColor 75%,transparent)"
_VALUE = "margin:0;text-align:right;overflow-wrap:anywhere;font-variant-numeric:tabular-nums"


def reviewer() -> str:
    """Who signs the edits of this session: the name given in the sidebar, or that of the user who runs the app."""
    return str(st.session_state.get(_REVIEWER) or _user())


def draw() -> None:
    """Draw the sidebar; without a project it only says so."""
    with st.sidebar:
        try:
            project = frame.open_project()
        except FlywheelError:
            # The page says what is wrong with the address.
            project = None
        if project is None:
            st.caption("No project is open.")
            return
        _state(project)
        jobs.glance(project.id)
        _headline(project)
        _undo_and_redo(project)
        _signature()


def _state(project: Project) -> None:
    turns = project.turns
    dataset = project.dataset
    rows = [
        ("data", f"{len(dataset):,} examples"),
        ("version", _hash(dataset.version)),
        ("turn", str(turns[-1].number) if turns else "none yet"),
        ("lock", f"{'🔒' if turns else '🔓'} {_hash(project.model.fingerprint)}"),
    ]
    listed = "".join(
        f'<div style="{_ROW}"><dt style="{_TERM}">{escaped(term)}</dt><dd style="{_VALUE}">{escaped(value)}</dd></div>'
        for term, value in rows
    )
    st.html(
        f'<div style="font-weight:650;overflow-wrap:anywhere;margin-bottom:.25rem">{escaped(project.name)}</div>'
        f'<dl style="margin:0;font-size:.92rem">{listed}</dl>'
    )


def _headline(project: Project) -> None:
    from core.evaluate import METRICS

    turns = project.turns
    title = METRICS[project.headline]
    if not turns:
        st.caption(f"{title}: no turn yet.")
        return
    last = turns[-1]
    value, low, high = last.evaluation.metrics[project.headline]
    since = last.verdict_against_first
    st.metric(
        title,
        number(value),
        delta=None if since is None else signed(since.delta),
        delta_color="off",
        delta_arrow="off",
        delta_description="since turn 0",
        help="On the fixed test set. Intervals are 95 % bootstrap intervals; the change is paired.",
    )
    st.caption(f"95 % {interval(low, high)}")
    if since is not None:
        st.markdown(f"{verdicts.badge(since.verdict)} {verdicts.change(since)}")


def _undo_and_redo(project: Project) -> None:
    name = reviewer()
    back, forth = project.undoable(name), project.redoable(name)
    left, right = st.columns(2)
    if left.button(
        "Undo",
        key="undo",
        icon=":material/undo:",
        disabled=back is None,
        help=_what("Takes back", back, "You have no edit to take back."),
        shortcut="Mod+Z",
        width="stretch",
    ):
        _turn_back(project, "undo", name)
    if right.button(
        "Redo",
        key="redo",
        icon=":material/redo:",
        disabled=forth is None,
        help=_what("Brings back", forth, "You have taken nothing back."),
        shortcut="Mod+Shift+Z",
        width="stretch",
    ):
        _turn_back(project, "redo", name)
    if back is not None:
        st.caption(f"Undo takes back: {plain(back.summary)}")


def _turn_back(project: Project, kind: str, name: str) -> None:
    entry = project.undo(name) if kind == "undo" else project.redo(name)
    frame.tell(entry.summary[0].upper() + entry.summary[1:], icon=f":material/{kind}:")
    st.rerun()


def _signature() -> None:
    with st.popover(f"Signed: {plain(reviewer())}", icon=":material/person:", type="tertiary"):
        st.text_input(
            "Your name, for the log of edits",
            value=reviewer(),
            key=_REVIEWER,
            persist_state="session",
            max_chars=60,
            help="Undo takes back your own last edit.",
        )


def _what(verb: str, entry: Entry | None, otherwise: str) -> str:
    return otherwise if entry is None else f"{verb}: {plain(entry.summary)} ({plain(entry.at)})"


def _hash(value: str) -> str:
    return value[:8]


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "analyst"
