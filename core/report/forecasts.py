"""Forecasts against what came, as a figure."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from core.flywheel import Foretold
from core.report.chart import ACCENT, ALERT, NEUTRAL, Chart, layout, plain_labels, whiskers
from core.wording import shorten, signed, signed_interval

__all__ = ["foretold_chart"]


def foretold_chart(found: Sequence[Foretold]) -> Chart:
    """Draw each forecast, with its 80% interval, against what the next turn measured.

    Parameters
    ----------
    found : sequence of Foretold
    """
    drawn = pd.DataFrame(
        {
            "forecast": [100 * each.forecast.gain for each in found],
            "low": [100 * each.forecast.low for each in found],
            "high": [100 * each.forecast.high for each in found],
            "measured": [100 * each.measured for each in found],
        }
    )
    inside = pd.Series([each.inside for each in found], dtype=bool)
    figure = go.Figure()
    for held, colour, symbol, name in ((True, ACCENT, "circle", "held"), (False, ALERT, "x", "missed")):
        some = drawn[inside == held]
        figure.add_trace(
            go.Scatter(
                x=some["measured"],
                y=some["forecast"],
                mode="markers",
                name=name,
                marker={"color": colour, "symbol": symbol, "size": 10},
                error_y=whiskers(some["forecast"], some["low"], some["high"], colour),
                customdata=plain_labels([found[place].action.title for place in some.index], 80),
                hovertemplate="%{customdata}: forecast %{y:+.1f}, measured %{x:+.1f}<extra></extra>",
            )
        )
    ends = [min(drawn[["low", "measured"]].min()), max(drawn[["high", "measured"]].max())]
    figure.add_trace(
        go.Scatter(x=ends, y=ends, mode="lines", line={"color": NEUTRAL, "width": 1, "dash": "dot"}, showlegend=False)
    )
    layout(figure, height=300, x="measured, points", y="forecast, points")
    numbers = pd.DataFrame(
        {
            "turn": [each.turn for each in found],
            "action": [each.action.title for each in found],
            "forecast": [signed(100 * each.forecast.gain, 1) for each in found],
            "80% interval": [signed_interval(100 * each.forecast.low, 100 * each.forecast.high, 1) for each in found],
            "measured": [signed(100 * each.measured, 1) for each in found],
            "held": ["yes" if each.inside else "no" for each in found],
        }
    )
    said = [
        f"turn {each.turn}, {shorten(each.action.title, 60)}: forecast {signed(100 * each.forecast.gain, 1)}, measured "
        f"{signed(100 * each.measured, 1)}"
        for each in found[:6]
    ]
    return Chart(figure, numbers, f"Forecasts against what came, in points: {'; '.join(said)}.")
