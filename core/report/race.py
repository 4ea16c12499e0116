"""The race in words and numbers: which side came out ahead, what each step did, and which knob moved the score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core.evaluate import Verdict
from core.report.chart import ACCENT, NEUTRAL, SECOND, Chart, faded, layout, whiskers
from core.wording import count, interval, number, percent, signed, signed_interval

__all__ = ["ARM_TITLES", "knobs_chart", "race_answer", "race_numbers", "race_terms"]

ARM_TITLES = {"model": "a better model", "data": "better data", "both": "both"}
# Told apart by line and mark as well.
ARM_COLOURS = {"model": SECOND, "data": ACCENT, "both": NEUTRAL}
_LARGE = 16


def race_answer(table: pd.DataFrame, verdict: Verdict, *, metric: str) -> tuple[str, str]:
    """Say how a race came out; never more than the interval allows.

    Parameters
    ----------
    table : DataFrame
        As ``core.flywheel.race`` returns it.
    verdict : Verdict
        The data's side against the model's.
    metric : str
        Title of the metric.

    Returns
    -------
    tuple of str
        The answer, and the numbers behind it.
    """
    ends = table.groupby("arm", sort=False).tail(1).set_index("arm")["score"]
    data, model = number(ends["data"]), number(ends["model"])
    answer = {
        "gain": f"Better data won: {metric} {data}, a better model {model}.",
        "harm": f"A better model won: {metric} {model}, better data {data}.",
        "no evidence": f"Too close to call: {metric} {data} with better data, {model} with a better model.",
    }[verdict.verdict]
    ahead = f"Better data against a better model: {signed(verdict.delta)}"
    behind = f"{ahead}, 95% interval {signed_interval(verdict.low, verdict.high)}."
    if "both" in ends.index:
        behind += f" Both together: {number(ends['both'])}."
    return answer, behind


def race_terms(settings: Mapping[str, Any]) -> str:
    """Say under which rules a race was run.

    Parameters
    ----------
    settings : mapping
        Of ``core.flywheel.Race``.
    """
    said = f"Each side could spend {number(settings['budget'] / 60, 1)} minutes; "
    said += f"a fit costs {settings['seconds_per_fit']:g} s, a decision {settings['seconds_per_decision']:g} s. "
    said += "A better model is chosen by cross-validation on the labels as they are."
    if settings["simulated"]:
        said += (
            f" A simulated reviewer saw the worst suspects, {count(settings['reviews_per_turn'])} per turn, and was "
            f"right in {percent(settings['accuracy'], 0)}. Scored on the truth of the test set, which no side sees."
        )
    else:
        said += " Better data is this project's ledger. Both sides are scored on the test labels as they are."
    took = [f"{ARM_TITLES[arm]} {_clock(seconds)}" for arm, seconds in settings.get("seconds", {}).items()]
    return f"{said} By the clock: {', '.join(took)}." if took else said


def _clock(seconds: float) -> str:
    return f"{count(seconds)} s" if seconds < 120 else f"{count(seconds / 60)} min"


def race_numbers(table: pd.DataFrame, *, metric: str) -> pd.DataFrame:
    """All steps of a race as a table to read."""
    details = table["detail"] if "detail" in table else pd.Series("", index=table.index)
    return pd.DataFrame(
        {
            "side": [ARM_TITLES.get(arm, arm) for arm in table["arm"]],
            "step": table["step"],
            "fits": [number(fits, 1) for fits in table["fits"]],
            "decisions": [count(decisions) for decisions in table["decisions"]],
            "minutes spent": [number(cost / 60, 1) for cost in table["cost"]],
            metric: [number(score) for score in table["score"]],
            "95% interval": [interval(*ends) for ends in table[["low", "high"]].itertuples(index=False)],
            "model taken": details.fillna(""),
        }
    )


def knobs_chart(gains: Mapping[str, Verdict], *, metric: str) -> Chart:
    """Draw which knob moved the score: how much better each arm's end is than the common start, paired.

    Parameters
    ----------
    gains : mapping of str to Verdict
        Of ``core.flywheel.Race``.
    metric : str
        Title of the metric.
    """
    arms = [arm for arm in ARM_TITLES if arm in gains]
    numbers = pd.DataFrame(
        {
            "side": [ARM_TITLES[arm] for arm in arms],
            "start": [number(gains[arm].before) for arm in arms],
            "end": [number(gains[arm].after) for arm in arms],
            "gain": [signed(gains[arm].delta) for arm in arms],
            "interval": [signed_interval(gains[arm].low, gains[arm].high) for arm in arms],
            "verdict": [gains[arm].verdict for arm in arms],
        }
    )
    delta, low, high = (
        pd.Series([getattr(gains[arm], name) for arm in arms], dtype=float) for name in ("delta", "low", "high")
    )
    figure = go.Figure(
        go.Bar(
            x=delta,
            y=numbers["side"],
            orientation="h",
            # Pale, so that the whiskers are seen on them.
            marker={
                "color": [faded(ARM_COLOURS[arm], 0.5) for arm in arms],
                "line": {"color": [ARM_COLOURS[arm] for arm in arms], "width": 2},
            },
            error_x=whiskers(delta, low, high, NEUTRAL),
            hovertemplate="%{y}: %{x:+.3f}<extra></extra>",
            showlegend=False,
        )
    )
    figure.add_vline(x=0, line={"color": NEUTRAL, "width": 1.5})
    layout(figure, height=70 + 56 * len(arms), x=f"gain of {metric} from the common start")
    # Beside the name, where neither bar nor whisker is in the way.
    named = [f"{side}  <b>{gain}</b>" for side, gain in zip(numbers["side"], numbers["gain"], strict=True)]
    figure.update_yaxes(tickvals=numbers["side"], ticktext=named, autorange="reversed", tickfont={"size": _LARGE})
    figure.update_xaxes(tickfont={"size": _LARGE}, title={"font": {"size": _LARGE}})
    said = "; ".join(
        f"{side} {gain} ({ends})" for side, gain, ends in numbers[["side", "gain", "interval"]].itertuples(index=False)
    )
    return Chart(figure, numbers, f"Gain of {metric} from the common start: {said}.")
