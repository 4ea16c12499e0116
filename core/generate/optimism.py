"""What the best of many tried is worth: less than it seems, since it was chosen for what it seems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.evaluate import CELL_METRICS
from core.statistics import draw_rows

__all__ = ["Resampled", "expected_of_best", "resampled_gains"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Resampled:
    """By how much several models are better than the one before, in bootstrap resamples of the examples.

    Attributes
    ----------
    drawn, left : array of shape (resamples, models)
        By the examples that were drawn, and by those that were not.
    """

    drawn: Floats
    left: Floats


def resampled_gains(
    labels: pd.Series, before: pd.Series, after: Sequence[pd.Series], *, metric: str, seed: int = 0
) -> Resampled | None:
    """Score models in resamples of the examples.

    Parameters
    ----------
    labels, before : Series of shape (n,)
        Classes, by id.
    after : sequence of Series of shape (n,)
        What each of the others predicts.
    metric : str
    seed : int

    Returns
    -------
    Resampled or None
        None for a metric that does not come from the confusion matrix, or if there is nothing to score.
    """
    if metric not in CELL_METRICS or not after:
        return None
    models = [before, *after]
    truth = labels.to_numpy(dtype=object)
    said = [model.loc[labels.index].to_numpy(dtype=object) for model in models]
    classes = pd.unique(np.concatenate([truth, *said]))
    has = truth[:, np.newaxis] == classes
    claims = np.stack([own[:, np.newaxis] == classes for own in said], axis=1)
    # Hits and claims of each model and class, and who has the class: all the metric needs, summed by one product.
    flat = np.hstack(
        [(claims & has[:, np.newaxis]).reshape(len(truth), -1), claims.reshape(len(truth), -1), has]
    ).astype(float)
    rng = np.random.default_rng(seed)
    parts = [
        [_scores(flat, part, len(models), len(classes), metric) for part in (weights, weights == 0)]
        for weights in draw_rows(len(truth), rng)
    ]
    drawn, left = (np.concatenate(scores) for scores in zip(*parts, strict=True))
    return Resampled(drawn[:, 1:] - drawn[:, :1], left[:, 1:] - left[:, :1])


def expected_of_best(gains: Resampled | None, weights: Floats | None = None) -> float:
    """Expected change of the metric if the best of several models is taken in place of the one before.

    In each resample the best is chosen again, by the examples that were drawn, and judged by those that were not: so
    the choice does not flatter itself. Where none is better than the one before, that one stays and changes nothing.

    Parameters
    ----------
    gains : Resampled or None
    weights : array of shape (models, models), optional
        By what the best is chosen: a model's line says how much the gain of each counts (see
        `core.generate.shrinkage`). Its own gain alone if not given.

    Returns
    -------
    float
        Not a number if there is nothing to choose from.

    References
    ----------
    Tsamardinos, Greasidou and Borboudakis (2018), "Bootstrapping the out-of-sample predictions for efficient and
    accurate cross-validation", Machine Learning 107.
    """
    if gains is None:
        return float("nan")
    hoped = gains.drawn if weights is None else gains.drawn @ weights.T
    best, every = hoped.argmax(axis=1), np.arange(len(hoped))
    found = np.where(hoped[every, best] > 0, gains.left[every, best], 0.0)
    return float(np.nanmean(found)) if not np.isnan(found).all() else float("nan")


def _scores(flat: Floats, weights: npt.NDArray[np.generic], models: int, classes: int, metric: str) -> Floats:
    """The metric of each model in each resample, shape (resamples, models)."""
    sums = weights.T.astype(float) @ flat
    width = models * classes
    hits, claimed = (sums[:, start : start + width].reshape(-1, models, classes) for start in (0, width))
    support = np.broadcast_to(sums[:, np.newaxis, 2 * width :], hits.shape)
    found: Floats = CELL_METRICS[metric](hits, support, claimed)
    return found
