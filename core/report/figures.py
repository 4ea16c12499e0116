"""The app's figures as pure functions: frames in, `Chart` out (figure, its numbers, a sentence that says the same)."""

from __future__ import annotations

from textwrap import wrap

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.report.chart import (
    ACCENT,
    ALERT,
    FONT_SIZE,
    NEUTRAL,
    Chart,
    faded,
    layout,
    name_rows,
    plain_label,
    plain_labels,
)
from core.report.words import count, interval, number, percent, shorten

__all__ = [
    "class_balance",
    "confusion_matrix",
    "learning_curve",
    "ledger_chart",
    "per_class_f1",
    "slices_bar",
    "suspect_scores",
]

MAX_ROWS = 24

# Mark, colour and word of each verdict: told apart by shape as well as by colour.
_MARKS = {
    "start": ("circle-open", NEUTRAL),
    "gain": ("triangle-up", ACCENT),
    "no evidence": ("circle", NEUTRAL),
    "harm": ("triangle-down", ALERT),
}


def ledger_chart(turns: pd.DataFrame, *, metric: str) -> Chart:
    """Draw the headline metric of each turn with its 95 % interval and the verdict against the turn before.

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
            error_y=_ends(rows["value"], rows["low"], rows["high"], colour),
            customdata=np.column_stack([rows["low"], rows["high"]]),
            hovertemplate=f"turn %{{x}}: {plain_label(metric)} %{{y:.3f}}<br>95 % interval "
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
            "95 % interval": [interval(low, high) for low, high in zip(turns["low"], turns["high"], strict=True)],
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
    """
    total = counts.sum(axis=1).sort_values(ascending=False)
    shown = total.head(MAX_ROWS).index
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
    layout(figure, height=_height(len(shown)), x="examples")
    name_rows(figure, list(shown))
    share = total / max(1, total.sum())
    numbers = (
        counts.loc[total.index].rename_axis("class").reset_index().assign(share=[percent(value) for value in share])
    )
    largest = "; ".join(
        f"{shorten(name, 40)} {count(total[name])} ({percent(share[name])})" for name in total.index[:8]
    )
    return Chart(figure, numbers, f"Examples by class: {largest or 'none'}{_left_out(len(total), 8)}.")


def confusion_matrix(confusion: pd.DataFrame) -> Chart:
    """Draw which classes are taken for which, as shares of the true class.

    Parameters
    ----------
    confusion : DataFrame
        Index true classes, columns predicted classes, values counts. Of more than 24 classes those with the most
        mistakes are drawn.
    """
    values = confusion.to_numpy(dtype=float)
    wrong = values.copy()
    np.fill_diagonal(wrong, 0.0)
    order = np.arange(len(values))
    if len(values) > MAX_ROWS:
        order = np.sort(np.argsort(-(wrong.sum(axis=0) + wrong.sum(axis=1)), kind="stable")[:MAX_ROWS])
    shares = values / np.maximum(values.sum(axis=1, keepdims=True), 1.0)
    names = [str(name) for name in confusion.index]
    drawn = [names[position] for position in order]
    small = len(order) <= 12
    positions = list(range(len(order)))
    figure = go.Figure(
        go.Heatmap(
            x=positions,
            y=positions,
            z=shares[np.ix_(order, order)],
            customdata=np.dstack(
                [
                    values[np.ix_(order, order)],
                    np.broadcast_to(np.array(plain_labels(drawn, 60), dtype=object)[:, None], (len(order),) * 2),
                    np.broadcast_to(np.array(plain_labels(drawn, 60), dtype=object)[None, :], (len(order),) * 2),
                ]
            ),
            hovertemplate="true %{customdata[1]}, predicted %{customdata[2]}<br>%{customdata[0]:,} examples, "
            "%{z:.1%} of the true class<extra></extra>",
            colorscale=[[0.0, faded(ACCENT, 0.0)], [1.0, faded(ACCENT, 0.6)]],
            zmin=0.0,
            zmax=1.0,
            showscale=False,
            xgap=2,
            ygap=2,
        )
    )
    layout(figure, height=max(240, 110 + (44 if small else 22) * len(order)), x="predicted", y="true (as labelled)")
    figure.update_xaxes(tickmode="array", tickvals=positions, ticktext=plain_labels(drawn, 16), showgrid=False)
    name_rows(figure, drawn, 20)
    if small:
        # Annotations have the theme's text colour; the labels of a heatmap guess one without knowing the page.
        for (row, column), held in np.ndenumerate(values[np.ix_(order, order)]):
            figure.add_annotation(x=column, y=row, text=count(held), showarrow=False, font={"size": FONT_SIZE})
    numbers = confusion.rename_axis("true").reset_index()
    rows, columns = np.unravel_index(np.argsort(-wrong, axis=None, kind="stable")[:5], wrong.shape)
    pairs = [
        f"{shorten(names[row], 40)} taken for {shorten(names[column], 40)} {count(wrong[row, column])} times"
        for row, column in zip(rows, columns, strict=True)
        if wrong[row, column] > 0
    ]
    right = percent(float(np.trace(values) / max(1.0, values.sum())))
    return Chart(figure, numbers, f"{right} on the diagonal. Most frequent mistakes: {'; '.join(pairs) or 'none'}.")


def per_class_f1(per_class: pd.DataFrame) -> Chart:
    """Draw each class's F1 with its 95 % interval, the worst on top.

    Parameters
    ----------
    per_class : DataFrame
        Index classes; columns ``f1``, ``f1_low``, ``f1_high``, ``support`` and the like for precision and recall.
    """
    ordered = per_class.sort_values("f1", kind="stable")
    shown = ordered.head(MAX_ROWS)
    figure = go.Figure(
        go.Scatter(
            x=shown["f1"],
            y=list(range(len(shown))),
            mode="markers",
            marker={"size": 10, "color": ACCENT},
            error_x=_ends(shown["f1"], shown["f1_low"], shown["f1_high"], ACCENT),
            customdata=np.column_stack(
                [plain_labels(shown.index, 80), shown["f1_low"], shown["f1_high"], shown["support"]]
            ).astype(object),
            hovertemplate="%{customdata[0]}: F1 %{x:.3f} (%{customdata[1]:.3f} to %{customdata[2]:.3f}), "
            "%{customdata[3]} test examples<extra></extra>",
        )
    )
    layout(figure, height=_height(len(shown)), x="F1 on the test set")
    name_rows(figure, list(shown.index))
    figure.update_xaxes(range=[-0.02, 1.02])
    numbers = pd.DataFrame({"class": ordered.index.astype(str)})
    for name in ("precision", "recall", "f1"):
        if name in ordered:
            numbers[name.replace("f1", "F1")] = ordered[name].map(number).to_numpy()
            numbers[f"{name.replace('f1', 'F1')} 95 %"] = [
                interval(low, high) for low, high in zip(ordered[f"{name}_low"], ordered[f"{name}_high"], strict=True)
            ]
    numbers["support"] = ordered["support"].to_numpy()
    said = [
        f"{shorten(name, 40)} {value} ({ends})"
        for name, value, ends in numbers[["class", "F1", "F1 95 %"]].head(8).itertuples(index=False)
    ]
    return Chart(
        figure, numbers, f"F1 by class, lowest first: {'; '.join(said) or 'none'}{_left_out(len(ordered), 8)}."
    )


def slices_bar(slices: pd.DataFrame, *, overall: float, overlap: str = "") -> Chart:
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
    """
    shown = slices.head(MAX_ROWS)
    known = {"low", "high"} <= set(shown.columns)
    figure = go.Figure(
        go.Bar(
            x=shown["error"],
            y=list(range(len(shown))),
            orientation="h",
            marker={"color": ACCENT},
            customdata=np.column_stack([plain_labels(shown["slice"], 120), shown["size"], shown["lift"]]).astype(
                object
            ),
            hovertemplate="%{customdata[0]}<br>error %{x:.3f}, %{customdata[2]:.2f} times the overall error, "
            "%{customdata[1]} examples<extra></extra>",
            showlegend=False,
            error_x=_ends(shown["error"], shown["low"], shown["high"], NEUTRAL) if known else None,
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
    layout(figure, height=_height(len(shown)) + 16 + 8 * len(shown), x="mean error")
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
    chosen = flagged.reindex(scores.index).fillna(False).to_numpy(dtype=bool)
    values = scores.to_numpy(dtype=float)
    per_bin = {
        "suspect": np.histogram(values[chosen], edges)[0],
        "not flagged": np.histogram(values[~chosen], edges)[0],
    }
    figure = go.Figure()
    for name, colour in (("suspect", ACCENT), ("not flagged", faded(NEUTRAL, 0.45))):
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
        f"{count(chosen.sum())} of {count(len(values), 'example')} are suspects; their median score is "
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
        numbers["95 % interval"] = [
            interval(low, high) for low, high in zip(points["low"], points["high"], strict=True)
        ]
    said = [f"{count(size)}: {number(value)}" for size, value in zip(points["size"], points["value"], strict=True)]
    return Chart(figure, numbers, f"{metric} by number of train examples: {'; '.join(said) or 'no point yet'}.")


def _slice_numbers(slices: pd.DataFrame) -> pd.DataFrame:
    return slices.assign(
        error=slices["error"].map(number),
        lift=slices["lift"].map(lambda value: number(value, 2)),
        p_adjusted=slices["p_adjusted"].map(number),
        **{end: slices[end].map(number) for end in ("low", "high") if end in slices},
    )


def _ends(values: pd.Series, low: pd.Series, high: pd.Series, colour: str) -> dict[str, object]:
    """Give the whiskers of 95 % intervals."""
    return {
        "type": "data",
        "array": high - values,
        "arrayminus": values - low,
        "color": colour,
        "thickness": 1.5,
        "width": 4,
    }


def _height(rows: int) -> int:
    return 90 + 30 * max(1, rows)


def _left_out(total: int, shown: int) -> str:
    return f"; and {count(total - shown)} more" if total > shown else ""
