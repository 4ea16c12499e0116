"""How a verdict and a score are drawn on every page: word, mark, difference and interval always together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.report import change_in_words as change
from core.report import covers_in_words as covers
from core.report import score_in_words as score
from core.report import verdict_in_words as sentence

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


def statement(verdict: Verdict, *, metric: str, against: str) -> None:
    """Draw a verdict: its badge, then its sentence."""
    st.markdown(f"{badge(verdict.verdict)} {sentence(verdict, metric=metric, against=against)}", help=covers(verdict))
