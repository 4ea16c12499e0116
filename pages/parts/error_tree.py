"""The surrogate error tree: few questions that tell where the model fails; a click opens a node."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.report import error_tree_chart, percent, shorten
from pages.parts import figure, region

if TYPE_CHECKING:
    from core.flywheel import Project, Turn
    from pages.parts.slices import Found

__all__ = ["draw"]

_KEY = "error-tree"
_CHOOSER = "tree-node"


def draw(project: Project, turn: Turn, found: Found) -> None:
    """Draw the tree of a turn, and the examples of a chosen node."""
    nodes = found.tree
    if len(nodes) < 2:
        st.info("No question tells the errors apart by more than chance would.", icon=":material/done_all:")
        return
    by_error = sorted((node for node in nodes if node.number), key=lambda node: (not node.leaf, -node.region.error))
    options = [node.number for node in by_error] + [0]

    def choose() -> None:
        points = st.session_state[f"figure-{_KEY}-{turn.number}"].selection.points
        if points:
            st.session_state[_CHOOSER] = int(points[0]["customdata"][0])

    if st.session_state.get(_CHOOSER, options[0]) not in options:
        del st.session_state[_CHOOSER]
    figure.draw(
        error_tree_chart(nodes, chosen=st.session_state.get(_CHOOSER, options[0])),
        key=f"{_KEY}-{turn.number}",
        caption="From left to right: each question tells the errors apart best, and none is asked that chance would "
        "answer as well. The redder, the higher the error; the bar at the foot is the share of all errors. Click a box "
        "to open its examples.",
        on_select=choose,
    )
    number = st.selectbox(
        "Open a node",
        options,
        format_func=lambda place: f"{shorten(nodes[place].region, 90)} · error {percent(nodes[place].region.error)}",
        key=_CHOOSER,
    )
    region.draw(project, turn, found, nodes[int(number)].region, key="tree")
