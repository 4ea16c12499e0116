"""The race as figures: the score of each arm against what it has spent, and which knob moved the score."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.report.chart import ACCENT, NEUTRAL, SECOND, Chart, layout, whiskers
from core.report.words import count, interval, number, signed

__all__ = ["ARM_TITLES", "knobs_chart", "race_chart", "race_html"]

ARM_TITLES = {"model": "a better model", "data": "better data", "both": "both"}
# Told apart by line and mark as well as by colour.
_LOOKS = {"model": (SECOND, "dash", "square"), "data": (ACCENT, "solid", "circle"), "both": (NEUTRAL, "dot", "diamond")}
_LARGE = 18


def race_chart(
    table: pd.DataFrame, *, metric: str, budget: float, until: float | None = None, size: int = _LARGE
) -> Chart:
    """Draw the score of each arm against what it has spent so far.

    Parameters
    ----------
    table : DataFrame
        As ``core.flywheel.race`` returns it.
    metric : str
        Title of the metric.
    budget : float
        Seconds each arm may spend.
    until : float, optional
        Only what was spent up to here; the axes stay those of the whole race.
    size : int
        Size of the letters, in pixels: it is meant to be read from the back of a room.
    """
    shown = table if until is None else table[table["cost"] <= until]
    now = budget if until is None else until
    figure = go.Figure()
    for place, (arm, (colour, dash, symbol)) in enumerate(_LOOKS.items()):
        rows = shown[shown["arm"] == arm]
        if rows.empty:
            continue
        # A score holds until the next step.
        cost = np.append(rows["cost"].to_numpy(dtype=float), max(now, float(rows["cost"].iloc[-1]))) / 60
        figure.add_scatter(
            x=cost,
            y=np.append(rows["score"], rows["score"].iloc[-1]),
            mode="lines+markers",
            name=ARM_TITLES[arm],
            line={"color": colour, "width": 4, "dash": dash, "shape": "hv"},
            marker={"symbol": symbol, "size": [10] * len(rows) + [0], "color": colour},
            customdata=[*map(html.escape, rows["step"]), ""],
            hovertemplate=f"{ARM_TITLES[arm]} after %{{x:.1f}} min: %{{y:.3f}}<br>%{{customdata}}<extra></extra>",
        )
        # One interval a side, where it stands now; bands of three sides on each other can't be told apart.
        last = rows.iloc[[-1]]
        figure.add_scatter(
            x=cost[-1:] + budget / 60 * (0.012 + 0.012 * place),
            y=last["score"],
            mode="markers",
            marker={"symbol": symbol, "size": 12, "color": colour},
            error_y=whiskers(last["score"], last["low"], last["high"], colour),
            hoverinfo="skip",
            showlegend=False,
        )
    layout(figure, height=520, x="minutes spent", y=metric)
    least, most = float(table["low"].min()), float(table["high"].max())
    room = 0.05 * (most - least or 1.0)
    figure.update_xaxes(range=[0, budget / 60 * 1.06])
    figure.update_yaxes(range=[least - room, most + room])
    _enlarge(figure, size)
    numbers = pd.DataFrame(
        {
            "side": [ARM_TITLES.get(arm, arm) for arm in shown["arm"]],
            "step": shown["step"],
            "fits": [number(fits, 1) for fits in shown["fits"]],
            "decisions": [count(decisions) for decisions in shown["decisions"]],
            "minutes spent": [number(cost / 60, 1) for cost in shown["cost"]],
            metric: [number(score) for score in shown["score"]],
            "95 % interval": [interval(*ends) for ends in shown[["low", "high"]].itertuples(index=False)],
        }
    )
    return Chart(figure, numbers, f"{metric} after {number(now / 60, 1)} minutes: {_said(shown)}.")


def knobs_chart(table: pd.DataFrame, *, metric: str, size: int = _LARGE) -> Chart:
    """Draw which knob moved the score: what each arm has gained from the common start to its end.

    The whiskers are the 95 % interval of the end's score, about the start's as it came out.
    """
    start = float(table["score"].iloc[0])
    ends = table.groupby("arm", sort=False).tail(1).set_index("arm")
    ends = ends.loc[[arm for arm in _LOOKS if arm in ends.index]]
    gained = ends[["score", "low", "high"]] - start
    figure = go.Figure(
        go.Bar(
            x=[ARM_TITLES[arm] for arm in ends.index],
            y=gained["score"],
            marker={"color": [_LOOKS[arm][0] for arm in ends.index]},
            error_y=whiskers(gained["score"], gained["low"], gained["high"], NEUTRAL),
            hovertemplate="%{x}: %{y:+.3f}<extra></extra>",
            showlegend=False,
        )
    )
    figure.add_hline(y=0, line={"color": NEUTRAL, "width": 1.5})
    layout(figure, height=420, y=f"change of {metric}")
    # Beside the name, where neither bar nor whisker is in the way.
    changes = [signed(value) for value in gained["score"]]
    named = [f"{ARM_TITLES[arm]}  <b>{change}</b>" for arm, change in zip(ends.index, changes, strict=True)]
    figure.update_xaxes(tickmode="array", tickvals=[ARM_TITLES[arm] for arm in ends.index], ticktext=named)
    _enlarge(figure, size)
    numbers = pd.DataFrame(
        {
            "side": [ARM_TITLES[arm] for arm in ends.index],
            "start": number(start),
            "end": [number(score) for score in ends["score"]],
            "change": [signed(value) for value in gained["score"]],
            "95 % interval of the end": [interval(*pair) for pair in ends[["low", "high"]].itertuples(index=False)],
        }
    )
    said = "; ".join(f"{side} {change}" for side, change in zip(numbers["side"], numbers["change"], strict=True))
    return Chart(figure, numbers, f"Change of {metric} from the common start: {said}.")


def race_html(title: str, chart: Chart, others: Sequence[Chart] = (), *, remark: str = "") -> str:
    """Write figures as one HTML file that opens without a network: large type, the numbers below.

    Parameters
    ----------
    title : str
        Plain text.
    chart : Chart
        The first figure; Plotly's own script is put in with it.
    others : sequence of Chart
    remark : str
        Plain text below the title.
    """
    figures = [
        f'<figure role="img" aria-label="{html.escape(one.alt, quote=True)}">'
        + one.figure.to_html(full_html=False, include_plotlyjs=place == 0, config={"displayModeBar": False})
        + f"</figure>{one.numbers.to_html(index=False, border=0, escape=True)}"
        for place, one in enumerate([chart, *others])
    ]
    style = (
        "body{font:20px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1b242c;"
        "background:#fff}h1{font-size:2.4rem;margin:0}figure{margin:1.5rem 0}table{border-collapse:collapse;"
        "font-size:16px}th,td{text-align:left;padding:.3rem .9rem .3rem 0;border-bottom:1px solid #d5dce2}"
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{style}</style></head><body><h1>{html.escape(title)}</h1><p>{html.escape(remark)}</p>"
        f"{''.join(figures)}</body></html>"
    )


def _said(shown: pd.DataFrame) -> str:
    last = shown.groupby("arm", sort=False).tail(1)
    said = [
        f"{ARM_TITLES.get(arm, arm)} {number(score)} ({interval(low, high)})"
        for arm, score, low, high in last[["arm", "score", "low", "high"]].itertuples(index=False)
    ]
    return "; ".join(said) or "nothing yet"


def _enlarge(figure: go.Figure, size: int) -> None:
    figure.update_layout(font={"size": size}, hoverlabel={"font": {"size": size}}, legend={"font": {"size": size}})
    for axes in (figure.update_xaxes, figure.update_yaxes):
        axes(tickfont={"size": size}, title={"font": {"size": size}})
