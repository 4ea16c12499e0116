"""The better ranking of a turn's suspects: made after the turn, kept beside it, and offered once it is there.

A turn ranks by its own out-of-fold probabilities, at once. The better ranking asks further learners and trains the
locked model once more; it takes several times as long as the folds did.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from core.annotate import annotator_evidence, find_suspects, rule_evidence, same_content
from core.dataset import Dataset
from core.flywheel.rules import weigh
from core.flywheel.store import Store, now
from core.ids import aligned, is_among, looked_up, positions
from core.progress import Cancel, Progress

if TYPE_CHECKING:
    from core.flywheel.project import Project
    from core.flywheel.turn import Turn

__all__ = ["first_suspects", "kept_ranking", "rank"]

# Where the second fits of the locked model stand in the whole.
_FITS = (0.4, 0.6)


def first_suspects(dataset: Dataset, out_of_fold: pd.DataFrame) -> pd.DataFrame:
    """Rank the train labels of a data set by the out-of-fold probabilities alone.

    Parameters
    ----------
    dataset : Dataset
    out_of_fold : DataFrame of shape (train, classes)

    Returns
    -------
    DataFrame
        As `core.annotate.find_suspects` returns it; generated examples are ranked, but none is flagged.
    """
    # By id: ties must not depend on the order in which the rows came.
    order = out_of_fold.index.argsort()
    content = same_content(dataset.inputs("train"), text=dataset.schema.text)
    ranking = find_suspects(dataset.labels_of("train").iloc[order], out_of_fold.iloc[order], content=content[order])
    return _of_collected(ranking, dataset)


def _of_collected(ranking: pd.DataFrame, dataset: Dataset) -> pd.DataFrame:
    """Flag no generated example: its label is its parents', and is doubted where they are."""
    if not len(dataset.generated):
        return ranking
    return ranking.assign(flagged=ranking["flagged"] & ~is_among(ranking.index, dataset.generated))


def rank(project: Project, turn: Turn, progress: Progress | None = None, cancel: Cancel | None = None) -> Turn:
    """Rank the suspects of a turn anew, by all evidence there is, and keep the ranking with the turn.

    Annotators and rules are heard as they are now; the labels are those the turn was trained on.

    Parameters
    ----------
    project : Project
    turn : Turn
    progress, cancel
        See `core.progress`.

    Returns
    -------
    Turn
        The same turn, with the new ``suspects``.

    Raises
    ------
    Cancelled
        If the caller asked to stop; nothing is kept then.
    """
    dataset, model = project.dataset_at(turn.revision), project.model
    order = turn.out_of_fold.index.argsort()
    probabilities = turn.out_of_fold.iloc[order]
    labels = looked_up(dataset.labels, probabilities.index)
    place = positions(labels.index, dataset.ids("train"))
    if progress is not None:
        progress(0.0, "preparing the locked model")
    refit = partial(model.refitter(dataset), progress=_between(progress, *_FITS), cancel=cancel)
    found = find_suspects(
        labels,
        probabilities,
        features=model.features(dataset)[place],
        refit=refit,
        content=same_content(dataset.inputs("train"), text=dataset.schema.text)[place],
        evidence=_evidence(project, labels),
        progress=progress,
        cancel=cancel,
    )
    store = project.store
    blob = store.write_frame(_of_collected(found, dataset))
    with store.writing():
        store.insert("rankings", {"at": now(), "version": turn.version, "fingerprint": turn.fingerprint, "blob": blob})
    return project.turns[turn.number]


def kept_ranking(store: Store, version: str, fingerprint: str) -> tuple[str, str] | None:
    """The better ranking of equal data under an equal model: when it was made, and the name of its frame."""
    rows = store.execute(
        "SELECT at, blob FROM rankings WHERE version = ? AND fingerprint = ? ORDER BY number DESC LIMIT 1",
        (version, fingerprint),
    )
    return (rows[0][0], rows[0][1]) if rows else None


def _evidence(project: Project, labels: pd.Series) -> dict[str, pd.Series]:
    """What annotators and rules say against the labels, where there are any."""
    found = {}
    annotations = project.annotations
    if annotations.shape[1]:
        found["annotators"] = annotator_evidence(labels, annotations)
    if project.rules:
        votes = weigh(project).votes
        found["rules"] = rule_evidence(labels, aligned(votes, labels.index))
    return found


def _between(progress: Progress | None, low: float, high: float) -> Progress | None:
    """Progress of a part of the work, as a stretch of the whole."""
    if progress is None:
        return None
    return lambda share, message: progress(low + share * (high - low), message)
