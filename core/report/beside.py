"""Figures of two sets of examples beside each other: shares of classes, and how far each column has moved."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.report.chart import (
    ACCENT,
    ALERT,
    MAX_ROWS,
    NEUTRAL,
    SECOND,
    Chart,
    layout,
    name_rows,
    plain_label,
    plain_labels,
    row_height,
    whiskers,
)
from core.wording import count, number, percent, percent_interval, shorten, verb

__all__ = ["class_shares", "column_drift"]


def class_shares(shares: pd.DataFrame, *, other: str) -> Chart:
    """Draw the share of each class in the test set and in other examples, with 95% intervals.

    Parameters
    ----------
    shares : DataFrame
        Indexed by class; ``test`` and ``other``, each with ``_low`` and ``_high``.
    other : str
        What the others are.
    """
    order = (shares["test"] - shares["other"]).abs().sort_values(ascending=False, kind="stable").index
    shares = shares.loc[order]
    shown = shares.head(MAX_ROWS)
    figure = go.Figure()
    for side, name, colour, shift in (("test", "test set", ACCENT, -0.14), ("other", other, SECOND, 0.14)):
        figure.add_scatter(
            x=shown[side],
            y=np.arange(len(shown)) + shift,
            mode="markers",
            name=plain_label(name),
            marker={"size": 9, "color": colour, "symbol": "circle" if side == "test" else "diamond"},
            error_x=whiskers(shown[side], shown[f"{side}_low"], shown[f"{side}_high"], colour),
            customdata=plain_labels(shown.index, 80),
            hovertemplate="%{customdata}: %{x:.1%}<extra>" + plain_label(name) + "</extra>",
        )
    layout(figure, height=row_height(len(shown)) + 20, x="share of the examples")
    name_rows(figure, list(shown.index))
    figure.update_xaxes(tickformat=".0%")
    numbers = pd.DataFrame({"class": shares.index.astype(str)})
    for side, name in (("test", "test set"), ("other", other)):
        numbers[name] = shares[side].map(percent).to_numpy()
        numbers[f"{name}, 95% interval"] = [
            percent_interval(low, high) for low, high in zip(shares[f"{side}_low"], shares[f"{side}_high"], strict=True)
        ]
    said = "; ".join(
        f"{shorten(name, 40)} {percent(row['test'])} against {percent(row['other'])}"
        for name, row in shares.head(6).iterrows()
    )
    return Chart(figure, numbers, f"Share of classes in the test set against {other}: {said}.")


def column_drift(table: pd.DataFrame, *, other: str, threshold: float, than: str = "the test set") -> Chart:
    """Draw how far each column of other examples lies from the test set's, by the stability index.

    Parameters
    ----------
    table : DataFrame
        As `core.collect.drift` returns it.
    other : str
        What the others are.
    threshold : float
        The index from which a column counts as drifted, if chance does not explain it.
    than : str
        What they are held against, where that is not the test set.
    """
    table = table.sort_values(["drifted", "effect"], ascending=False, kind="stable")
    shown = table.head(MAX_ROWS)
    figure = go.Figure(
        go.Bar(
            x=shown["effect"],
            y=list(range(len(shown))),
            orientation="h",
            marker={"color": [ALERT if drifted else NEUTRAL for drifted in shown["drifted"]]},
            customdata=np.column_stack([plain_labels(shown.index, 80), plain_labels(shown["detail"], 120)]),
            hovertemplate="%{customdata[0]}: index %{x:.3f}<br>%{customdata[1]}<extra></extra>",
        )
    )
    figure.add_vline(x=threshold, line={"color": NEUTRAL, "dash": "dot", "width": 1.5})
    layout(figure, height=row_height(len(shown)), x=f"stability index ({threshold:g} and more: it matters)")
    name_rows(figure, list(shown.index))
    numbers = pd.DataFrame(
        {
            "column": table.index.astype(str),
            "drifted": np.where(table["drifted"], "yes", "no"),
            "stability index": table["effect"].map(number).to_numpy(),
            "adjusted p": table["p_adjusted"].map(number).to_numpy(),
            "what moved": table["detail"].to_numpy(),
            "test": table["test"].to_numpy(),
        }
    )
    moved = table[table["drifted"]]
    said = "; ".join(f"{shorten(name, 40)} {number(row['effect'])}" for name, row in moved.head(6).iterrows())
    return Chart(
        figure,
        numbers,
        f"{len(moved)} of {count(len(table), 'column')} {verb(len(moved), 'differs', 'differ')} between {than} and "
        f"{other}{': ' + said if said else ''}.",
    )
