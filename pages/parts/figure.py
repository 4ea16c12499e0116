"""A figure with its words and its numbers: what is drawn can also be heard, read as a table and taken along."""

from __future__ import annotations

from collections.abc import Callable

import plotly.graph_objects as go
import streamlit as st

from core.report import Chart

__all__ = ["draw"]

_CONFIG = {"displayModeBar": False, "responsive": True}
# Streamlit's own grey of axis labels has too little contrast on a light ground.
_TEXT = {"light": "#43505c", "dark": "#c3ccd5"}


def draw(
    chart: Chart,
    *,
    key: str,
    caption: str | None = None,
    opened: bool = False,
    on_select: Callable[[], None] | None = None,
) -> None:
    """Draw a figure, a caption and, below it, its numbers as a table that opens.

    Parameters
    ----------
    chart : Chart
    key : str
        Unique on the page.
    caption : str, optional
        One line under the figure (Markdown); text from the data in it must be made plain by the caller.
    opened : bool
        Show the numbers without a click.
    on_select : callable, optional
        Called when a mark is clicked; what was clicked is in the session under ``figure-{key}``. Clicks are for the
        mouse: offer the same choice as a widget beside it.
    """
    st.plotly_chart(
        _readable(chart.figure),
        theme="streamlit",
        key=f"figure-{key}",
        config=_CONFIG,
        alt=chart.alt,
        on_select=on_select or "ignore",
        selection_mode="points",
    )
    if caption:
        st.caption(caption)
    with st.expander("The numbers", expanded=opened, icon=":material/table_rows:"):
        st.dataframe(chart.numbers, hide_index=True, key=f"numbers-{key}", alt=chart.alt)


def _readable(drawn: go.Figure) -> go.Figure:
    colour = _TEXT.get(st.context.theme.type or "")
    if colour is None:
        return drawn
    # Set in place and one by one: to copy a figure and update it takes ten times as long.
    for axis in (*drawn.select_xaxes(), *drawn.select_yaxes()):
        axis.tickfont.color = axis.title.font.color = colour
    drawn.layout.legend.font.color = drawn.layout.font.color = colour
    return drawn
