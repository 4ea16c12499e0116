"""The learning curve: would more data of the same kind help? Measured in the background, out of fold, never on test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.evaluate import METRICS, evaluate
from core.report import learning_curve
from core.train import learning_curve as measure
from pages.parts import figure, jobs

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    import pandas as pd

    from core.flywheel import Project

__all__ = ["draw_curve"]


def draw_curve(project: Project) -> None:
    """Draw the learning curve of the data as it is now, or offer to measure it."""
    with st.container(border=True):
        st.header("Learning curve", anchor=False)
        st.caption(
            "Would more data of the same kind help? Measured inside the train examples; the test set is not used."
        )
        job = jobs.panel(project.id, "curve")
        if job is not None and job.running:
            return
        version = project.dataset.version
        measured = job is not None and job.state == "done"
        if measured:
            of, points = job.result
            figure.draw(learning_curve(points, metric=METRICS[project.headline]), key="curve")
            if of != version:
                st.caption("The data was changed since this was measured.")
        if (not measured or of != version) and st.button(
            "Measure it again" if measured else "Measure it", key="measure-curve", icon=":material/show_chart:"
        ):
            jobs.start(project.id, "curve", "Learning curve", _measure(project))


def _measure(project: Project) -> Callable[[Callable[[float, str], None], threading.Event], tuple[str, pd.DataFrame]]:
    dataset, model, headline = project.dataset, project.model, project.headline

    def score(labels: pd.Series, probabilities: pd.DataFrame, predicted: pd.Series) -> tuple[float, float, float]:
        return evaluate(labels, probabilities, predicted=predicted).metrics[headline]

    def work(progress: Callable[[float, str], None], cancel: threading.Event) -> tuple[str, pd.DataFrame]:
        return dataset.version, measure(dataset, model, score=score, progress=progress, cancel=cancel)

    return work
