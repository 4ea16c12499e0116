"""Volume against consistency: as many rows as one likes, labelled as they came, against fewer labelled consistently."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.evaluate import METRICS
from core.flywheel import LABELLINGS, compare_volume, kept_fix_or_add, kept_volume
from core.report import two_curves_chart, two_curves_numbers, volume_in_words, volume_moment
from pages.parts import figure, fix_or_add, jobs

if TYPE_CHECKING:
    import pandas as pd

    from core.flywheel import Project, TwoCurves
    from core.progress import Cancel, Progress

__all__ = ["Picture", "draw", "measure", "picture"]

_JOB = "volume"
_TRUTH = {LABELLINGS[0]: "labels as they were brought", LABELLINGS[1]: "true labels"}
_BY_TRUTH = (
    "Trained on more and more of train, once with the labels as they were brought and once with the true ones; scored "
    "out of fold on the true labels of train. Dotted: a power law. Test is not used."
)
# Read from the back of a room, like the rest of the page.
_LARGE = 18


@dataclass(frozen=True, eq=False)
class Picture:
    """The two curves with their words: by the truth where it is known, else by what Train has measured."""

    curves: TwoCurves
    metric: str
    names: dict[str, str]
    says: str
    rests: str

    @property
    def moment(self) -> dict[str, Any]:
        """As a step of a race that is played."""
        return volume_moment(self.curves, metric=self.metric, names=self.names, says=self.says, sub=self.rests)

    @property
    def numbers(self) -> pd.DataFrame:
        return two_curves_numbers(self.curves, metric=self.metric, names=self.names)


def picture(project: Project) -> Picture | None:
    """What was measured of a project; None if nothing was."""
    if project.versions.schema.truth is not None:
        curves = kept_volume(project)
        if curves is None:
            return None
        return Picture(curves, METRICS[project.headline], _TRUTH, volume_in_words(curves), _BY_TRUTH)
    found = kept_fix_or_add(project)
    if found is None:
        return None
    rests = fix_or_add.conditions(found)
    return Picture(found.curves, METRICS[found.metric], fix_or_add.NAMES, fix_or_add.worth(found), rests)


def draw(project: Project) -> None:
    """Draw the picture, or offer to measure it."""
    st.header("Volume against consistency", anchor=False)
    job = jobs.panel(project.id, _JOB)
    if job is not None and job.running:
        return
    found = picture(project)
    if found is not None:
        st.markdown(f"### {found.says}")
        chart = two_curves_chart(found.curves, metric=found.metric, names=found.names, size=_LARGE)
        figure.draw(chart, key="volume", caption=found.rests)
        return
    question = "Would more examples, labelled like these, make up for labels that are wrong?"
    if project.versions.schema.truth is None:
        st.caption(f"{question} Train measures it.")
        st.page_link("pages/train.py", label="Fix data, or add data?", icon=":material/balance:")
        return
    st.caption(f"{question} The truth of this data says.")
    if st.button("Measure it", key="measure-volume", icon=":material/stacked_line_chart:"):
        measure(project)
        st.rerun()


def measure(project: Project) -> None:
    """Measure it by the truth, as a job; once it is there, a race shows it as its last step."""

    def work(progress: Progress, cancel: Cancel) -> None:
        compare_volume(project, progress=progress, cancel=cancel)

    jobs.registry().start(project.id, _JOB, "Volume against consistency", work)
