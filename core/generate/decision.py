"""Another decision rule instead of other data: what the model's probabilities give if they are only read otherwise.

Resampling shifts where a model draws the line, and often that is all it does. So each trial is held against the same
probabilities with the line drawn elsewhere, which costs no rows.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.evaluate import CELL_METRICS
from core.ids import looked_up

__all__ = ["moved_decision"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]

# Shares of the way from "the largest probability" to "the largest against how frequent the class is".
_WAYS = np.linspace(0, 1, 11)


def moved_decision(labels: pd.Series, probabilities: pd.DataFrame, folds: pd.Series, metric: str) -> pd.Series | None:
    """Predict each fold with the decision that is best on the other folds.

    With two classes it is a threshold; with more each probability is divided by a power of how frequent its class is,
    the same for all classes. What is predicted for a fold owes nothing to the fold's labels but that the models of the
    others learned from them.

    Parameters
    ----------
    labels : Series of shape (n,)
    probabilities : DataFrame of shape (at least n, classes)
        Out of fold.
    folds : Series of shape (at least n,)
    metric : str
        What the decision is to be best for.

    Returns
    -------
    Series of shape (n,) or None
        Predicted classes; None for a metric that no decision changes.

    References
    ----------
    Lipton, Elkan and Naryanaswamy (2014), "Optimal thresholding of classifiers to maximize F1 measure"; Menon et al.
    (2021), "Long-tail learning via logit adjustment".
    """
    if metric not in CELL_METRICS:
        return None
    classes = pd.Index(probabilities.columns)
    found = looked_up(probabilities, labels.index).to_numpy(dtype=float)
    truth = classes.get_indexer(pd.Index(labels))
    fold = looked_up(folds, labels.index).to_numpy()
    said = found.argmax(axis=1)
    for number in np.unique(fold):
        here, others = fold == number, fold != number
        if not others.any():
            continue
        if len(classes) == 2:
            threshold = _threshold(truth[others], found[others, 1], metric)
            said[here] = found[here, 1] >= threshold
        else:
            shares = np.bincount(truth[others], minlength=len(classes)) / others.sum()
            said[here] = _adjusted(found[here], shares, _way(truth[others], found[others], shares, metric))
    return pd.Series(classes.to_numpy()[said], index=labels.index, dtype="str")


def _threshold(truth: Codes, scores: Floats, metric: str) -> float:
    """The threshold on the second class's probability, of equally good ones the one nearest to one half."""
    order = np.argsort(scores, kind="stable")
    ranked, second = scores[order], np.concatenate([[0], np.cumsum(truth[order])])
    # Cut k: the k smallest are the first class. Only between different scores.
    cuts = np.concatenate([[0], np.flatnonzero(np.diff(ranked) > 0) + 1, [len(ranked)]])
    missed = second[cuts]
    positives, rows = second[-1], len(ranked)
    hits = np.stack([cuts - missed, positives - missed], axis=-1).astype(float)
    support = np.broadcast_to(np.array([rows - positives, positives], dtype=float), hits.shape)
    claimed = np.stack([cuts, rows - cuts], axis=-1).astype(float)
    values = CELL_METRICS[metric](hits, support, claimed)
    edges = np.concatenate([[0.0], ranked, [1.0 + 1e-9]])
    thresholds = (edges[cuts] + edges[cuts + 1]) / 2
    best = np.flatnonzero(values >= values.max() - 1e-12)
    return float(thresholds[best[np.argmin(np.abs(thresholds[best] - 0.5))]])


def _adjusted(probabilities: Floats, shares: Floats, way: float) -> Codes:
    weights = np.where(shares > 0, shares, 1.0) ** -way
    return np.asarray((probabilities * weights).argmax(axis=1))


def _way(truth: Codes, probabilities: Floats, shares: Floats, metric: str) -> float:
    """The power of the shares that is best, the smallest of equally good ones."""
    k = len(shares)
    support = np.bincount(truth, minlength=k)
    occurring = support > 0
    values = []
    for way in _WAYS:
        said = _adjusted(probabilities, shares, way)
        hits, claimed = np.bincount(truth[said == truth], minlength=k), np.bincount(said, minlength=k)
        counted = (each[occurring].astype(float) for each in (hits, support, claimed))
        values.append(float(CELL_METRICS[metric](*counted)))
    return float(_WAYS[int(np.argmax(values))])
