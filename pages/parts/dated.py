"""Dated test sets on the screen: what a turn did on each, side by side with the test set of the project."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.evaluate import METRICS
from core.flywheel import dated_table, dated_tests, judge_dated, score_dated, unscored, without_luck
from core.report import count, signed, signed_interval
from pages.parts import jobs, verdicts
from pages.parts.plain import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.flywheel import Project, Turn

__all__ = ["all_turns", "begin", "draw", "side_by_side"]

_KIND = "dated"
# In pixels: all of a row is read on a screen of 1440.
_WIDTHS = {
    "turn": 45,
    "judged on": 150,
    "of": 90,
    "examples": 75,
    "against the turn before": 255,
    "against turn 0": 255,
}


def begin(project: Project) -> None:
    """Let turns that ran before a dated test set came predict it, in the background; once."""
    job = jobs.registry().snapshot(project.id, _KIND)
    lacking = len(unscored(project))
    if not lacking or (job is not None and job.running):
        return
    title = f"{count(lacking, 'turn')} on dated test sets"
    # What failed or was cancelled is tried again when somebody asks.
    if job is None or job.title != title or job.state == "done":
        jobs.registry().start(project.id, _KIND, title, partial(score_dated, project))


def draw(project: Project, turn: Turn) -> None:
    """Draw what one turn did on every test set, if there are dated ones; the job where some are not predicted yet."""
    if not dated_tests(project):
        return
    with st.container(border=True):
        st.markdown(f"**Turn {turn.number} on every test set**")
        begin(project)
        job = jobs.panel(project.id, _KIND)
        table = dated_table(project)
        side_by_side(project, table[table["turn"] == turn.number], key="dated")
        _covered(project, [turn.number])
        if job is None or not job.running:
            if unscored(project):
                if st.button("Judge the rest", key="dated-again", icon=":material/refresh:"):
                    jobs.registry().dismiss(project.id, _KIND)
                    st.rerun()
            else:
                st.caption(
                    "The test set of the project is never changed by a batch; its verdict stays as it was said. "
                    "Verdicts of a turn on dated test sets are corrected together (Holm). The latest set is most like "
                    "what the model meets now. Labels of dated sets stay as they came: nothing can correct them, since "
                    "correcting where the model disagrees would flatter it."
                )


def side_by_side(project: Project, table: pd.DataFrame, *, key: str) -> None:
    """Draw rows of `dated_table`: a test set a row, or one for each turn."""
    said = {}
    if table["verdict"].notna().any():
        said = {
            "against the turn before": _verdicts(table, ""),
            "against turn 0": _verdicts(table, "since_first_"),
        }
    st.dataframe(
        pd.DataFrame(
            {
                **({"turn": table["turn"]} if table["turn"].nunique() > 1 else {}),
                "judged on": table["name"],
                "of": table["day"],
                "examples": table["size"].map(count),
                f"{METRICS[project.headline]} (95%)": [
                    verdicts.score(*each) for each in table[["score", "low", "high"]].itertuples(index=False)
                ],
                **said,
            }
        ),
        hide_index=True,
        height="content",
        column_config={name: st.column_config.Column(width=width) for name, width in _WIDTHS.items()},
        key=f"side-by-side-{key}",
        alt="Each test set with its day, its size, the score on it and both verdicts.",
    )


def _covered(project: Project, turns: Sequence[int]) -> None:
    """Say which luck the intervals of some turns cover, and on which dated sets they leave some out."""
    judged = [each for each in judge_dated(project) if each.verdict is not None and each.turn in turns]
    if not judged:
        return
    lacking = without_luck(project)
    with_luck = {each.test.number: str(each.test) for each in judged if each.verdict and each.verdict.refits}
    without = {
        each.test.number: str(each.test)
        for each in judged
        if each.test.blob in lacking and each.test.number not in with_luck
    }
    said = "Intervals on dated sets cover the luck of the test sample"
    if with_luck:
        said += (
            f"; on {', '.join(with_luck.values())}, large against train, that of the training sample as well, from "
            "refits of either model in folds"
        )
    if without:
        said += (
            f". Not yet so on {', '.join(without.values())}: there the luck of the training sample is left out until "
            "the refits are done, and a claim may be too sure"
        )
    st.caption(f"{plain(said)}.")


def _verdicts(table: pd.DataFrame, prefix: str) -> list[str]:
    """Word, change and interval of each verdict."""
    values = table[[f"{prefix}{name}" for name in ("verdict", "delta", "delta_low", "delta_high")]]
    return [
        "–" if pd.isna(delta) else f"{word}: {signed(delta)} ({signed_interval(low, high)})"
        for word, delta, low, high in values.itertuples(index=False)
    ]


def all_turns(project: Project) -> None:
    """Draw every turn on every test set, the newest first, if there are dated ones."""
    if not dated_tests(project) or not project.turns:
        return
    st.header("Turns on every test set", anchor=False)
    begin(project)
    jobs.panel(project.id, _KIND)
    table = dated_table(project)
    side_by_side(project, table.sort_values(["turn", "test"], ascending=[False, True], kind="stable"), key="all")
    _covered(project, table["turn"].tolist())
