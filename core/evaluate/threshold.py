"""The threshold curve: what two classes' scores would be if another probability were asked for. To look with only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.evaluate.predictions import EvaluationError, align
from core.evaluate.scores import CELL_METRICS, class_scores
from core.statistics import combined_interval, draw_cells, percentile_interval, wilson_interval

__all__ = ["THRESHOLD_SCORES", "ThresholdCurve", "threshold_curve"]

Floats = npt.NDArray[np.float64]

# Columns of the curve and what they are called.
THRESHOLD_SCORES = {
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "macro_f1": "Macro F1",
    "accuracy": "Accuracy",
}
_STEPS = 200
# So many cuts, at most, are tried in each resample for where the best one is.
_CUTS = 400


@dataclass(frozen=True)
class ThresholdCurve:
    """Scores of two classes against the threshold.

    Attributes
    ----------
    positive, negative : str
        An example is predicted `positive` if its probability of that class is at least the threshold.
    table : DataFrame
        Indexed by threshold, rising from 0 to 1: each of `THRESHOLD_SCORES` with ``_low`` and ``_high`` (pointwise
        95%), and the counts ``hits`` (positives found), ``missed`` (positives not found), ``false_alarms`` and
        ``rejected`` (negatives left alone). ``precision`` is 1 where nothing is claimed, as in scikit-learn's curve.
    best : float
        Threshold with the best F1 of `positive`; of equally good ones the one nearest to 0.5. Where `table` has it.
    best_low, best_high : float
        Where the best threshold lies in 95% of the resamples.
    """

    positive: str
    negative: str
    table: pd.DataFrame
    best: float
    best_low: float
    best_high: float

    def at(self, threshold: float) -> pd.Series:
        """The row of the table that is nearest to a threshold."""
        return self.table.iloc[int(np.abs(self.table.index.to_numpy() - threshold).argmin())]


def threshold_curve(
    labels: pd.Series,
    probabilities: pd.DataFrame,
    *,
    positive: str | None = None,
    also: Iterable[float] = (),
    resamples: int = 1000,
    seed: int = 0,
) -> ThresholdCurve:
    """Draw up precision, recall, F1, macro F1 and accuracy against the threshold.

    Rows are sorted once; counts at every threshold are running sums. For the bootstrap only the counts of positives and
    negatives between two thresholds matter, so that a resample costs as much as there are thresholds, not rows.

    Parameters
    ----------
    labels : Series of shape (n,)
        Indexed by id; two classes.
    probabilities : DataFrame of shape (at least n, 2)
        Out of fold: a threshold must never be looked up on test.
    positive : str, optional
        By default the rarer class.
    also : iterable of float
        Thresholds that the table has beside 0, 0.005, … 1.
    resamples, seed : int
        For the interval of macro F1 and of the best threshold.

    Raises
    ------
    EvaluationError
        If there are not two classes, `positive` is neither, or labels and predictions can't be brought together.

    References
    ----------
    Lipton, Elkan and Naryanaswamy (2014), "Optimal thresholding of classifiers to maximize F1 measure". The intervals
    of precision, recall and accuracy are Wilson's, that of F1 is Wilson's of hits among all that are or are claimed to
    be positive, as in `core.evaluate.evaluate`.
    """
    aligned = align(labels, [probabilities])
    if len(aligned.classes) != 2:
        raise EvaluationError(
            f"A threshold lies between two classes. The data has {len(aligned.classes)}: "
            f"{', '.join(aligned.classes[:5])}. Read the calibration and the confusion matrix instead."
        )
    support = np.bincount(aligned.truth, minlength=2)
    if positive is None:
        positive = aligned.classes[int(support[1] <= support[0])]
    if positive not in aligned.classes:
        raise EvaluationError(
            f"The positive class must be one of {', '.join(aligned.classes)}. Got '{positive}' instead."
        )
    code = aligned.classes.index(positive)
    scores, true = aligned.probabilities[0][:, code], aligned.truth == code
    best = _best(scores, true)
    asked = np.unique(np.concatenate([np.arange(_STEPS + 1) / _STEPS, [best], np.asarray(list(also), dtype=float)]))
    cuts = np.unique(np.concatenate([asked, _quantiles(scores)]))
    # Counts of negatives and positives from each cut to the next; what lies below the first cut is nowhere claimed.
    place = np.searchsorted(cuts, scores, side="right")
    cells = np.bincount(place * 2 + true, minlength=2 * (len(cuts) + 1)).astype(float)
    wanted = np.searchsorted(cuts, asked)
    hits, alarms = _claimed(cells)
    positives, negatives = float(true.sum()), float((~true).sum())
    table = _table(hits[wanted], alarms[wanted], positives, negatives)
    low, high, best_draws = _resampled(cells, cuts, wanted, resamples, np.random.default_rng(seed))
    table["macro_f1_low"] = np.maximum(np.minimum(table["macro_f1_low"], low), 0.0)
    table["macro_f1_high"] = np.minimum(np.maximum(table["macro_f1_high"], high), 1.0)
    table.index = pd.Index(asked, name="threshold")
    best_low, best_high = (float(end) for end in percentile_interval(best_draws))
    return ThresholdCurve(positive, aligned.classes[1 - code], table, best, min(best, best_low), max(best, best_high))


def _quantiles(scores: Floats) -> Floats:
    """Cuts through the scores themselves: they may all lie in one corner."""
    distinct = np.unique(scores)
    if len(distinct) <= _CUTS:
        return distinct
    cuts: Floats = distinct[np.linspace(0, len(distinct) - 1, _CUTS).round().astype(int)]
    return cuts


def _claimed(cells: Floats) -> tuple[Floats, Floats]:
    """True and false positives from each cut on, over any number of resamples."""
    pairs = cells.reshape(*cells.shape[:-1], -1, 2)[..., 1:, :]
    sums = np.cumsum(pairs[..., ::-1, :], axis=-2)[..., ::-1, :]
    return sums[..., 1], sums[..., 0]


def _best(scores: Floats, true: npt.NDArray[np.bool_]) -> float:
    """The cut with the best F1 among all, halfway between two neighbouring scores."""
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    ends = np.flatnonzero(np.r_[ranked[1:] != ranked[:-1], True])
    hits = np.cumsum(true[order])[ends]
    f1 = 2 * hits / (ends + 1 + true.sum())
    between = (ranked[ends] + np.r_[ranked[ends[1:]], 0.0]) / 2
    equally = np.flatnonzero(f1 >= f1.max() - 1e-12)
    return float(between[equally[np.abs(between[equally] - 0.5).argmin()]])


def _table(hits: Floats, alarms: Floats, positives: float, negatives: float) -> pd.DataFrame:
    """The scores at each cut with the intervals that need no resampling."""
    missed, rejected = positives - hits, negatives - alarms
    both_hits = np.stack([hits, rejected], axis=-1)
    both_support = np.broadcast_to([positives, negatives], both_hits.shape)
    both_claimed = np.stack([hits + alarms, rejected + missed], axis=-1)
    columns: dict[str, npt.ArrayLike] = {}
    f1_low, f1_high = np.empty_like(both_hits), np.empty_like(both_hits)
    for name, (score, successes, trials) in class_scores(both_hits, both_support, both_claimed).items():
        low, high = wilson_interval(successes, trials)
        if name == "f1":
            low, high = 2 * low / (1 + low), 2 * high / (1 + high)
            f1_low, f1_high = low, high
        columns |= {name: score[:, 0], f"{name}_low": low[:, 0], f"{name}_high": high[:, 0]}
    columns["precision"] = np.where(hits + alarms > 0, columns["precision"], 1.0)
    f1 = class_scores(both_hits, both_support, both_claimed)["f1"][0]
    ends = [combined_interval(*each) for each in zip(f1, f1_low, f1_high, strict=True)]
    columns["macro_f1"] = CELL_METRICS["macro_f1"](both_hits, both_support, both_claimed)
    columns["macro_f1_low"], columns["macro_f1_high"] = np.transpose(ends)
    columns["accuracy"] = CELL_METRICS["accuracy"](both_hits, both_support, both_claimed)
    columns["accuracy_low"], columns["accuracy_high"] = wilson_interval(hits + rejected, positives + negatives)
    for name, counted in (("hits", hits), ("missed", missed), ("false_alarms", alarms), ("rejected", rejected)):
        columns[name] = counted.round().astype(np.int64)
    return pd.DataFrame(columns)


def _resampled(
    cells: Floats, cuts: Floats, wanted: npt.NDArray[np.intp], resamples: int, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats]:
    """Bootstrap interval of macro F1 at the cuts that are wanted, and the best cut of each resample."""
    held = np.flatnonzero(cells)
    macro, best = [], []
    for some in draw_cells(cells[held].astype(np.int64), resamples, rng):
        drawn = np.zeros((len(some), len(cells)))
        drawn[:, held] = some
        hits, alarms = _claimed(drawn)
        positives = drawn[:, 1::2].sum(axis=1, keepdims=True)
        negatives = drawn[:, ::2].sum(axis=1, keepdims=True)
        occurs = np.maximum(hits + alarms + positives, 1.0)
        f1 = 2 * hits / occurs
        others = 2 * (negatives - alarms) / np.maximum(2 * negatives - alarms + positives - hits, 1.0)
        macro.append(((f1 + others) / 2)[:, wanted])
        best.append(cuts[f1.argmax(axis=1)])
    low, high = percentile_interval(np.concatenate(macro))
    return low, high, np.concatenate(best)
