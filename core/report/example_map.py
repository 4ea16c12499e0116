"""The map of the examples: a mark an example, coloured by what it is called."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from core.report.chart import (
    ACCENT,
    ALERT,
    CLASSES,
    NEUTRAL,
    Chart,
    faded,
    layout,
    plain_label,
    plain_labels,
)
from core.wording import count, percent, shorten

__all__ = ["OTHER_GROUPS", "example_map_chart"]

OTHER_GROUPS = "all others"
_MARKS = ("circle", "diamond", "square", "triangle-up", "cross", "x")
_HEIGHT = 480


def example_map_chart(
    points: pd.DataFrame,
    *,
    axes: tuple[str, str] = ("", ""),
    stands_out: str | None = None,
    chosen: str | None = None,
) -> Chart:
    """Draw examples at their places; of more than six groups the five largest have a colour of their own.

    Parameters
    ----------
    points : DataFrame
        By id: ``x``, ``y``, ``group`` (what the colour says), ``said`` (what is said of the example); others are put in
        the table as they are.
    axes : (str, str)
        What each axis is, in one line or two.
    stands_out : str, optional
        A group that is drawn over all others, which are grey.
    chosen : str, optional
        Id of the example that is ringed.
    """
    groups = points["group"].astype("str")
    sizes = groups.value_counts()
    named = list(sizes.index if len(sizes) <= len(CLASSES) else sizes.index[: len(CLASSES) - 1])
    figure = go.Figure()
    # What has no colour of its own lies below the rest, what stands out above it.
    drawn = [(str(name), (groups == name).to_numpy()) for name in named if name != stands_out]
    looks: list[tuple[str, str]] = list(zip(CLASSES, _MARKS, strict=True))
    if stands_out is not None:
        looks = [(NEUTRAL, "circle"), (faded(NEUTRAL, 0.55), "circle"), *looks]
    if len(named) < len(sizes):
        drawn = [(OTHER_GROUPS, (~groups.isin(named)).to_numpy()), *drawn]
        looks = [(NEUTRAL, "circle"), *looks]
    if stands_out is not None:
        drawn.append((stands_out, (groups == stands_out).to_numpy()))
    for (name, members), (colour, mark) in zip(drawn, looks, strict=False):
        over = name == stands_out
        if over:
            colour, mark = ALERT, "diamond"
        own = points[members]
        figure.add_scatter(
            x=own["x"].round(4),
            y=own["y"].round(4),
            mode="markers",
            name=f"{plain_label(name)} · {count(len(own))}",
            marker={"size": 7 if over else 6, "symbol": mark, "color": colour, "opacity": 0.9 if over else 0.6},
            selected={"marker": {"opacity": 1.0}},
            unselected={"marker": {"opacity": 0.9 if over else 0.6}},
            customdata=list(own.index),
            text=plain_labels(own["said"], 90),
            hovertemplate="%{text}<extra></extra>",
        )
    if chosen is not None and chosen in points.index:
        place = points.loc[chosen]
        figure.add_scatter(
            x=[place["x"]],
            y=[place["y"]],
            mode="markers",
            marker={"size": 16, "symbol": "circle-open", "color": ACCENT, "line": {"width": 3}},
            hoverinfo="skip",
            showlegend=False,
        )
    x, y = ("<br>".join(plain_labels(axis.split("\n"), 90)) for axis in axes)
    layout(figure, height=_HEIGHT, x=x, y=y)
    figure.update_xaxes(showticklabels=False)
    figure.update_yaxes(showticklabels=False)
    figure.update_layout(clickmode="event+select", hovermode="closest", legend={"itemsizing": "constant"})
    numbers = points.drop(columns=["group", "said"]).round({"x": 3, "y": 3})
    numbers.insert(0, "example", numbers.index)
    shares = sizes / max(1, len(points))
    said = [f"{shorten(name, 40)} {count(sizes[name])} ({percent(shares[name])})" for name in sizes.index[:8]]
    middle = [
        f"{shorten(name, 40)} at {own['x'].median():.1f}, {own['y'].median():.1f}"
        for name, own in points.groupby(groups, sort=False)
        if name in set(named)
    ]
    return Chart(
        figure,
        numbers.reset_index(drop=True),
        f"Map of {count(len(points), 'example')}: {'; '.join(said) or 'none'}. Middle of each: "
        f"{'; '.join(middle) or 'none'}.",
    )
