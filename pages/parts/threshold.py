"""The threshold curve of two classes: to look with, out of fold. The rule that a project is judged by stays locked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.evaluate import THRESHOLD_SCORES
from core.report import count, interval, number, threshold_chart
from pages.parts import figure, judged
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.evaluate import ThresholdCurve
    from core.flywheel import Project, Turn

__all__ = ["draw"]

_FIRST = ("precision", "recall", "f1")


def draw(project: Project, turn: Turn) -> None:
    """Draw the threshold curve, or say why there is none."""
    found = judged.of(project, turn, "train")
    classes = set(found.confusion.index) | set(found.probabilities.columns)
    if len(classes) != 2 or found.labels.nunique() != 2:
        st.info(
            f"There is no threshold to move between {count(len(classes), 'class', 'classes')}: the most probable class "
            "is predicted. **Calibration** says how far the probabilities can be trusted, **Mistakes** which classes "
            "are taken for which."
            if len(classes) > 2
            else "A threshold lies between two classes; train has one. Collect examples of another.",
            icon=":material/info:",
        )
        return
    curve = judged.curve(project, turn)
    locked = judged.locked_threshold(project, turn, curve.positive)
    st.markdown(
        f"An example is predicted **{plain(curve.positive)}**{_rarer(found.labels)} if its probability is at least the "
        "threshold. Move it to see what would change. This is for looking, out of fold and never on test: "
        f"the project is judged by its locked rule, which stands at **{number(locked)}**"
        + (
            ", chosen out of fold for the best macro F1."
            if turn.threshold is not None
            else ": the more probable class is predicted."
        )
    )
    left, right = st.columns([3, 2], gap="large")
    with right:
        at = st.slider(
            "Threshold to look at",
            0.0,
            1.0,
            round(locked * 200) / 200,
            0.005,
            format="%.3f",
            key="threshold-look",
        )
        lines = st.pills(
            "Lines",
            list(THRESHOLD_SCORES),
            selection_mode="multi",
            default=_FIRST,
            format_func=THRESHOLD_SCORES.__getitem__,
            key="threshold-lines",
        )
        _here(curve, at, locked)
    with left:
        figure.draw(
            threshold_chart(
                curve.table,
                scores={name: title for name, title in THRESHOLD_SCORES.items() if name in (lines or _FIRST)},
                positive=curve.positive,
                at=at,
                locked=locked,
                best=curve.best,
            ),
            key="threshold",
            caption="Bands hold 95% at each threshold by itself. Out of fold over "
            f"{count(len(found.labels), 'train example')}"
            + (f"; {count(found.generated, 'generated one')} left out." if found.generated else "."),
        )
    _best(curve, locked)


def _rarer(labels: pd.Series) -> str:
    return ", the rarer class," if labels.value_counts().nunique() > 1 else ""


def _here(curve: ThresholdCurve, at: float, locked: float) -> None:
    """What happens at the threshold that one looks at, beside the locked rule."""
    here, rule = curve.at(at), curve.at(locked)
    rows = {"score": list(THRESHOLD_SCORES.values())}
    for title, row in ((f"here, {number(at)}", here), (f"locked, {number(locked)}", rule)):
        rows[title] = [
            f"{number(row[name])} ({interval(row[f'{name}_low'], row[f'{name}_high'], 2)})" for name in THRESHOLD_SCORES
        ]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        height="content",
        alt="Scores at the threshold that is looked at and at the locked rule",
    )
    counts = pd.DataFrame(
        {
            "labelled": [curve.positive, curve.negative],
            f"predicted {curve.positive}": [count(here["hits"]), count(here["false_alarms"])],
            f"predicted {curve.negative}": [count(here["missed"]), count(here["rejected"])],
        }
    )
    st.dataframe(counts, hide_index=True, height="content", alt="Confusion of the two classes at this threshold")


def _best(curve: ThresholdCurve, locked: float) -> None:
    best, rule = curve.at(curve.best), curve.at(locked)
    st.markdown(
        f"The best F1 of **{plain(curve.positive)}** out of fold is {number(best['f1'])} "
        f"({interval(best['f1_low'], best['f1_high'])}), at a threshold of **{number(curve.best)}** "
        f"({interval(curve.best_low, curve.best_high)}); the locked rule has {number(rule['f1'])} "
        f"({interval(rule['f1_low'], rule['f1_high'])})."
    )
    st.caption(
        "The best of many thresholds on the same examples flatters itself a little. The decision rule was locked with "
        "turn 0: another one means another project, so that turns stay comparable."
    )
