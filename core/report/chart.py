"""What every figure of the app shares: one palette, one layout, and a chart that carries its numbers and its words.

The palette is read on white and on near-black alike: each colour has a contrast of at least 3 to 1 against both, any
two differ for people without red or green cones as well, gain and harm differ in hue and mark, and backgrounds are
transparent so that the page's own shows through.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core.wording import count, shorten

__all__ = [
    "ACCENT",
    "ALERT",
    "CLASSES",
    "FONT_SIZE",
    "MAX_ROWS",
    "NEUTRAL",
    "SECOND",
    "Chart",
    "faded",
    "layout",
    "left_out",
    "name_rows",
    "plain_label",
    "plain_labels",
    "row_height",
    "whiskers",
]

ACCENT = "#1691ad"
ALERT = "#ab4c39"
NEUTRAL = "#666b6f"
# Beside the accent where two things stand side by side and neither is better.
SECOND = "#b0741a"
# Classes in one figure, told apart by mark as well; where there are more, colour stands for a share instead.
CLASSES = (ACCENT, SECOND, "#7d55cf", "#559e71", ALERT, NEUTRAL)
FONT_SIZE = 13
# More classes or slices than that are in the table only.
MAX_ROWS = 24


@dataclass(frozen=True)
class Chart:
    """A figure, the numbers it draws and a sentence for those who don't see it.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        Transparent, without a title: the page's heading is the title.
    numbers : pandas.DataFrame
        What is drawn, a row a mark, ready to be shown as a table.
    alt : str
        What the figure says, in plain text.
    """

    figure: go.Figure
    numbers: pd.DataFrame
    alt: str


def faded(colour: str, opacity: float) -> str:
    """Turn ``#rrggbb`` into an ``rgba(...)`` of that opacity."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"


def plain_label(label: object, width: int = 28) -> str:
    """Make a name from the data safe for plotly, which reads ``<b>`` and ``<a href>`` in any text it draws."""
    return shorten(label, width).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain_labels(labels: Iterable[object], width: int = 28) -> list[str]:
    """Make many names from the data safe for plotly."""
    return [plain_label(label, width) for label in labels]


def layout(figure: go.Figure, *, height: int, x: str | None = None, y: str | None = None) -> go.Figure:
    """Lay a figure out the way all of them are: transparent, quiet grid, titles on the axes, no tool bar clutter."""
    axis: dict[str, Any] = {
        "automargin": True,
        "gridcolor": faded(NEUTRAL, 0.2),
        "zeroline": False,
        "tickfont": {"size": FONT_SIZE},
        "title": {"font": {"size": FONT_SIZE}, "standoff": 8},
        "fixedrange": True,
    }
    titled = [*((each, x) for each in figure.select_xaxes()), *((each, y) for each in figure.select_yaxes())]
    said: dict[str, Any] = {
        "height": height,
        "margin": {"l": 8, "r": 16, "t": 12, "b": 8, "pad": 0},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"size": FONT_SIZE},
        "legend": {
            "orientation": "h",
            "yanchor": "bottom",
            "y": 1.0,
            "xanchor": "left",
            "x": 0.0,
            "title": {"text": ""},
            "font": {"size": FONT_SIZE},
        },
        "hoverlabel": {"font": {"size": FONT_SIZE}},
        "bargap": 0.35,
        "dragmode": False,
        **{each.plotly_name: axis | {"title": axis["title"] | {"text": title}} for each, title in titled},
    }
    # Set one by one: `update_layout` takes five times as long, which every figure of a page would pay on each rerun.
    for name, value in said.items():
        own = figure.layout[name]
        figure.layout[name] = _with(own.to_plotly_json(), value) if isinstance(value, dict) else value
    return figure


def _with(own: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """Settings with others put over them, however deep they lie."""
    return own | {
        name: _with(own.get(name) or {}, value) if isinstance(value, dict) else value for name, value in said.items()
    }


def name_rows(figure: go.Figure, names: Sequence[object], width: int = 28) -> go.Figure:
    """Put names on a vertical axis of positions 0 … n - 1, first on top; equal shortened names stay apart."""
    figure.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(names))),
        ticktext=plain_labels(names, width),
        range=[len(names) - 0.5, -0.5],
        showgrid=False,
    )
    return figure


def whiskers(values: pd.Series, low: pd.Series, high: pd.Series, colour: str) -> dict[str, object]:
    """Give the whiskers of 95% intervals."""
    return {
        "type": "data",
        "array": high - values,
        "arrayminus": values - low,
        "color": colour,
        "thickness": 1.5,
        "width": 4,
    }


def row_height(rows: int) -> int:
    """Height in pixels of a figure with so many named rows."""
    return 90 + 30 * max(1, rows)


def left_out(total: int, said: int) -> str:
    """Say how many rows a sentence has left out."""
    return f"; and {count(total - said)} more" if total > said else ""
