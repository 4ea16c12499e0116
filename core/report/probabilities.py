"""Figures of the probabilities: the threshold curve, the reliability diagram and the losses."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.report.chart import ACCENT, ALERT, FONT_SIZE, NEUTRAL, SECOND, Chart, faded, layout, plain_label, whiskers
from core.wording import count, interval, number, percent, percent_interval

__all__ = ["loss_histogram", "reliability_diagram", "threshold_chart"]

# Each line differs by colour and by dash.
_LINES = {
    "precision": (SECOND, "dash"),
    "recall": (NEUTRAL, "dot"),
    "f1": (ACCENT, "solid"),
    "macro_f1": (ACCENT, "dashdot"),
    "accuracy": (NEUTRAL, "longdash"),
}
# From so many examples in a bar on, bars grow with the logarithm.
_MANY = 50


def threshold_chart(
    table: pd.DataFrame, *, scores: dict[str, str], positive: str, at: float, locked: float, best: float
) -> Chart:
    """Draw scores against the threshold with their pointwise 95% bands.

    Parameters
    ----------
    table : DataFrame
        Indexed by threshold; each of `scores` with ``_low`` and ``_high``, and the counts ``hits``, ``missed``,
        ``false_alarms``, ``rejected``, as `core.evaluate.ThresholdCurve` has them.
    scores : dict
        Column to title of the lines that are drawn.
    positive : str
        The class that the threshold is for.
    at, locked, best : float
        Thresholds that are marked: where one looks, the project's rule, the best F1.
    """
    figure = go.Figure()
    x = table.index.to_numpy(dtype=float)
    for name, title in scores.items():
        colour, dash = _LINES[name]
        figure.add_scatter(
            x=np.concatenate([x, x[::-1]]),
            y=np.concatenate([table[f"{name}_high"], table[f"{name}_low"][::-1]]),
            fill="toself",
            fillcolor=faded(colour, 0.13),
            line={"width": 0},
            hoverinfo="skip",
            showlegend=False,
        )
        figure.add_scatter(
            x=x,
            y=table[name],
            mode="lines",
            name=title,
            line={"color": colour, "dash": dash, "width": 2},
            customdata=table[[f"{name}_low", f"{name}_high"]].to_numpy(),
            hovertemplate=f"threshold %{{x:.3f}}: {title} %{{y:.3f}} (%{{customdata[0]:.3f}} to "
            "%{customdata[1]:.3f})<extra></extra>",
        )
    layout(figure, height=380, x=f"threshold on the probability of {plain_label(positive)}", y="score")
    figure.update_layout(margin={"t": 56}, legend={"y": 1.08})
    for place, colour, dash, words in (
        (locked, NEUTRAL, "solid", "locked rule"),
        (best, NEUTRAL, "dot", "best F1"),
        (at, ALERT, "solid", "here"),
    ):
        figure.add_vline(x=place, line={"color": colour, "dash": dash, "width": 1.5})
        figure.add_annotation(
            x=place,
            y={"locked rule": 1.0, "best F1": 0.07, "here": 0.0}[words],
            yref="paper",
            yanchor="bottom",
            xanchor="left" if place < 0.85 else "right",
            showarrow=False,
            text=f" {words} ",
            font={"size": FONT_SIZE},
        )
    figure.update_xaxes(range=[0, 1])
    figure.update_yaxes(range=[-0.02, 1.02])
    row = table.iloc[int(np.abs(x - at).argmin())]
    said = "; ".join(
        f"{title} {number(row[name])} ({interval(row[f'{name}_low'], row[f'{name}_high'])})"
        for name, title in scores.items()
    )
    return Chart(
        figure,
        _threshold_numbers(table, scores),
        f"Scores of {positive} against the threshold, out of fold. At {number(at)}: {said}. The locked rule stands at "
        f"{number(locked)}, the best F1 at {number(best)}.",
    )


def _threshold_numbers(table: pd.DataFrame, scores: dict[str, str]) -> pd.DataFrame:
    numbers = pd.DataFrame({"threshold": [number(value) for value in table.index]})
    for name, title in scores.items():
        numbers[title] = [
            f"{number(value)} ({interval(low, high)})"
            for value, low, high in zip(table[name], table[f"{name}_low"], table[f"{name}_high"], strict=True)
        ]
    for name, title in (
        ("hits", "found"),
        ("missed", "missed"),
        ("false_alarms", "false alarms"),
        ("rejected", "rightly left"),
    ):
        numbers[title] = table[name].to_numpy()
    return numbers


def reliability_diagram(bins: pd.DataFrame, *, said: str, came_true: str) -> Chart:
    """Draw how often came true what the model gave a probability, with 95% intervals, and how many examples that were.

    Parameters
    ----------
    bins : DataFrame
        A row a bin: ``from``, ``to``, ``said``, ``came_true``, ``low``, ``high``, ``count``, as
        `core.evaluate.calibration` gives them.
    said, came_true : str
        What the two axes hold.
    """
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        name="as good as its word",
        line={"color": NEUTRAL, "dash": "dot", "width": 1.5},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=bins["said"],
        y=bins["came_true"],
        mode="lines+markers",
        name="bins of equally many examples",
        line={"color": faded(ACCENT, 0.5), "width": 1.5},
        marker={"size": 10, "color": ACCENT},
        error_y=whiskers(bins["came_true"], bins["low"], bins["high"], ACCENT),
        customdata=bins[["from", "to", "low", "high", "count"]].to_numpy(),
        hovertemplate="said %{x:.1%} (%{customdata[0]:.1%} to %{customdata[1]:.1%})<br>came true %{y:.1%} "
        "(%{customdata[2]:.1%} to %{customdata[3]:.1%})<br>%{customdata[4]:,} examples<extra></extra>",
    )
    layout(figure, height=420, x=said, y=came_true)
    figure.update_xaxes(range=[-0.02, 1.02], tickformat=".0%")
    figure.update_yaxes(range=[-0.02, 1.02], tickformat=".0%")
    numbers = pd.DataFrame(
        {
            "said": [percent(value) for value in bins["said"]],
            "from": [percent(value) for value in bins["from"]],
            "to": [percent(value) for value in bins["to"]],
            "came true": [percent(value) for value in bins["came_true"]],
            "95% interval": [percent_interval(low, high) for low, high in zip(bins["low"], bins["high"], strict=True)],
            "examples": bins["count"].to_numpy(),
        }
    )
    words = [
        f"said {one}, came true {other} ({ends})"
        for one, other, ends in zip(numbers["said"], numbers["came true"], numbers["95% interval"], strict=True)
    ]
    return Chart(figure, numbers, f"Reliability, from the least to the most sure: {'; '.join(words) or 'none'}.")


def loss_histogram(losses: pd.Series, wrong: pd.Series, *, line: float, bins: int = 30) -> Chart:
    """Draw how the log losses are spread, examples that are predicted right and wrong apart.

    Parameters
    ----------
    losses : Series of shape (n,)
        Log loss of each example, in nats.
    wrong : Series of bool of shape (n,)
        In the same order.
    line : float
        A loss that is marked: that of guessing all classes alike.
    bins : int
        The last one holds all that is above.
    """
    values, mistaken = losses.to_numpy(dtype=float), wrong.to_numpy(dtype=bool)
    top = max(2 * line, float(np.quantile(values, 0.995))) if len(values) else 2 * line
    edges = np.linspace(0.0, top, bins + 1)
    clipped = np.minimum(values, top)
    per_bin = {
        "predicted rightly": np.histogram(clipped[~mistaken], edges)[0],
        "predicted wrongly": np.histogram(clipped[mistaken], edges)[0],
    }
    tallest = int(max(held.max() for held in per_bin.values()))
    # The bulk of the examples would hide the few that matter.
    many = tallest >= _MANY
    figure = go.Figure()
    middle = (edges[:-1] + edges[1:]) / 2
    for (name, held), colour in zip(per_bin.items(), (faded(NEUTRAL, 0.55), ALERT), strict=True):
        figure.add_bar(
            x=middle,
            y=held,
            width=0.92 * (edges[1] - edges[0]),
            name=name,
            marker={"color": colour},
            customdata=np.column_stack([edges[:-1], edges[1:]]),
            hovertemplate="loss %{customdata[0]:.2f} to %{customdata[1]:.2f}: %{y:,} " + name + "<extra></extra>",
        )
    layout(
        figure,
        height=280,
        x="log loss out of fold (the last bar holds all above)",
        y="examples (log scale)" if many else "examples",
    )
    figure.update_layout(barmode="overlay", margin={"t": 40})
    if many:
        figure.update_yaxes(type="log", dtick=1, range=[-0.3, math.log10(tallest) + 0.1])
    figure.add_vline(x=line, line={"color": NEUTRAL, "dash": "dot", "width": 1.5})
    figure.add_annotation(
        x=line,
        y=1.0,
        yref="paper",
        yanchor="top",
        xanchor="left",
        showarrow=False,
        text=" worse than guessing →",
        font={"size": FONT_SIZE},
    )
    numbers = pd.DataFrame(
        {
            "loss from": [number(edge, 2) for edge in edges[:-1]],
            "to": [*(number(edge, 2) for edge in edges[1:-1]), "all above"],
            "probability of the label": [
                f"{percent(math.exp(-above), 0)} to {percent(math.exp(-below), 0)}"
                for below, above in zip(edges[:-1], [*edges[1:-1], math.inf], strict=True)
            ],
            **per_bin,
        }
    )
    above = int((values > line).sum())
    median = number(float(np.median(values)), 2) if len(values) else "–"
    return Chart(
        figure,
        numbers,
        f"Log losses of {count(len(values), 'example')}, {count(mistaken.sum())} of them predicted wrongly. "
        f"The median is {median}; {count(above)} of them above {number(line, 2)}, "
        "which is what guessing all classes alike would have.",
    )
