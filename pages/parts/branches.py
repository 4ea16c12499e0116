"""The branches of a project: who came from whom, and the last turns of two of them side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.flywheel import Side, branched_from, relatives
from core.report import count, moment, times
from pages.parts import frame, side_by_side
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.flywheel import Member, Project

__all__ = ["draw", "line"]


def line(project: Project) -> None:
    """Say in one line what the project was branched from; nothing if it was not."""
    came = branched_from(project)
    if came is not None:
        by = f" by {plain(came.by)}" if came.by else ""
        where = f"turn {came.turn}" if came.turn >= 0 else f"entry {came.revision}"
        st.caption(f":material/fork_right: Branched from **{plain(came.name)}** at {where}, {moment(came.at)}{by}.")


def draw(project: Project) -> None:
    """Show the family of the project, and set its last turn beside that of another member."""
    found = relatives(project)
    others = [each for each in found if each.id != project.id]
    if not others:
        st.info(
            "Nothing was branched yet. A branch goes its own way from an earlier turn, to try something without losing "
            "this: open a turn under **Turns**, or an entry under **Edits**, and choose Branch from here.",
            icon=":material/fork_right:",
        )
        return
    names = {each.id: each.name for each in found}
    st.dataframe(
        pd.DataFrame([_row(project, each, names) for each in found]),
        hide_index=True,
        height="content",
        key="family",
        alt="The projects of the family: name, what each was branched from, shared turns, looks at the test set.",
    )
    st.caption(
        f"They share one test set: it was looked at {times(project.looks)} by all of them. Sealed examples are "
        "opened once, in one of them."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Compare with", [each.id for each in others], format_func=names.__getitem__, key="branch-other", width=420
        )
        if st.button("Open it", key="branch-open", icon=":material/folder_open:"):
            frame.navigate("ledger", chosen)
    _compare(project, frame.project(chosen), names[chosen])


def _row(project: Project, each: Member, names: dict[str, str]) -> dict[str, str]:
    came = "–" if each.came_from is None else names.get(each.came_from, "a project that is gone")
    return {
        "project": f"{each.name} (this one)" if each.id == project.id else each.name,
        "branched from": came,
        "at": "–" if each.came_from is None else f"turn {each.turn}" if each.turn >= 0 else "before turn 0",
        "when": moment(each.at),
        "looks of its own": count(len(each.looks)),
    }


def _compare(project: Project, other: Project, name: str) -> None:
    sides = project.turns, other.turns
    if not sides[0] or not sides[1]:
        st.info("Both need a turn to be compared.", icon=":material/compare_arrows:")
        return
    last = sides[0][-1], sides[1][-1]
    st.header("Their last turns side by side", anchor=False)
    st.caption(f"From turn {last[0].number} of '{plain(project.name)}' to turn {last[1].number} of '{plain(name)}'.")
    side_by_side.draw(
        Side(project, last[0]),
        Side(other, last[1]),
        names=(f"turn {last[0].number} here", f"turn {last[1].number} of '{name}'"),
    )
