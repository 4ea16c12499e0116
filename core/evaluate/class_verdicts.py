"""Whether one model is better than another on each class, on the same examples."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.evaluate.predictions import EvaluationError, align
from core.evaluate.scores import cell_counts, class_scores
from core.evaluate.verdict import Verdict
from core.statistics import draw_cells, paired_error, paired_interval

__all__ = ["CLASS_SCORES", "compare_classes"]

Floats = npt.NDArray[np.float64]

CLASS_SCORES = {"precision": "Precision", "recall": "Recall", "f1": "F1"}


def compare_classes(
    labels: pd.Series,
    before: pd.DataFrame,
    after: pd.DataFrame,
    *,
    score: str = "f1",
    predicted_before: pd.Series | None = None,
    predicted_after: pd.Series | None = None,
    resamples: int = 2000,
    seed: int = 0,
) -> dict[str, Verdict]:
    """Compare two models class by class, by a paired bootstrap of the cells they fall into.

    Parameters
    ----------
    labels, before, after, predicted_before, predicted_after, resamples, seed
        As for `compare`.
    score : str
        One of `CLASS_SCORES`.

    Returns
    -------
    dict
        Class to `Verdict`, for the classes that the labels hold, each with a 95% interval by itself: see `together`.

    Raises
    ------
    EvaluationError
        If there is no such score, or labels and predictions can't be brought together.
    """
    if score not in CLASS_SCORES:
        raise EvaluationError(f"There is no score '{score}' of a class. Choose one of {', '.join(CLASS_SCORES)}.")
    aligned = align(labels, [before, after], [predicted_before, predicted_after])
    k, occurring = len(aligned.classes), np.unique(aligned.truth)
    cells, counts = np.unique((aligned.truth * k + aligned.predicted[0]) * k + aligned.predicted[1], return_counts=True)
    pairs, late = np.divmod(cells, k)
    truth, early = np.divmod(pairs, k)

    def scores(drawn: Floats) -> Floats:
        return np.array([class_scores(*cell_counts(drawn, truth, own, occurring))[score][0] for own in (early, late)])

    rng = np.random.default_rng(seed)
    draws = np.concatenate([scores(drawn) for drawn in draw_cells(counts, resamples, rng)], axis=1)
    point = scores(counts.astype(float))
    found = {}
    for place, code in enumerate(occurring):
        old, new = (float(value) for value in point[:, place])
        error = paired_error(draws[1, :, place] - draws[0, :, place])
        low, high = paired_interval(new - old, error)
        found[aligned.classes[code]] = Verdict(score, old, new, new - old, low, high, resamples, error=error)
    return found
