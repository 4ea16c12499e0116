"""The confusion matrix: which classes are taken for which, each cell a place to click, and its costliest cells."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.report.chart import (
    ACCENT,
    FONT_SIZE,
    MAX_ROWS,
    NEUTRAL,
    Chart,
    faded,
    layout,
    left_out,
    name_rows,
    plain_labels,
)
from core.wording import count, percent, percent_interval, shorten, signed, signed_interval, times

__all__ = ["confusion_list", "confusion_matrix"]

_SMALL = 12


def confusion_matrix(confusion: pd.DataFrame, *, chosen: tuple[str, str] | None = None) -> Chart:
    """Draw which classes are taken for which, as shares of the true class.

    Over each cell that holds something lies a square without colour, since a heat map itself can't be clicked: its
    ``customdata`` are the true and the predicted class, as places in the index of `confusion`.

    Parameters
    ----------
    confusion : DataFrame
        Index true classes, columns predicted classes, values counts. Of more than 24 classes those with the most
        mistakes are drawn.
    chosen : (true class, predicted class), optional
        The cell that is framed.
    """
    values = confusion.to_numpy(dtype=float)
    wrong = values.copy()
    np.fill_diagonal(wrong, 0.0)
    order = np.arange(len(values))
    if len(values) > MAX_ROWS:
        order = np.sort(np.argsort(-(wrong.sum(axis=0) + wrong.sum(axis=1)), kind="stable")[:MAX_ROWS])
    names = [str(name) for name in confusion.index]
    drawn = [names[position] for position in order]
    small = len(order) <= _SMALL
    cell = 44 if small else 22
    held = values[np.ix_(order, order)]
    shares = held / np.maximum(values.sum(axis=1)[order, np.newaxis], 1.0)
    positions = list(range(len(order)))
    figure = go.Figure(
        go.Heatmap(
            x=positions,
            y=positions,
            z=shares,
            hoverinfo="skip",
            colorscale=[[0.0, faded(ACCENT, 0.0)], [1.0, faded(ACCENT, 0.6)]],
            zmin=0.0,
            zmax=1.0,
            showscale=False,
            xgap=2,
            ygap=2,
        )
    )
    _squares(figure, held, shares, order, drawn, cell)
    layout(figure, height=max(240, 110 + cell * len(order)), x="predicted", y="true (as labelled)")
    figure.update_layout(clickmode="event+select", hovermode="closest", showlegend=False)
    figure.update_xaxes(
        tickmode="array",
        tickvals=positions,
        ticktext=plain_labels(drawn, 16),
        showgrid=False,
        range=[-0.5, len(order) - 0.5],
    )
    name_rows(figure, drawn, 20)
    if small:
        # Annotations have the theme's text colour; the labels of a heatmap guess one without knowing the page.
        for (row, column), number in np.ndenumerate(held):
            figure.add_annotation(x=column, y=row, text=count(number), showarrow=False, font={"size": FONT_SIZE})
    if chosen is not None and chosen[0] in drawn and chosen[1] in drawn:
        row, column = drawn.index(chosen[0]), drawn.index(chosen[1])
        figure.add_shape(
            x0=column - 0.47,
            x1=column + 0.47,
            y0=row - 0.47,
            y1=row + 0.47,
            line={"color": ACCENT, "width": 3},
        )
    numbers = confusion.rename_axis("true").reset_index()
    right = percent(float(np.trace(values) / max(1.0, values.sum())))
    return Chart(figure, numbers, f"{right} on the diagonal. Most frequent mistakes: {_most_frequent(wrong, names)}.")


def _squares(
    figure: go.Figure, held: np.ndarray, shares: np.ndarray, order: np.ndarray, drawn: list[str], cell: int
) -> None:
    rows, columns = np.nonzero(held)
    titles = np.array(plain_labels(drawn, 60), dtype=object)
    figure.add_scatter(
        x=columns,
        y=rows,
        mode="markers",
        marker={"symbol": "square", "size": cell, "color": faded(NEUTRAL, 0.0), "line": {"width": 0}},
        selected={"marker": {"opacity": 1.0}},
        unselected={"marker": {"opacity": 1.0}},
        customdata=np.column_stack([order[rows], order[columns]]).tolist() if len(rows) else [],
        text=[
            f"true {titles[row]}, predicted {titles[column]}<br>{count(held[row, column], 'example')}, "
            f"{percent(shares[row, column])} of the true class"
            for row, column in zip(rows, columns, strict=True)
        ],
        hovertemplate="%{text}<extra></extra>",
    )


def _most_frequent(wrong: np.ndarray, names: list[str]) -> str:
    rows, columns = np.unravel_index(np.argsort(-wrong, axis=None, kind="stable")[:5], wrong.shape)
    pairs = [
        f"{shorten(names[row], 40)} taken for {shorten(names[column], 40)} {times(int(wrong[row, column]))}"
        for row, column in zip(rows, columns, strict=True)
        if wrong[row, column] > 0
    ]
    return "; ".join(pairs) or "none"


def confusion_list(pairs: pd.DataFrame, *, metric: str, most: int = 12) -> Chart:
    """Draw the confusions that cost most as bars: what the score would gain if each were right.

    Parameters
    ----------
    pairs : DataFrame
        As `core.evaluate.pair_costs` gives it, the costliest first.
    metric : str
        Title of the metric.
    most : int
        How many are drawn; all are in the table.
    """
    shown = pairs.head(most)
    names = _named(shown)
    figure = go.Figure(
        go.Bar(
            x=shown["gain"],
            y=list(range(len(shown))),
            orientation="h",
            marker={"color": faded(ACCENT, 0.75)},
            error_x={
                "type": "data",
                "array": shown["high"] - shown["gain"],
                "arrayminus": shown["gain"] - shown["low"],
                "color": NEUTRAL,
                "thickness": 1.5,
                "width": 4,
            },
            customdata=[
                [name, count(held)] for name, held in zip(plain_labels(names, 100), shown["count"], strict=True)
            ],
            hovertemplate="%{customdata[0]}, %{customdata[1]} times: %{x:+.4f} if right<extra></extra>",
        )
    )
    layout(figure, height=90 + 30 * max(1, len(shown)), x=f"{metric} gained if these were right")
    name_rows(figure, names, 44)
    numbers = pd.DataFrame(
        {
            "labelled": pairs["true"],
            "predicted": pairs["predicted"],
            "examples": pairs["count"],
            "of the class": [
                f"{percent(share)} ({percent_interval(low, high)})"
                for share, low, high in zip(pairs["share"], pairs["share_low"], pairs["share_high"], strict=True)
            ],
            f"{metric} gained": [signed(gain, 4) for gain in pairs["gain"]],
            "95% interval": [
                signed_interval(low, high, 4) for low, high in zip(pairs["low"], pairs["high"], strict=True)
            ],
        }
    )
    said = [
        f"{name}, {times(int(held))}: {signed(gain, 4)}"
        for name, held, gain in zip(names, shown["count"], shown["gain"], strict=True)
    ]
    return Chart(
        figure,
        numbers,
        f"What {metric} would gain if a confusion were right, the most first: {'; '.join(said[:6]) or 'none'}"
        f"{left_out(len(pairs), 6)}.",
    )


def _named(pairs: pd.DataFrame) -> list[str]:
    return [
        f"{shorten(true, 20)} → {shorten(predicted, 20)}"
        for true, predicted in zip(pairs["true"], pairs["predicted"], strict=True)
    ]
