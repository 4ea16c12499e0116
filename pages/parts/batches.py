"""Batches on the screen: the latest with its alarms and the way to label it, all over time, and their record."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.collect import EFFECT
from core.evaluate import METRICS
from core.flywheel import TrueScore, kept_forecasts, queue_of_batch, true_score, waiting_rows
from core.flywheel.actions import SECONDS_PER_DECISION
from core.report import (
    column_drift,
    confidence_over_batches,
    count,
    drift_over_batches,
    moment,
    scores_over_batches,
    shorten,
    signed,
    signed_interval,
    slices_over_batches,
)
from pages.parts import alarms, figure, frame, jobs, sidebar, verdicts
from pages.parts.plain import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.flywheel import Batch, Project

__all__ = ["latest", "over_time", "record", "to_collect"]

_LABEL = "pool"
_N = 20
_TELLING, _RANDOM = "Those that tell most", "At random"


def to_collect(project: Project) -> None:
    """Draw the way to where a batch is brought."""
    if st.button("Bring a batch: Add rows on Collect", key="bring-batch", icon=":material/arrow_forward:"):
        st.session_state["collect-view"] = "Add rows"
        frame.navigate("collect", project.id)


# --- the latest -----------------------------------------------------------------------------------------------------


def latest(project: Project, found: Sequence[Batch]) -> None:
    """Draw the batch that came last: what is alarming about it, and the way to have some of it labelled."""
    batch = found[-1]
    st.header(f"Latest batch: {plain(shorten(batch.name, 60))}", anchor=False)
    st.caption(
        f"{moment(batch.at)} · {count(batch.report.new, 'new row')}, {count(batch.report.labelled)} with a label · "
        f"{batch.fate}" + (f" by {plain(batch.by)}" if batch.by else "")
    )
    alarms.draw(batch.alarms(project.headline), quiet="Quiet: the batch is like what the model knew when it came.")
    _label(project, found)
    to_collect(project)


def _label(project: Project, found: Sequence[Batch]) -> None:
    """Offer to have rows of a batch labelled: those that tell the model most, or some at random."""
    open_ones = {batch.number: batch for batch in reversed(found) if len(waiting_rows(project, batch))}
    if not open_ones or not project.turns:
        return
    job = jobs.panel(project.id, _LABEL)
    if job is not None and job.running:
        return
    with st.container(border=True):
        st.markdown("**Have some of it labelled**")
        at_random = (
            st.segmented_control(
                "Which rows",
                [_TELLING, _RANDOM],
                default=_TELLING,
                required=True,
                key="label-batch-how",
                label_visibility="collapsed",
            )
            == _RANDOM
        )
        which, how_many, go = st.columns([3, 1, 2], vertical_alignment="bottom")
        chosen = which.selectbox(
            "Batch",
            list(open_ones),
            format_func=lambda number: (
                f"{shorten(open_ones[number].name, 40)}: "
                f"{count(len(waiting_rows(project, open_ones[number])))} without a label"
            ),
            key="label-batch",
        )
        batch = open_ones[chosen if chosen in open_ones else next(iter(open_ones))]
        most = len(waiting_rows(project, batch))
        n = int(how_many.number_input("How many", 1, most, min(_N, most), key="label-batch-n"))
        if go.button(
            f"Label {count(n)} at random" if at_random else f"Label the {count(n)} that tell most",
            type="primary",
            icon=":material/new_label:",
            key="label-batch-go",
            width="stretch",
        ):
            # `pages.parts.pool` shows what the same kind of job returns.
            work = partial(queue_of_batch, project, batch, n, at_random=at_random, by=sidebar.reviewer())
            jobs.start(project.id, _LABEL, f"Choosing what to label of {batch.name}", work)
        minutes = max(1, round(n * SECONDS_PER_DECISION / 60))
        st.caption(
            (
                "A random sample says how good the model was on the whole batch, from 20 labels on. About "
                if at_random
                else "Rows that the model wavers on, and, where the batch is of another kind, those least like train. "
                "About "
            )
            + f"{count(minutes, 'minute')} of work; each label moves its row to train."
        )
        if job is not None and job.state == "done" and str(job.title).startswith("Choosing what to label of"):
            st.page_link(
                "pages/annotate.py",
                label="The cards are ready: label them on Annotate",
                icon=":material/rate_review:",
                query_params={"project": project.id},
            )
        _worth(project)


def _worth(project: Project) -> None:
    """Say what more labelled rows should bring, if it was forecast after the last turn; otherwise where to ask."""
    kept = kept_forecasts(project, project.turns[-1])
    found = [action for action in kept.actions if action.kind == "collect" and action.forecast] if kept else []
    if not found:
        st.page_link(
            "pages/overview.py",
            label="What more labelled rows should bring: the forecasts on Overview",
            icon=":material/query_stats:",
            query_params={"project": project.id},
        )
        return
    best = max(found, key=lambda action: action.forecast.gain if action.forecast else 0.0)
    made = best.forecast
    if made is not None:
        st.caption(
            f"Forecast after turn {kept.turn if kept else 0}: *{plain(best.title)}* should bring "
            f"{signed(100 * made.gain, 1)} points ({signed_interval(100 * made.low, 100 * made.high, 1)}) on the "
            "project's test set. It is of rows like those of train; what a batch of another kind is worth, the next "
            "turn tells on a dated test set."
        )


# --- over time ------------------------------------------------------------------------------------------------------


def over_time(project: Project, found: Sequence[Batch]) -> None:
    """Draw drift, confidence, the true score and the watched slices, batch by batch."""
    st.header("Batches over time", anchor=False)
    names = _names(found)
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("What drifted", anchor=False)
        _drift(found, names)
    with right:
        st.subheader("How sure the model was", anchor=False)
        _confidence(found, names)
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("How good it was", anchor=False)
        _scores(project, found, names)
    with right:
        st.subheader("Pinned slices", anchor=False)
        _slices(found, names)


def _names(found: Sequence[Batch]) -> dict[int, str]:
    """What each batch is called in figures: two of one name are told apart by their numbers."""
    names = [shorten(batch.name, 30) for batch in found]
    return {
        batch.number: name if names.count(name) == 1 else f"{name} ({batch.number})"
        for batch, name in zip(found, names, strict=True)
    }


def _drift(found: Sequence[Batch], names: dict[int, str]) -> None:
    tables = [
        pd.DataFrame(
            {
                "batch": names[batch.number],
                "what": batch.report.columns.index.astype(str),
                "effect": batch.report.columns["effect"].to_numpy(),
                "drifted": batch.report.columns["drifted"].to_numpy(),
            }
        )
        for batch in found
        if len(batch.report.columns)
    ]
    if not tables:
        st.caption("Nothing was compared yet.")
        return
    figure.draw(
        drift_over_batches(pd.concat(tables, ignore_index=True), threshold=EFFECT),
        key="batches-drift",
        caption=f"Stability index against what the model knew when the batch came. ▲: {EFFECT:g} or more, and not by "
        "chance.",
    )


def _confidence(found: Sequence[Batch], names: dict[int, str]) -> None:
    seen = [batch for batch in found if batch.report.confidence]
    if not seen:
        st.caption("Told for batches that come after turn 0.")
        return
    figure.draw(
        confidence_over_batches(
            [(names[batch.number], batch.report.confidence["batch"]) for batch in seen],
            reference=seen[-1].report.confidence["test"],
        ),
        key="batches-confidence",
        caption="Dot: median; thick: the middle half; thin: eight in ten. Grey: the test set. Being sure is not being "
        "right.",
    )


def _scores(project: Project, found: Sequence[Batch], names: dict[int, str]) -> None:
    said = {batch.number: _true_score(project, batch) for batch in found}
    known = [(batch, score) for batch in found if (score := said[batch.number]) is not None]
    if not any(score.score for _, score in known):
        st.caption("The true score is told once 20 rows of a batch have a label.")
        return
    rows = pd.DataFrame(
        [
            {
                "batch": names[batch.number],
                **dict(zip(("value", "low", "high"), score.score or (float("nan"),) * 3, strict=True)),
                "labelled": score.labelled,
                "rows": score.rows,
                "chosen": score.chosen,
            }
            for batch, score in known
        ]
    )
    figure.draw(
        scores_over_batches(
            rows, metric=METRICS[project.headline], reference=project.turns[-1].headline if project.turns else None
        ),
        key="batches-scores",
        caption="By what the model predicted when the batch came. Grey: the last turn on the test set. Rows that were "
        "chosen to be labelled (hollow) are harder than the rest: their score is too low for the batch.",
    )


def _true_score(project: Project, batch: Batch) -> TrueScore | None:
    return _scored(f"{project.id}/{batch.number}/{batch.fate}/{project.revision}", project, batch)


@st.cache_resource(show_spinner=False, max_entries=256)
def _scored(key: str, _project: Project, _batch: Batch) -> TrueScore | None:
    return true_score(_project, _batch)


def _slices(found: Sequence[Batch], names: dict[int, str]) -> None:
    rows = pd.DataFrame(
        [
            {
                "batch": names[batch.number],
                "slice": each["slice"],
                "share": each["batch"],
                "low": each["batch_low"],
                "high": each["batch_high"],
                "train": each["train"],
                "grows": each["grows"],
            }
            for batch in found
            for each in batch.report.slices
        ]
    )
    if rows.empty:
        st.caption("Pin slices on Evaluate: from then on each batch says whether they grow.")
        return
    figure.draw(
        slices_over_batches(rows),
        key="batches-slices",
        caption="Share of each batch, with 95% intervals. A slice was pinned because the model errs there.",
    )


# --- the record -----------------------------------------------------------------------------------------------------


def record(project: Project, found: Sequence[Batch]) -> None:
    """Draw what came, when, and what became of it, the newest first; one of them opened."""
    st.header("Every batch", anchor=False)
    shown = list(reversed(found))
    st.dataframe(
        pd.DataFrame(
            {
                "when": [moment(batch.at) for batch in shown],
                "batch": [batch.name for batch in shown],
                "who": [batch.by or "–" for batch in shown],
                "what became of it": [batch.fate for batch in shown],
                "why": [batch.reason or "–" for batch in shown],
                "new rows": [count(batch.report.new) for batch in shown],
                "with a label": [count(batch.report.labelled) for batch in shown],
                "known": [count(batch.report.known + batch.report.held) for batch in shown],
                "alarms": [len(batch.alarms(project.headline)) for batch in shown],
                f"{METRICS[project.headline]} (95%)": [_told(project, batch) for batch in shown],
            }
        ),
        hide_index=True,
        height="content",
        key="batches-record",
        alt="Every batch, newest first: when, what became of it, how many rows were new, alarms and true score.",
    )
    if len(shown) < 2:
        return
    numbers = [batch.number for batch in shown[1:]]
    names = _names(found)
    chosen = st.selectbox("Open an earlier batch", numbers, index=None, format_func=names.__getitem__, key="batch-open")
    batch = next((batch for batch in shown if batch.number == chosen), None)
    if batch is None:
        return
    alarms.draw(batch.alarms(project.headline), quiet="Quiet: it was like what the model knew when it came.")
    if batch.report.renamed:
        renamed = ", ".join(f"{source} as {column}" for column, source in batch.report.renamed.items())
        st.caption(f"Taken from columns of other names: {plain(renamed)}.")
    if len(batch.report.columns):
        figure.draw(
            column_drift(batch.report.columns, other="the batch", threshold=EFFECT, than="what the model knew"),
            key=f"batch-columns-{batch.number}",
        )


def _told(project: Project, batch: Batch) -> str:
    said = _true_score(project, batch)
    if said is None or said.score is None:
        return "–"
    return verdicts.score(*said.score) + (f", {count(said.labelled)} chosen" if said.chosen else "")
