"""The ways from an earlier version of the data, back to it or on in a branch; each says first what it means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.errors import FlywheelError
from core.flywheel import back_to, branch, changes_by_reason, home, is_sealed, new_folder, worded_changes
from core.report import count
from pages.parts import errors, frame, sidebar
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.flywheel import Entry, Project

__all__ = ["draw", "from_entry"]

# Kept until it is answered: a job that ends meanwhile draws the page anew, and the dialog with it.
_ASKED = "way-asked"
_STAYS = (
    "Blind answers on test labels, annotators' labels, rules, checks and dismissed findings stay as they are: they are "
    "no part of the data."
)


def draw(project: Project, revision: int, *, turn: int | None = None) -> None:
    """Offer both ways from the data after one entry of the log.

    Parameters
    ----------
    project : Project
    revision : int
    turn : int, optional
        The turn whose data it is.
    """
    name = f"turn-{turn}" if turn is not None else "entry"
    for way, label, icon in (
        ("back", "Go back to this data…", ":material/settings_backup_restore:"),
        ("branch", "Branch from here…", ":material/fork_right:"),
    ):
        st.button(
            label,
            key=f"{way}-{name}",
            icon=icon,
            disabled=way == "back" and revision == project.revision,
            on_click=_ask,
            args=((project.id, way, revision, turn),),
        )
    asked = st.session_state.get(_ASKED)
    if asked == (project.id, "back", revision, turn):
        _back(project, revision, turn)
    elif asked == (project.id, "branch", revision, turn):
        _branch(project, revision, turn)


def from_entry(project: Project) -> None:
    """Let the analyst choose any entry of the log, and offer both ways from it."""
    with st.expander("Go back to an entry, or branch from it", icon=":material/settings_backup_restore:"):
        last = project.revision
        revision = st.number_input(
            "The data after entry",
            min_value=0,
            max_value=last,
            value=last,
            step=1,
            key=f"way-entry-{last}",
            width=200,
            help="0 is the data as it was brought.",
        )
        entry = next((each for each in project.log if each.seq == revision), None)
        st.caption("The data as it was brought." if entry is None else f"Entry {entry.seq}: {plain(entry.summary)}.")
        with st.container(horizontal=True):
            draw(project, int(revision))


def _ask(asked: tuple[str, str, int, int | None]) -> None:
    st.session_state[_ASKED] = asked


def _asked_no_longer() -> None:
    st.session_state.pop(_ASKED, None)


def _then(revision: int, turn: int | None) -> str:
    if turn is not None:
        return f"the data of turn {turn}"
    return f"the data after entry {revision}" if revision else "the data as it was brought"


@st.dialog("Go back?", width="medium", on_dismiss=_asked_no_longer)
@errors.calm(doing="preparing to go back")
def _back(project: Project, revision: int, turn: int | None) -> None:
    try:
        left, came = back_to(project, revision)
    except FlywheelError as error:
        st.info(plain(error), icon=":material/done_all:")
        if st.button("Close", key="back-close"):
            _asked_no_longer()
            st.rerun()
        return
    st.markdown(f"Go back to **{_then(revision, turn)}**.")
    st.markdown(f"- Taken back: {_moved(left)}\n- Brought back: {_moved(came)}")
    st.caption(f"It is an entry of the log like any other: undo takes it back. {_STAYS}")
    reason = st.text_input("Why", key=f"back-why-{revision}", max_chars=200, placeholder="For the log of edits")
    left_, right = st.columns(2)
    if left_.button(
        "Go back", key="back-go", type="primary", icon=":material/settings_backup_restore:", width="stretch"
    ):
        entry = project.go_back(revision, by=sidebar.reviewer(), reason=reason.strip())
        _asked_no_longer()
        frame.tell(entry.summary[0].upper() + entry.summary[1:], icon=":material/settings_backup_restore:")
        st.rerun()
    if right.button("Stay", key="back-stay", width="stretch"):
        _asked_no_longer()
        st.rerun()


def _moved(entries: tuple[Entry, ...]) -> str:
    """What some entries did, in few words."""
    if not entries:
        return "nothing"
    found = changes_by_reason(entries, 0, entries[-1].seq)
    said = plain(worded_changes(found)) or "edits"
    return f"{said} ({count(len(entries), 'entry', 'entries')})"


@st.dialog("Branch?", width="medium", on_dismiss=_asked_no_longer)
@errors.calm(doing="branching")
def _branch(project: Project, revision: int, turn: int | None) -> None:
    shared = [each.number for each in project.turns if each.revision <= revision]
    last = turn if turn is not None else max(shared, default=None)
    st.markdown(f"A project of its own that goes on from **{_then(revision, turn)}**.")
    turns = "no turn" if last is None else "turn 0" if last == 0 else f"turns 0 to {last}"
    st.markdown(
        f"- It shares the data, the locked model, the log up to there and {turns}, number for number.\n"
        "- Both are judged by **one test set**: a look in one counts in all.\n"
        + ("- The sealed examples can be opened **once, in one of them**.\n" if is_sealed(project) else "")
        + "- Afterwards neither changes the other; **Ledger**, Branches, sets them side by side."
    )
    st.caption(_STAYS)
    where = f"turn {turn}" if turn is not None else f"entry {revision}"
    name = st.text_input("Name", value=f"{project.name}, from {where}", key=f"branch-name-{where}", max_chars=80)
    left, right = st.columns(2)
    if left.button(
        "Branch",
        key="branch-go",
        type="primary",
        icon=":material/fork_right:",
        disabled=not name.strip(),
        width="stretch",
    ):
        with st.spinner("Branching"):
            at = {"turn": turn} if turn is not None else {"revision": revision}
            made = branch(project, new_folder(home(), name), **at, name=name.strip(), by=sidebar.reviewer())
            made.close()
        _asked_no_longer()
        frame.tell(f"Branched: this is {name.strip()}.", icon=":material/fork_right:")
        frame.navigate("ledger", made.id)
    if right.button("Not now", key="branch-not", width="stretch"):
        _asked_no_longer()
        st.rerun()
