"""Would more data of the same kind help? The locked model on parts of the train examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.dataset import Dataset
from core.ids import is_among, looked_up
from core.progress import Cancel, Progress, Steps
from core.statistics import draw_cells, percentile_interval
from core.train.fit import Known, Task, TrainError, TrainingSet, left_out, side_by_side
from core.train.lock import FOLDS, LockedModel, choose_threshold

__all__ = ["SHARES", "CurvePoint", "curve_points", "learning_curve"]

SHARES = (0.1, 0.2, 0.4, 0.7, 1.0)
_RESAMPLES = 1_000

# From the number of a draw to the labels that are learned from in it.
Labelling = Callable[[int], pd.Series]
Score = Callable[[pd.Series, pd.DataFrame, pd.Series], tuple[float, float, float]]


def learning_curve(
    dataset: Dataset,
    model: LockedModel,
    shares: Sequence[float] = SHARES,
    *,
    score: Score | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> pd.DataFrame:
    """Score the locked model out of fold, trained on a part of what each fold may train on.

    All train examples are predicted each time; a larger part holds the smaller ones, with the classes in proportion.
    Test is not looked at.

    Parameters
    ----------
    dataset : Dataset
    model : LockedModel
    shares : sequence of float
        Parts of the train examples, in (0, 1].
    score : callable, optional
        ``score(labels, probabilities, predicted)`` gives value, low and high; macro F1 with its 95% bootstrap interval
        if not given.
    seed : int
        Chooses the parts.
    progress, cancel
        See `core.progress`.

    Returns
    -------
    DataFrame
        A row for each share, ascending: ``share``, ``size`` (examples that a fold trains on, on average), ``value``,
        ``low``, ``high``.

    Raises
    ------
    TrainError
        If a share is not in (0, 1].
    Cancelled
        If the caller asked to stop.
    """
    shares = _ascending(shares)
    score = score or _macro_f1
    steps = Steps(1 + len(shares) * FOLDS, progress, cancel)
    steps.start("reading the data")
    refit = model.refitter(dataset)
    ids = dataset.ids("train")
    labels = looked_up(dataset.labels, ids)
    real = ~is_among(ids, dataset.generated)
    rank = _rank_of_units(dataset, np.random.default_rng(seed))
    points = []
    for share in shares:
        # Of generated examples those stay whose parents do.
        keep = ~left_out((rank >= share) & real, ids, dataset.parents)

        def forward(_: float, message: str, share: float = share) -> None:
            if message != "done":
                steps.start(f"{share:.0%} of the examples, {message}")

        probabilities = refit(keep=keep, progress=forward, cancel=cancel)[real]
        points.append(
            {
                "share": share,
                "size": round(keep.sum() * (FOLDS - 1) / FOLDS),
                **dict(zip(("value", "low", "high"), _scored(model, labels[real], probabilities, score), strict=True)),
            }
        )
    steps.finish()
    return pd.DataFrame(points)


@dataclass(frozen=True)
class CurvePoint:
    """What the locked model says of train, learning from one part of it under one labelling.

    Attributes
    ----------
    labelling : str
    draw : int
    share : float
    size : int
        Examples that a fold trains on, on average, generated ones not counted.
    probabilities : DataFrame of shape (examples that were not generated, classes)
        Each by a model that did not see it.
    predicted : Series
        What is decided of them.
    """

    labelling: str
    draw: int
    share: float
    size: int
    probabilities: pd.DataFrame
    predicted: pd.Series


def curve_points(
    dataset: Dataset,
    model: LockedModel,
    labellings: Mapping[str, Labelling],
    shares: Sequence[float] = SHARES,
    *,
    draws: int = 5,
    seed: int = 0,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Iterator[CurvePoint]:
    """Predict train out of fold, learning from nested parts of it, under several labellings side by side.

    A draw has its own parts and its own division into folds (``dataset.folds(FOLDS, draw + 1)``), the same for all of
    its labellings and sizes, so that they are compared pair by pair. What shares a unit goes into a part together.
    Test is not looked at.

    Parameters
    ----------
    dataset : Dataset
    model : LockedModel
    labellings : mapping of str to callable
        Each hears the number of a draw and gives the labels to learn from: a Series by train id; a missing label leaves
        its example out. Labels that were made of what a model says would let a fold's own be known through the others.
    shares : sequence of float
        Parts of the train examples, in (0, 1].
    draws, seed : int
        How many parts are drawn of each size, and from what.
    progress, cancel
        See `core.progress`.

    Yields
    ------
    CurvePoint
        Draw by draw, share by share (ascending), in the order of the labellings.

    Raises
    ------
    TrainError
        If a share is not in (0, 1], or a fold has nothing to learn from.
    Cancelled
        If the caller asked to stop.
    """
    shares = _ascending(shares)
    steps = Steps(1 + draws * FOLDS * len(shares) * len(labellings), progress, cancel)
    steps.start("reading the data")
    training_set = TrainingSet(model.recipe.to_dict(), dataset)
    ids = dataset.ids("train")
    real = ~is_among(ids, dataset.generated)
    for draw in range(draws):
        rank = _rank_of_units(dataset, np.random.default_rng([seed, draw]))
        learned = {name: labelled(draw) for name, labelled in labellings.items()}
        # A part that holds none of the labels that differ is learned once.
        known: Known = {}
        for share in shares:
            keep = ~left_out((rank >= share) & real, ids, dataset.parents)
            said = f"draw {draw + 1} of {draws}, {share:.0%} of the examples"
            tasks = [
                (name, Task(f"{said}, {task.message}", task.work))
                for name, labels in learned.items()
                for task in training_set.folds(FOLDS, labels=labels, keep=keep, division=draw + 1, known=known)
            ]
            found = side_by_side([task for _, task in tasks], steps)
            for name in labellings:
                parts = [part for (of, _), part in zip(tasks, found, strict=True) if of == name]
                probabilities = training_set.out_of_fold(parts)
                threshold = None
                if model.recipe.decision == "threshold":
                    # Chosen on the labels as they are: the fold's own would be known through any others.
                    told = real & keep
                    threshold = choose_threshold(dataset.labels_of("train")[told], probabilities[told])
                size = round((keep & real).sum() * (FOLDS - 1) / FOLDS)
                of_real = probabilities[real]
                yield CurvePoint(name, draw, share, size, of_real, model.decide(of_real, threshold))
    steps.finish()


def _ascending(shares: Sequence[float]) -> list[float]:
    shares = sorted(set(shares))
    if not shares or shares[0] <= 0 or shares[-1] > 1:
        raise TrainError(f"The shares of a learning curve must be above 0 and at most 1. Got {shares}.")
    return shares


def _rank_of_units(dataset: Dataset, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Place of each train example's unit in a random order, from 0 up to below 1: a share is cut off by it.

    The order is one of each class (that of a unit's first example), so that a part has the classes in proportion.
    """
    labels = dataset.labels_of("train")
    units = looked_up(dataset.memberships["unit"], labels.index)
    _, first, unit = np.unique(units.to_numpy(), return_index=True, return_inverse=True)
    by_class = pd.Series(rng.random(len(first))).groupby(labels.to_numpy(dtype=object)[first])
    ranks = ((by_class.rank(method="first") - 1) / by_class.transform("size")).to_numpy()
    return np.asarray(ranks[unit], dtype=np.float64)


def _scored(
    model: LockedModel, labels: pd.Series, probabilities: pd.DataFrame, score: Score
) -> tuple[float, float, float]:
    threshold = choose_threshold(labels, probabilities) if model.recipe.decision == "threshold" else None
    return score(labels, probabilities, model.decide(probabilities, threshold))


def _macro_f1(labels: pd.Series, probabilities: pd.DataFrame, predicted: pd.Series) -> tuple[float, float, float]:
    """Macro F1 over the classes that occur, with its bootstrap interval."""
    classes = probabilities.columns
    places = classes.get_indexer(pd.Index(labels)) * len(classes) + classes.get_indexer(pd.Index(predicted))
    counts = np.bincount(places, minlength=len(classes) ** 2)
    seen = np.flatnonzero(counts)

    def macro_f1(draws: np.ndarray) -> np.ndarray:
        cells = np.zeros((len(draws), len(classes) ** 2))
        cells[:, seen] = draws
        confusion = cells.reshape(-1, len(classes), len(classes))
        hits, both = np.diagonal(confusion, axis1=1, axis2=2), confusion.sum(axis=1) + confusion.sum(axis=2)
        f1 = np.divide(2 * hits, both, out=np.full(both.shape, np.nan), where=both > 0)
        mean: np.ndarray = np.nanmean(f1, axis=1)
        return mean

    drawn = np.concatenate(
        [macro_f1(draws) for draws in draw_cells(counts[seen], _RESAMPLES, np.random.default_rng(0))]
    )
    low, high = percentile_interval(drawn)
    return float(macro_f1(counts[seen][np.newaxis])[0]), float(low), float(high)
