"""What each group of edits brought, as a figure."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from core.flywheel import Share
from core.report.chart import (
    ACCENT,
    ALERT,
    MAX_ROWS,
    NEUTRAL,
    Chart,
    layout,
    left_out,
    name_rows,
    plain_labels,
    row_height,
    whiskers,
)
from core.wording import count, p_value, shorten, signed, signed_interval

__all__ = ["shares_chart"]

_COLOURS = {"gain": ACCENT, "no evidence": NEUTRAL, "harm": ALERT}


def shares_chart(shares: Sequence[Share], *, metric: str) -> Chart:
    """Draw the share of a turn's gain that each group of edits has, with its interval.

    Parameters
    ----------
    shares : sequence of Share
        The largest first.
    metric : str
        Title of the headline metric.
    """
    verdicts = [share.verdict for share in shares]
    drawn = pd.DataFrame({name: [getattr(each, name) for each in verdicts] for name in ("delta", "low", "high")})
    titles = [share.group.title for share in shares]
    shown = drawn.head(MAX_ROWS)
    figure = go.Figure(
        go.Bar(
            x=shown["delta"],
            y=list(range(len(shown))),
            orientation="h",
            marker={"color": [_COLOURS[each.verdict] for each in verdicts[:MAX_ROWS]]},
            error_x=whiskers(shown["delta"], shown["low"], shown["high"], NEUTRAL),
            customdata=plain_labels(titles[:MAX_ROWS], 80),
            hovertemplate="%{customdata}: %{x:+.3f}<extra></extra>",
            showlegend=False,
        )
    )
    figure.add_vline(x=0, line={"color": NEUTRAL, "width": 1})
    layout(figure, height=row_height(len(shown)), x=f"share of the change of {metric}")
    name_rows(figure, titles[:MAX_ROWS], 44)
    numbers = pd.DataFrame(
        {
            "edits": titles,
            "changed": [count(share.group.size) for share in shares],
            "share": [signed(each.delta) for each in verdicts],
            "interval": [signed_interval(each.low, each.high) for each in verdicts],
            "verdict": [each.verdict for each in verdicts],
            "p-value": [p_value(each.p_value) for each in verdicts],
        }
    )
    if any(share.sampling_error for share in shares):
        numbers["error of the draw"] = [f"\N{PLUS-MINUS SIGN}{share.sampling_error:.3f}" for share in shares]
    heard = numbers[["edits", "share", "interval", "verdict"]].head(8)
    said = [
        f"{shorten(title, 60)} {delta} ({ends}), {word}" for title, delta, ends, word in heard.itertuples(index=False)
    ]
    return Chart(figure, numbers, f"Shares of the change: {'; '.join(said) or 'none'}{left_out(len(shares), 8)}.")
