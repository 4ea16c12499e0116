"""Fix or add as a figure and in words: two learning curves, and how far apart they lie sideways."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.flywheel import FARTHEST, LABELLINGS, TwoCurves
from core.report.chart import ACCENT, FONT_SIZE, NEUTRAL, SECOND, Chart, faded, layout, plain_label, whiskers
from core.wording import count, interval, number, signed, signed_interval

__all__ = [
    "about",
    "gains_table",
    "two_curves_alt",
    "two_curves_chart",
    "two_curves_numbers",
    "volume_in_words",
    "worth_in_words",
]

_LOOKS = {LABELLINGS[0]: (SECOND, "square"), LABELLINGS[1]: (ACCENT, "circle")}


def two_curves_chart(curves: TwoCurves, *, metric: str, names: Mapping[str, str], size: int = FONT_SIZE) -> Chart:
    """Draw both curves against the number of rows, and the stretch between them at equal score.

    Parameters
    ----------
    curves : TwoCurves
    metric : str
        Title of the metric.
    names : mapping of str to str
        What each labelling is called on screen.
    size : int
        Size of the letters, in pixels.
    """
    figure = go.Figure()
    for labelling, (colour, symbol) in _LOOKS.items():
        measured, fitted = (table[table["labelling"] == labelling] for table in (curves.points, curves.fitted))
        inside = fitted["rows"] <= curves.rows
        for rows, dash, shown in ((fitted[inside], "solid", True), (fitted[~_before_last(inside)], "dot", False)):
            figure.add_scatter(
                x=rows["rows"],
                y=rows["value"],
                mode="lines",
                line={"color": colour, "width": 2, "dash": dash},
                name=plain_label(names[labelling], 60),
                legendgroup=labelling,
                showlegend=shown,
                hovertemplate="%{x:,} examples: %{y:.3f}<extra></extra>",
            )
        figure.add_scatter(
            x=measured["rows"],
            y=measured["value"],
            mode="markers",
            marker={"color": colour, "symbol": symbol, "size": 8},
            error_y=whiskers(measured["value"], measured["low"], measured["high"], faded(colour, 0.5)),
            legendgroup=labelling,
            showlegend=False,
            hovertemplate="measured with %{x:,} examples: %{y:.3f}<extra></extra>",
        )
    _stretch(figure, curves, size)
    layout(figure, height=340 if size <= FONT_SIZE else 460, x="train examples", y=metric)
    figure.update_xaxes(range=[0, curves.rows * FARTHEST * 1.02], tickformat=",")
    figure.update_layout(font={"size": size}, legend={"font": {"size": size}})
    for axes in (figure.update_xaxes, figure.update_yaxes):
        axes(tickfont={"size": size}, title={"font": {"size": size}})
    return Chart(
        figure,
        two_curves_numbers(curves, metric=metric, names=names),
        two_curves_alt(curves, metric=metric, names=names),
    )


def _before_last(inside: pd.Series) -> pd.Series:
    """All inside but the last: there the dotted line begins."""
    return inside & inside.shift(-1, fill_value=False)


def _stretch(figure: go.Figure, curves: TwoCurves, size: int) -> None:
    """Mark where the data is now, and how many rows further the first curve reaches the score of the second."""
    figure.add_vline(x=curves.rows, line={"color": NEUTRAL, "dash": "dot", "width": 1.5})
    figure.add_annotation(
        x=curves.rows, y=0, yref="paper", xanchor="left", yanchor="bottom", xshift=4, showarrow=False, text="now"
    )
    if curves.answer != "worth":
        return
    fitted = curves.fitted[curves.fitted["labelling"] == LABELLINGS[1]]
    score = float(np.interp(curves.rows, fitted["rows"], fitted["value"]))
    value, low, high = (min(each, (FARTHEST - 1) * curves.rows) for each in curves.worth)
    end = pd.Series([curves.rows + value])
    figure.add_scatter(
        x=[curves.rows, curves.rows + value],
        y=[score, score],
        mode="lines",
        line={"color": NEUTRAL, "width": 1.5},
        hoverinfo="skip",
        showlegend=False,
    )
    surely = math.isfinite(curves.worth[0])
    figure.add_scatter(
        x=end,
        y=[score],
        mode="markers+text",
        # An arrow where the first curve does not get there at all.
        marker={"color": NEUTRAL, "size": 10, "symbol": "diamond" if surely else "triangle-right"},
        error_x=whiskers(end, pd.Series([curves.rows + low]), pd.Series([curves.rows + high]), NEUTRAL),
        text=[f"+{about(value)} examples" if surely else f"over {about(value)} more examples"],
        # Between the curves, where there is room.
        textposition="bottom left" if value > 1.5 * curves.rows else "bottom right",
        textfont={"size": size},
        cliponaxis=False,
        hoverinfo="skip",
        showlegend=False,
    )


def two_curves_numbers(curves: TwoCurves, *, metric: str, names: Mapping[str, str]) -> pd.DataFrame:
    """What was measured, and what the power laws say of the rows there are and of more, as a table to read."""
    ahead = curves.fitted["rows"].isin([round(times * curves.rows) for times in (1, 2, FARTHEST)])
    tables = [
        pd.DataFrame(
            {
                "labels": table["labelling"].map(dict(names)),
                "train examples": table["rows"],
                "how": how,
                metric: table["value"].map(number),
                "95% interval": [interval(*ends) for ends in table[["low", "high"]].itertuples(index=False)],
            }
        )
        for how, table in (("measured", curves.points), ("power law", curves.fitted[ahead]))
    ]
    return pd.concat(tables, ignore_index=True)


def two_curves_alt(curves: TwoCurves, *, metric: str, names: Mapping[str, str]) -> str:
    """Say both curves in a sentence, for those who don't see them."""
    said = []
    for labelling in LABELLINGS:
        table = curves.fitted[curves.fitted["labelling"] == labelling]
        ends = table[table["rows"].isin([curves.rows, round(FARTHEST * curves.rows)])]
        told = [f"{number(value)} with {count(rows)}" for rows, value in zip(ends["rows"], ends["value"], strict=True)]
        said.append(f"{names[labelling]}: {', '.join(told)}")
    return f"{metric} by train examples. {'; '.join(said)}."


def worth_in_words(curves: TwoCurves, what: str) -> str:
    """Say what the second labelling is worth in rows, with its interval, and never more than the interval allows.

    Parameters
    ----------
    curves : TwoCurves
    what : str
        What is done to get it, in plain words: ``Settling these 300 suspects``.
    """
    value, low, high = curves.worth
    farthest = (FARTHEST - 1) * curves.rows
    if curves.answer == "worth":
        if math.isfinite(value):
            return f"{what} is worth about {about(value)} more examples ({about(low)} to {_up_to(high, farthest)})."
        surely = f" ({about(low)} at least)" if math.isfinite(low) else ""
        return f"{what} is worth over {about(farthest)} more examples{surely}: more like these bring little."
    if curves.answer == "less":
        return f"{what} is worth less than {about(high)} more examples, if anything."
    if curves.answer == "none":
        return f"{what} is worth no more examples here."
    what = what[:1].lower() + what[1:]
    return (
        f"This data can't tell what {what} is worth: anything from less than nothing to "
        f"{_up_to(high, farthest)} more examples."
    )


def volume_in_words(curves: TwoCurves) -> str:
    """Say how many rows with the first labelling do as well as those there are with the second."""
    value, low, high = (curves.rows + each for each in curves.worth)
    farthest = FARTHEST * curves.rows
    here = f"{about(curves.rows)} examples with consistent labels"
    if curves.answer == "worth":
        if math.isfinite(value):
            ends = f"{about(low)} to {_up_to(high, farthest)}"
            return f"{here} do as well as about {about(value)} labelled as these are ({ends})."
        surely = f" ({about(low)} at least)" if math.isfinite(low) else ""
        return f"{here} do better than {about(farthest)} labelled as these are would{surely}."
    if curves.answer == "unclear":
        return f"This data can't tell how many examples labelled as these are would do as well as {here}."
    return f"{here} do hardly better than as many labelled as these are."


def _up_to(rows: float, farthest: float) -> str:
    return about(rows) if math.isfinite(rows) else f"more than {about(farthest)}"


def about(value: float) -> str:
    """Write a number of rows as well as it is known: with two digits.

    Examples
    --------
    >>> about(2137)
    '2,100'
    >>> about(84.4)
    '84'
    """
    if not value:
        return "0"
    digits = max(0, math.floor(math.log10(abs(value))) - 1)
    return count(round(value, -digits))


def gains_table(curves: TwoCurves, what: str, *, only_added: bool = False) -> pd.DataFrame:
    """What the better labels and what an addition each bring to the score: rows, change, interval.

    Parameters
    ----------
    curves : TwoCurves
    what : str
        What the better labels are called.
    only_added : bool
        Leave them out: there are none.
    """
    lines = [] if only_added else [(what, curves.rows, curves.gain)]
    lines.append(("twice the examples, labelled alike", 2 * curves.rows, curves.doubled))
    return pd.DataFrame(
        {
            "what": [said for said, _, _ in lines],
            "train examples": [count(rows) for _, rows, _ in lines],
            "change of the score": [signed(change[0]) for _, _, change in lines],
            "95% interval": [signed_interval(*change[1:]) for _, _, change in lines],
        }
    )
