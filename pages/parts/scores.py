"""Every metric of a turn with its interval, each class with its own, and whose errors cost most."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.evaluate import METRICS, per_class_of
from core.report import (
    class_costs_chart,
    class_scores_chart,
    confusion_list,
    percent,
    signed,
    signed_interval,
    times,
)
from core.report.classes import SCORES
from pages.parts import figure, judged, verdicts
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.flywheel import Project, Turn

__all__ = ["draw"]


def draw(project: Project, turn: Turn) -> None:
    """Draw every metric with its interval, each class with its own, and whose errors cost most."""
    left, right = st.columns(2, gap="large")
    rows = [
        {"metric": METRICS[name], "value (95%)": verdicts.score(*values)}
        for name, values in turn.evaluation.metrics.items()
    ]
    left.dataframe(pd.DataFrame(rows), hide_index=True, height="content", alt="All metrics of the turn")
    right.markdown(
        f"Turns are judged by **{METRICS[project.headline]}** alone, chosen when the project was made. "
        "The others are there to be read."
    )
    right.caption(turn.evaluation.note)
    _classes(project, turn)
    _costs(project, turn)


def _classes(project: Project, turn: Turn) -> None:
    st.header("Each class", anchor=False)
    train = per_class_of(judged.of(project, turn, "train").confusion)
    score = st.segmented_control(
        "Score of each class",
        list(SCORES),
        default="f1",
        required=True,
        format_func=SCORES.__getitem__,
        key="class-score",
        label_visibility="collapsed",
    )
    figure.draw(
        class_scores_chart(turn.evaluation.per_class, train, score=str(score)),
        key="per-class",
        opened=True,
        caption="Test says how good the turn is; decide what to do next by the scores out of fold, on train. "
        "Where the two differ by more than their intervals, test and train may not be alike.",
    )


def _costs(project: Project, turn: Turn) -> None:
    st.header("Whose errors cost most", anchor=False)
    part = judged.part("costs-part", default="train")
    metric, classes, pairs = judged.costs(project, turn, part)
    title = METRICS[metric]
    if metric != project.headline:
        st.caption(f"{METRICS[project.headline]} can't be taken apart by class: errors are costed in {title}.")
    if pairs.empty:
        st.info("Nothing is predicted wrongly here.", icon=":material/done_all:")
        return
    first, worst = classes.iloc[0], pairs.iloc[0]
    st.markdown(
        f"**{plain(classes.index[0])}** takes {percent(first['share'], 0)} of what is missing to a perfect {title}. "
        f"The costliest confusion is **{plain(worst['true'])}** taken for **{plain(worst['predicted'])}**, "
        f"{times(worst['count'])}: if these were right, {title} would change by {signed(worst['gain'])} "
        f"({signed_interval(worst['low'], worst['high'])})."
    )
    left, right = st.columns(2, gap="large")
    with left:
        figure.draw(
            class_costs_chart(classes, metric=title),
            key=f"class-costs-{part}",
            caption="The parts of all classes add up to what is missing.",
        )
    with right:
        figure.draw(
            confusion_list(pairs, metric=title),
            key=f"pair-costs-{part}",
            caption="With all else as it is; gains of several don't add up. **Mistakes** opens their examples.",
        )
