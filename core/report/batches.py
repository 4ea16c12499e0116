"""Batches over time as figures: what drifted in each, how sure the model was, how good it was, which slices grow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.report.chart import (
    ACCENT,
    ALERT,
    CLASSES,
    FONT_SIZE,
    MAX_ROWS,
    NEUTRAL,
    Chart,
    faded,
    layout,
    name_rows,
    plain_label,
    plain_labels,
    row_height,
    whiskers,
)
from core.wording import count, interval, number, percent, percent_interval, shorten

__all__ = ["confidence_over_batches", "drift_over_batches", "scores_over_batches", "slices_over_batches"]

_MOST_ROWS = 12
_MARKS = ("circle", "diamond", "square", "triangle-up", "cross", "star")
# A stability index of that much is drawn as dark as it gets: it is called large from there on.
_LARGE = 0.5


def drift_over_batches(table: pd.DataFrame, *, threshold: float) -> Chart:
    """Draw how far each column, the predictions and the confidence lay from what the model knows, batch by batch.

    Parameters
    ----------
    table : DataFrame
        A row a batch and thing: ``batch`` (its name, in order), ``what``, ``effect`` (stability index), ``drifted``.
    threshold : float
        The index from which it matters.
    """
    every = list(dict.fromkeys(table["batch"]))
    batches = every[-MAX_ROWS:]
    worst = table.groupby("what", sort=False)["effect"].max().sort_values(ascending=False, kind="stable")
    shown = list(worst.index[:_MOST_ROWS])
    grid = table.pivot_table(index="what", columns="batch", values="effect", sort=False).reindex(
        index=shown, columns=batches
    )
    drifted = table[table["drifted"]]
    marked = set(zip(drifted["what"], drifted["batch"], strict=True))
    figure = go.Figure(
        go.Heatmap(
            z=grid.to_numpy(),
            x=list(range(len(batches))),
            y=list(range(len(shown))),
            colorscale=[[0.0, faded(ALERT, 0.0)], [1.0, faded(ALERT, 0.45)]],
            zmin=0.0,
            zmax=_LARGE,
            showscale=False,
            xgap=2,
            ygap=2,
            customdata=[[f"{plain_label(what, 60)}, {plain_label(batch, 60)}" for batch in batches] for what in shown],
            hovertemplate="%{customdata}: stability index %{z:.3f}<extra></extra>",
        )
    )
    # As annotations, which the page writes in the colour of its theme.
    for (row, column), effect in np.ndenumerate(grid.to_numpy(dtype=float)):
        if np.isfinite(effect):
            written = number(effect, 2)
            said_so = (shown[row], batches[column]) in marked
            figure.add_annotation(
                x=column,
                y=row,
                text=f"<b>{written} ▲</b>" if said_so else written,
                showarrow=False,
                font={"size": FONT_SIZE},
            )
    layout(figure, height=row_height(len(shown)))
    name_rows(figure, shown)
    _name_batches(figure, batches)
    numbers = pd.DataFrame(
        {
            "batch": table["batch"].astype(str),
            "what": table["what"].astype(str),
            "stability index": table["effect"].map(number),
            "drifted": np.where(table["drifted"], "yes", "no"),
        }
    )
    said = [
        f"{shorten(batch, 40)}: {', '.join(shorten(what, 30) for what in own['what'].head(4)) or 'nothing'}"
        for batch in batches[-6:]
        for own in [drifted[drifted["batch"] == batch].sort_values("effect", ascending=False)]
    ]
    return Chart(
        figure, numbers, f"What drifted (stability index {threshold:g} or more, not by chance): {'; '.join(said)}."
    )


def confidence_over_batches(batches: Sequence[tuple[str, Sequence[float]]], *, reference: Sequence[float]) -> Chart:
    """Draw how sure the model was of each batch when it came, beside how sure it is of the test set.

    Parameters
    ----------
    batches : sequence of (str, five floats)
        Name, and the 10, 25, 50, 75 and 90% quantiles of the probability of the most probable class.
    reference : five floats
        The same of the test set.
    """
    figure = go.Figure()
    figure.add_hrect(y0=reference[1], y1=reference[3], fillcolor=faded(NEUTRAL, 0.16), line_width=0)
    figure.add_hline(y=reference[2], line={"color": NEUTRAL, "dash": "dot", "width": 1.5})
    middles = pd.Series([each[2] for _, each in batches], dtype=float)
    for low, high, width in ((0, 4, 2), (1, 3, 8)):
        for place, (_, each) in enumerate(batches):
            figure.add_scatter(
                x=[place, place],
                y=[each[low], each[high]],
                mode="lines",
                line={"color": faded(ACCENT, 0.45), "width": width},
                hoverinfo="skip",
                showlegend=False,
            )
    figure.add_scatter(
        x=list(range(len(batches))),
        y=middles,
        mode="markers",
        marker={"size": 11, "color": ACCENT},
        customdata=plain_labels([name for name, _ in batches], 60),
        hovertemplate="%{customdata}: half of it is predicted with %{y:.1%} or more<extra></extra>",
        showlegend=False,
    )
    layout(figure, height=280, y="chance of the predicted class")
    figure.update_yaxes(tickformat=".0%")
    _name_batches(figure, [name for name, _ in batches])
    names = ["the test set", *(name for name, _ in batches)]
    quantiles = [reference, *(each for _, each in batches)]
    numbers = pd.DataFrame({"batch": names})
    for place, share in enumerate(("10%", "25%", "median", "75%", "90%")):
        numbers[share] = [percent(each[place]) for each in quantiles]
    said = "; ".join(f"{shorten(name, 40)} {percent(each[2])}" for name, each in batches[-8:])
    return Chart(figure, numbers, f"Median confidence on the test set {percent(reference[2])}; by batch: {said}.")


def scores_over_batches(
    scores: pd.DataFrame, *, metric: str, reference: tuple[float, float, float] | None = None
) -> Chart:
    """Draw how good the model was on each batch, by the labels that are known by now.

    Parameters
    ----------
    scores : DataFrame
        A row a batch, in order: ``batch`` (name), ``value``, ``low``, ``high`` (missing with too few labels),
        ``labelled``, ``rows``, ``chosen`` (whether labels came later, for rows that were chosen).
    metric : str
        Title of the headline metric.
    reference : tuple of float, optional
        The score on the test set, with its interval.
    """
    figure = go.Figure()
    if reference is not None:
        figure.add_hrect(y0=reference[1], y1=reference[2], fillcolor=faded(NEUTRAL, 0.16), line_width=0)
        figure.add_hline(y=reference[0], line={"color": NEUTRAL, "dash": "dot", "width": 1.5})
    places = pd.Series(range(len(scores)), index=scores.index)
    for chosen, name, symbol in (
        (False, "all labelled, or a random sample", "circle"),
        (True, "labels of chosen rows", "circle-open"),
    ):
        own = scores[(scores["chosen"] == chosen) & scores["value"].notna()]
        if own.empty:
            continue
        figure.add_scatter(
            x=places[own.index],
            y=own["value"],
            mode="markers",
            name=name,
            marker={"size": 11, "color": ACCENT, "symbol": symbol, "line": {"width": 2, "color": ACCENT}},
            error_y=whiskers(own["value"], own["low"], own["high"], ACCENT),
            customdata=np.column_stack([plain_labels(own["batch"], 60), own["labelled"], own["rows"]]).astype(object),
            hovertemplate="%{customdata[0]}: %{y:.3f}, %{customdata[1]} of %{customdata[2]} labelled<extra></extra>",
        )
    layout(figure, height=280, y=metric)
    _name_batches(figure, list(scores["batch"]))
    numbers = pd.DataFrame(
        {
            "batch": scores["batch"].astype(str),
            metric: scores["value"].map(number),
            "95% interval": [
                "–" if pd.isna(low) else interval(low, high)
                for low, high in zip(scores["low"], scores["high"], strict=True)
            ],
            "labelled": [
                f"{count(labelled)} of {count(rows)}"
                for labelled, rows in zip(scores["labelled"], scores["rows"], strict=True)
            ],
            "labels of": np.where(scores["chosen"], "chosen rows", "all or at random"),
        }
    )
    said = "; ".join(
        f"{shorten(each['batch'], 40)} {each[metric]} ({each['95% interval']})"
        for _, each in numbers[scores["value"].notna()].tail(8).iterrows()
    )
    on_test = "" if reference is None else f" On the test set: {number(reference[0])}."
    return Chart(figure, numbers, f"{metric} by batch: {said or 'no labels yet'}.{on_test}")


def slices_over_batches(shares: pd.DataFrame) -> Chart:
    """Draw the share of each watched slice in each batch.

    Parameters
    ----------
    shares : DataFrame
        A row a batch and slice: ``batch`` (name, in order), ``slice``, ``share``, ``low``, ``high``, ``train`` (share
        in train when it came), ``grows``.
    """
    batches = list(dict.fromkeys(shares["batch"]))
    names = list(dict.fromkeys(shares["slice"]))
    figure = go.Figure()
    for place, name in enumerate(names[: len(CLASSES)]):
        own = shares[shares["slice"] == name]
        colour = CLASSES[place]
        figure.add_scatter(
            x=[batches.index(batch) + 0.06 * (place - len(names) / 2) for batch in own["batch"]],
            y=own["share"],
            mode="lines+markers",
            name=plain_label(name, 60),
            line={"color": faded(colour, 0.5), "width": 1.5},
            marker={"size": 10, "color": colour, "symbol": _MARKS[place]},
            error_y=whiskers(own["share"], own["low"], own["high"], colour),
            customdata=plain_labels(own["batch"], 60),
            hovertemplate="%{customdata}: %{y:.1%}<extra>" + plain_label(name, 60) + "</extra>",
        )
    layout(figure, height=280, y="share of the batch")
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    _name_batches(figure, batches)
    numbers = pd.DataFrame(
        {
            "batch": shares["batch"].astype(str),
            "slice": shares["slice"].astype(str),
            "share": shares["share"].map(percent),
            "95% interval": [
                percent_interval(low, high) for low, high in zip(shares["low"], shares["high"], strict=True)
            ],
            "in train then": shares["train"].map(percent),
            "grows": np.where(shares["grows"], "yes", "no"),
        }
    )
    grown = numbers[shares["grows"].to_numpy(dtype=bool)]
    said = "; ".join(
        f"{shorten(each['slice'], 60)} in {shorten(each['batch'], 40)} {each['share']} against {each['in train then']}"
        for _, each in grown.tail(6).iterrows()
    )
    return Chart(figure, numbers, f"Pinned slices that grew: {said or 'none'}.")


def _name_batches(figure: Any, names: Sequence[str]) -> None:
    """Put the names of batches below, in their order; where there are many, only some."""
    step = max(1, -(-len(names) // 10))
    places = list(range(0, len(names), step))
    figure.update_xaxes(
        tickmode="array",
        tickvals=places,
        # Short enough to stand side by side, level.
        ticktext=plain_labels([names[place] for place in places], max(6, 44 // max(3, len(places)))),
        tickangle=0,
        range=[-0.6, max(len(names), 3) - 0.4],
        showgrid=False,
    )
