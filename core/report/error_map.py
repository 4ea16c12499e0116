"""Where errors lie: two columns crossed, each cell a place to click, and the surrogate error tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any

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
from core.wording import count, number, percent, percent_interval, shorten

if TYPE_CHECKING:
    from core.evaluate import Node

__all__ = ["error_heat_map", "error_tree_chart"]

_COLOURED = {
    "error": "by error rate",
    "coverage": "by share of all errors",
    "both": "by error rate, with a bar for the share of all errors",
}
_FRAME = {"color": ACCENT, "width": 3}
# More columns than this leave no room for words in the cells.
_WORDED = 10
# Where the root's box begins, whose column is the first.
_ROOT = 0.3


def error_heat_map(
    cells: pd.DataFrame, *, row: str, column: str, colour: str = "error", chosen: tuple[str, str] | None = None
) -> Chart:
    """Draw two columns crossed, each cell with its error rate, its share of all errors, or both.

    Over each cell lies a square without colour, since a heat map itself can't be clicked: its ``customdata`` are the
    places of the row's and the column's category.

    Parameters
    ----------
    cells : DataFrame
        As `core.evaluate.heat_map` returns it.
    row, column : str
        The two columns' names.
    colour : str
        What is drawn: ``error``, ``coverage``, or ``both``: coloured by error, with a bar as long as the coverage.
    chosen : (row's category, column's category), optional
        The cell that is framed.
    """
    down, across = list(dict.fromkeys(cells["row"])), list(dict.fromkeys(cells["column"]))
    shape = (len(down), len(across))
    ranked = "coverage" if colour == "coverage" else "error"
    tint = ACCENT if colour == "coverage" else ALERT
    sizes = cells["size"].to_numpy().reshape(shape)
    figure = go.Figure(
        go.Heatmap(
            x=list(range(shape[1])),
            y=list(range(shape[0])),
            z=np.where(sizes > 0, cells[ranked].to_numpy(dtype=float).reshape(shape), np.nan),
            hoverinfo="skip",
            colorscale=[[0.0, faded(tint, 0.05)], [1.0, faded(tint, 0.6)]],
            zmin=0.0,
            showscale=False,
            xgap=2,
            ygap=2,
        )
    )
    rows, columns = np.nonzero(sizes)
    full = cells.iloc[rows * shape[1] + columns].to_dict("records")
    _places(
        figure,
        columns.tolist(),
        rows.tolist(),
        [[int(down), int(across)] for down, across in zip(rows, columns, strict=True)],
        [
            f"{plain_label(row, 40)} {plain_label(one['row'], 40)}, {plain_label(column, 40)} "
            f"{plain_label(one['column'], 40)}<br>{_facts(one)}"
            for one in full
        ],
    )
    layout(figure, height=max(220, 80 + (52 if shape[1] <= _WORDED else 30) * shape[0]), x=column)
    figure.update_xaxes(
        tickmode="array",
        tickvals=list(range(shape[1])),
        ticktext=plain_labels(across, 16),
        showgrid=False,
        range=[-0.5, shape[1] - 0.5],
    )
    name_rows(figure, down, 20)
    _write_cells(figure, full, columns.tolist(), rows.tolist(), colour, worded=shape[1] <= _WORDED)
    if chosen is not None and chosen[0] in down and chosen[1] in across:
        y, x = down.index(chosen[0]), across.index(chosen[1])
        figure.add_shape(x0=x - 0.49, x1=x + 0.49, y0=y - 0.48, y1=y + 0.48, line=_FRAME)
    worst = cells[cells["size"] > 0].sort_values(ranked, ascending=False, kind="stable").head(3)
    said = "; ".join(
        f"{shorten(one['row'], 30)} and {shorten(one['column'], 30)} {percent(one[ranked])}"
        for one in worst.to_dict("records")
    )
    return Chart(
        figure,
        _numbers_of_cells(cells, row, column),
        f"{row} by {column}, {_COLOURED[colour]}. Highest: {said or 'none'}.",
    )


def error_tree_chart(nodes: Sequence[Node], *, chosen: int | None = None) -> Chart:
    """Draw the surrogate error tree from left to right: a box a node, a row a leaf.

    A box is redder the higher its error rate, and the bar at its foot is as long as its share of all errors.

    Parameters
    ----------
    nodes : sequence of Node
        As `core.evaluate.error_tree` returns them; the first is the root.
    chosen : int, optional
        The node that is framed.
    """
    worst = max((node.region.error for node in nodes), default=0.0) or 1.0
    spans = _spans(nodes)
    deepest = max((node.depth for node in nodes), default=0)
    width = max(14, 115 // (deepest + 1))
    figure = go.Figure()
    shapes: list[dict[str, Any]] = []
    words: list[dict[str, Any]] = []
    for node in nodes:
        first, last = spans[node.number]
        region, left, right = node.region, *_across(node)
        shapes.append(
            {
                "x0": left,
                "x1": right,
                "y0": first - 0.46,
                "y1": last + 0.46,
                "fillcolor": faded(ALERT, 0.04 + 0.5 * region.error / worst),
                "line": {"color": faded(NEUTRAL, 0.5), "width": 1},
                "layer": "below",
            }
        )
        shapes += _bar((left, right), last + 0.46, region.coverage, 0.09)
        name = "all examples" if node.step is None else str(node.step)
        covered = "" if node.step is None else f" · {percent(region.coverage, 0)} of errors"
        words.append(
            {
                "x": left + 0.02,
                "y": (first + last) / 2,
                "xanchor": "left",
                "align": "left",
                "text": f"<b>{'<br>'.join(plain_labels(wrap(name, width, max_lines=2, placeholder='…'), width))}</b>"
                f"<br>{percent(region.error)} of {count(region.size)}{covered}",
                "showarrow": False,
                "font": {"size": FONT_SIZE - 1},
            }
        )
    _add(figure, shapes, words)
    # A place in each row and column: what is clicked is the nearest one, and that must be the box's own.
    rows = [(node, row) for node in nodes for row in range(spans[node.number][0], spans[node.number][1] + 1)]
    _places(
        figure,
        [node.depth + 0.5 for node, _ in rows],
        [row for _, row in rows],
        [[node.number] for node, _ in rows],
        [f"{plain_label(node.region, 140)}<br>{_facts(vars(node.region))}" for node, _ in rows],
    )
    if chosen is not None and chosen in spans:
        first, last = spans[chosen]
        left, right = _across(nodes[chosen])
        figure.add_shape(x0=left, x1=right, y0=first - 0.46, y1=last + 0.46, line=_FRAME)
    leaves = sum(node.leaf for node in nodes)
    layout(figure, height=24 + 60 * max(1, leaves))
    figure.update_xaxes(range=[_ROOT, deepest + 1], showticklabels=False, showgrid=False)
    figure.update_yaxes(range=[leaves - 0.45, -0.55], showticklabels=False, showgrid=False)
    ranked = sorted((node for node in nodes if node.leaf), key=lambda node: -node.region.error)[:3]
    said = "; ".join(f"{shorten(leaf.region, 90)} {percent(leaf.region.error)}" for leaf in ranked)
    return Chart(figure, _numbers_of_nodes(nodes), f"Error tree. Leaves with the highest error: {said or 'none'}.")


def _write_cells(
    figure: go.Figure,
    full: Sequence[Mapping[Any, Any]],
    columns: Sequence[int],
    rows: Sequence[int],
    colour: str,
    *,
    worded: bool,
) -> None:
    """Write the figures into the cells and, where both are asked for, a bar as long as the share of all errors."""
    most = max((one["coverage"] for one in full), default=0.0)
    shapes: list[dict[str, Any]] = []
    words: list[dict[str, Any]] = []
    for one, x, y in zip(full, columns, rows, strict=True):
        if worded:
            said = percent(one["coverage" if colour == "coverage" else "error"], 0)
            if colour == "both":
                said += f"<br>{percent(one['coverage'], 0)} of errors"
            words.append({"x": x, "y": y, "text": said, "showarrow": False, "font": {"size": FONT_SIZE}})
        if colour == "both" and most > 0:
            shapes += _bar((x - 0.47, x + 0.47), y + 0.47, one["coverage"] / most, 0.08)
    _add(figure, shapes, words)


def _numbers_of_cells(cells: pd.DataFrame, row: str, column: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            row: cells["row"],
            f"{column} " if column == row else column: cells["column"],
            "examples": cells["size"],
            "error": cells["error"].map(percent),
            "error, 95% interval": _ends(cells["low"], cells["high"]),
            "share of all errors": cells["coverage"].map(percent),
            "share, 95% interval": _ends(cells["coverage_low"], cells["coverage_high"]),
        }
    )


def _numbers_of_nodes(nodes: Sequence[Node]) -> pd.DataFrame:
    regions = [node.region for node in nodes]
    return pd.DataFrame(
        {
            "examples with": [("\u2003" * node.depth) + str(node.region) for node in nodes],
            "examples": [region.size for region in regions],
            "error": [percent(region.error) for region in regions],
            "error, 95% interval": _ends([r.low for r in regions], [r.high for r in regions]),
            "share of all errors": [percent(region.coverage) for region in regions],
            "share, 95% interval": _ends([r.coverage_low for r in regions], [r.coverage_high for r in regions]),
            "times the error of all": [number(region.lift, 2) for region in regions],
        }
    )


def _across(node: Node) -> tuple[float, float]:
    """Left and right end of a node's box; the root says little and is narrower."""
    return (node.depth if node.depth else _ROOT) + 0.01, node.depth + 0.99


def _spans(nodes: Sequence[Node]) -> dict[int, tuple[int, int]]:
    """First and last row of each node: leaves from top to bottom in the order of the tree, parents beside theirs."""
    children: dict[int | None, list[int]] = {}
    for node in nodes:
        children.setdefault(node.parent, []).append(node.number)
    spans: dict[int, tuple[int, int]] = {}

    def place(at: int, row: int) -> int:
        own, start = children.get(at, []), row
        for child in own:
            row = place(child, row)
        row = row if own else row + 1
        spans[at] = (start, row - 1)
        return row

    if nodes:
        place(0, 0)
    return spans


def _places(
    figure: go.Figure, x: Sequence[float], y: Sequence[float], ids: Sequence[list[int]], said: Sequence[str]
) -> None:
    """Marks without colour that take the clicks and say what is under them, wherever in their part one points."""
    figure.add_scatter(
        x=x,
        y=y,
        mode="markers",
        marker={"symbol": "square", "size": 24, "color": faded(NEUTRAL, 0.0), "line": {"width": 0}},
        selected={"marker": {"opacity": 1.0}},
        unselected={"marker": {"opacity": 1.0}},
        customdata=ids,
        text=said,
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )
    figure.update_layout(clickmode="event+select", hovermode="closest", hoverdistance=-1)


def _bar(across: tuple[float, float], foot: float, share: float, thick: float) -> list[dict[str, Any]]:
    """A bar at the foot of a box, as long as a share; none if there is nothing of it."""
    left, right = across
    if share <= 0:
        return []
    return [
        {
            "x0": left,
            "x1": left + (right - left) * share,
            "y0": foot - thick,
            "y1": foot,
            "fillcolor": ACCENT,
            "line": {"width": 0},
        }
    ]


def _add(figure: go.Figure, shapes: Sequence[dict[str, Any]], words: Sequence[dict[str, Any]]) -> None:
    """Add shapes and annotations all at once: one by one, a hundred cells take a second."""
    figure.layout.shapes += tuple(shapes)
    figure.layout.annotations += tuple(words)


def _facts(one: Mapping[Any, Any]) -> str:
    return (
        f"error {percent(one['error'])} ({percent_interval(one['low'], one['high'])})<br>"
        f"{percent(one['coverage'])} of all errors "
        f"({percent_interval(one['coverage_low'], one['coverage_high'])})<br>{count(one['size'], 'example')}"
    )


def _ends(low: Sequence[float] | pd.Series, high: Sequence[float] | pd.Series) -> list[str]:
    return [percent_interval(below, above) for below, above in zip(low, high, strict=True)]
