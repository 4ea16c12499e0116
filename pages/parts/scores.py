"""Every metric of a turn with its interval, and each class with its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.evaluate import METRICS
from core.report import per_class_f1
from pages.parts import figure, verdicts

if TYPE_CHECKING:
    from core.flywheel import Project, Turn

__all__ = ["draw"]


def draw(project: Project, turn: Turn) -> None:
    """Draw every metric with its interval, and each class with its own."""
    left, right = st.columns(2, gap="large")
    rows = [
        {"metric": METRICS[name], "value (95 % interval)": verdicts.score(*values)}
        for name, values in turn.evaluation.metrics.items()
    ]
    left.dataframe(pd.DataFrame(rows), hide_index=True, height="content", alt="All metrics of the turn")
    right.markdown(
        f"Turns are judged by **{METRICS[project.headline]}** alone, chosen when the project was made. "
        "The others are there to be read."
    )
    right.caption(turn.evaluation.note)
    st.header("Each class", anchor=False)
    figure.draw(per_class_f1(turn.evaluation.per_class), key="per-class", opened=True)
