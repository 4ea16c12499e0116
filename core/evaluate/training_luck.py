"""How far the difference of two models might be off because of who happened to be in their training samples.

The bootstrap of the verdict resamples the test set and leaves both models as they are. What is missing there is found
by a delete-a-group jackknife: both models are fitted again without one fold of their training samples, fold by fold,
and predict the test set. How much the difference moves from fold to fold says how much it would move from one training
sample to another.

Part of that movement is the test set's: on a finite one, two refits that are equally good differ by chance. The
bootstrap holds that part already, so it is measured (by leaving out a tenth of the test set at a time) and taken off.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.evaluate.predictions import Aligned, EvaluationError, align
from core.evaluate.scores import CELL_METRICS, METRICS, SMALLER_IS_BETTER, cell_counts, row_scores

__all__ = ["Refit", "TrainingLuck", "training_luck"]

Floats = npt.NDArray[np.float64]

# Parts of the test set that are left out in turn.
_BLOCKS = 10


@dataclass(frozen=True)
class Refit:
    """What a model said of the test set when it was fitted without one fold of its training sample.

    Attributes
    ----------
    probabilities : DataFrame of shape (at least n, classes)
        By id.
    predicted : Series or None
        Predicted classes by id where they aren't those of the largest probability.
    """

    probabilities: pd.DataFrame
    predicted: pd.Series | None = None


@dataclass(frozen=True)
class TrainingLuck:
    """The share of the training samples in the uncertainty of a difference.

    Attributes
    ----------
    variance : float
        Of the difference, from one pair of training samples to another.
    refits : int
        How many refits of either model it rests on.
    """

    variance: float
    refits: int

    def added_to(self, error: float) -> float:
        """The standard error that covers this, too."""
        return math.sqrt(error**2 + self.variance)


def training_luck(
    labels: pd.Series,
    before: Sequence[Sequence[Refit]],
    after: Sequence[Sequence[Refit]],
    *,
    metric: str = "macro_f1",
) -> TrainingLuck:
    """Estimate how much the difference of two models owes to the luck of their training samples.

    Parameters
    ----------
    labels : Series of shape (n,)
        Indexed by id.
    before, after : sequence of sequences of Refit
        Division by division, fold by fold. Fold k of a division leaves the same examples out on both sides, as
        `Dataset.folds` has it: what the training samples share then moves both models.
    metric : str
        Name, see `METRICS`.

    Returns
    -------
    TrainingLuck

    Raises
    ------
    EvaluationError
        If there is no such metric, the two sides differ in divisions or folds, or labels and predictions can't be
        brought together.

    References
    ----------
    Kott (2001), "The delete-a-group jackknife", Journal of Official Statistics 17.
    """
    if metric not in METRICS:
        raise EvaluationError(f"There is no metric '{metric}'. Choose one of {', '.join(METRICS)}.")
    if not before or [len(folds) for folds in before] != [len(folds) for folds in after]:
        raise EvaluationError(
            "Both models must be refitted in the same folds. "
            f"Got {[len(folds) for folds in before]} and {[len(folds) for folds in after]}."
        )
    rows = len(labels)
    blocks = min(_BLOCKS, rows)
    # The whole test set, then without one block each. Blocks are every tenth row: by id, that is by chance.
    weights = np.ones((1 + blocks, rows))
    weights[1 + np.arange(rows) % blocks, np.arange(rows)] = 0.0
    variances = []
    for old, new in zip(before, after, strict=True):
        differences = np.array(
            [
                _difference(
                    align(labels, [one.probabilities, other.probabilities], [one.predicted, other.predicted]),
                    metric,
                    weights,
                )
                for one, other in zip(old, new, strict=True)
            ]
        )
        variances.append(_jackknife(differences))
    # A division in which the metric is undefined says nothing.
    known = [variance for variance in variances if not math.isnan(variance)]
    return TrainingLuck(max(float(np.mean(known)), 0.0) if known else 0.0, sum(len(folds) for folds in before))


def _jackknife(differences: Floats) -> float:
    """Variance over folds, without the test set's part, of differences of shape (folds, 1 + blocks)."""
    folds, blocks = len(differences), differences.shape[1] - 1
    moved = differences - differences.mean(axis=0)
    without = moved[:, 1:] - moved[:, 1:].mean(axis=1, keepdims=True)
    noise = (without**2).sum(axis=1) * (blocks - 1) / blocks
    return float(((moved[:, 0] ** 2) - noise).sum() * (folds - 1) / folds)


def _difference(aligned: Aligned, metric: str, weights: Floats) -> Floats:
    """After less before for each weighting of the rows; signed so that more is better."""
    sign = -1.0 if metric in SMALLER_IS_BETTER else 1.0
    if metric not in CELL_METRICS:
        before, after = (row_scores(aligned, model, weights.T, [metric])[metric] for model in (0, 1))
        return sign * (after - before)
    k = len(aligned.classes)
    cells, place = np.unique((aligned.truth * k + aligned.predicted[0]) * k + aligned.predicted[1], return_inverse=True)
    blocks = len(weights) - 1
    # Counts by block, then all of them less each one: rows are looked at once.
    by_block = np.bincount(np.arange(len(place)) % blocks * len(cells) + place, minlength=blocks * len(cells))
    by_block = by_block.reshape(blocks, len(cells))
    counts = np.concatenate([by_block.sum(axis=0)[np.newaxis], by_block.sum(axis=0) - by_block]).astype(float)
    pairs, new = np.divmod(cells, k)
    truth, old = np.divmod(pairs, k)
    occurring = aligned.occurring()
    score = CELL_METRICS[metric]
    difference: Floats = score(*cell_counts(counts, truth, new, occurring)) - score(
        *cell_counts(counts, truth, old, occurring)
    )
    return sign * difference
