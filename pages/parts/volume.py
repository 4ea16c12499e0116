"""Volume against consistency: as many rows as one likes, labelled as they came, against fewer labelled consistently."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.evaluate import METRICS
from core.flywheel import LABELLINGS, compare_volume, kept_fix_or_add, kept_volume
from core.report import two_curves_chart, volume_in_words
from pages.parts import figure, fix_or_add, jobs

if TYPE_CHECKING:
    from core.flywheel import Project, TwoCurves
    from core.progress import Cancel, Progress
    from core.report import Chart

__all__ = ["draw"]

_JOB = "volume"
_TRUTH = {LABELLINGS[0]: "labels as they were brought", LABELLINGS[1]: "true labels"}
# Read from the back of a room, like the rest of the page.
_LARGE = 18


def draw(project: Project) -> None:
    """Draw the picture, or offer to measure it: by the truth where it is known, else by what Train has measured."""
    st.header("Volume against consistency", anchor=False)
    if project.dataset_at(0).schema.truth is None:
        _of_suspects(project)
        return
    job = jobs.panel(project.id, _JOB)
    if job is not None and job.running:
        return
    curves = kept_volume(project)
    if curves is not None:
        st.markdown(f"### {volume_in_words(curves)}")
        figure.draw(
            _large(curves, project.headline, _TRUTH),
            key="volume",
            caption="Trained on more and more of train, once with the labels as they were brought and once with the "
            "true ones; scored out of fold on the true labels of train. Dotted: a power law. Test is not used.",
        )
        return
    st.caption(
        "Would more examples, labelled like these, make up for labels that are wrong? The truth of this data says."
    )
    if st.button("Measure it", key="measure-volume", icon=":material/stacked_line_chart:"):

        def work(progress: Progress, cancel: Cancel) -> None:
            compare_volume(project, progress=progress, cancel=cancel)

        jobs.start(project.id, _JOB, "Volume against consistency", work)


def _of_suspects(project: Project) -> None:
    found = kept_fix_or_add(project)
    if found is None:
        st.caption("Would more examples, labelled like these, make up for labels that are wrong? Train measures it.")
        st.page_link("pages/train.py", label="Fix data, or add data?", icon=":material/balance:")
        return
    st.markdown(f"### {fix_or_add.worth(found)}")
    figure.draw(
        _large(found.curves, found.metric, fix_or_add.NAMES),
        key="volume",
        caption=fix_or_add.conditions(found),
    )


def _large(curves: TwoCurves, metric: str, names: dict[str, str]) -> Chart:
    return two_curves_chart(curves, metric=METRICS[metric], names=names, size=_LARGE)
