"""Would more data of the same kind help? The locked model on parts of the train examples."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from core.dataset import Dataset
from core.progress import Cancel, Progress, Steps
from core.statistics import draw_cells, percentile_interval
from core.train.fit import TrainError, left_out
from core.train.lock import FOLDS, LockedModel, choose_threshold

__all__ = ["SHARES", "learning_curve"]

SHARES = (0.1, 0.2, 0.4, 0.7, 1.0)
_RESAMPLES = 1_000

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
        ``score(labels, probabilities, predicted)`` gives value, low and high; macro F1 with its 95 % bootstrap interval
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
    shares = sorted(set(shares))
    if not shares or shares[0] <= 0 or shares[-1] > 1:
        raise TrainError(f"The shares of a learning curve must be above 0 and at most 1. Got {shares}.")
    score = score or _macro_f1
    steps = Steps(1 + len(shares) * FOLDS, progress, cancel)
    steps.start("reading the data")
    refit = model.refitter(dataset)
    ids = dataset.ids("train")
    labels = dataset.labels.loc[ids]
    real = ~ids.isin(dataset.generated)
    rank = _rank_in_class(labels, np.random.default_rng(seed))
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


def _rank_in_class(labels: pd.Series, rng: np.random.Generator) -> np.ndarray:
    """Place of each example in a random order of its class, from 0 up to below 1: a share is cut off by it."""
    draws = pd.Series(rng.random(len(labels)), index=labels.index)
    by_class = draws.groupby(labels.to_numpy(dtype=object))
    ranks: np.ndarray = ((by_class.rank(method="first") - 1) / by_class.transform("size")).to_numpy()
    return ranks


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
