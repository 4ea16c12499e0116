"""The pool as a figure: how sure the model is of the examples without a label."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.report.chart import ACCENT, Chart, layout
from core.wording import count, percent

__all__ = ["pool_confidence"]

_UNSURE = 0.6


def pool_confidence(confidence: pd.Series, *, bins: int = 20) -> Chart:
    """Draw how sure the model is of the pool: a histogram of the probability of the most probable class.

    Parameters
    ----------
    confidence : Series
        In [0, 1], one for each example.
    bins : int
    """
    values = confidence.to_numpy(dtype=float)
    edges = np.linspace(0.0, 1.0, bins + 1)
    found = np.histogram(values, edges)[0]
    # Nothing lies below one divided by the number of classes: the axis begins where there is something.
    shown = slice(int(np.flatnonzero(found)[0]) if found.any() else 0, bins)
    figure = go.Figure()
    figure.add_bar(
        x=((edges[:-1] + edges[1:]) / 2)[shown],
        y=found[shown],
        width=0.92 / bins,
        marker={"color": ACCENT},
        hovertemplate="about %{x:.0%} sure: %{y:,}<extra></extra>",
    )
    layout(figure, height=240, x="probability of the most probable class", y="examples")
    figure.update_xaxes(tickformat=".0%", range=[edges[shown][0], 1.0])
    numbers = pd.DataFrame(
        {
            "from": [percent(edge, 0) for edge in edges[:-1]],
            "to": [percent(edge, 0) for edge in edges[1:]],
            "examples": found,
        }
    )[shown]
    unsure = float((values < _UNSURE).mean()) if len(values) else 0.0
    said = f"Of {count(len(values), 'example')} in the pool the model is less than {percent(_UNSURE, 0)} sure of "
    return Chart(figure, numbers, f"{said}{percent(unsure)}.")
