"""Whether the test set is fit to judge by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.evaluate import test_health
from core.report import count, percent
from pages.parts.judgement import times
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.flywheel import Project, Turn

__all__ = ["draw"]


def draw(project: Project, turn: Turn) -> None:
    """Say in words what the test set can show."""
    health = test_health(project.dataset)
    for warning in health.warnings:
        st.warning(plain(warning), icon=":material/warning:")
    st.markdown(
        f"- **{count(health.size, 'test example')}**, fixed when the project was made.\n"
        f"- The rarest class, **{plain(health.rarest_class)}**, has {count(health.rarest_support)} of them.\n"
        f"- A change of accuracy of **{percent(health.detectable)}** or more is likely to be seen; smaller ones mostly "
        f"end as *no evidence*. To see a change of 1 % it would take about {count(health.needed)} test examples.\n"
        f"- It was looked at **{times(project.looks)}** so far: each turn is a look."
    )
