"""A new batch: columns matched, what is new in it, what has drifted; then it is added, kept to judge by, or refused."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from core.collect import EFFECT, ColumnMatch, match_columns, take_columns
from core.flywheel import (
    BatchReport,
    alarms_of,
    examine_batch,
    hold_out_batch,
    may_judge,
    merge_batch,
    read_back,
    refuse_batch,
)
from core.report import column_drift, count
from pages.parts import alarms, checks, dated, figure, files, frame, jobs
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.dataset import Dataset
    from core.flywheel import Project
    from core.progress import Cancel, Progress

__all__ = ["draw"]

JOB = "batch-job"
_SETTLED = "batch-settled"
_NOWHERE = "not in the file"
_ADD, _JUDGE, _REFUSE = "Add it to the data", "Keep it as a dated test set", "Refuse it"
_WHAT_FOR = {
    _ADD: "One edit; undo takes it back. Rows with a label go to train, the others to the pool.",
    _JUDGE: "Every turn, earlier ones too, is judged on it beside the first test set. It is never trained on.",
    _REFUSE: "Nothing of it comes into the data. What came, when, and why it was refused stays on record.",
}


def draw(project: Project, *, by: str) -> None:
    """Draw the way from a file to a batch that is settled.

    Parameters
    ----------
    project : Project
    by : str
        Who signs.
    """
    st.markdown(
        "Bring a batch, labelled or not. It is held against what the model knows before anything is done with it. Rows "
        "that are in the data already are left out; so are rows that equal a test example. The test set stays as it is."
    )
    settled = st.session_state.get(_SETTLED, 0)
    file = st.file_uploader(
        "A new batch", key=f"more-{project.revision}-{settled}", max_upload_size=files.most_uploaded()
    )
    if file is None:
        return
    upload = files.read_upload(file)
    table, predictions, turn = _parted(f"{project.id}/{len(project.turns)}/{upload.key}", project, upload.table)
    if predictions is not None:
        st.caption(f"Predictions of the exported model of turn {turn} came along and are read back.")
    sources = _columns(project, table, upload.key)
    lacking = [name for name in project.dataset.schema.inputs if sources[name] is None]
    if lacking:
        st.error(
            f"The model learns from columns that the file has not: {plain(', '.join(lacking))}. Say above which column "
            "of the file holds each, or add them to the file.",
            icon=":material/view_column:",
        )
        return
    found = _looked_at(project, table, sources, upload.key, predictions, turn)
    if found is None:
        return
    report, new = found
    _said(project, report)
    left_out = checks.broken_by(project, new)
    kept = new[~left_out.to_numpy(dtype=bool)] if checks.leave_out(left_out) else new
    _settle(project, report, kept, name=file.name, by=by)


@st.cache_resource(show_spinner=False, max_entries=16)
def _parted(key: str, _project: Project, _table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame | None, int | None]:
    return read_back(_project, _table)


# --- columns --------------------------------------------------------------------------------------------------------


@st.cache_resource(show_spinner=False, max_entries=16)
def _matched(version: str, key: str, _dataset: Dataset, _table: pd.DataFrame) -> tuple[ColumnMatch, ...]:
    return match_columns(_dataset.frame, _table)


def _columns(project: Project, table: pd.DataFrame, key: str) -> dict[str, str | None]:
    """Say where each column of the data is in the file, and let the analyst overrule what is only likely."""
    dataset = project.dataset
    matches = _matched(dataset.version, key, dataset, table)
    sources = {match.column: match.source for match in matches if match.how == "same name"}
    unsure = [match for match in matches if match.how != "same name"]
    free = [str(name) for name in table.columns if str(name) not in set(sources.values())]
    if not unsure or not free:
        # Nothing to choose from: what the file lacks is said where it matters.
        if free:
            st.caption(f"Not in the data, so left out: {plain(', '.join(free))}.")
        return {match.column: match.source for match in matches}
    with st.container(border=True):
        st.markdown(
            f"**{count(len(unsure), 'column')} of the data** {'has' if len(unsure) == 1 else 'have'} no namesake in "
            "the file. What is likely the same is proposed; say otherwise where you know better."
        )
        for match in unsure:
            role = dataset.schema.column(match.column).role
            chosen, said = st.columns([2, 3], vertical_alignment="bottom")
            options = [_NOWHERE, *free]
            picked = chosen.selectbox(
                f"{plain(match.column)} ({role})",
                options,
                index=options.index(match.source) if match.source in options else 0,
                key=f"column-{key}-{match.column}",
            )
            said.caption(plain(match.reason[0].upper() + match.reason[1:]) + ".")
            sources[match.column] = None if picked == _NOWHERE else str(picked)
        strange = [name for name in free if name not in set(sources.values())]
        if strange:
            st.caption(f"Not in the data, so left out: {plain(', '.join(strange))}.")
    return {match.column: sources[match.column] for match in matches}


# --- what it is like ------------------------------------------------------------------------------------------------


def _looked_at(
    project: Project,
    table: pd.DataFrame,
    sources: dict[str, str | None],
    key: str,
    predictions: pd.DataFrame | None,
    turn: int | None,
) -> tuple[BatchReport, pd.DataFrame] | None:
    """Look at a batch in the background, once for each file, matching and state of the project; None until then."""
    state = f"{project.id}/{project.revision}/{len(project.turns)}/{key}/{sorted(sources.items(), key=str)}"
    kind = f"batch-{hashlib.sha256(state.encode()).hexdigest()[:12]}"
    last = st.session_state.get(JOB)
    if last not in (None, kind):
        jobs.registry().dismiss(project.id, last)
    st.session_state[JOB] = kind
    if jobs.registry().snapshot(project.id, kind) is None:
        renamed = {column: source for column, source in sources.items() if source not in (None, column)}
        taken = set(sources.values())
        strange = tuple(str(name) for name in table.columns if str(name) not in taken)
        rows = take_columns(table, sources)
        work = partial(_examine, project, rows, renamed=renamed, strange=strange, predictions=predictions, turn=turn)
        jobs.registry().start(project.id, kind, "Looking at the batch", work)
    job = jobs.panel(project.id, kind)
    return job.result if job is not None and job.state == "done" else None


def _examine(
    project: Project, rows: pd.DataFrame, progress: Progress, cancel: Cancel, **of: Any
) -> tuple[BatchReport, pd.DataFrame]:
    return examine_batch(project, rows, progress=progress, cancel=cancel, **of)


def _said(project: Project, report: BatchReport) -> None:
    """Say what of a batch is new and what has moved."""
    others = []
    if report.known:
        others.append(f"{count(report.known)} known already and left out")
    if report.held:
        others.append(f"{count(report.held)} in a dated test set and left out")
    st.markdown(
        f"{count(report.rows, 'row')} read. **{count(report.new)} new**: {count(report.labelled)} with a label, "
        f"{count(report.new - report.labelled)} without." + (f" {'; '.join(others)}." if others else "")
    )
    if report.missing:
        st.caption(f"Not in the file, so missing in the new rows: {plain(', '.join(report.missing))}.")
    found = [each for each in alarms_of(report, project.headline) if each.kind != "batch_checks"]
    alarms.draw(found, quiet="Like what the model knows: nothing has drifted beyond chance.")
    if report.turn is None:
        st.caption("What the model says of it is told once turn 0 was run.")
    with st.expander("Everything that was compared", icon=":material/compare_arrows:"):
        figure.draw(
            column_drift(report.columns, other="the batch", threshold=EFFECT, than="what the model knows"),
            key="batch-columns",
            caption="Columns and label against train; what the model predicts and how sure it is against the test set. "
            "P-values are corrected for all of them together.",
        )


# --- what becomes of it ---------------------------------------------------------------------------------------------


def _settle(project: Project, report: BatchReport, kept: pd.DataFrame, *, name: str, by: str) -> None:
    options = [_ADD, _JUDGE, _REFUSE] if report.labelled else [_ADD, _REFUSE]
    what = st.radio("What to do with it", options, captions=[_WHAT_FOR[each] for each in options], key="batch-what")
    if what == _ADD:
        into_pool = report.labelled > 0 and st.checkbox(
            "Its labels are not to be trusted: all of it goes to the pool", key="batch-pool"
        )
        if len(kept) and st.button(
            f"Add {count(len(kept), 'row')}", type="primary", icon=":material/add:", key="batch-add"
        ):
            merge_batch(project, report, kept, name=name, by=by, into_pool=into_pool)
            _done(project, f"Added {count(len(kept), 'row')}. The next turn says what they are worth.")
    elif what == _JUDGE:
        fit = may_judge(project, kept)
        if st.button(
            f"Keep {count(fit, 'labelled row')} as a test set",
            type="primary",
            icon=":material/event:",
            key="batch-judge",
        ):
            hold_out_batch(project, report, kept, name=name, by=by)
            dated.begin(project)
            _done(project, f"{name} is a dated test set of {count(fit, 'row')} now.")
    else:
        reason = st.text_input("Why", key="batch-why", placeholder="for those who ask later")
        if st.button("Refuse the batch", icon=":material/block:", key="batch-refuse", disabled=not reason.strip()):
            refuse_batch(project, report, name=name, reason=reason, by=by)
            _done(project, "The batch was refused. The record is on Monitor.")


def _done(project: Project, said: str) -> None:
    """Clear the way for the next batch."""
    jobs.registry().dismiss(project.id, st.session_state.get(JOB))
    st.session_state[_SETTLED] = st.session_state.get(_SETTLED, 0) + 1
    frame.tell(said)
    st.rerun()
