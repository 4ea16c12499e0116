"""How much better or worse one turn is than another, part by part, as a figure: classes, pinned slices."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.report.chart import (
    ACCENT,
    ALERT,
    MAX_ROWS,
    NEUTRAL,
    Chart,
    layout,
    left_out,
    name_rows,
    plain_label,
    plain_labels,
    row_height,
    whiskers,
)
from core.wording import count, number, shorten, signed, signed_interval

__all__ = ["changes_chart"]

# Told apart by shape as well as by colour, as in the chart of turns.
_MARKS = {"gain": ("triangle-right", ACCENT), "no evidence": ("circle", NEUTRAL), "harm": ("triangle-left", ALERT)}


def changes_chart(changes: pd.DataFrame, *, of: str, what: str) -> Chart:
    """Draw the change of a score in each part, with its paired interval.

    Parameters
    ----------
    changes : DataFrame
        A row a part, indexed by its name; ``support`` (examples), ``before``, ``after``, ``delta``, ``low``, ``high``,
        ``word`` and, if known, ``fixed`` and ``broken`` (predictions). Parts without a verdict have missing values.
    of : str
        What a part is: ``class``.
    what : str
        The score, as it stands on the axis.
    """
    judged = changes[changes["delta"].notna()].sort_values("delta", kind="stable", ascending=False)
    half = MAX_ROWS // 2
    shown = judged if len(judged) <= MAX_ROWS else pd.concat([judged.head(half), judged.tail(half)])
    figure = go.Figure()
    for word, (symbol, colour) in _MARKS.items():
        met = (shown["word"] == word).to_numpy()
        rows = shown[met]
        if rows.empty:
            continue
        figure.add_scatter(
            x=rows["delta"],
            y=np.flatnonzero(met),
            mode="markers",
            name=word,
            marker={"symbol": symbol, "size": 11, "color": colour},
            error_x=whiskers(rows["delta"], rows["low"], rows["high"], colour),
            customdata=np.column_stack([plain_labels(rows.index, 80), rows["before"], rows["after"]]).astype(object),
            hovertemplate="%{customdata[0]}: %{x:+.3f}, from %{customdata[1]:.3f} to %{customdata[2]:.3f}"
            f"<extra>{word}</extra>",
        )
    figure.add_vline(x=0, line={"color": NEUTRAL, "width": 1})
    layout(figure, height=row_height(len(shown)) + 20, x=f"change of {plain_label(what, 60)}")
    name_rows(figure, list(shown.index), 44)
    figure.update_layout(showlegend=True)
    numbers = _numbers(pd.concat([judged, changes[changes["delta"].isna()]]), of)
    said = [
        f"{shorten(name, 60)} {signed(delta)} ({signed_interval(low, high)}), {word}"
        for name, delta, low, high, word in judged[["delta", "low", "high", "word"]].head(8).itertuples()
    ]
    return Chart(
        figure, numbers, f"Change of {what} by {of}, best first: {'; '.join(said) or 'none'}{left_out(len(judged), 8)}."
    )


def _numbers(changes: pd.DataFrame, of: str) -> pd.DataFrame:
    table = pd.DataFrame({of: changes.index.astype(str), "said": changes["word"].to_numpy()})
    table["change (interval)"] = [
        f"{signed(delta)} ({signed_interval(low, high)})" if delta == delta else "–"
        for delta, low, high in changes[["delta", "low", "high"]].itertuples(index=False)
    ]
    for name in ("before", "after"):
        table[name] = changes[name].map(number).to_numpy()
    for name in ("fixed", "broken"):
        if name in changes:
            table[name] = changes[name].map(count).to_numpy()
    table["test examples"] = changes["support"].map(count).to_numpy()
    return table
