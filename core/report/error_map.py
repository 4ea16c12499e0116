"""Where errors lie: two columns crossed, each cell a place to click, and the surrogate error tree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.report.chart import (
    ACCENT,
    ALERT,
    FONT_SIZE,
    NEUTRAL,
    Chart,
    faded,
    layout,
    name_rows,
    plain_label,
    plain_labels,
)
from core.report.words import count, interval, number, percent, shorten

if TYPE_CHECKING:
    from core.evaluate import Node

__all__ = ["error_heat_map", "error_tree_chart"]

_COLOURED = {"error": "error rate", "coverage": "share of all errors"}


def error_heat_map(
    cells: pd.DataFrame, *, row: str, column: str, colour: str = "error", chosen: tuple[str, str] | None = None
) -> Chart:
    """Draw two columns crossed, each cell with its error rate and its share of all errors.

    Over each cell lies a square without colour, since a heat map itself can't be clicked: its ``customdata`` are the
    places of the row's and the column's category.

    Parameters
    ----------
    cells : DataFrame
        As `core.evaluate.heat_map` returns it.
    row, column : str
        The two columns' names.
    colour : str
        What colours a cell: ``error`` or ``coverage``.
    chosen : (row's category, column's category), optional
        The cell that is framed.
    """
    down, across = list(dict.fromkeys(cells["row"])), list(dict.fromkeys(cells["column"]))
    shape = (len(down), len(across))
    value = cells[colour].to_numpy(dtype=float).reshape(shape)
    sizes = cells["size"].to_numpy().reshape(shape)
    figure = go.Figure(
        go.Heatmap(
            x=list(range(shape[1])),
            y=list(range(shape[0])),
            z=np.where(sizes > 0, value, np.nan),
            hoverinfo="skip",
            colorscale=[[0.0, faded(ALERT, 0.03)], [1.0, faded(ALERT, 0.75)]],
            zmin=0.0,
            showscale=False,
            xgap=2,
            ygap=2,
        )
    )
    rows, columns = np.nonzero(sizes)
    full = cells.iloc[rows * shape[1] + columns]
    figure.add_scatter(
        x=columns,
        y=rows,
        mode="markers",
        marker={"symbol": "square", "size": 40, "color": faded(NEUTRAL, 0.0), "line": {"width": 0}},
        selected={"marker": {"opacity": 1.0}},
        unselected={"marker": {"opacity": 1.0}},
        customdata=np.column_stack([rows, columns]).tolist(),
        text=[
            f"{plain_label(row, 40)} {plain_label(one['row'], 40)}, {plain_label(column, 40)} "
            f"{plain_label(one['column'], 40)}<br>error {percent(one['error'])} "
            f"({interval(100 * one['low'], 100 * one['high'], 1)} %), {percent(one['coverage'])} of all errors<br>"
            f"{count(one['size'], 'example')}"
            for one in full.to_dict("records")
        ],
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )
    layout(figure, height=max(260, 110 + 46 * shape[0]), x=column, y=row)
    figure.update_layout(clickmode="event+select", hovermode="closest")
    figure.update_xaxes(
        tickmode="array",
        tickvals=list(range(shape[1])),
        ticktext=plain_labels(across, 16),
        showgrid=False,
        range=[-0.5, shape[1] - 0.5],
    )
    name_rows(figure, down, 20)
    if shape[1] <= 10:
        for place, (held, rate) in enumerate(zip(sizes.ravel(), cells["error"], strict=True)):
            if held:
                at = np.unravel_index(place, shape)
                figure.add_annotation(
                    x=int(at[1]), y=int(at[0]), text=percent(rate, 0), showarrow=False, font={"size": FONT_SIZE}
                )
    if chosen is not None and chosen[0] in down and chosen[1] in across:
        y, x = down.index(chosen[0]), across.index(chosen[1])
        figure.add_shape(x0=x - 0.47, x1=x + 0.47, y0=y - 0.47, y1=y + 0.47, line={"color": ACCENT, "width": 3})
    numbers = pd.DataFrame(
        {
            row: cells["row"],
            f"{column} " if column == row else column: cells["column"],
            "examples": cells["size"],
            "error": cells["error"].map(percent),
            "error, 95 % (%)": _ends(cells["low"], cells["high"]),
            "share of all errors": cells["coverage"].map(percent),
            "share, 95 % (%)": _ends(cells["coverage_low"], cells["coverage_high"]),
        }
    )
    worst = cells[cells["size"] > 0].sort_values(colour, ascending=False, kind="stable").head(3)
    said = "; ".join(
        f"{shorten(one['row'], 30)} and {shorten(one['column'], 30)} {percent(one[colour])}"
        for one in worst.to_dict("records")
    )
    return Chart(figure, numbers, f"{row} by {column}, by {_COLOURED[colour]}. Highest: {said or 'none'}.")


def error_tree_chart(nodes: Sequence[Node], *, chosen: int | None = None) -> Chart:
    """Draw the surrogate error tree: a box a node, as wide as its examples, redder with its error rate.

    Parameters
    ----------
    nodes : sequence of Node
        As `core.evaluate.error_tree` returns them; the first is the root.
    chosen : int, optional
        The node that is framed.
    """
    worst = max((node.region.error for node in nodes), default=0.0) or 1.0
    starts, taken = {0: 0.0}, {0: 0.0}
    figure = go.Figure()
    xs, ys, texts = [], [], []
    for node in nodes:
        if node.parent is not None:
            starts[node.number] = starts[node.parent] + taken[node.parent]
            taken[node.parent] += node.region.share
        taken[node.number] = 0.0
        left, right = starts[node.number], starts[node.number] + node.region.share
        figure.add_shape(
            x0=left,
            x1=right,
            y0=node.depth - 0.46,
            y1=node.depth + 0.46,
            fillcolor=faded(ALERT, 0.05 + 0.7 * node.region.error / worst),
            line={
                "color": ACCENT if node.number == chosen else faded(NEUTRAL, 0.5),
                "width": 3 if node.number == chosen else 1,
            },
        )
        if node.region.share > 0.1:
            name = "all" if node.step is None else str(node.step)
            figure.add_annotation(
                x=(left + right) / 2,
                y=node.depth,
                text=f"{plain_label(name, max(8, int(110 * node.region.share)))}<br>{percent(node.region.error)}",
                showarrow=False,
                font={"size": FONT_SIZE},
            )
        xs.append((left + right) / 2)
        ys.append(node.depth)
        texts.append(
            f"{plain_label(node.region, 140)}<br>error {percent(node.region.error)} "
            f"({interval(100 * node.region.low, 100 * node.region.high, 1)} %), "
            f"{percent(node.region.coverage)} of all errors, {count(node.region.size, 'example')}"
        )
    figure.add_scatter(
        x=xs,
        y=ys,
        mode="markers",
        marker={"symbol": "square", "size": 44, "color": faded(NEUTRAL, 0.0), "line": {"width": 0}},
        selected={"marker": {"opacity": 1.0}},
        unselected={"marker": {"opacity": 1.0}},
        customdata=[[node.number] for node in nodes],
        text=texts,
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )
    deepest = max((node.depth for node in nodes), default=0)
    layout(figure, height=120 + 62 * (deepest + 1), x="share of the train examples")
    figure.update_layout(clickmode="event+select", hovermode="closest")
    figure.update_xaxes(range=[0, 1], tickformat=".0%", showgrid=False)
    figure.update_yaxes(range=[deepest + 0.5, -0.5], showticklabels=False, showgrid=False)
    regions = [node.region for node in nodes]
    numbers = pd.DataFrame(
        {
            "examples with": [("\u2003" * node.depth) + str(node.region) for node in nodes],
            "examples": [region.size for region in regions],
            "error": [percent(region.error) for region in regions],
            "error, 95 % (%)": _ends([r.low for r in regions], [r.high for r in regions]),
            "share of all errors": [percent(region.coverage) for region in regions],
            "times the error of all": [number(region.lift, 2) for region in regions],
        }
    )
    leaves = sorted((node for node in nodes if node.leaf), key=lambda node: -node.region.error)[:3]
    said = "; ".join(f"{shorten(leaf.region, 90)} {percent(leaf.region.error)}" for leaf in leaves)
    return Chart(figure, numbers, f"Error tree. Leaves with the highest error: {said or 'none'}.")


def _ends(low: Sequence[float] | pd.Series, high: Sequence[float] | pd.Series) -> list[str]:
    return [interval(100 * below, 100 * above, 1) for below, above in zip(low, high, strict=True)]
