"""What has to do with the label: a bar for each column, and the words that are typical of a class."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.report.chart import (
    ACCENT,
    NEUTRAL,
    Chart,
    faded,
    layout,
    left_out,
    name_rows,
    plain_label,
    plain_labels,
    row_height,
    whiskers,
)
from core.wording import interval, number, p_value, percent, shorten

__all__ = ["relations_bar", "word_shares"]


def relations_bar(table: pd.DataFrame, *, chosen: str | None = None, missing: bool = False) -> Chart:
    """Draw how much each column has to do with the label, a bar a column, in the order of the table.

    Parameters
    ----------
    table : DataFrame
        As `core.collect.relations.relations` returns it, or a page of it.
    chosen : str, optional
        The column that is open: its bar is drawn full, the others paler. Bars can be clicked.
    missing : bool
        Write the share of missing values beside the names.
    """
    bases = [ACCENT if related else NEUTRAL for related in table["related"]]
    colours = [
        faded(base, 1.0 if chosen in (None, name) else 0.55) for name, base in zip(table.index, bases, strict=True)
    ]
    figure = go.Figure(
        go.Bar(
            x=table["v"],
            y=list(range(len(table))),
            orientation="h",
            marker={"color": colours},
            selected={"marker": {"opacity": 1.0}},
            unselected={"marker": {"opacity": 1.0}},
            error_x=whiskers(table["v"], table["low"], table["high"], NEUTRAL),
            customdata=[
                [name, interval(low, high, 2), p_value(p), percent(gone)]
                for name, low, high, p, gone in zip(
                    plain_labels(table.index, 80),
                    table["low"],
                    table["high"],
                    table["p_adjusted"],
                    table["missing"],
                    strict=True,
                )
            ],
            hovertemplate="%{customdata[0]}: V %{x:.2f} (%{customdata[1]})<br>adjusted p %{customdata[2]}, "
            "missing %{customdata[3]}<extra></extra>",
            showlegend=False,
        )
    )
    layout(figure, height=row_height(len(table)), x="relation to the label (Cramér's V)")
    names = [f"{shorten(name, 20)} · {percent(gone)}" if gone else str(name) for name, gone in table["missing"].items()]
    name_rows(figure, names if missing else list(table.index))
    figure.update_xaxes(range=[0, max(0.1, min(1.0, float(table["high"].max()) * 1.04)) if len(table) else 1.0])
    numbers = pd.DataFrame(
        {
            "column": table.index.astype(str),
            "V": table["v"].map(number).to_numpy(),
            "95% interval": [interval(low, high) for low, high in zip(table["low"], table["high"], strict=True)],
            "adjusted p": table["p_adjusted"].map(p_value).to_numpy(),
            "related": np.where(table["related"], "yes", "no evidence"),
            "missing": table["missing"].map(percent).to_numpy(),
            "different values": table["different"].to_numpy(),
            "kind": table["kind"].to_numpy(),
        }
    )
    said = [
        f"{shorten(name, 40)} {number(row['v'], 2)} ({interval(row['low'], row['high'], 2)})"
        for name, row in table.head(8).iterrows()
    ]
    return Chart(
        figure,
        numbers,
        f"Relation of columns to the label, Cramér's V: {'; '.join(said) or 'no column'}{left_out(len(table), 8)}.",
    )


def word_shares(words: pd.DataFrame, *, label: str) -> Chart:
    """Draw the words that are typical of one class: the share of its texts they are in, and of the others.

    Parameters
    ----------
    words : DataFrame
        Rows of one class, as `core.collect.words.typical_words` returns them.
    label : str
        The class.
    """
    places = list(range(len(words)))
    figure = go.Figure()
    ends = np.column_stack([words["elsewhere"], words["share"], np.full(len(words), np.nan)]).ravel()
    figure.add_scatter(
        x=ends,
        y=np.repeat(places, 3),
        mode="lines",
        line={"color": faded(NEUTRAL, 0.5), "width": 2},
        hoverinfo="skip",
        showlegend=False,
    )
    for column, name, colour, mark in (
        ("share", plain_label(label), ACCENT, "circle"),
        ("elsewhere", "other classes", NEUTRAL, "diamond"),
    ):
        figure.add_scatter(
            x=words[column],
            y=places,
            mode="markers",
            name=name,
            marker={"symbol": mark, "size": 10, "color": colour},
            customdata=plain_labels(words["word"], 60),
            hovertemplate="%{customdata}: in %{x:.1%} of the texts<extra>" + name + "</extra>",
        )
    layout(figure, height=row_height(len(words)) + 20, x="share of the texts with the word")
    name_rows(figure, list(words["word"]))
    figure.update_xaxes(tickformat=".0%", rangemode="tozero")
    numbers = pd.DataFrame(
        {
            "word": words["word"].to_numpy(),
            "in its texts": words["share"].map(percent).to_numpy(),
            "in other texts": words["elsewhere"].map(percent).to_numpy(),
            "its texts with it": words["texts"].to_numpy(),
            "correlation": words["phi"].map(number).to_numpy(),
            "adjusted p": words["p_adjusted"].map(p_value).to_numpy(),
        }
    )
    said = [
        f"{shorten(row['word'], 30)} in {percent(row['share'])} against {percent(row['elsewhere'])}"
        for _, row in words.head(8).iterrows()
    ]
    return Chart(
        figure, numbers, f"Words typical of {shorten(label, 40)}: {'; '.join(said) or 'none'}{left_out(len(words), 8)}."
    )
