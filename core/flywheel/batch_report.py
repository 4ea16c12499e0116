"""What a new batch is like before anything is done with it: what is new, what drifted, what the model says of it.

Columns are held against the train of its turn, since the model learned from it; what it predicts and how sure it is,
against test: one and the same fit, on examples that it has not met on either side.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core.collect import EFFECT, drift, tell_apart
from core.collect.checked import ask_new
from core.collect.drift import SIGNIFICANT
from core.dataset import Dataset
from core.errors import FlywheelError
from core.evaluate import EvaluationError, evaluate
from core.evaluate.scores import SMALLER_IS_BETTER
from core.flywheel.dated import in_dated_tests
from core.flywheel.fits import class_probabilities
from core.flywheel.watched import inside, watched_slices
from core.ids import is_among, looked_up, positions, present
from core.progress import Cancel, Progress, Steps
from core.statistics import difference_interval, holm, normal_p, wilson_interval

if TYPE_CHECKING:
    from core.flywheel.project import Project

__all__ = [
    "COLUMN",
    "CONFIDENCE",
    "LABEL",
    "PREDICTED",
    "BatchError",
    "BatchReport",
    "Score",
    "examine_batch",
    "known_rows",
    "read_report",
    "score_of",
    "written_predictions",
]

# Rows of the drift table that are no column of the data.
PREDICTED, CONFIDENCE, LABEL = "predicted class", "confidence", "label"
COLUMN = "column"
_QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
# The frame of predictions as it is kept: a column a class, whatever it is called, and one beside them.
_CHANCE, _UNLIKE = "chance of ", "unlike"
_STANDARD_ERRORS = 1.96
# From this AUC on what a classifier sees is more than a trifle, however sure it is.
_TOLD = 0.6
# Probabilities nearer than this are the same: files round them.
_SAME = 1e-4
# Fewer labelled rows say nothing of a score.
_FEWEST = 20

Score = tuple[float, float, float]


class BatchError(FlywheelError):
    """Rows that can't be a batch of this project."""


@dataclass(frozen=True, eq=False)
class BatchReport:
    """What is known of a batch.

    Attributes
    ----------
    turn : int or None
        Whose model looked at it; None before turn 0.
    rows, known, held : int
        Rows that were read; of them those that the data knows already, and those that a dated test set holds.
    new, labelled : int
        Rows that are new, and those of them with a class.
    renamed : dict of str to str
        Column of the data to the file's name for it, where they differ.
    missing, strange : tuple of str
        Columns of the data that the file has not, and of the file that the data has not.
    columns : DataFrame
        As `core.collect.drift`, indexed by what is compared; ``of`` says which rows are no columns of the data
        (``predicted class``, ``confidence``, ``label``). P-values are corrected for all rows, and the
        score, together (Holm).
    told : tuple of float or None
        AUC of a classifier of train against the batch, with its interval; None where there are too few rows.
    most : str
        The column by which it tells them apart.
    score : tuple of float or None
        The headline metric of the model on the labelled rows, with its interval; None where there are too few.
    test_score : tuple of float or None
        The same on the test set.
    lost : tuple of float or None
        By how much the score is worse than on the test set, with its interval; None where it may be luck.
    confidence : dict of str to list of float
        ``test`` and ``batch``: the 10, 25, 50, 75 and 90% quantiles of the probability of the most probable class.
    slices : tuple of dict
        Watched slices: ``slice``, ``train`` and ``batch`` (shares, each with ``_low`` and ``_high``), ``p_adjusted``,
        ``grows``.
    checks : tuple of (str, int, bool)
        Checks that new rows break: what it says, how many break it, whether it is severe.
    elsewhere : int or None
        How many of the predictions were made elsewhere and are not what the same model says here; None if they were
        made here.
    predictions : DataFrame or None
        By id of the new rows, the probability of each class; None before turn 0.
    unlike : Series
        By id, how unlike train a row is; see `TwoSamples`.
    """

    turn: int | None
    rows: int
    known: int
    held: int
    new: int
    labelled: int
    renamed: dict[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    strange: tuple[str, ...] = ()
    columns: pd.DataFrame = field(default_factory=pd.DataFrame)
    told: Score | None = None
    most: str = ""
    score: Score | None = None
    test_score: Score | None = None
    lost: Score | None = None
    confidence: dict[str, list[float]] = field(default_factory=dict)
    slices: tuple[dict[str, Any], ...] = ()
    checks: tuple[tuple[str, int, bool], ...] = ()
    elsewhere: int | None = None
    predictions: pd.DataFrame | None = None
    unlike: pd.Series = field(default_factory=lambda: pd.Series(dtype="float64"))

    @property
    def told_apart(self) -> bool:
        """Whether a classifier tells the batch from train beyond chance, and by more than a trifle."""
        return self.told is not None and self.told[1] > 0.5 and self.told[0] >= _TOLD

    @property
    def drifted(self) -> pd.DataFrame:
        """What drifted, the strongest first."""
        if self.columns.empty:
            return self.columns
        return self.columns[self.columns["drifted"]].sort_values("effect", ascending=False, kind="stable")

    def to_json(self) -> str:
        """Write all but the frames."""
        values = {name: getattr(self, name) for name in _WRITTEN}
        return json.dumps(values, ensure_ascii=False)


_WRITTEN = (
    "turn",
    "rows",
    "known",
    "held",
    "new",
    "labelled",
    "renamed",
    "missing",
    "strange",
    "told",
    "most",
    "score",
    "test_score",
    "lost",
    "confidence",
    "slices",
    "checks",
    "elsewhere",
)


def read_report(written: str, columns: pd.DataFrame, predictions: pd.DataFrame | None) -> BatchReport:
    """Make a report again of what `BatchReport.to_json` wrote; the frames are kept beside it."""
    values = json.loads(written)
    for name in ("missing", "strange", "slices"):
        values[name] = tuple(values[name])
    for name in ("told", "score", "test_score", "lost"):
        values[name] = None if values[name] is None else tuple(values[name])
    values["checks"] = tuple((said, number, severe) for said, number, severe in values["checks"])
    report = BatchReport(**values, columns=columns)
    if predictions is None:
        return report
    chances = predictions.drop(columns=_UNLIKE)
    return replace(
        report,
        predictions=chances.set_axis(chances.columns.str.removeprefix(_CHANCE), axis=1),
        unlike=present(predictions[_UNLIKE]),
    )


def written_predictions(report: BatchReport) -> pd.DataFrame | None:
    """The predictions as they are kept, with how unlike each row is beside them."""
    if report.predictions is None:
        return None
    chances = report.predictions.add_prefix(_CHANCE)
    return chances.assign(**{_UNLIKE: report.unlike.reindex(chances.index)})


def known_rows(project: Project, frame: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """The rows of a file that are new, by id and with the columns of the data; and how many a dated test set holds.

    Raises
    ------
    DatasetError
        If a column that the model needs is missing, or holds other values than before.
    """
    dataset = project.dataset
    rows = dataset.admit(frame)
    held = in_dated_tests(project.store, dataset, rows)
    return rows[~held], int(held.sum())


def examine_batch(
    project: Project,
    frame: pd.DataFrame,
    *,
    renamed: Mapping[str, str] | None = None,
    strange: tuple[str, ...] = (),
    predictions: pd.DataFrame | None = None,
    turn: int | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> tuple[BatchReport, pd.DataFrame]:
    """Look at a batch; nothing is changed.

    Parameters
    ----------
    project : Project
    frame : DataFrame
        The file with the names that the data has, see `core.collect.match_columns` and `take_columns`.
    renamed, strange
        What was done to its columns, for the record.
    predictions : DataFrame of shape (rows, classes), optional
        What an exported model said of the rows elsewhere, in the order of `frame`; see `core.flywheel.read_back`.
    turn : int, optional
        The turn of that model.
    progress, cancel
        See `core.progress`.

    Returns
    -------
    report : BatchReport
    new : DataFrame
        The rows that are new, by id.

    Raises
    ------
    BatchError
        If no row is new.
    DatasetError
        If a column that the model needs is missing, or holds other values than before.
    Cancelled
        If the caller asked to stop.
    """
    steps = Steps(5, progress, cancel)
    steps.start("looking for rows that are known")
    dataset, turns = project.dataset, project.turns
    number = None
    if turns:
        number = turns[-1].number if predictions is None or turn is None else turn
    new, held = known_rows(project, frame)
    if new.empty:
        raise BatchError(
            f"A batch must hold rows that are new. All {len(frame):,} are in the data already. Bring another file."
        )
    labels = present(new[dataset.schema.label])
    broken, _ = ask_new(dataset.frame, new, project.checks)
    named = set(map(str, frame.columns))
    report = BatchReport(
        turn=number,
        rows=len(frame),
        known=len(frame) - len(new) - held,
        held=held,
        new=len(new),
        labelled=len(labels),
        renamed=dict(renamed or {}),
        missing=tuple(name for name in dataset.frame.columns if name not in named),
        strange=strange,
        checks=tuple(
            (str(check), int(broken[place].sum()), check.severe)
            for place, check in enumerate(project.checks)
            if broken[place].any()
        ),
    )
    steps.start("comparing each column with train")
    # What the model learned from: rows that came since its turn are no reason to call another batch usual.
    learned = dataset if number is None else project.dataset_at(turns[number].revision)
    train = learned.ids("train")
    train = train[~is_among(train, learned.generated)]
    inputs = list(dataset.schema.inputs)
    reference = looked_up(learned.frame[inputs], train)
    tables = [drift(reference, new[inputs]).assign(of=COLUMN)]
    if len(labels):
        known = looked_up(learned.labels, train).to_frame(LABEL)
        tables.append(drift(known, labels.to_frame(LABEL)).assign(of=LABEL))
    steps.start("telling the batch from train")
    told = tell_apart(reference, new[inputs], text=dataset.schema.text, cancel=cancel)
    if told is not None:
        report = replace(
            report, told=(told.auc, told.low, told.high), most=str(told.columns.index[0]), unlike=told.unlike
        )
    if number is not None:
        steps.start(f"asking the model of turn {number}")
        elsewhere = None
        if predictions is not None:
            elsewhere = predictions.set_axis(dataset.fit_rows(frame).index).loc[new.index]
        report, of_model = _ask_model(project, report, new, labels, elsewhere, cancel)
        tables.append(of_model)
    steps.start("measuring the pinned slices")
    columns, lost = _together(tables, _worse(project.headline, report))
    report = replace(report, columns=columns, lost=lost, slices=_slices(project, dataset, train, new))
    steps.finish()
    return report, new


def _ask_model(
    project: Project,
    report: BatchReport,
    new: pd.DataFrame,
    labels: pd.Series,
    elsewhere: pd.DataFrame | None,
    cancel: Cancel | None,
) -> tuple[BatchReport, pd.DataFrame]:
    """What the model of a turn says of the batch, here or ``elsewhere``, beside what it says of test."""
    assert report.turn is not None
    turn = project.turns[report.turn]
    then = project.dataset_at(turn.revision)
    fitted = project.fitted(cancel=cancel, turn=turn.number)
    said = class_probabilities(fitted, then, new[list(then.schema.inputs)])
    if elsewhere is not None:
        # What was predicted out there counts, and is held against what the same model says here.
        apart = (elsewhere[said.columns] - said).abs().max(axis=1)
        report = replace(report, elsewhere=int((apart > _SAME).sum()))
        said = elsewhere[said.columns]
    both = {"test": turn.test_probabilities, "batch": said}
    sure = {name: frame.max(axis=1) for name, frame in both.items()}
    decided = {name: project.model.decide(frame, turn.threshold) for name, frame in both.items()}
    table = pd.concat(
        [
            drift(*(decided[name].to_frame(PREDICTED) for name in both)).assign(of=PREDICTED),
            drift(*(sure[name].to_frame(CONFIDENCE) for name in both)).assign(of=CONFIDENCE),
        ]
    )
    report = replace(
        report,
        predictions=said,
        confidence={name: [float(each) for each in values.quantile(_QUANTILES)] for name, values in sure.items()},
        score=score_of(project, labels, said, turn.threshold),
        test_score=turn.headline,
    )
    return report, table


def score_of(project: Project, labels: pd.Series, said: pd.DataFrame, threshold: float | None) -> Score | None:
    """The headline metric on labelled rows, with its interval; None where fewer than 20 or one class are there."""
    if len(labels) < _FEWEST or labels.nunique() < 2:
        return None
    own = looked_up(said, labels.index)
    try:
        found = evaluate(labels.sort_index(), own, predicted=project.model.decide(own, threshold))
    except EvaluationError:
        return None
    return found.metrics.get(project.headline)


def _worse(headline: str, report: BatchReport) -> Score | None:
    """By how much the score is worse than on the test set, with its interval, whatever it is; None without a score."""
    if report.score is None or report.test_score is None:
        return None
    value, low, high = difference_interval(report.test_score, report.score)
    return (-value, -high, -low) if headline in SMALLER_IS_BETTER else (value, low, high)


def _together(tables: list[pd.DataFrame], lost: Score | None) -> tuple[pd.DataFrame, Score | None]:
    """One table whose p-values are corrected for all its rows and the score; and the loss of that, if it is no luck."""
    table = pd.concat(tables)
    table.attrs = {}
    p_values = table["p"].tolist()
    if lost is not None:
        # The half of the interval on the side of zero is 1.96 standard errors.
        p_values.append(normal_p(lost[0], (lost[0] - lost[1]) / _STANDARD_ERRORS))
    adjusted = holm(p_values)
    table["p_adjusted"] = adjusted[: len(table)]
    table["drifted"] = (table["p_adjusted"] < SIGNIFICANT) & (table["effect"] >= EFFECT)
    return table, lost if lost is not None and lost[0] > 0 and adjusted[-1] < SIGNIFICANT else None


def _slices(project: Project, dataset: Dataset, train: pd.Index, new: pd.DataFrame) -> tuple[dict[str, Any], ...]:
    """The share of each watched slice in train and in the batch; it grows if it is larger beyond chance."""
    watched = watched_slices(project)
    if not watched:
        return ()
    both = dataset.with_rows(new)
    members = inside(project, watched, both)
    train = train[is_among(train, dataset.frame.index)]
    places = [positions(ids, both.frame.index) for ids in (train, new.index)]
    counts = np.array([[met[place].sum() for place in places] for met in members], dtype=float)
    totals = np.array([len(place) for place in places], dtype=float)
    shares = counts / totals
    pooled = counts.sum(axis=1) / totals.sum()
    errors = np.sqrt(pooled * (1 - pooled) * (1 / totals).sum())
    gaps = shares[:, 1] - shares[:, 0]
    adjusted = holm(
        [normal_p(float(gap), float(error)) if error else 1.0 for gap, error in zip(gaps, errors, strict=True)]
    )
    low, high = wilson_interval(counts, np.broadcast_to(totals, counts.shape))
    return tuple(
        {
            "slice": str(each),
            "train": float(shares[place, 0]),
            "train_low": float(low[place, 0]),
            "train_high": float(high[place, 0]),
            "batch": float(shares[place, 1]),
            "batch_low": float(low[place, 1]),
            "batch_high": float(high[place, 1]),
            "rows": int(counts[place, 1]),
            "p_adjusted": float(adjusted[place]),
            "grows": bool(gaps[place] > 0 and adjusted[place] < SIGNIFICANT),
        }
        for place, each in enumerate(watched)
    )
