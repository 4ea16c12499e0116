"""The app's figures as pure functions: frames in, `Chart` out (figure, its numbers, a sentence that says the same)."""

from __future__ import annotations

from textwrap import wrap

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.ids import aligned
from core.report.chart import (
    ACCENT,
    ALERT,
    FONT_SIZE,
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
from core.wording import count, interval, number, percent, shorten

__all__ = [
    "class_balance",
    "learning_curve",
    "ledger_chart",
    "slices_bar",
    "suspect_scores",
]

# Mark, colour and word of each verdict: told apart by shape as well as by colour.
_MARKS = {
    "start": ("circle-open", NEUTRAL),
    "gain": ("triangle-up", ACCENT),
    "no evidence": ("circle", NEUTRAL),
    "harm": ("triangle-down", ALERT),
}


def ledger_chart(turns: pd.DataFrame, *, metric: str) -> Chart:
    """Draw the headline metric of each turn with its 95% interval and the verdict against the turn before.

    Parameters
    ----------
    turns : DataFrame
        A row a turn, in order; columns ``turn``, ``value``, ``low``, ``high``, ``verdict`` (``gain``, ``no evidence``,
        ``harm``, or missing for turn 0).
    metric : str
        Title of the headline metric.
    """
    verdicts = turns["verdict"].astype(object).where(turns["verdict"].notna(), "start")
    figure = go.Figure()
    if len(turns):
        figure.add_hline(
            y=float(turns["value"].iloc[0]), line={"color": faded(NEUTRAL, 0.6), "dash": "dot", "width": 1}
        )
    figure.add_scatter(
        x=turns["turn"],
        y=turns["value"],
        mode="lines",
        line={"color": faded(NEUTRAL, 0.5), "width": 1.5},
        hoverinfo="skip",
        showlegend=False,
    )
    for word, (symbol, colour) in _MARKS.items():
        rows = turns[verdicts == word]
        if rows.empty:
            continue
        figure.add_scatter(
            x=rows["turn"],
            y=rows["value"],
            mode="markers",
            name="turn 0" if word == "start" else word,
            marker={"symbol": symbol, "size": 12, "color": colour, "line": {"width": 2, "color": colour}},
            error_y=whiskers(rows["value"], rows["low"], rows["high"], colour),
            customdata=np.column_stack([rows["low"], rows["high"]]),
            hovertemplate=f"turn %{{x}}: {plain_label(metric)} %{{y:.3f}}<br>95% interval "
            f"%{{customdata[0]:.3f}} to %{{customdata[1]:.3f}}<extra>{word if word != 'start' else ''}</extra>",
        )
    layout(figure, height=280, x="turn", y=metric)
    first, last = (int(turns["turn"].iloc[0]), int(turns["turn"].iloc[-1])) if len(turns) else (0, 0)
    ticks = list(range(first, last + 1, max(1, -(-(last - first) // 20))))
    figure.update_xaxes(
        tickmode="array", tickvals=ticks, range=[first - 0.6, max(last, first + 3) + 0.6], showgrid=False
    )
    numbers = pd.DataFrame(
        {
            "turn": turns["turn"],
            metric: turns["value"].map(number),
            "95% interval": [interval(low, high) for low, high in zip(turns["low"], turns["high"], strict=True)],
            "verdict": verdicts.replace("start", "–"),
        }
    )
    said = [
        f"turn {turn} {value} ({ends}){'' if word == '–' else f', {word}'}"
        for turn, value, ends, word in numbers.tail(12).itertuples(index=False)
    ]
    return Chart(figure, numbers, f"{metric} by turn: {'; '.join(said) or 'no turn yet'}.")


def class_balance(counts: pd.DataFrame) -> Chart:
    """Draw how many examples each class has.

    Parameters
    ----------
    counts : DataFrame
        Index classes; columns are origins that are stacked (for example ``collected``, ``generated``), values counts.
        Of more than 24 classes the 12 largest and the 12 smallest are drawn.
    """
    total = counts.sum(axis=1).sort_values(ascending=False)
    shown = total.index
    if len(total) > MAX_ROWS:
        shown = shown[: MAX_ROWS // 2].append(shown[-MAX_ROWS // 2 :])
    figure = go.Figure()
    for column, colour in zip(
        counts.columns, (ACCENT, faded(ACCENT, 0.45), NEUTRAL, faded(NEUTRAL, 0.5)), strict=False
    ):
        figure.add_bar(
            y=list(range(len(shown))),
            x=counts.loc[shown, column],
            orientation="h",
            name=plain_label(column),
            marker={"color": colour},
            customdata=plain_labels(shown, 80),
            hovertemplate="%{customdata}: %{x:,} " + plain_label(column) + "<extra></extra>",
        )
    figure.update_layout(barmode="stack", showlegend=counts.shape[1] > 1)
    layout(figure, height=row_height(len(shown)), x="examples")
    name_rows(figure, list(shown))
    share = total / max(1, total.sum())
    numbers = (
        counts.loc[total.index].rename_axis("class").reset_index().assign(share=[percent(value) for value in share])
    )
    largest = "; ".join(
        f"{shorten(name, 40)} {count(total[name])} ({percent(share[name])})" for name in total.index[:8]
    )
    return Chart(figure, numbers, f"Examples by class: {largest or 'none'}{left_out(len(total), 8)}.")


def slices_bar(slices: pd.DataFrame, *, overall: float, overlap: str = "", chosen: int | None = None) -> Chart:
    """Draw the error of each slice beside the error over all examples.

    Parameters
    ----------
    slices : DataFrame
        A row a slice, worst first; columns ``slice`` (its sentence), ``error``, ``lift``, ``size``, ``p_adjusted``
        and, if known, ``low`` and ``high``.
    overall : float
        Mean error over all examples.
    overlap : str
        A remark for the sentence, for example how the slices overlap.
    chosen : int, optional
        Place of the slice that is open: its bar is drawn full, the others paler. Bars can be clicked.
    """
    shown = slices.head(MAX_ROWS)
    pale = [1.0 if chosen is None or place == chosen else 0.5 for place in range(len(shown))]
    known = {"low", "high"} <= set(shown.columns)
    figure = go.Figure(
        go.Bar(
            x=shown["error"],
            y=list(range(len(shown))),
            orientation="h",
            marker={"color": [faded(ACCENT, opacity) for opacity in pale]},
            selected={"marker": {"opacity": 1.0}},
            unselected={"marker": {"opacity": 1.0}},
            customdata=np.column_stack([plain_labels(shown["slice"], 120), shown["size"], shown["lift"]]).astype(
                object
            ),
            hovertemplate="%{customdata[0]}<br>error %{x:.3f}, %{customdata[2]:.2f} times the overall error, "
            "%{customdata[1]} examples<extra></extra>",
            showlegend=False,
            error_x=whiskers(shown["error"], shown["low"], shown["high"], NEUTRAL) if known else None,
        )
    )
    figure.add_vline(x=overall, line={"color": NEUTRAL, "dash": "dot", "width": 1.5})
    figure.add_annotation(
        x=overall,
        y=1.0,
        yref="paper",
        yanchor="bottom",
        showarrow=False,
        text=f"all {overall:.3f}",
        font={"size": FONT_SIZE},
    )
    layout(figure, height=row_height(len(shown)) + 16 + 8 * len(shown), x="mean error")
    figure.update_layout(margin={"t": 28})
    name_rows(figure, [])
    # A conjunction of three takes two lines; cut short, slices would look alike.
    names = [plain_labels(wrap(str(name), 52, max_lines=2, placeholder="…"), 52) for name in shown["slice"]]
    figure.update_yaxes(
        tickvals=list(range(len(shown))),
        ticktext=["<br>".join(lines) for lines in names],
        range=[len(shown) - 0.5, -0.5],
    )
    numbers = _slice_numbers(slices)
    said = [
        f"{shorten(name, 80)}: error {error}, {lift} times the overall, {count(size)} examples"
        for name, error, lift, size in zip(
            slices["slice"].head(5), numbers["error"], numbers["lift"], slices["size"], strict=False
        )
    ]
    remark = f" {overlap}" if overlap else ""
    return Chart(
        figure, numbers, f"Error overall {number(overall)}. Worst slices: {'; '.join(said) or 'none'}.{remark}"
    )


def suspect_scores(scores: pd.Series, flagged: pd.Series, *, bins: int = 20) -> Chart:
    """Draw how surely wrong the labels look: a histogram of suspect scores, the flagged ones in the accent colour.

    Parameters
    ----------
    scores : Series
        Score in [0, 1] of each train example, 1 = surely wrong.
    flagged : Series of bool
        Same index: whether the example is a suspect.
    """
    edges = np.linspace(0.0, 1.0, bins + 1)
    chosen = aligned(flagged, scores.index).fillna(False).to_numpy(dtype=bool)
    values = scores.to_numpy(dtype=float)
    per_bin = {
        "suspect": np.histogram(values[chosen], edges)[0],
        "no suspect": np.histogram(values[~chosen], edges)[0],
    }
    figure = go.Figure()
    for name, colour in (("suspect", ACCENT), ("no suspect", faded(NEUTRAL, 0.45))):
        figure.add_bar(
            x=(edges[:-1] + edges[1:]) / 2,
            y=per_bin[name],
            width=0.92 / bins,
            name=name,
            marker={"color": colour},
            hovertemplate="score about %{x:.2f}: %{y:,} " + name + "<extra></extra>",
        )
    figure.update_layout(barmode="stack")
    layout(figure, height=240, x="suspect score (1 = surely wrong)", y="examples")
    numbers = pd.DataFrame(
        {
            "score from": [number(edge, 2) for edge in edges[:-1]],
            "to": [number(edge, 2) for edge in edges[1:]],
            **per_bin,
        }
    )
    return Chart(
        figure,
        numbers,
        f"{count(chosen.sum(), 'suspect')} of {count(len(values), 'example')}; their median score is "
        f"{number(float(np.median(values[chosen])), 2) if chosen.any() else '–'}.",
    )


def learning_curve(points: pd.DataFrame, *, metric: str) -> Chart:
    """Draw the headline metric against the number of train examples.

    Parameters
    ----------
    points : DataFrame
        A row a size, ascending; columns ``size``, ``value`` and, if known, ``low`` and ``high``.
    metric : str
        Title of the metric.
    """
    figure = go.Figure()
    banded = {"low", "high"} <= set(points.columns)
    if banded:
        figure.add_scatter(
            x=pd.concat([points["size"], points["size"][::-1]]),
            y=pd.concat([points["high"], points["low"][::-1]]),
            fill="toself",
            fillcolor=faded(ACCENT, 0.15),
            line={"width": 0},
            hoverinfo="skip",
            showlegend=False,
        )
    figure.add_scatter(
        x=points["size"],
        y=points["value"],
        mode="lines+markers",
        line={"color": ACCENT, "width": 2},
        marker={"size": 8, "color": ACCENT},
        hovertemplate=f"%{{x:,}} examples: {plain_label(metric)} %{{y:.3f}}<extra></extra>",
        showlegend=False,
    )
    layout(figure, height=260, x="train examples", y=metric)
    figure.update_xaxes(rangemode="tozero", tickformat=",")
    numbers = pd.DataFrame({"train examples": points["size"], metric: points["value"].map(number)})
    if banded:
        numbers["95% interval"] = [interval(low, high) for low, high in zip(points["low"], points["high"], strict=True)]
    said = [f"{count(size)}: {number(value)}" for size, value in zip(points["size"], points["value"], strict=True)]
    return Chart(figure, numbers, f"{metric} by number of train examples: {'; '.join(said) or 'no point yet'}.")


def _slice_numbers(slices: pd.DataFrame) -> pd.DataFrame:
    return slices.assign(
        error=slices["error"].map(number),
        lift=slices["lift"].map(lambda value: number(value, 2)),
        p_adjusted=slices["p_adjusted"].map(number),
        **{end: slices[end].map(number) for end in ("low", "high") if end in slices},
    )
