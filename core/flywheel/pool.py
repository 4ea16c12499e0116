"""The pool of a project: what its model thinks of it, and the cards to label next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core.annotate import next_to_label, pool_cards
from core.flywheel.edits import Decision
from core.flywheel.errors import ProjectError
from core.flywheel.review import decisions
from core.ids import is_among, looked_up
from core.progress import Cancel, Progress, Steps

if TYPE_CHECKING:
    from core.flywheel.project import Project

__all__ = ["PoolView", "look_at_pool"]


@dataclass(frozen=True)
class PoolView:
    """What the model of the last turn thinks of the examples without a label.

    Attributes
    ----------
    turn : int
        The turn whose model it is.
    version : str
        The version of the data.
    confidence : Series
        By id, the probability of the most probable class.
    predicted : Series
        By id, that class.
    cards : DataFrame
        The examples to label next, best first; see `core.annotate.pool_cards`.
    """

    turn: int
    version: str
    confidence: pd.Series
    predicted: pd.Series
    cards: pd.DataFrame


def look_at_pool(
    project: Project,
    n: int,
    *,
    annotations: pd.DataFrame | None = None,
    among: pd.Index | None = None,
    first: Sequence[str] = (),
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> PoolView:
    """Predict the pool by the model of the last turn and choose what to label next.

    Examples that somebody called ambiguous are not asked for again, nor labelled ones that a reviewer has settled.

    Parameters
    ----------
    project : Project
        After its first turn.
    n : int
        How many examples to choose.
    annotations : DataFrame, optional
        Where several people label: by id, the label of each annotator. Train examples among them may then be chosen
        for another label; see `core.annotate.next_to_label`.
    among : Index, optional
        Choose among these examples of the pool alone.
    first : sequence of str
        Examples that are chosen whatever the model thinks of them; each is followed by one that it chooses.
    progress, cancel
        See `core.progress`.

    Raises
    ------
    ProjectError
        If there is no turn yet, or nothing is left to ask for.
    Cancelled
        If the caller asked to stop.
    """
    steps = Steps(4, progress, cancel)
    dataset = project.dataset
    pool = dataset.ids("pool")
    known = decisions(project)
    unclear = known.index[known["decision"] == Decision.AMBIGUOUS]
    open_ones = pool[~is_among(pool, unclear)]
    if among is not None:
        open_ones = open_ones[is_among(open_ones, among)]
    again = _labelled_by_people(project, annotations)
    again = again[~again.index.isin(known.index[known["decision"] != Decision.SKIP])]
    if not len(open_ones) and not len(again):
        raise ProjectError(
            "There is nothing in the pool to label. Bring examples without a label on Collect."
            if not len(pool)
            else "Every example that is left in the pool was called ambiguous. Bring more examples on Collect."
        )
    steps.start("fitting the model of the last turn")
    fitted, turn = project.fitted(cancel=cancel), project.turns[-1].number
    steps.start(f"predicting {len(pool):,} examples")
    # Where there is no pool, the model is only asked which labelled examples are worth another label.
    predicted = fitted.predict_proba(dataset.inputs("pool")) if len(pool) else np.empty((0, len(fitted.classes)))
    probabilities = pd.DataFrame(predicted, index=pool, columns=list(fitted.classes))
    steps.start("placing the pool beside what is labelled")
    features = project.model.features(dataset, ("train", "pool"))
    labelled = features[: len(dataset.ids("train"))]
    steps.start("choosing what to label next")
    again = again.reindex(columns=probabilities.columns, fill_value=0.0)
    asked = pd.concat([looked_up(probabilities, open_ones), again])
    where = pd.Index([*dataset.ids("train"), *pool])
    given_first = [example for example in dict.fromkeys(first) if example in open_ones][:n]
    rest = asked.drop(index=given_first)
    n = min(n - len(given_first), len(rest))
    chosen = pd.Index(given_first, dtype="str")
    if n:
        of_rest = features[where.get_indexer(rest.index)]
        chosen = _in_turns(chosen, next_to_label(rest, features=of_rest, n=n, annotations=annotations))
    given = looked_up(dataset.labels, again.index)
    cards = pool_cards(asked, chosen, given=given, features=features[where.get_indexer(chosen)], labelled=labelled)
    steps.finish()
    predicted_class = probabilities.idxmax(axis="columns") if len(pool) else pd.Series(index=pool, dtype="str")
    return PoolView(turn, dataset.version, probabilities.max(axis="columns"), predicted_class, cards)


def _in_turns(first: pd.Index, second: pd.Index) -> pd.Index:
    """One of each after the other, then what is left of the longer."""
    pairs = [each for pair in zip(first, second, strict=False) for each in pair]
    together: pd.Index = pd.Index([*pairs, *first[len(second) :], *second[len(first) :]], dtype="str")
    return together


def _labelled_by_people(project: Project, annotations: pd.DataFrame | None) -> pd.DataFrame:
    """Out-of-fold probabilities of the train examples that somebody has labelled."""
    found = project.turns[-1].out_of_fold
    if annotations is None:
        return found.iloc[:0]
    known = annotations.dropna(how="all").index
    return found[is_among(found.index, known[is_among(known, project.dataset.ids("train"))])]
