"""What the best of many tried is worth: less than it seems, since it was chosen for what it seems."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.evaluate import CELL_METRICS
from core.statistics import draw_rows

__all__ = ["expected_of_best"]

Floats = npt.NDArray[np.float64]


def expected_of_best(
    labels: pd.Series, before: pd.Series, after: Sequence[pd.Series], *, metric: str, seed: int = 0
) -> float:
    """Expected change of the metric if the best of several models is taken in place of the one before.

    In each resample the best is chosen again, by the examples that were drawn, and judged by those that were not: so
    the choice does not flatter itself. Where none is better than the one before, that one stays and changes nothing.

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
    float
        Not a number for a metric that does not come from the confusion matrix, or if there is nothing to choose from.

    References
    ----------
    Tsamardinos, Greasidou and Borboudakis (2018), "Bootstrapping the out-of-sample predictions for efficient and
    accurate cross-validation", Machine Learning 107.
    """
    if metric not in CELL_METRICS or not after:
        return float("nan")
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
    gains = []
    for weights in draw_rows(len(truth), rng):
        chosen, judged = (_scores(flat, part, len(models), len(classes), metric) for part in (weights, weights == 0))
        best = np.argmax(chosen, axis=1)
        every = np.arange(len(best))
        gains.append(judged[every, best] - judged[every, 0])
    found = np.concatenate(gains)
    return float(np.nanmean(found)) if not np.isnan(found).all() else float("nan")


def _scores(flat: Floats, weights: npt.NDArray[np.generic], models: int, classes: int, metric: str) -> Floats:
    """The metric of each model in each resample, shape (resamples, models)."""
    sums = weights.T.astype(float) @ flat
    width = models * classes
    hits, claimed = (sums[:, start : start + width].reshape(-1, models, classes) for start in (0, width))
    support = np.broadcast_to(sums[:, np.newaxis, 2 * width :], hits.shape)
    found: Floats = CELL_METRICS[metric](hits, support, claimed)
    return found
