"""The sidebar: the state of the wheel, the lock, the headline metric, undo and redo. The same on every page."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import streamlit as st

from core.errors import FlywheelError
from pages.parts import errors, frame, jobs
from pages.parts.plain import escaped, plain

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from core.flywheel import Entry, Project, Turn

__all__ = ["beside", "draw", "reviewer"]

_REVIEWER = "reviewer"
_SHOWN = "undo-shown"
_ROW = "display:flex;justify-content:space-between;gap:.75rem;padding:.1rem 0"
_TERM = "color:color-mix(in srgb,currentColor 75%,transparent)"
_VALUE = "margin:0;text-align:right;overflow-wrap:anywhere;font-variant-numeric:tabular-nums"


def reviewer() -> str:
    """Who signs the edits of this session: the name given in the sidebar, or that of the user who runs the app."""
    return str(st.session_state.get(_REVIEWER) or st.query_params.get(_REVIEWER) or _user())


@contextmanager
def beside() -> Iterator[None]:
    """Draw the sidebar, then the page inside, then in the sidebar what runs: the page may show some of it itself."""
    jobs.forget_panels()
    place = None
    with errors.calm(doing="drawing the sidebar"):
        place = draw()
    try:
        yield
    finally:
        project_id = frame.current_id()
        if place is not None and project_id is not None:
            with place:
                jobs.glance(project_id)


def draw() -> DeltaGenerator | None:
    """Draw the sidebar and give the place for what runs; without a project it only says so."""
    with st.sidebar:
        try:
            project = frame.open_project()
        except FlywheelError:
            # The page says what is wrong with the address.
            project = None
        if project is None:
            st.caption("No project is open.")
            return None
        turns = project.turns
        _state(project, turns)
        work = st.container()
        _headline(project, turns)
        _undo_and_redo(project)
        _signature()
        return work


def _state(project: Project, turns: list[Turn]) -> None:
    dataset = project.dataset
    rows = [
        ("data", f"{len(dataset):,} examples"),
        ("version", escaped(_hash(dataset.version))),
        ("turn", str(turns[-1].number) if turns else "none yet"),
        ("lock", escaped(_hash(project.model.fingerprint))),
    ]
    listed = "".join(
        f'<div style="{_ROW}"><span style="{_TERM}">{term}</span><span style="{_VALUE}">{value}</span></div>'
        for term, value in rows
    )
    st.html(
        f'<div style="font-weight:650;overflow-wrap:anywhere;margin-bottom:.35rem">{escaped(project.name)}</div>'
        f'<div style="font-size:.92rem">{listed}</div>'
    )


def _headline(project: Project, turns: list[Turn]) -> None:
    # Brought in with the first project: a first visit paints before pandas and plotly are loaded.
    from core.evaluate import METRICS
    from core.report import interval, number
    from pages.parts import test_labels, verdicts

    title = METRICS[project.headline]
    if test_labels.reviewing(project, reviewer()):
        # A score that moves with an answer would tell what the model says of the example.
        st.caption(f"{title} is not shown while you review test labels.")
        return
    if not turns:
        st.caption(f"{title}: no turn yet.")
        return
    last = turns[-1]
    value, low, high = last.headline
    st.metric(title, number(value), help=verdicts.INTERVAL_HELP)
    st.caption(f"95% interval {interval(low, high)}")
    since = last.verdict_against_first
    if since is not None:
        st.markdown(f"since turn 0 {verdicts.badge(since.verdict)}  \n{verdicts.change(since)}")


def _undo_and_redo(project: Project) -> None:
    back, forth = _own(project)
    seen = st.session_state.get(_SHOWN, {})
    known = {kind: seen[kind] for kind in ("undo", "redo") if seen.get("project") == project.id and kind in seen}
    now = {kind: (entry.by, entry.seq) for kind, entry in (("undo", back), ("redo", forth)) if entry is not None}
    st.session_state[_SHOWN] = {"project": project.id, **now}
    if st.button(
        "Undo",
        key="undo",
        icon=":material/undo:",
        disabled=back is None,
        help=_what("Takes back", back, "You have no edit to take back."),
        shortcut="Mod+Z",
        width="stretch",
    ):
        _turn_back(project, "undo", known.get("undo", now.get("undo")))
    if st.button(
        "Redo",
        key="redo",
        icon=":material/redo:",
        disabled=forth is None,
        help=_what("Brings back", forth, "You have taken nothing back."),
        shortcut="Mod+Shift+Z",
        width="stretch",
    ):
        _turn_back(project, "redo", known.get("redo", now.get("redo")))
    if back is not None:
        st.caption(f"Undo takes back: {plain(back.summary)}")


def _own(project: Project) -> tuple[Entry | None, Entry | None]:
    """What undo and redo are about: one's own edits, and those of the simulated reviewer that one has let work."""
    from core.flywheel import SIMULATED

    names = dict.fromkeys((reviewer(), SIMULATED))
    done = [entry for name in names if (entry := project.undoable(name)) is not None]
    undone = [entry for name in names if (entry := project.redoable(name)) is not None]
    # Undone from the last to the first, so brought back from the first to the last.
    return max(done, key=lambda entry: entry.seq, default=None), min(undone, key=lambda entry: entry.seq, default=None)


def _turn_back(project: Project, kind: str, shown: tuple[str, int] | None) -> None:
    """Undo or redo what the button said when it was drawn; another window may have gone on since."""
    if shown is None:
        return
    by, seq = shown
    made = project.undo(by, shown=seq) if kind == "undo" else project.redo(by, shown=seq)
    frame.tell(made.summary[0].upper() + made.summary[1:], icon=f":material/{kind}:")
    st.rerun()


def _signature() -> None:
    # In the address, so that F5 finds the name again: undo is for one's own edits.
    if reviewer() != _user():
        st.query_params[_REVIEWER] = reviewer()
    else:
        st.query_params.pop(_REVIEWER, None)
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
