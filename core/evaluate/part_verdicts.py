"""Whether one model is better than another on a part of the examples, which may be small: a slice, a target."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.special import bdtr, ndtri

from core.evaluate.predictions import align
from core.evaluate.verdict import Verdict, compare
from core.statistics import LEVEL

__all__ = ["FEWEST", "FEWEST_OF_A_CLASS", "compare_part", "part_p_value"]

# With fewer examples nothing is said of a part.
FEWEST = 20
# The headline is judged where each class has so many examples in the part; accuracy elsewhere.
FEWEST_OF_A_CLASS = 10


def compare_part(
    labels: pd.Series,
    before: pd.DataFrame,
    after: pd.DataFrame,
    *,
    classes: int,
    metric: str = "macro_f1",
    predicted_before: pd.Series | None = None,
    predicted_after: pd.Series | None = None,
    seed: int = 0,
) -> Verdict | None:
    """Compare two models on a part of the examples.

    Parameters
    ----------
    labels : Series of shape (part,)
        Indexed by id.
    before, after, predicted_before, predicted_after, metric, seed
        As for `compare`.
    classes : int
        How many classes all examples have.

    Returns
    -------
    Verdict or None
        By the metric where each class has ten examples in the part, by accuracy elsewhere; its error is as large as
        `part_p_value` asks for. None where there are fewer than `FEWEST` examples.

    Raises
    ------
    EvaluationError
        As `compare`.
    """
    if len(labels) < FEWEST:
        return None
    sizes = labels.value_counts()
    enough = len(sizes) == classes and int(sizes.min()) >= FEWEST_OF_A_CLASS
    verdict = compare(
        labels,
        before,
        after,
        metric=metric if enough else "accuracy",
        predicted_before=predicted_before,
        predicted_after=predicted_after,
        seed=seed,
    )
    aligned = align(labels, [before, after], [predicted_before, predicted_after])
    early, late = (own == aligned.truth for own in aligned.predicted)
    p_value = part_p_value(verdict, int((late & ~early).sum()), int((early & ~late).sum()))
    if not verdict.delta or p_value <= verdict.p_value:
        return verdict
    # Where nothing at all can be told, wide is enough: an interval without end can't be shown.
    return replace(verdict, error=abs(verdict.delta) / float(ndtri(1 - min(p_value, 0.9) / 2))).at(LEVEL)


def part_p_value(verdict: Verdict, better: int, worse: int) -> float:
    """Two-sided p-value of a paired change in a part of the examples.

    It may be small: the bootstrap's standard error is too short where only a handful of examples are predicted
    otherwise than before. So for accuracy McNemar's exact test (mid-p) must agree, and no metric may claim more than
    the number of changed predictions can show.

    Parameters
    ----------
    verdict : Verdict
    better, worse : int
        Examples that are predicted right only afterwards, and only before.

    Returns
    -------
    float
        1 where nothing changed.
    """
    normal, changed = verdict.p_value, better + worse
    if np.isnan(normal) or not verdict.delta:
        return 1.0
    if verdict.metric == "log_loss":
        return normal
    if verdict.metric != "accuracy":
        return max(normal, min(1.0, 2 * 0.5**changed))
    fewer = min(better, worse)
    exact = float(bdtr(fewer, changed, 0.5)) + (float(bdtr(fewer - 1, changed, 0.5)) if fewer else 0.0)
    return max(normal, min(1.0, exact))
