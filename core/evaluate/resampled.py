"""One metric of several models on the same examples, in the sample and in the same resamples of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.evaluate.predictions import Aligned
from core.evaluate.scores import CELL_METRICS, cell_counts, class_rankings, row_scores
from core.statistics import draw_cells, draw_rows

__all__ = ["Resampled", "resampled"]

Floats = npt.NDArray[np.float64]


class Resampled(NamedTuple):
    """What `resampled` returns.

    Attributes
    ----------
    values : array of shape (models,)
        The metric in the sample.
    draws : array of shape (models, resamples)
        And in each resample; a column is one resample for all models.
    """

    values: Floats
    draws: Floats


def resampled(
    aligned: Aligned,
    metric: str,
    resamples: int,
    rng: np.random.Generator,
    *,
    counted: Sequence[int] | None = None,
) -> Resampled:
    """Score all aligned models in the sample and in resamples of its examples.

    Parameters
    ----------
    aligned : Aligned
    metric : str
        Name, see `METRICS`.
    resamples : int
        For metrics that come from the confusion matrix; ranking metrics and log loss take 200 or fewer.
    rng : Generator
    counted : sequence of int, optional
        The models whose predictions say, beside the labels, which classes macro F1 is taken over; by default all.
    """
    if metric in CELL_METRICS:
        return _by_cells(aligned, metric, resamples, rng, counted)
    return _by_rows(aligned, metric, rng)


def _by_cells(
    aligned: Aligned, metric: str, resamples: int, rng: np.random.Generator, counted: Sequence[int] | None
) -> Resampled:
    cells = aligned.truth
    for own in aligned.predicted:
        # Numbered anew each time: with many models the product of the classes is beyond any integer.
        cells = np.unique(cells * len(aligned.classes) + own, return_inverse=True)[1]
    _, first, counts = np.unique(cells, return_index=True, return_counts=True)
    truth, predicted = aligned.truth[first], [own[first] for own in aligned.predicted]
    occurring = np.unique(
        np.concatenate([truth, *(predicted if counted is None else [predicted[model] for model in counted])])
    )

    def scores(drawn: Floats) -> list[Floats]:
        return [CELL_METRICS[metric](*cell_counts(drawn, truth, own, occurring)) for own in predicted]

    draws = [scores(drawn) for drawn in draw_cells(counts, resamples, rng)]
    return Resampled(np.array(scores(counts.astype(float))), np.concatenate(draws, axis=1))


def _by_rows(aligned: Aligned, metric: str, rng: np.random.Generator) -> Resampled:
    rows = len(aligned.truth)
    rankings = [class_rankings(aligned.truth, probabilities) for probabilities in aligned.probabilities]

    def scores(weights: Floats) -> list[Floats]:
        return [
            row_scores(aligned, model, weights, [metric], rankings=own)[metric] for model, own in enumerate(rankings)
        ]

    drawn = draw_rows(rows, rng, passes=1 if metric == "log_loss" else len(aligned.classes))
    values = np.array(scores(np.ones((rows, 1))))[:, 0]
    return Resampled(values, np.concatenate([scores(some) for some in drawn], axis=1))
