"""What is missing: a map of columns by rows in the order of collection, and shares by class."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.report.chart import (
    ACCENT,
    CLASSES,
    MAX_ROWS,
    Chart,
    faded,
    layout,
    left_out,
    name_rows,
    plain_labels,
    row_height,
)
from core.report.distributions import shares_by_class
from core.statistics import wilson_interval
from core.wording import number, p_value, percent, percent_interval, shorten

__all__ = ["missing_by_class_chart", "missing_map", "missing_together"]

_TICKS = 6


def missing_map(blocks: pd.DataFrame, shares: pd.Series) -> Chart:
    """Draw columns by blocks of rows, the darker the more is missing.

    Parameters
    ----------
    blocks : DataFrame of shape (columns, blocks)
        Share that is missing; blocks are named by their rows. At most 24 columns are drawn.
    shares : Series
        Share that is missing of each column.
    """
    shown = blocks.head(MAX_ROWS)
    figure = go.Figure(
        go.Heatmap(
            z=shown.to_numpy(dtype=float),
            x=list(range(shown.shape[1])),
            y=list(range(len(shown))),
            customdata=np.array(
                [[f"{name}, rows {rows}" for rows in shown.columns] for name in plain_labels(shown.index, 60)],
                dtype=object,
            ).reshape(shown.shape),
            hovertemplate="%{customdata}: %{z:.1%} missing<extra></extra>",
            colorscale=[[0.0, faded(ACCENT, 0.06)], [1.0, faded(ACCENT, 1.0)]],
            zmin=0.0,
            zmax=1.0,
            colorbar={"tickformat": ".0%", "thickness": 10, "outlinewidth": 0},
            ygap=2,
        )
    )
    layout(figure, height=row_height(len(shown)), x="rows, in the order of collection")
    name_rows(figure, [f"{shorten(name, 20)} · {percent(shares[name])}" for name in shown.index], 34)
    every = -(-shown.shape[1] // _TICKS) or 1
    figure.update_xaxes(
        tickmode="array",
        tickvals=list(range(0, shown.shape[1], every)),
        ticktext=[str(rows).split("–")[0] for rows in shown.columns[::every]],
        showgrid=False,
    )
    numbers = blocks.map(percent).rename(columns=lambda rows: f"rows {rows}").reset_index(drop=True)
    numbers.insert(0, "column", blocks.index.astype(str))
    numbers.insert(1, "missing", [percent(shares[name]) for name in blocks.index])
    said = [f"{shorten(name, 40)} {percent(shares[name])}" for name in blocks.index[:8]]
    return Chart(figure, numbers, f"Missing values: {'; '.join(said) or 'none'}{left_out(len(blocks), 8)}.")


def missing_by_class_chart(shares: pd.DataFrame, related: pd.DataFrame, sizes: pd.Series) -> Chart:
    """Draw how much is missing of each column in each class, with 95% intervals (Wilson).

    Parameters
    ----------
    shares : DataFrame of shape (columns, classes)
        As `core.collect.missingness.missing_by_class` returns it, or a page of it. Of more than six classes the three
        with the most and the three with the least missing are drawn.
    related : DataFrame
        How much it has to do with the label, as the same function returns it.
    sizes : Series
        Examples of each class.
    """
    related = related.loc[shares.index]
    order = sizes.reindex(shares.columns).sort_values(ascending=False, kind="stable").index
    if len(order) > len(CLASSES):
        ranked = shares.mean().sort_values(ascending=False, kind="stable").index
        order = ranked[:3].append(ranked[-3:])
    drawn = shares[order]
    counts = np.rint(drawn * sizes[order])
    low, high = (
        pd.DataFrame(end, drawn.index, drawn.columns)
        for end in wilson_interval(counts, np.broadcast_to(sizes[order], drawn.shape))
    )
    figure = shares_by_class(drawn, low, high, said="share of the examples of the class without a value")
    numbers = pd.DataFrame({"column": drawn.index.astype(str)})
    numbers["V"] = related["v"].map(number).to_numpy()
    numbers["adjusted p"] = related["p_adjusted"].map(p_value).to_numpy()
    for name in shares.columns:
        numbers[f"{name} " if str(name) in numbers else str(name)] = [percent(share) for share in shares[name]]
        if name in drawn:
            numbers[f"{name}, 95% interval"] = [
                percent_interval(below, above) for below, above in zip(low[name], high[name], strict=True)
            ]
    said = [
        f"{shorten(name, 40)}: " + ", ".join(f"{shorten(each, 30)} {percent(row[each])}" for each in order)
        for name, row in drawn.head(5).iterrows()
    ]
    return Chart(figure, numbers, f"Missing by class. {'; '.join(said) or 'Nothing'}{left_out(len(drawn), 5)}.")


def missing_together(pairs: pd.DataFrame) -> pd.DataFrame:
    """Write the pairs of columns that are missing together as a table.

    Parameters
    ----------
    pairs : DataFrame
        ``together`` of `core.collect.missingness.Missingness`.
    """
    return pd.DataFrame(
        {
            "column": pairs["one"],
            "and": pairs["other"],
            "both": pairs["both"],
            "of the first": pairs["of_one"].map(percent),
            "of the second": pairs["of_other"].map(percent),
            "correlation": pairs["phi"].map(number),
        }
    )
