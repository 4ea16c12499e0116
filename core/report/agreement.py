"""The agreement of annotators as a figure: each pair's kappa in a matrix."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.report.chart import ACCENT, ALERT, FONT_SIZE, Chart, faded, layout, name_rows, plain_label, plain_labels
from core.wording import count, interval, number, percent, shorten

__all__ = ["kappa_matrix"]

MOST = 16


def kappa_matrix(pairs: pd.DataFrame, *, labelled: pd.Series) -> Chart:
    """Draw Cohen's kappa of each pair of annotators.

    Parameters
    ----------
    pairs : DataFrame
        As ``pairwise_kappa`` of `core.annotate.agreement`: ``one``, ``other``, ``shared``, ``agreement``, ``kappa``,
        ``low``, ``high``.
    labelled : Series
        Examples labelled, by annotator. Of more than 16 annotators those with the most are drawn.
    """
    names = labelled.sort_values(ascending=False, kind="stable").index[:MOST]
    if len(labelled) <= MOST:
        names = labelled.index
    place = pd.Series(range(len(names)), index=names)
    drawn = pairs[pairs["one"].isin(names) & pairs["other"].isin(names)]
    rows, columns = place.reindex(drawn["one"]).to_numpy(dtype=int), place.reindex(drawn["other"]).to_numpy(dtype=int)
    kappa = np.full((len(names), len(names)), np.nan)
    said = np.full(kappa.shape, "", dtype=object)
    kappa[rows, columns] = kappa[columns, rows] = drawn["kappa"]
    said[rows, columns] = said[columns, rows] = [
        f"{plain_label(one)} and {plain_label(other)}<br>kappa {number(value, 2)} ({interval(low, high, 2)})<br>"
        f"{count(shared, 'example')}, the same label on {percent(same)}"
        for one, other, shared, same, value, low, high in drawn.itertuples(index=False)
    ]
    positions = list(range(len(names)))
    figure = go.Figure(
        go.Heatmap(
            x=positions,
            y=positions,
            z=kappa,
            customdata=said,
            hovertemplate="%{customdata}<extra></extra>",
            hoverongaps=False,
            colorscale=[[0.0, faded(ALERT, 0.6)], [0.5, faded(ACCENT, 0.0)], [1.0, faded(ACCENT, 0.6)]],
            zmin=-1.0,
            zmax=1.0,
            showscale=False,
            xgap=2,
            ygap=2,
        )
    )
    layout(figure, height=max(220, 80 + (40 if len(names) <= 8 else 28) * len(names)))
    figure.update_xaxes(
        tickmode="array", tickvals=positions, ticktext=plain_labels(names, 14), showgrid=False, tickangle=-40
    )
    name_rows(figure, list(names), 18)
    if len(names) <= 12:
        for (row, column), value in np.ndenumerate(kappa):
            if row != column and not np.isnan(value):
                figure.add_annotation(
                    x=column, y=row, text=number(float(value), 2), showarrow=False, font={"size": FONT_SIZE}
                )
    ordered = pairs.sort_values("kappa", kind="stable", na_position="last")
    numbers = pd.DataFrame(
        {
            "annotator": ordered["one"].astype(str),
            "and": ordered["other"].astype(str),
            "shared examples": ordered["shared"],
            "same label": [percent(value) for value in ordered["agreement"]],
            "kappa": [number(value, 2) for value in ordered["kappa"]],
            "95% interval": [interval(low, high, 2) for low, high in zip(ordered["low"], ordered["high"], strict=True)],
        }
    )
    least = "; ".join(
        f"{shorten(one, 30)} and {shorten(other, 30)} {value} ({ends})"
        for one, other, value, ends in numbers[["annotator", "and", "kappa", "95% interval"]]
        .head(4)
        .itertuples(index=False)
    )
    return Chart(figure, numbers, f"Cohen's kappa by pair, lowest first: {least or 'no pair shares examples'}.")
