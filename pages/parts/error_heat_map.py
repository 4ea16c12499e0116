"""Two columns crossed: where the error rate is high, and where most of the errors lie; a click opens a cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from core.evaluate import heat_map, measure, telling_columns
from core.evaluate.slices import smallest_slice
from core.report import count, error_heat_map, percent, shorten
from pages.parts import figure, region

if TYPE_CHECKING:
    from core.flywheel import Project, Turn
    from pages.parts.slices import Found

__all__ = ["draw"]

_COLOURS = {"error": "Error rate", "coverage": "Share of all errors", "both": "Both"}
_SAID = {
    "error": "The redder, the more of its examples are predicted wrongly.",
    "coverage": "The bluer, the more of all errors lie there.",
    "both": "The redder, the more of its examples are predicted wrongly; the longer the bar, the more of all errors "
    "lie there.",
}
_KEY = "error-map"


def draw(project: Project, turn: Turn, found: Found) -> None:
    """Draw the heat map of two chosen columns, and the examples of a chosen cell."""
    columns = [str(name) for name in found.categories.columns]
    usual = telling_columns([each for each, _ in found.slices], columns)
    if usual is None:
        st.info("It takes two columns that slices can speak of. This data has fewer.", icon=":material/info:")
        return
    row, column, colour = _asked(columns, usual)
    cells = heat_map(found.categories, found.loss, row, column)
    options = _options(cells, "coverage" if colour == "coverage" else "error", smallest_slice(len(found.loss)))
    chooser, clicked = f"map-cell-{row}-{column}", f"{_KEY}-{row}-{column}"

    def choose() -> None:
        points = st.session_state[f"figure-{clicked}"].selection.points
        if points:
            at = points[0]["customdata"]
            down, across = (list(dict.fromkeys(cells[name])) for name in ("row", "column"))
            st.session_state[chooser] = (str(down[int(at[0])]), str(across[int(at[1])]))

    _forget(chooser, list(options))
    figure.draw(
        error_heat_map(
            cells, row=row, column=column, colour=colour, chosen=st.session_state.get(chooser, next(iter(options)))
        ),
        key=clicked,
        caption=f"{_SAID[colour]} Click a cell to open its examples.",
        on_select=choose,
    )
    cell = st.selectbox("Open a cell", list(options), format_func=options.__getitem__, key=chooser)
    predicates = [found.bins[row].by_name[cell[0]], found.bins[column].by_name[cell[1]]]
    inside = ((found.categories[row] == cell[0]) & (found.categories[column] == cell[1])).to_numpy()
    region.draw(project, turn, found, measure(predicates, inside, found.loss), key="map")


def _asked(columns: list[str], usual: tuple[str, str]) -> tuple[str, str, str]:
    """Let the analyst choose the two columns, and what colours the cells."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _forget("map-row", columns)
        row = st.selectbox("Down", columns, index=columns.index(usual[0]), key="map-row")
        others = [name for name in columns if name != row]
        _forget(f"map-column-{row}", others)
        other = next((name for name in (usual[1], usual[0]) if name in others), others[0])
        column = st.selectbox("Across", others, index=others.index(other), key=f"map-column-{row}")
        colour = st.segmented_control(
            "Show", list(_COLOURS), default="both", required=True, format_func=_COLOURS.__getitem__, key="map-colour"
        )
    return str(row), str(column), str(colour)


def _options(cells: pd.DataFrame, by: str, smallest: int) -> dict[tuple[str, str], str]:
    """The cells that hold somebody, with what they are called; the worst first of those that are large enough."""
    full = cells[cells["size"] > 0].assign(small=lambda each: each["size"] < smallest)
    full = full.sort_values(["small", by], ascending=[True, False], kind="stable")
    return {
        (str(one["row"]), str(one["column"])): f"{shorten(one['row'], 40)} and {shorten(one['column'], 40)} · "
        f"{percent(one['error'])} of {count(one['size'])} wrong, {percent(one['coverage'])} of all errors"
        for one in full.to_dict("records")
    }


def _forget(key: str, options: Sequence[Any]) -> None:
    """Drop a choice that is none any more: another turn or project has other columns and categories."""
    if key in st.session_state and st.session_state[key] not in options:
        del st.session_state[key]
