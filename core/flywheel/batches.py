"""Batches that came after the project began: each is kept with what it was like and what became of it.

A batch becomes one edit, or a dated test set, or is refused. The record comes first and the edit names it, so that what
became of a batch is read from the log: it is in the data if its edit is in force, and an undo takes it back.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from core.collect import Finding
from core.flywheel import log
from core.flywheel.alarms import alarms_of
from core.flywheel.batch_report import (
    LABEL,
    BatchError,
    BatchReport,
    Score,
    read_report,
    score_of,
    written_predictions,
)
from core.flywheel.dated import DatedTest, fit_to_judge, judging_rows, keep_dated_test
from core.flywheel.edits import Collect, Decision
from core.flywheel.errors import StaleError
from core.flywheel.review import decisions
from core.flywheel.store import now
from core.ids import aligned, is_among, present

if TYPE_CHECKING:
    from core.flywheel.project import Project

__all__ = [
    "ADDED",
    "JUDGES",
    "REFUSED",
    "TAKEN_BACK",
    "Batch",
    "TrueScore",
    "batches_json",
    "hold_out_batch",
    "kept_batches",
    "may_judge",
    "merge_batch",
    "random_order",
    "refuse_batch",
    "true_score",
    "waiting_rows",
]

# The reports of each open project: a page that is drawn again reads nothing.
_reports: WeakKeyDictionary[Project, dict[int, BatchReport]] = WeakKeyDictionary()
_lock = threading.Lock()

# With fewer labels a random sample says next to nothing.
_FEWEST = 20

# What became of a batch.
ADDED, REFUSED, JUDGES, TAKEN_BACK, UNFINISHED = "added", "refused", "dated test set", "taken back", "not finished"


@dataclass(frozen=True, eq=False)
class Batch:
    """A batch that was settled.

    Attributes
    ----------
    number : int
    at, by : str
        When it was settled and by whom.
    name : str
        As a rule the name of the file.
    fate : str
        ``added``, ``refused``, ``dated test set``; ``taken back`` if its edit is not in force; ``not finished`` if the
        app ended between record and edit: then nothing of it is in the data.
    reason : str
        Why it was refused, or what was said of it.
    report : BatchReport
    entry : int or None
        Number of its edit in the log.
    """

    number: int
    at: str
    by: str
    name: str
    fate: str
    reason: str
    report: BatchReport
    entry: int | None = None

    def alarms(self, headline: str) -> tuple[Finding, ...]:
        """What is alarming about it, in sentences."""
        return alarms_of(self.report, headline)


@dataclass(frozen=True)
class TrueScore:
    """How good the model was on a batch, by the labels that are known by now.

    Attributes
    ----------
    turn : int
        Whose model predicted the batch when it came.
    labelled, rows : int
        Labels that the score rests on, and rows of the batch.
    score : tuple of float or None
        The headline metric with its 95% interval; None where there are too few labels.
    chosen : bool
        Whether they are of rows that were chosen to be labelled: these are no random sample, as a rule harder ones.
    """

    turn: int
    labelled: int
    rows: int
    score: Score | None
    chosen: bool


def kept_batches(project: Project) -> list[Batch]:
    """Every batch that was settled, the oldest first."""
    rows = project.store.execute("SELECT number, at, by, name, fate, reason FROM batches ORDER BY number")
    entries = project.log
    edits = {entry.content.get("batch"): entry.seq for entry in entries if entry.kind == "collect"}
    force = {entry.seq for entry in log.active(entries)}
    found = []
    for number, at, by, name, fate, reason in rows:
        entry = edits.get(number)
        if fate == ADDED:
            fate = UNFINISHED if entry is None else ADDED if entry in force else TAKEN_BACK
        found.append(Batch(number, at, by, name, fate, reason, _report(project, number), entry))
    return found


def merge_batch(
    project: Project,
    report: BatchReport,
    new: pd.DataFrame,
    *,
    name: str,
    by: str = "",
    reason: str = "",
    into_pool: bool = False,
) -> Batch:
    """Add the new rows of a batch as one edit: labelled ones to train, the others to the pool.

    Parameters
    ----------
    project : Project
    report : BatchReport
        As `examine_batch` returned it.
    new : DataFrame
        Rows to add, by id: those of `examine_batch`, or some of them.
    name, by, reason : str
    into_pool : bool
        All of them go to the pool: their labels are not trusted and left out.

    Raises
    ------
    BatchError
        If there is nothing to add.
    """
    if new.empty:
        raise BatchError("A batch must have rows to add. None is left. Leave out fewer, or refuse the batch.")
    rows = new.assign(**{project.dataset.schema.label: pd.Series(pd.NA, new.index, "str")}) if into_pool else new
    if into_pool:
        # None of its labels comes into the data, or says anything: those that come later are somebody's.
        told = report.columns[report.columns["of"] != LABEL]
        report = replace(report, labelled=0, score=None, lost=None, columns=told)
    number = _record(project, report, name, ADDED, reason, by)
    project.apply(Collect(rows.reset_index(drop=True), batch=number, by=by, reason=reason or name))
    return _of(project, number)


def refuse_batch(project: Project, report: BatchReport, *, name: str, reason: str, by: str = "") -> Batch:
    """Keep a record of a batch that is not taken; its rows are not kept.

    Raises
    ------
    BatchError
        If no reason is given.
    """
    if not reason.strip():
        raise BatchError("A batch that is refused must have a reason, for those who ask later. Say why in a few words.")
    return _of(project, _record(project, report, name, REFUSED, reason.strip(), by))


def hold_out_batch(
    project: Project, report: BatchReport, new: pd.DataFrame, *, name: str, by: str = "", reason: str = ""
) -> DatedTest:
    """Keep the labelled rows of a batch as a dated test set, but for those that train or pool know.

    Raises
    ------
    DatedTestError
        If too few of them are fit to judge by; nothing is kept then.
    StaleError
        If the data was changed meanwhile.
    """
    store, revision = project.store, project.revision
    kept = judging_rows(project, new)
    label = project.dataset.schema.label
    with store.writing():
        # Asked of the store: who holds it must not wait for the project, which others hold while they wait for it.
        if store.execute("SELECT COALESCE(MAX(seq), 0) FROM log") != [(revision,)]:
            raise StaleError("The data was changed meanwhile. Nothing was kept. Look at the batch again, then keep it.")
        number = _record(project, report, name, JUDGES, reason, by)
        return keep_dated_test(store, kept, label=label, name=name, batch=number, by=by)


def may_judge(project: Project, new: pd.DataFrame) -> int:
    """How many of the new rows could be a dated test set."""
    return len(fit_to_judge(project, new))


def true_score(project: Project, batch: Batch) -> TrueScore | None:
    """How good the model was on a batch when it came, by the labels that are known by now.

    Its predictions were made when it came, by a model that had not met it. Rows of a dated test set count with the
    labels they came with. Where labels came later, the score rests on the beginning of `random_order` that is settled,
    if it holds 20 labels: a random sample, whatever else was labelled; otherwise on all labels.

    Returns
    -------
    TrueScore or None
        None where no model has looked at it.
    """
    report = batch.report
    if report.predictions is None or report.turn is None:
        return None
    ids = report.predictions.index
    if batch.fate == JUDGES or batch.fate == REFUSED:
        return TrueScore(report.turn, report.labelled, report.new, report.score, False)
    labels = present(aligned(project.dataset.labels, ids))
    chosen = len(labels) > report.labelled
    if chosen:
        sample = _settled(project, random_order(batch))
        drawn = labels[is_among(labels.index, sample)]
        if len(drawn) >= _FEWEST:
            labels, chosen = drawn, False
    turns = project.turns
    threshold = turns[report.turn].threshold if report.turn < len(turns) else None
    score = score_of(project, labels, report.predictions, threshold)
    return TrueScore(report.turn, len(labels), len(ids), score, chosen)


def random_order(batch: Batch) -> pd.Index:
    """The rows of a batch in one random order, the same for good: whoever labels along it has a random sample."""
    if batch.report.predictions is None:
        return pd.Index([], dtype="str")
    # Sorted first: the order must not depend on that of the rows.
    ids = batch.report.predictions.index.sort_values()
    return ids[np.random.default_rng(batch.number).permutation(len(ids))]


def _settled(project: Project, order: pd.Index) -> pd.Index:
    """The beginning of an order up to the first row of which nothing was said: with a label, excluded or ambiguous."""
    dataset = project.dataset
    known = decisions(project)
    unclear = known.index[known["decision"] == Decision.AMBIGUOUS]
    labelled = aligned(dataset.labels, order).notna().to_numpy()
    excluded = is_among(order, dataset.excluded.index)
    said = labelled | excluded | is_among(order, unclear)
    return order if said.all() else order[: int(said.argmin())]


def batches_json(project: Project) -> list[dict[str, Any]]:
    """Every batch as others read it: what came, what became of it, what was alarming."""
    return [
        {
            "batch": batch.number,
            "at": batch.at,
            "by": batch.by,
            "name": batch.name,
            "what_became_of_it": batch.fate,
            "reason": batch.reason,
            "entry_of_the_log": batch.entry,
            "rows": batch.report.rows,
            "known": batch.report.known,
            "in_a_dated_test_set": batch.report.held,
            "new": batch.report.new,
            "labelled": batch.report.labelled,
            "examined_by_turn": batch.report.turn,
            "score": batch.report.score,
            "alarms": [finding.message for finding in batch.alarms(project.headline)],
        }
        for batch in kept_batches(project)
    ]


def waiting_rows(project: Project, batch: Batch) -> pd.Index:
    """The rows of a batch that wait in the pool for a label."""
    if batch.report.predictions is None:
        return project.dataset.ids("pool")[:0]
    ids = batch.report.predictions.index
    return ids[is_among(ids, project.dataset.ids("pool"))]


def _record(project: Project, report: BatchReport, name: str, fate: str, reason: str, by: str) -> int:
    store = project.store
    predictions = written_predictions(report)
    row = {
        "at": now(),
        "by": by,
        "name": name,
        "fate": fate,
        "reason": reason,
        "report": report.to_json(),
        "columns": None if report.columns.empty else store.write_frame(report.columns),
        "predictions": None if predictions is None else store.write_frame(predictions),
    }
    with store.writing():
        return store.insert("batches", row)


def _report(project: Project, number: int) -> BatchReport:
    """The report of a batch, read once: it never changes."""
    with _lock:
        known = _reports.setdefault(project, {})
    # The lock of the store, which is read inside: with another one the two could be taken in two orders.
    with project.store.lock:
        if number not in known:
            store = project.store
            ((report, columns, predictions),) = store.execute(
                "SELECT report, columns, predictions FROM batches WHERE number = ?", (number,)
            )
            table = pd.DataFrame() if columns is None else store.read_frame(columns)
            known[number] = read_report(report, table, None if predictions is None else store.read_frame(predictions))
        return known[number]


def _of(project: Project, number: int) -> Batch:
    return next(batch for batch in kept_batches(project) if batch.number == number)
