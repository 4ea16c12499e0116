"""A figure with its words and its numbers: what is drawn can also be heard, read as a table and taken along."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.report import Chart

__all__ = ["draw"]

_CONFIG = {"displayModeBar": False, "responsive": True}


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
        chart.figure,
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
        counts = chart.numbers.select_dtypes("integer").columns
        st.dataframe(
            chart.numbers,
            hide_index=True,
            key=f"numbers-{key}",
            alt=chart.alt,
            column_config={name: st.column_config.NumberColumn(format="localized") for name in counts},
        )
