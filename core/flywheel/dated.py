"""Dated test sets: labelled rows of a later time, each kept apart from train for good, on which every turn is scored.

The test set of a project was drawn from the data of its day. Once the world has moved, a score on it says how good the
model would have been then. A fresh labelled batch becomes a test set of its own, with the day of its arrival; the first
one stays as it is. There may be any number of them. Turns that ran before one came are fitted again, under the same
lock, to predict it. See decision 38.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import pandas as pd

from core import wording
from core.content import canonicalise, hash_rows, hash_values, mix
from core.dataset import Dataset
from core.flywheel import log
from core.flywheel.edits import Collect, Edit, EditError, Generate
from core.flywheel.errors import LockError, ProjectError
from core.flywheel.fits import kept_predictions, predict_once
from core.flywheel.ledger import part_of
from core.flywheel.refits import REFITTING, Compared, make_refits, unrefitted
from core.flywheel.store import Store, now
from core.ids import is_among
from core.progress import Cancel, Progress, Steps

if TYPE_CHECKING:
    from core.flywheel.project import Project
    from core.flywheel.turn import Turn

__all__ = [
    "FEWEST_ROWS",
    "DatedTest",
    "DatedTestError",
    "dated_rows",
    "dated_tests",
    "fenced",
    "fit_to_judge",
    "in_dated_tests",
    "judging_rows",
    "keep_dated_test",
    "score_dated",
    "unscored",
    "without_luck",
]

Booleans = npt.NDArray[np.bool_]

# Train examples of each open project after an entry of its log.
_sizes: WeakKeyDictionary[Project, dict[int, int]] = WeakKeyDictionary()
_lock = threading.Lock()

# With fewer, a verdict on them could tell hardly anything.
FEWEST_ROWS = 20


class DatedTestError(ProjectError):
    """Rows that can't be a test set."""


@dataclass(frozen=True, eq=False)
class DatedTest:
    """Labelled rows of a later time.

    Attributes
    ----------
    number : int
    at, by : str
        When it was added and by whom.
    name : str
        What it is called: as a rule the name of the file.
    batch : int
        Number of the batch it came as.
    blob : str
        Name of the frame with its rows, by id, with every column of the data.
    labels : Series
        Class by id.
    """

    number: int
    at: str
    by: str
    name: str
    batch: int
    blob: str
    labels: pd.Series

    @property
    def day(self) -> str:
        """The day it was added, ``2026-11-30``."""
        return self.at[:10]

    def __str__(self) -> str:
        return f"{self.name}, {self.day}"


def dated_tests(project: Project) -> list[DatedTest]:
    """The dated test sets of a project, the oldest first."""
    label = project.dataset.schema.label
    rows = project.store.execute("SELECT number, at, by, name, batch, blob FROM dated_tests ORDER BY number")
    return [
        DatedTest(number, at, by, name, batch, blob, project.store.read_frame(blob)[label])
        for number, at, by, name, batch, blob in rows
    ]


def judging_rows(project: Project, rows: pd.DataFrame) -> pd.DataFrame:
    """Those of some new rows that can be a dated test set; see `fit_to_judge`.

    Raises
    ------
    DatedTestError
        If fewer than 20 rows or fewer than two classes are left.
    """
    kept = fit_to_judge(project, rows)
    classes = kept[project.dataset.schema.label].nunique()
    if len(kept) < FEWEST_ROWS or classes < 2:
        raise DatedTestError(
            f"A dated test set must have at least {FEWEST_ROWS} labelled rows of two classes that train does not know. "
            f"This has {wording.count(len(kept), 'row')} (classes: {classes}). Bring more, or add the rows to the data "
            "instead."
        )
    return kept


def keep_dated_test(store: Store, rows: pd.DataFrame, *, label: str, name: str, batch: int, by: str = "") -> DatedTest:
    """Write rows that `judging_rows` found as a test set of their own.

    Parameters
    ----------
    store : Store
    rows : DataFrame
    label : str
        Their column with the class.
    name : str
    batch : int
        Number of the batch they came as.
    by : str
    """
    row = {"at": now(), "by": by, "name": name, "batch": batch, "blob": store.write_frame(rows)}
    with store.writing():
        number = store.insert("dated_tests", row)
    return DatedTest(number, str(row["at"]), by, name, batch, str(row["blob"]), rows[label])


def fit_to_judge(project: Project, rows: pd.DataFrame) -> pd.DataFrame:
    """Those rows that have a label and share neither content nor group with anything that was ever train or pool.

    Rows of edits that were taken back count as known: a redo would bring them into train.

    Parameters
    ----------
    project : Project
    rows : DataFrame
        New rows by id, as `Dataset.admit` returns them.
    """
    dataset = project.dataset
    known = [dataset.frame]
    force = {entry.seq for entry in log.active(project.log)}
    for entry in project.log:
        if entry.kind == "collect" and entry.seq not in force:
            edit = log.to_edit(project.store, entry)
            if isinstance(edit, Collect):
                known.append(dataset.admit(edit.frame))
    labelled = rows[rows[dataset.schema.label].notna()]
    met = np.zeros(len(labelled), dtype=bool)
    for frame in known:
        met |= _shared(dataset, labelled, frame)
    return labelled[~met]


def in_dated_tests(store: Store, dataset: Dataset, rows: pd.DataFrame) -> Booleans:
    """Which rows a dated test set holds: by id, by what the model sees of them, or by their group.

    Parameters
    ----------
    store : Store
    dataset : Dataset
    rows : DataFrame
        By id, with the columns of the data.
    """
    met = np.zeros(len(rows), dtype=bool)
    for (blob,) in store.execute("SELECT blob FROM dated_tests"):
        met |= _shared(dataset, rows, store.read_frame(blob))
    return met


def fenced(store: Store, dataset: Dataset, edit: Edit) -> Edit:
    """An edit without the rows that a dated test set holds: what judges is never learned from.

    Raises
    ------
    EditError
        If no row would be left.
    """
    if not isinstance(edit, (Collect, Generate)) or not store.execute("SELECT 1 FROM dated_tests LIMIT 1"):
        return edit
    if isinstance(edit, Collect):
        rows = dataset.admit(edit.frame)
        frame = rows.reset_index(drop=True)
    else:
        rows, frame = edit.frame, edit.frame
    if not set(dataset.schema.inputs) <= set(rows.columns):
        # What a method did not make comes from a train example, which no dated test set holds.
        return edit
    held = in_dated_tests(store, dataset, rows)
    if not held.any():
        return edit
    if held.all():
        raise EditError(
            f"Rows of a dated test set must stay out of train. All {len(rows):,} new rows are in one. Bring others."
        )
    return replace(edit, frame=frame[~held])


def _shared(dataset: Dataset, rows: pd.DataFrame, others: pd.DataFrame) -> Booleans:
    """Which rows are among others, by id, content of the inputs, or group."""
    schema = dataset.schema
    inputs = list(schema.inputs)
    met: Booleans = is_among(rows.index, others.index)
    met |= np.isin(hash_rows(canonicalise(rows[inputs])), hash_rows(canonicalise(others[inputs])))
    if schema.group is not None and schema.group in rows and schema.group in others:
        groups = [mix(hash_values(canonicalise(each[[schema.group]])[schema.group])) for each in (rows, others)]
        met |= np.isin(groups[0], groups[1]) & rows[schema.group].notna().to_numpy()
    return met


# --- scoring --------------------------------------------------------------------------------------------------------


def dated_rows(store: Store) -> dict[str, pd.DataFrame]:
    """The rows of each dated test set, by their blob."""
    return {blob: store.read_frame(blob) for (blob,) in store.execute("SELECT blob FROM dated_tests ORDER BY number")}


def unscored(project: Project) -> list[Turn]:
    """The turns that have not predicted every dated test set yet, or not in the refits that their verdicts need."""
    turns, sets = project.turns, dated_rows(project.store)
    lacking = {turn.number for turn in _unpredicted(project, turns, sets)} | set(_unrefitted(project, turns, sets))
    return [turn for turn in turns if turn.number in lacking]


def without_luck(project: Project) -> set[str]:
    """The blobs of the dated sets on which some verdict does not cover the luck of the training sample yet."""
    lacking = _unrefitted(project, project.turns, dated_rows(project.store))
    return {name for names in lacking.values() for name in names}


def _unpredicted(project: Project, turns: Sequence[Turn], sets: Mapping[str, pd.DataFrame]) -> list[Turn]:
    return [
        turn
        for turn in turns
        if any(kept_predictions(project.store, turn.version, turn.fingerprint, name) is None for name in sets)
    ]


def _unrefitted(
    project: Project, turns: Sequence[Turn], sets: Mapping[str, pd.DataFrame]
) -> dict[int, tuple[str, ...]]:
    """Turns whose verdicts on some dated sets do not cover the luck of training yet, with these sets; see `refits`."""
    if not sets:
        return {}
    compared = {turn.number: _compared(project, turn) for turn in turns}
    pairs = [pair for turn in turns[1:] for pair in ((turn.number - 1, turn.number), (0, turn.number))]
    return unrefitted(project.store, compared, pairs, {name: len(rows) for name, rows in sets.items()})


def _compared(project: Project, turn: Turn) -> Compared:
    # The test set of the project got its refits with its turns: here it is passed over.
    with _lock:
        sizes = _sizes.setdefault(project, {})
    if turn.revision not in sizes:
        sizes[turn.revision] = len(project.dataset_at(turn.revision).ids("train"))
    return Compared(turn.version, turn.fingerprint, train=sizes[turn.revision], test=0)


def score_dated(
    project: Project, progress: Progress | None = None, cancel: Cancel | None = None, *, only_last: bool = False
) -> None:
    """Let each turn predict the dated test sets that it has not: the locked model is fitted again on the turn's data.

    Where a set is large against train, the turns are then refitted without one fold each, as for the test set of the
    project, so that verdicts on it cover the luck of the training sample as well.

    Parameters
    ----------
    project : Project
    progress, cancel
        See `core.progress`.
    only_last : bool
        Only the predictions of the last turn, whose model is at hand when it has just run; its refits were made as it
        ran.

    Raises
    ------
    LockError
        If a library's version has moved: it would be another model.
    Cancelled
        If the caller asked to stop; what was predicted is kept.
    """
    sets, turns = dated_rows(project.store), project.turns
    lacking = _unpredicted(project, turns, sets)
    refitted = {} if only_last else _unrefitted(project, turns, sets)
    if only_last:
        lacking = [turn for turn in lacking if turn.number == len(turns) - 1]
    if not lacking and not refitted:
        return
    if project.moved_versions:
        raise LockError(
            "Turns can't be fitted again with other library versions than they ran with. Rerun every turn with the "
            "new versions (re-baseline) first."
        )
    last, model = turns[-1].number, project.model
    work = len(lacking) + REFITTING * len(refitted)
    steps = Steps(len(lacking), part_of(progress, 0, work, len(lacking)), cancel)
    # The last turn first: its model is at hand, and its verdict is what one waits for.
    for turn in sorted(lacking, key=lambda turn: turn.number != last):
        steps.start(f"turn {turn.number} on {wording.count(len(sets), 'dated test set')}")
        dataset = project.dataset_at(turn.revision)
        predict_once(
            project.store,
            dataset,
            turn.fingerprint,
            sets,
            project.fitted if turn.number == last else lambda of=dataset: model.fit(of),  # type: ignore[misc]
        )
    steps.finish()
    for number, (place, names) in enumerate(sorted(refitted.items(), reverse=True)):
        said = part_of(progress, len(lacking) + REFITTING * number, work, REFITTING, said=f"refits of turn {place}: ")
        dataset = project.dataset_at(turns[place].revision)
        inputs = {name: sets[name][list(dataset.schema.inputs)] for name in names}
        make_refits(project.store, model, dataset, turns[place].out_of_fold, inputs, said, cancel)
