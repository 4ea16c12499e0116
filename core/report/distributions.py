"""How the values of a column are spread in each class: shares in shared bins with intervals, and quantiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.report.card import written
from core.report.chart import (
    ACCENT,
    CLASSES,
    MAX_ROWS,
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
from core.statistics import wilson_interval
from core.wording import count, percent, percent_interval, shorten

if TYPE_CHECKING:
    from core.collect.distributions import Distribution

__all__ = ["class_quantiles", "distribution_chart", "shares_by_class"]

_MARKS = ("circle", "diamond", "square", "triangle-up", "cross", "x")
_MISSING = "missing"
# More names than that below a figure run into each other.
_MOST_TICKS = 12


def distribution_chart(found: Distribution, *, of_values: bool = False) -> Chart:
    """Draw how a column is spread, by class.

    Up to six classes are drawn beside each other with 95% intervals (Wilson), more as a heat map.

    Parameters
    ----------
    found : Distribution
    of_values : bool
        Draw the share of each class among the examples with a value, instead of the share of the values among the
        examples of each class. Of two classes the smaller one is drawn: the other is the rest.
    """
    counts = found.counts
    if found.missing.any():
        counts = pd.concat([counts, found.missing.to_frame(_name_of_missing(counts)).T])
    counts = counts[_ordered(found.sizes)]
    of = counts.sum(axis=1).to_numpy()[:, np.newaxis] if of_values else counts.sum().to_numpy()[np.newaxis, :]
    of = np.broadcast_to(of, counts.shape)
    shares = (counts / np.maximum(of, 1)).where(of > 0)
    ends = wilson_interval(counts, of)
    low, high = (pd.DataFrame(end, counts.index, counts.columns).where(of > 0) for end in ends)
    said = "share of the examples with this value" if of_values else "share of the examples of the class"
    drawn = list(counts.columns)
    if of_values and len(drawn) == 2:
        drawn = drawn[-1:]
        said = f"share of {plain_label(drawn[0])} among those with this value"
    if len(drawn) > len(CLASSES):
        figure = _heat(found, shares, said=said)
    elif found.kind == "categories":
        figure = shares_by_class(shares[drawn], low[drawn], high[drawn], said=said)
    else:
        figure = _steps(found, shares[drawn], low[drawn], high[drawn], said=said)
    if of_values and len(drawn) == 1:
        _rule(
            figure, float(counts[drawn[0]].sum() / max(1, counts.to_numpy().sum())), across=found.kind == "categories"
        )
    return Chart(figure, _numbers(counts, shares, low, high), _alt(found, counts, of_values=of_values))


def _ordered(sizes: pd.Series) -> list[str]:
    """Classes that read as numbers in their order, others by size."""
    numbers = pd.to_numeric(pd.Series(sizes.index), errors="coerce")
    if len(sizes) > 2 and numbers.notna().all():
        return [str(name) for name in sizes.index[numbers.argsort().to_numpy()]]
    return [str(name) for name in sizes.sort_values(ascending=False, kind="stable").index]


def _name_of_missing(counts: pd.DataFrame) -> str:
    """A value of the data may be called so, too."""
    return _MISSING if _MISSING not in counts.index else "no value"


def _steps(found: Distribution, shares: pd.DataFrame, low: pd.DataFrame, high: pd.DataFrame, *, said: str) -> go.Figure:
    """Values along the axis: a line a class through the bins in their order, and marks where values are missing."""
    bins = len(found.counts)
    places = np.arange(len(shares)) + np.where(np.arange(len(shares)) < bins, 0.0, 0.6)
    figure = go.Figure()
    for place, (name, colour, mark) in enumerate(zip(shares.columns, CLASSES, _MARKS, strict=False)):
        # Beside each other, or the whiskers of one would hide the other's.
        shift = 0.12 * (place - (shares.shape[1] - 1) / 2) if shares.shape[1] > 1 else 0.0
        # A gap, so that what is missing is not joined to the largest value.
        x, y, below, above = (
            np.insert(np.asarray(values, dtype=float), bins, np.nan)
            for values in (places + shift, shares[name], low[name], high[name])
        )
        figure.add_scatter(
            x=x,
            y=y,
            mode="lines+markers",
            name=plain_label(name),
            line={"color": colour, "width": 2},
            marker={"symbol": mark, "size": 7, "color": colour},
            error_y=whiskers(pd.Series(y), pd.Series(below), pd.Series(above), faded(colour, 0.55)),
            customdata=np.insert(np.array(plain_labels(shares.index, 60), dtype=object), bins, ""),
            hovertemplate="%{customdata}: %{y:.1%}<extra>" + plain_label(name) + "</extra>",
        )
    layout(figure, height=340, x=plain_label(found.column, 60), y=said)
    ticks, names = _ticks(found)
    if len(shares) > bins:
        ticks, names = [*ticks, places[-1]], [*names, _MISSING]
    figure.update_xaxes(tickmode="array", tickvals=ticks, ticktext=names, showgrid=False)
    figure.update_xaxes(range=[-0.7, max(1.0, float(places[-1]) if len(places) else 1.0) + 0.7])
    figure.update_yaxes(tickformat=".0%", range=[-0.005, max(0.01, 1.05 * float(np.nanmax(high, initial=0.0)))])
    figure.update_layout(showlegend=shares.shape[1] > 1)
    return figure


def _ticks(found: Distribution) -> tuple[list[float], list[str]]:
    """Where words stand below the axis: at the borders of ranges, or at the values themselves."""
    names = list(found.borders) or list(found.counts.index)
    every = -(-len(names) // _MOST_TICKS) or 1
    shift = 0.5 if found.borders else 0.0
    return [place + shift for place in range(0, len(names), every)], plain_labels(names[::every], 20)


def shares_by_class(shares: pd.DataFrame, low: pd.DataFrame, high: pd.DataFrame, *, said: str) -> go.Figure:
    """Draw shares as a row of marks with intervals for each name, a mark a class; at most six classes.

    Parameters
    ----------
    shares, low, high : DataFrame of shape (names, classes)
    said : str
        What the shares are of.
    """
    figure = go.Figure()
    width = min(0.56, 0.16 * (shares.shape[1] - 1))
    shifts = np.linspace(-width / 2, width / 2, shares.shape[1])
    for name, colour, mark, shift in zip(shares.columns, CLASSES, _MARKS, shifts, strict=False):
        figure.add_scatter(
            x=shares[name],
            y=np.arange(len(shares)) + shift,
            mode="markers",
            name=plain_label(name),
            marker={"symbol": mark, "size": 9, "color": colour},
            error_x=whiskers(shares[name], low[name], high[name], faded(colour, 0.55)),
            customdata=plain_labels(shares.index, 80),
            hovertemplate="%{customdata}: %{x:.1%}<extra>" + plain_label(name) + "</extra>",
        )
    layout(figure, height=row_height(len(shares)) + len(shares) * 6 * max(0, shares.shape[1] - 2) + 20, x=said)
    name_rows(figure, list(shares.index))
    # A mark at 0 is a whole one.
    most = max(0.01, float(np.nanmax(high, initial=0.0)))
    figure.update_xaxes(tickformat=".0%", range=[-0.02 * most, 1.04 * most])
    figure.update_layout(showlegend=shares.shape[1] > 1)
    return figure


def _heat(found: Distribution, shares: pd.DataFrame, *, said: str) -> go.Figure:
    """Many classes: a row a class, a column a value, the darker the larger the share."""
    classes = list(shares.columns[:MAX_ROWS])
    figure = go.Figure(
        go.Heatmap(
            z=shares[classes].T.to_numpy(dtype=float),
            x=list(range(len(shares))),
            y=list(range(len(classes))),
            customdata=np.array(
                [[f"{own}, {value}" for value in plain_labels(shares.index, 40)] for own in plain_labels(classes, 40)]
            ),
            hovertemplate="%{customdata}: %{z:.1%}<extra></extra>",
            colorscale=[[0.0, faded(ACCENT, 0.04)], [1.0, faded(ACCENT, 0.9)]],
            zmin=0.0,
            colorbar={"tickformat": ".0%", "thickness": 10, "outlinewidth": 0},
            xgap=1,
            ygap=1,
        )
    )
    layout(figure, height=row_height(len(classes)) + 40, x=f"{plain_label(found.column, 60)}: {said}")
    name_rows(figure, [f"{shorten(name, 20)} · {count(found.sizes[name])}" for name in classes], 34)
    ticks, names = _ticks(found)
    if len(shares) > len(found.counts):
        ticks, names = [*ticks, len(found.counts)], [*names, _MISSING]
    figure.update_xaxes(tickmode="array", tickvals=ticks, ticktext=names, showgrid=False)
    return figure


def _rule(figure: go.Figure, share: float, *, across: bool) -> None:
    """The share in all examples, which the values are read against."""
    line = {"color": NEUTRAL, "dash": "dot", "width": 1.5}
    text = {"annotation_text": f"all {percent(share)}", "annotation_font_size": 12}
    if across:
        figure.add_vline(x=share, line=line, annotation_position="top", **text)
        figure.update_layout(margin={"t": 28})
    else:
        figure.add_hline(y=share, line=line, annotation_position="top right", **text)


def _numbers(counts: pd.DataFrame, shares: pd.DataFrame, low: pd.DataFrame, high: pd.DataFrame) -> pd.DataFrame:
    columns = {"value": counts.index.astype(str), "examples": counts.sum(axis=1).to_numpy()}
    for name in counts.columns:
        taken = f"{name} " if str(name) in columns else str(name)
        columns[taken] = [percent(share) for share in shares[name]]
        if counts.shape[1] <= len(CLASSES):
            columns[f"{name}, 95% interval"] = [
                percent_interval(below, above) for below, above in zip(low[name], high[name], strict=True)
            ]
            columns[f"{name}, examples"] = counts[name].to_numpy()
    return pd.DataFrame(columns)


def _alt(found: Distribution, counts: pd.DataFrame, *, of_values: bool) -> str:
    named = list(counts.columns[:6])
    if of_values:
        rarest = str(counts.sum().idxmin())
        full = counts[counts.sum(axis=1) > 0]
        share = (full[rarest] / full.sum(axis=1)).sort_values(ascending=False, kind="stable")
        most = [f"{shorten(value, 40)} {percent(each)}" for value, each in share.head(5).items()]
        return (
            f"Share of {shorten(rarest, 40)} by {shorten(found.column, 60)}; of all "
            f"{percent(counts[rarest].sum() / max(1, counts.to_numpy().sum()))}. Highest: {'; '.join(most) or 'none'}."
        )
    if found.quantiles is not None:
        said = [
            f"{shorten(name, 40)} {_rounded(row[0.5])} ({_rounded(row[0.25])} to {_rounded(row[0.75])})"
            for name, row in found.quantiles.loc[named].iterrows()
        ]
        gone = f" Missing in {percent(found.missing_share)}." if found.missing.any() else ""
        return (
            f"{shorten(found.column, 60)} by class. Median and middle half: {'; '.join(said)}"
            f"{left_out(counts.shape[1], 6)}.{gone}"
        )
    said = []
    for name in named:
        own = counts[name].sort_values(ascending=False, kind="stable")
        first = [f"{shorten(value, 30)} {percent(each / max(1, own.sum()))}" for value, each in own.head(2).items()]
        said.append(f"{shorten(name, 40)}: {', '.join(first)}")
    return (
        f"{shorten(found.column, 60)} by class, most frequent values. {'; '.join(said)}{left_out(counts.shape[1], 6)}."
    )


def class_quantiles(found: Distribution) -> pd.DataFrame | None:
    """Write the quantiles of a column of numbers or dates as a table, a row a class; None for categories."""
    if found.quantiles is None:
        return None
    sizes = pd.concat([pd.Series({"": found.rows}), found.sizes])
    gone = pd.concat([pd.Series({"": int(found.missing.sum())}), found.missing])
    titles = {0.05: "5%", 0.25: "25%", 0.5: "median", 0.75: "75%", 0.95: "95%"}
    return pd.DataFrame(
        {
            "class": ["all", *found.quantiles.index[1:]],
            "examples": sizes.to_numpy(),
            "missing": [percent(share) for share in gone / np.maximum(sizes, 1)],
            **{title: [_rounded(value) for value in found.quantiles[share]] for share, title in titles.items()},
        }
    )


def _rounded(value: object) -> str:
    """A quantile with as many digits as help to compare it."""
    fraction = isinstance(value, float | np.floating) and np.isfinite(value) and value != round(value)
    return written(float(f"{value:.4g}") if fraction else value)
