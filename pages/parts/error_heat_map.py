"""Two columns crossed: where the error rate is high, and where most of the errors lie; a click opens a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.evaluate import heat_map, measure, telling_columns
from core.report import error_heat_map, shorten
from pages.parts import figure, region

if TYPE_CHECKING:
    from core.flywheel import Project, Turn
    from pages.parts.slices import Found

__all__ = ["draw"]

_COLOURS = {"error": "Error rate", "coverage": "Share of all errors"}
_KEY = "error-map"


def draw(project: Project, turn: Turn, found: Found) -> None:
    """Draw the heat map of two chosen columns, and the examples of a chosen cell."""
    columns = [str(name) for name in found.categories.columns]
    usual = telling_columns([each for each, _ in found.slices], columns)
    if usual is None:
        st.info("It takes two columns that slices can speak of. This data has fewer.", icon=":material/info:")
        return
    left, middle, right = st.columns(3, vertical_alignment="bottom")
    row = left.selectbox("Down", columns, index=columns.index(usual[0]), key="map-row")
    others = [name for name in columns if name != row]
    column = middle.selectbox(
        "Across", others, index=others.index(usual[1]) if usual[1] in others else 0, key=f"map-column-{row}"
    )
    with right:
        colour = st.segmented_control(
            "Colour", list(_COLOURS), default="error", required=True, format_func=_COLOURS.__getitem__, key="map-colour"
        )
    cells = heat_map(found.categories, found.loss, row, column)
    full = cells[cells["size"] > 0].sort_values(str(colour), ascending=False, kind="stable")
    options = [(str(one["row"]), str(one["column"])) for one in full.to_dict("records")]
    chooser = f"map-cell-{row}-{column}"
    clicked = f"{_KEY}-{row}-{column}"

    def choose() -> None:
        points = st.session_state[f"figure-{clicked}"]["selection"]["points"]
        if points:
            at = points[0]["customdata"]
            down, across = (list(dict.fromkeys(cells[name])) for name in ("row", "column"))
            st.session_state[chooser] = (str(down[int(at[0])]), str(across[int(at[1])]))

    chosen = st.session_state.get(chooser, options[0])
    figure.draw(
        error_heat_map(cells, row=row, column=column, colour=str(colour), chosen=chosen),
        key=clicked,
        caption="Each cell has its error rate. Click one to open its examples.",
        on_select=choose,
    )
    cell = st.selectbox(
        "Open a cell",
        options,
        format_func=lambda pair: f"{shorten(pair[0], 40)} and {shorten(pair[1], 40)}",
        key=chooser,
    )
    predicates = [found.bins[row].by_name[cell[0]], found.bins[column].by_name[cell[1]]]
    inside = ((found.categories[row] == cell[0]) & (found.categories[column] == cell[1])).to_numpy()
    region.draw(project, turn, found, measure(predicates, inside, found.loss), key="map")
