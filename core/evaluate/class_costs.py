"""What the errors cost: how much of the score each class loses, and each confusion of two classes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.evaluate.predictions import EvaluationError
from core.evaluate.scores import CELL_METRICS, cell_counts
from core.statistics import draw_cells, percentile_interval, wilson_interval

__all__ = ["class_costs", "costed_metric", "pair_costs"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]
Counts = tuple[Floats, Floats, Floats]

# Of many confusions only those that cost most in the sample are resampled.
_RESAMPLED = 100


def costed_metric(metric: str) -> str:
    """The metric in which errors are costed: this one if it follows from the confusion matrix, else macro F1.

    Examples
    --------
    >>> costed_metric("accuracy"), costed_metric("log_loss")
    ('accuracy', 'macro_f1')
    """
    return metric if metric in CELL_METRICS else "macro_f1"


def class_costs(
    confusion: pd.DataFrame, *, metric: str = "macro_f1", resamples: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """Take apart what is missing to a perfect score by class.

    The costs of all classes add up to one minus the score. A class's cost is (1 - F1) / k for macro F1, (1 - recall)
    / k for balanced accuracy, and its errors / n for accuracy.

    Parameters
    ----------
    confusion : DataFrame of shape (k, k)
        Counts, true classes down, predicted ones across, in one order.
    metric : str
        One of `core.evaluate.scores.CELL_METRICS`.
    resamples, seed : int
        For the intervals.

    Returns
    -------
    DataFrame of shape (k, 7)
        Indexed by class, the costliest first: ``support``, ``missed`` (examples of the class that are predicted to have
        another one), ``taken`` (others that are predicted to have this one), ``cost``, ``low`` and ``high`` (its 95%
        bootstrap interval), ``share`` of all that is missing.

    Raises
    ------
    EvaluationError
        If the metric does not follow from a confusion matrix, or the two axes differ.
    """
    counts, cells, of_cells = _cells(confusion, metric)
    hits, support, claimed = found = cell_counts(counts, *of_cells)
    cost = _lost(metric, *found)
    low, high = cost, cost
    if len(cells):
        draws = [
            _lost(metric, *cell_counts(some, *of_cells))
            for some in draw_cells(counts, resamples, np.random.default_rng(seed))
        ]
        low, high = percentile_interval(np.concatenate(draws))
        low, high = _at_least_as_wide(metric, found, low, high)
    missing = cost.sum()
    table = pd.DataFrame(
        {
            "support": support.astype(np.int64),
            "missed": (support - hits).astype(np.int64),
            "taken": (claimed - hits).astype(np.int64),
            "cost": cost,
            "low": low,
            "high": high,
            "share": cost / missing if missing > 0 else np.zeros(len(cost)),
        },
        index=pd.Index([str(name) for name in confusion.index], name="class", dtype="str"),
    )
    return table.sort_values("cost", ascending=False, kind="stable")


def pair_costs(
    confusion: pd.DataFrame, *, metric: str = "macro_f1", resamples: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """Say of each confusion what the score would gain if its examples were predicted right.

    Exact in the sample: the cell is moved to the diagonal, everything else stays. Gains of several cells don't add up.

    Parameters
    ----------
    confusion, metric, resamples, seed
        As `class_costs`.

    Returns
    -------
    DataFrame
        A row for each confusion that occurs, the costliest first: ``true``, ``predicted``, ``count``, ``share`` of the
        true class with its Wilson interval ``share_low`` and ``share_high``, ``gain`` with its bootstrap interval
        ``low`` and ``high``. Of more than 100 confusions the others have no interval (NaN).

    Raises
    ------
    EvaluationError
        As `class_costs`.
    """
    counts, _, (truth, predicted, classes) = _cells(confusion, metric)
    names = np.array([str(name) for name in confusion.index], dtype=object)
    wrong = np.flatnonzero(truth != predicted)
    found = cell_counts(counts, truth, predicted, classes)
    gain = _gains(metric, counts[wrong], found, truth[wrong], predicted[wrong])
    order = np.lexsort((predicted[wrong], truth[wrong], -counts[wrong], -gain))
    wrong, gain = wrong[order], gain[order]
    low, high = np.full(len(wrong), np.nan), np.full(len(wrong), np.nan)
    first = wrong[:_RESAMPLED]
    if len(first):
        draws = [
            _gains(
                metric,
                some[:, first],
                cell_counts(some, truth, predicted, classes),
                truth[first],
                predicted[first],
            )
            for some in draw_cells(counts, resamples, np.random.default_rng(seed))
        ]
        low[: len(first)], high[: len(first)] = percentile_interval(np.concatenate(draws))
    held, of_class = counts[wrong], found[1][truth[wrong]]
    share_low, share_high = wilson_interval(held, of_class)
    return pd.DataFrame(
        {
            "true": names[truth[wrong]],
            "predicted": names[predicted[wrong]],
            "count": held.astype(np.int64),
            "share": held / np.maximum(of_class, 1),
            "share_low": share_low,
            "share_high": share_high,
            "gain": gain,
            "low": low,
            "high": high,
        }
    )


def _cells(confusion: pd.DataFrame, metric: str) -> tuple[Floats, Codes, tuple[Codes, Codes, Codes]]:
    """Counts of the cells that hold something, where they are, and what `cell_counts` needs to know of them."""
    if metric not in CELL_METRICS:
        raise EvaluationError(
            f"Errors are costed in one of {', '.join(CELL_METRICS)}: only those follow from a confusion matrix. "
            f"Got '{metric}' instead. Use `costed_metric` to find one."
        )
    if list(confusion.index) != list(confusion.columns):
        raise EvaluationError(
            "A confusion matrix has the same classes down and across, in one order. Got "
            f"{len(confusion.index)} down and {len(confusion.columns)} across. Reindex it by all classes."
        )
    flat = confusion.to_numpy(dtype=float).ravel()
    cells = np.flatnonzero(flat)
    truth, predicted = np.divmod(cells, max(1, len(confusion)))
    return flat[cells], cells, (truth, predicted, np.arange(len(confusion)))


def _lost(metric: str, hits: Floats, support: Floats, claimed: Floats) -> Floats:
    """Each class's part of what is missing to 1, over any number of resamples."""
    lost: Floats
    if metric == "accuracy":
        lost = (support - hits) / np.maximum(support.sum(axis=-1, keepdims=True), 1.0)
    elif metric == "balanced_accuracy":
        present = support > 0
        lost = np.where(present, 1 - hits / np.maximum(support, 1.0), 0.0)
        lost /= np.maximum(present.sum(axis=-1, keepdims=True), 1)
    else:
        lost = (1 - _f1(hits, support + claimed)) / max(1, hits.shape[-1])
    return lost


def _f1(hits: Floats, occurs: Floats) -> Floats:
    """F1 of hits and of how often the class is given and claimed together; 0 where it never is."""
    score: Floats = np.where(occurs > 0, 2 * hits / np.maximum(occurs, 1.0), 0.0)
    return score


def _at_least_as_wide(metric: str, found: Counts, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Widen the bootstrap's intervals to those of a share: without an error they would be a point."""
    hits, support, claimed = found
    k = max(1, len(hits))
    if metric == "accuracy":
        below, above = wilson_interval(support - hits, support.sum())
    elif metric == "balanced_accuracy":
        present = max(1, int((support > 0).sum()))
        below, above = (end / present for end in wilson_interval(support - hits, support))
        below, above = (np.where(support > 0, end, 0.0) for end in (below, above))
    else:
        worst, best = (2 * end / (1 + end) for end in wilson_interval(hits, support + claimed - hits))
        below, above = (1 - best) / k, (1 - worst) / k
    return np.minimum(low, below), np.maximum(high, above)


def _gains(metric: str, moved: Floats, counts: Counts, truth: Codes, predicted: Codes) -> Floats:
    """What the score gains when `moved` examples of each cell go to the diagonal, over any number of resamples.

    Parameters
    ----------
    metric : str
    moved : array of shape (..., cells)
    counts : arrays of shape (..., k)
        Hits, support and claimed.
    truth, predicted : arrays of shape (cells,)
    """
    hits, support, claimed = counts
    gain: Floats
    if metric == "accuracy":
        gain = moved / support.sum(axis=-1, keepdims=True)
    elif metric == "balanced_accuracy":
        present = np.maximum((support > 0).sum(axis=-1, keepdims=True), 1)
        gain = np.where(support[..., truth] > 0, moved / np.maximum(support[..., truth], 1.0), 0.0) / present
    else:
        occurs = support + claimed
        of_true = _f1(hits[..., truth] + moved, occurs[..., truth] + moved) - _f1(hits[..., truth], occurs[..., truth])
        of_predicted = _f1(hits[..., predicted], occurs[..., predicted] - moved) - _f1(
            hits[..., predicted], occurs[..., predicted]
        )
        gain = (of_true + of_predicted) / hits.shape[-1]
    return gain
