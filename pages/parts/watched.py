"""Pinned slices: what each turn did to them on the test set, and the mark of one that was harmed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.evaluate import METRICS
from core.flywheel import harmed, judge_watched, unwatch, watched_slices
from core.report import count, number, percent
from pages.parts import errors, frame, sidebar, verdicts
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.flywheel import Project, Turn

__all__ = ["draw", "marks"]


def marks(project: Project, turn: Turn) -> None:
    """Say which pinned slices a turn has harmed, whatever the headline says."""
    for each in harmed(project, turn):
        if each.verdict is not None:
            st.warning(
                f"Turn {turn.number} harms the pinned slice **{plain(each.watched)}**: "
                f"{METRICS[each.verdict.metric]} {verdicts.change(each.verdict)} on its "
                f"{count(each.size, 'test example')}, adjusted p-value {number(each.p_adjusted)}.",
                icon=":material/keep:",
            )


def draw(project: Project) -> None:
    """Draw the pinned slices with what each turn did to them."""
    slices = watched_slices(project)
    if not slices:
        st.info(
            "No slice is pinned. Pin one from the worst slices, the heat map or the tree: from then on every turn is "
            "judged on it, too.",
            icon=":material/keep:",
        )
        return
    judged = judge_watched(project)
    st.caption(
        "Each is judged on the test examples that meet it, turn against turn before, and corrected for how many are "
        "pinned (Holm). It was found on train: the search has not seen these examples."
    )
    for each in slices:
        with st.container(border=True):
            left, right = st.columns([5, 1], vertical_alignment="center")
            left.markdown(f"**{plain(each)}**  \nPinned by {plain(each.by) or 'somebody'} after turn {each.turn}.")
            if right.button("Unpin", key=f"unpin-{each.number}", icon=":material/keep_off:", width="stretch"):
                with errors.calm(doing="unpinning a slice"):
                    unwatch(project, each.predicates, by=sidebar.reviewer())
                    frame.tell("Unpinned; what was judged can be had again by pinning it.", icon=":material/keep_off:")
                    st.rerun()
            rows = [one for one in judged if one.watched.number == each.number]
            if not rows:
                st.caption("It is judged from the next turn on." if len(project.turns) < 2 else "Nothing to judge yet.")
                continue
            st.dataframe(
                pd.DataFrame(
                    {
                        "turn": [one.turn for one in rows],
                        "said": [one.word for one in rows],
                        "metric": ["–" if one.verdict is None else METRICS[one.verdict.metric] for one in rows],
                        "now": ["–" if one.verdict is None else percent(one.verdict.after) for one in rows],
                        "change (95 %)": ["–" if one.verdict is None else verdicts.change(one.verdict) for one in rows],
                        "adjusted p": ["–" if one.verdict is None else number(one.p_adjusted) for one in rows],
                        "test examples": [one.size for one in rows],
                    }
                ).iloc[::-1],
                hide_index=True,
                height="content",
                key=f"watched-{each.number}",
                alt=f"What each turn did to the slice {each}",
            )
