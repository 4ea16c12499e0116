"""Whether one model is better than another on the same examples: a paired interval and one of three words."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.evaluate.predictions import Aligned, EvaluationError, align
from core.evaluate.scores import CELL_METRICS, METRICS, cell_counts, class_rankings, row_scores
from core.statistics import draw_cells, draw_rows, paired_interval

__all__ = ["GAIN", "HARM", "NO_EVIDENCE", "Verdict", "compare"]

Floats = npt.NDArray[np.float64]

GAIN, NO_EVIDENCE, HARM = "gain", "no evidence", "harm"
_SMALLER_IS_BETTER = {"log_loss"}


@dataclass(frozen=True)
class Verdict:
    """What a change did to a metric.

    Attributes
    ----------
    metric : str
        Name, see `METRICS`.
    before, after : float
        The metric of either model.
    delta, low, high : float
        How much better `after` is, with its 95 % interval: positive is better, for log loss too.
    resamples : int
        Bootstrap resamples behind the interval.
    """

    metric: str
    before: float
    after: float
    delta: float
    low: float
    high: float
    resamples: int

    @property
    def verdict(self) -> str:
        """`gain` if the whole interval is above zero, `harm` if it is below, else `no evidence`."""
        if self.low > 0:
            return GAIN
        return HARM if self.high < 0 else NO_EVIDENCE

    def to_json(self) -> str:
        """Write the verdict as JSON text; an undefined value is null."""
        values = {name: None if value != value else value for name, value in asdict(self).items()}
        return json.dumps(values | {"verdict": self.verdict}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Verdict:
        """Read what `to_json` wrote."""
        written = json.loads(text)
        del written["verdict"]
        values: dict[str, Any] = {name: math.nan if value is None else value for name, value in written.items()}
        return cls(**values)


def compare(
    labels: pd.Series,
    before: pd.DataFrame,
    after: pd.DataFrame,
    *,
    metric: str = "macro_f1",
    predicted_before: pd.Series | None = None,
    predicted_after: pd.Series | None = None,
    resamples: int = 2000,
    seed: int = 0,
) -> Verdict:
    """Compare two models on the same examples, by a paired bootstrap.

    The interval covers the luck of the test sample, not that of the training sample.

    Parameters
    ----------
    labels : Series of shape (n,)
        Indexed by id.
    before, after : DataFrame of shape (at least n, classes)
        Probabilities by id. Examples without a label are passed over.
    metric : str
        Name, see `METRICS`. Macro F1 is taken over the classes that occur in the labels or in either prediction: were
        each model given its own, one prediction of a class that nobody has would shift it by a class's weight.
    predicted_before, predicted_after : Series, optional
        Predicted classes by id where they aren't those of the largest probability.
    resamples : int
        For metrics that come from the confusion matrix; ranking metrics and log loss take 200 or fewer.
    seed : int

    Returns
    -------
    Verdict

    Raises
    ------
    EvaluationError
        If there is no such metric, or labels and predictions can't be brought together; the message names the ids.
    """
    if metric not in METRICS:
        raise EvaluationError(f"There is no metric '{metric}'. Choose one of {', '.join(METRICS)}.")
    aligned = align(labels, [before, after], [predicted_before, predicted_after])
    rng = np.random.default_rng(seed)
    if metric in CELL_METRICS:
        point, draws = _by_cells(aligned, metric, resamples, rng)
    else:
        point, draws = _by_rows(aligned, metric, rng)
    sign = -1.0 if metric in _SMALLER_IS_BETTER else 1.0
    before_value, after_value = (float(value) for value in point.ravel())
    delta = sign * (after_value - before_value)
    low, high = paired_interval(delta, sign * (draws[1] - draws[0]))
    return Verdict(metric, before_value, after_value, delta, low, high, len(draws[0]))


def _by_cells(aligned: Aligned, metric: str, resamples: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """The metric of both models in the sample, shape (2,), and in the resamples, shape (2, resamples)."""
    k = len(aligned.classes)
    cells, counts = np.unique((aligned.truth * k + aligned.predicted[0]) * k + aligned.predicted[1], return_counts=True)
    pairs, after = np.divmod(cells, k)
    truth, before = np.divmod(pairs, k)
    occurring = aligned.occurring()

    def scores(drawn: Floats) -> list[Floats]:
        return [CELL_METRICS[metric](*cell_counts(drawn, truth, own, occurring)) for own in (before, after)]

    draws = [scores(drawn) for drawn in draw_cells(counts, resamples, rng)]
    return np.array(scores(counts.astype(float))), np.concatenate(draws, axis=1)


def _by_rows(aligned: Aligned, metric: str, rng: np.random.Generator) -> tuple[Floats, Floats]:
    rows = len(aligned.truth)

    rankings = [class_rankings(aligned.truth, probabilities) for probabilities in aligned.probabilities]

    def scores(weights: Floats) -> list[Floats]:
        return [row_scores(aligned, model, weights, [metric], rankings=rankings[model])[metric] for model in (0, 1)]

    drawn = draw_rows(rows, rng, passes=1 if metric == "log_loss" else len(aligned.classes))
    return np.array(scores(np.ones((rows, 1)))), np.concatenate([scores(some) for some in drawn], axis=1)
