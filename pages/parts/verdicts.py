"""How a verdict and a score are written on every page: word, mark, difference and interval always together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.report import interval, number, percent, signed, signed_interval

if TYPE_CHECKING:
    from core.evaluate import Verdict

__all__ = ["INTERVAL_HELP", "badge", "change", "covers", "score", "sentence", "statement"]

INTERVAL_HELP = (
    "On the fixed test set, with a 95% bootstrap interval. A change is judged pair by pair: see its own interval."
)

_MARKS = {
    "gain": (":material/trending_up:", "blue"),
    "no evidence": (":material/trending_flat:", "gray"),
    "harm": (":material/trending_down:", "orange"),
}


def badge(verdict: str) -> str:
    """Write a verdict's word as a badge with its mark, as Markdown."""
    icon, colour = _MARKS[verdict]
    return f":{colour}-badge[{icon} {verdict}]"


def change(verdict: Verdict) -> str:
    """Write the difference with its interval: ``+0.043 (+0.021 to +0.066)``."""
    return f"{signed(verdict.delta)} ({signed_interval(verdict.low, verdict.high)})"


def score(value: float, low: float, high: float) -> str:
    """Write a score with its interval: ``0.655 (0.630 to 0.681)``."""
    return f"{number(value)} ({interval(low, high)})"


def sentence(verdict: Verdict, *, metric: str, against: str) -> str:
    """Say in one sentence what a turn did, for somebody who has never read a verdict.

    Parameters
    ----------
    verdict : Verdict
    metric : str
        Title of the metric.
    against : str
        What it is compared with, for example ``turn 0``.
    """
    said = f"{metric} against {against}: {change(verdict)}"
    if verdict.verdict == "gain":
        return f"{said}. The whole interval is above zero: the data got better."
    if verdict.verdict == "harm":
        return f"{said}. The whole interval is below zero: the data got worse."
    return f"{said}. The interval holds zero: this test set can't tell the change from chance."


def covers(verdict: Verdict) -> str:
    """Say what a verdict's interval covers, and at which level."""
    said = f"Interval of the change: {percent(verdict.level)}"
    if verdict.claims > 1:
        said += f", corrected for {verdict.claims} verdicts read side by side (Holm)"
    said += ". It covers the luck of the test sample"
    if verdict.refits:
        return (
            f"{said} and, since the test set is large against train, that of the training sample, from "
            f"{verdict.refits} refits of either model in folds."
        )
    return f"{said}; not that of the training sample, which counts for more the larger the test set is against train."


def statement(verdict: Verdict, *, metric: str, against: str) -> None:
    """Draw a verdict: its badge, then its sentence."""
    st.markdown(f"{badge(verdict.verdict)} {sentence(verdict, metric=metric, against=against)}", help=covers(verdict))
