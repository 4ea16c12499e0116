"""The metrics themselves, each over any number of resamples at once.

Metrics of the confusion matrix are functions of three counts a class: how many examples were predicted right (`hits`),
how many have the class (`support`) and how many are predicted to have it (`claimed`). Ranking metrics take a weight a
row. All answer as scikit-learn does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.evaluate.predictions import Aligned

__all__ = [
    "CELL_METRICS",
    "METRICS",
    "ROW_METRICS",
    "SMALLER_IS_BETTER",
    "Ranking",
    "cell_counts",
    "class_rankings",
    "class_scores",
    "ranking_scores",
    "row_scores",
]

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
SMALLER_IS_BETTER = frozenset({"log_loss"})


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


@dataclass(frozen=True)
class Ranking:
    """One class against the rest, by falling probability: all that does not depend on the resample.

    Equal probabilities are one step of both curves. Only the steps that hold an example of the class matter.

    Attributes
    ----------
    order : array of shape (n,)
        The rows, the most probable first.
    hits : array of shape (hits,)
        Places in that order of the examples of the class.
    last_hit : array of shape (steps,)
        The last of `hits` at each step, as a place in `hits`.
    above, until : array of shape (steps,)
        How many rows are ranked above the step, and how many when it is over.
    """

    order: Codes
    hits: Codes
    last_hit: Codes
    above: Codes
    until: Codes


def class_rankings(truth: Codes, probabilities: Floats) -> list[Ranking]:
    """Rank the rows for each class that has examples.

    Parameters
    ----------
    truth : array of shape (n,)
    probabilities : array of shape (n, classes)
    """
    return [_ranking(truth == code, probabilities[:, code]) for code in np.unique(truth)]


def _ranking(positive: npt.NDArray[np.bool_], scores: Floats) -> Ranking:
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], np.flatnonzero(positive[order])
    step = np.cumsum(np.r_[False, ranked[1:] != ranked[:-1]])
    ends = np.flatnonzero(np.r_[step[1:] != step[:-1], True]) + 1
    steps, from_behind = np.unique(step[hits][::-1], return_index=True)
    return Ranking(order, hits, len(hits) - 1 - from_behind, np.r_[0, ends][steps], ends[steps])


def row_scores(
    aligned: Aligned,
    model: int,
    weights: Floats,
    names: Iterable[str] = ROW_METRICS,
    *,
    rankings: Sequence[Ranking] | None = None,
) -> dict[str, Floats]:
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
    rankings : sequence of Ranking, optional
        `class_rankings` of this model, if they are known.

    Returns
    -------
    dict of arrays of shape (resamples,)
    """
    wanted = set(names)
    scores = {}
    if "log_loss" in wanted:
        scores["log_loss"] = aligned.log_losses(model) @ weights / weights.sum(axis=0)
    if wanted & set(_RANKING_METRICS):
        known = class_rankings(aligned.truth, aligned.probabilities[model]) if rankings is None else rankings
        scores |= ranking_scores(known, weights)
    return {name: values for name, values in scores.items() if name in wanted}


def ranking_scores(rankings: Sequence[Ranking], weights: Floats) -> dict[str, Floats]:
    """ROC AUC and average precision, one class against the rest, averaged over the classes.

    Parameters
    ----------
    rankings : sequence of Ranking
    weights : array of shape (n, resamples)
        How often each row counts.

    Returns
    -------
    dict with ``roc_auc`` and ``average_precision``, arrays of shape (resamples,)
        Over the classes that have examples and aren't all examples, in each resample; NaN where there is none.
    """
    sums = {name: np.zeros(weights.shape[1]) for name in _RANKING_METRICS}
    defined = np.zeros(weights.shape[1])
    for ranking in rankings:
        usable, scores = _one_against_rest(ranking, weights)
        defined += usable
        for name, values in scores.items():
            sums[name][usable] += values[usable]
    return {name: _share(total, defined, np.nan) for name, total in sums.items()}


def _one_against_rest(ranking: Ranking, weights: Floats) -> tuple[npt.NDArray[np.bool_], dict[str, Floats]]:
    """Where the scores are defined, and the scores."""
    drawn = weights[ranking.order]
    true = _summed(drawn[ranking.hits])[np.r_[0, ranking.last_hit + 1]]
    # cumulated[i] is the weight of the i best-ranked rows.
    cumulated = _summed(drawn)
    above, until = cumulated[ranking.above], cumulated[ranking.until]
    gained = np.diff(true, axis=0)
    negatives_above, negatives_until = above - true[:-1], until - true[1:]
    all_positives, all_negatives = true[-1], cumulated[-1] - true[-1]
    below = all_negatives - (negatives_above + negatives_until) / 2
    return (all_positives > 0) & (all_negatives > 0), {
        "roc_auc": _share((gained * below).sum(axis=0), all_positives * all_negatives, np.nan),
        "average_precision": _share((gained * _share(true[1:], until, 0.0)).sum(axis=0), all_positives, np.nan),
    }


def _summed(values: Floats) -> Floats:
    """Running sums down the rows, from nothing to all."""
    sums = np.zeros((len(values) + 1, values.shape[1]))
    np.cumsum(values, axis=0, out=sums[1:])
    return sums
