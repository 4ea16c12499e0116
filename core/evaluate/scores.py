"""The metrics themselves, each over any number of resamples at once.

Metrics of the confusion matrix are functions of three counts a class: how many examples were predicted right (`hits`),
how many have the class (`support`) and how many are predicted to have it (`claimed`). Ranking metrics take a weight a
row. All answer as scikit-learn does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from core.evaluate.predictions import Aligned

__all__ = ["CELL_METRICS", "METRICS", "ROW_METRICS", "cell_counts", "class_scores", "ranking_scores", "row_scores"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]

METRICS = {
    "macro_f1": "Macro F1",
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "log_loss": "Log loss",
    "roc_auc": "ROC AUC (one against rest)",
    "average_precision": "Average precision (one against rest)",
}


def _share(part: Floats, whole: Floats, undefined: float) -> Floats:
    share: Floats = np.divide(part, whole, out=np.full(np.broadcast(part, whole).shape, undefined), where=whole > 0)
    return share


def _accuracy(hits: Floats, support: Floats, claimed: Floats) -> Floats:
    return _share(hits.sum(axis=-1), support.sum(axis=-1), np.nan)


def _balanced_accuracy(hits: Floats, support: Floats, claimed: Floats) -> Floats:
    # The mean over the classes that have examples.
    recalls, present = _share(hits, support, 0.0), (support > 0).sum(axis=-1)
    return _share(recalls.sum(axis=-1), present.astype(float), np.nan)


def _macro_f1(hits: Floats, support: Floats, claimed: Floats) -> Floats:
    mean: Floats = _share(2 * hits, support + claimed, 0.0).mean(axis=-1)
    return mean


# Each takes hits, support and claimed of shape (..., classes) and returns shape (...).
CELL_METRICS: dict[str, Callable[[Floats, Floats, Floats], Floats]] = {
    "macro_f1": _macro_f1,
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
}
_RANKING_METRICS = ("roc_auc", "average_precision")
ROW_METRICS = ("log_loss", *_RANKING_METRICS)


def cell_counts(draws: Floats, truth: Codes, predicted: Codes, classes: Codes) -> tuple[Floats, Floats, Floats]:
    """Hits, support and claimed of each class from counts of cells.

    Parameters
    ----------
    draws : array of shape (..., cells)
        Rows in each cell.
    truth, predicted : arrays of shape (cells,)
        The class codes of each cell.
    classes : array of shape (k,)
        The codes asked for, the same for every resample: a rare class that a resample has none of still counts, with
        an F1 of 0, or macro F1 would mean something else from one resample to the next.

    Returns
    -------
    hits, support, claimed : arrays of shape (..., k)
    """
    has = (truth[:, np.newaxis] == classes).astype(float)
    claims = (predicted[:, np.newaxis] == classes).astype(float)
    return draws @ (has * claims), draws @ has, draws @ claims


def class_scores(hits: Floats, support: Floats, claimed: Floats) -> dict[str, tuple[Floats, Floats, Floats]]:
    """Precision, recall and F1 of each class as (score, successes, trials); 0 where undefined.

    F1 is 2 J / (1 + J), where J is the share of hits among the examples that have the class or are predicted to. Given
    their number J is a binomial share like the other two, so that all three have an exact-minded interval.
    """
    return {
        "precision": (_share(hits, claimed, 0.0), hits, claimed),
        "recall": (_share(hits, support, 0.0), hits, support),
        "f1": (_share(2 * hits, support + claimed, 0.0), hits, support + claimed - hits),
    }


def row_scores(aligned: Aligned, model: int, weights: Floats, names: Iterable[str] = ROW_METRICS) -> dict[str, Floats]:
    """The metrics that need the rows, of one of the aligned models.

    Parameters
    ----------
    aligned : Aligned
    model : int
        0 or 1.
    weights : array of shape (n, resamples)
        How often each row counts.
    names : iterable of str
        Of `ROW_METRICS`.

    Returns
    -------
    dict of arrays of shape (resamples,)
    """
    wanted = set(names)
    scores = {}
    if "log_loss" in wanted:
        scores["log_loss"] = aligned.log_losses(model) @ weights / weights.sum(axis=0)
    if wanted & set(_RANKING_METRICS):
        scores |= ranking_scores(aligned.truth, aligned.probabilities[model], weights)
    return {name: values for name, values in scores.items() if name in wanted}


def ranking_scores(truth: Codes, probabilities: Floats, weights: Floats) -> dict[str, Floats]:
    """ROC AUC and average precision, one class against the rest, averaged over the classes.

    Parameters
    ----------
    truth : array of shape (n,)
    probabilities : array of shape (n, classes)
    weights : array of shape (n, resamples)
        How often each row counts.

    Returns
    -------
    dict with ``roc_auc`` and ``average_precision``, arrays of shape (resamples,)
        Over the classes that have examples and aren't all examples, in each resample; NaN where there is none.
    """
    resamples = weights.shape[1]
    sums = {name: np.zeros(resamples) for name in _RANKING_METRICS}
    defined = np.zeros(resamples)
    rows = weights.sum(axis=0)
    for code in np.unique(truth):
        scores = _one_against_rest(truth == code, probabilities[:, code], weights)
        positives = weights[truth == code].sum(axis=0)
        usable = (positives > 0) & (positives < rows)
        defined += usable
        for name, values in scores.items():
            sums[name][usable] += values[usable]
    return {name: _share(total, defined, np.nan) for name, total in sums.items()}


def _one_against_rest(positive: npt.NDArray[np.bool_], scores: Floats, weights: Floats) -> dict[str, Floats]:
    order = np.argsort(-scores, kind="stable")
    ranked, hit = scores[order], positive[order]
    # Equal scores are one step of both curves. Only the steps that hold a positive matter.
    step = np.cumsum(np.r_[False, ranked[1:] != ranked[:-1]])
    last = np.flatnonzero(np.r_[step[1:] != step[:-1], True])
    steps, last_positive = np.unique(step[hit][::-1], return_index=True)
    last_positive = hit.sum() - 1 - last_positive
    zero = np.zeros((1, weights.shape[1]))
    # cumulated[i] is the weight of the i best-ranked rows.
    cumulated = np.concatenate([zero, np.cumsum(weights[order], axis=0)])
    true = np.concatenate([zero, np.cumsum(weights[order[hit]], axis=0)[last_positive]])
    above, until = cumulated[np.r_[0, last + 1][steps]], cumulated[last[steps] + 1]
    gained = np.diff(true, axis=0)
    negatives_above, negatives_until = above - true[:-1], until - true[1:]
    all_positives, all_negatives = true[-1], cumulated[-1] - true[-1]
    below = all_negatives - (negatives_above + negatives_until) / 2
    return {
        "roc_auc": _share((gained * below).sum(axis=0), all_positives * all_negatives, np.nan),
        "average_precision": _share((gained * _share(true[1:], until, 0.0)).sum(axis=0), all_positives, np.nan),
    }
