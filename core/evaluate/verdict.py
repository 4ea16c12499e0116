"""Whether one model is better than another on the same examples: a paired interval and one of three words."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np
import pandas as pd

from core.evaluate.predictions import EvaluationError, align
from core.evaluate.resampled import resampled
from core.evaluate.scores import METRICS, SMALLER_IS_BETTER
from core.evaluate.training_luck import TrainingLuck
from core.statistics import LEVEL, holm_levels, normal_p, paired_error, paired_interval

__all__ = ["GAIN", "HARM", "NO_EVIDENCE", "Verdict", "compare", "together"]

GAIN, NO_EVIDENCE, HARM = "gain", "no evidence", "harm"


@dataclass(frozen=True)
class Verdict:
    """What a change did to a metric.

    The interval covers the luck of the test sample: what another test set of the same size might have said of the same
    two models. What another training sample might have made of them it covers only where there are ``refits``; as long
    as the test set is much smaller than train, that is little beside the rest.

    Attributes
    ----------
    metric : str
        Name, see `METRICS`.
    before, after : float
        The metric of either model.
    delta, low, high : float
        How much better `after` is, with its interval: positive is better, for log loss too.
    resamples : int
        Bootstrap resamples behind the interval.
    error : float
        Standard error of ``delta``, with what it takes for small samples: 1.96 of it to both sides are 95%.
    level : float
        Coverage of the interval: 0.95, or more where it is one of several claims (see `together`).
    claims : int
        How many verdicts it was corrected with, itself included.
    refits : int
        How many refits of either model on parts of its training sample stand behind the interval; 0 if it does not
        cover the luck of the training sample.
    """

    metric: str
    before: float
    after: float
    delta: float
    low: float
    high: float
    resamples: int
    error: float = math.nan
    level: float = LEVEL
    claims: int = 1
    refits: int = 0

    @property
    def verdict(self) -> str:
        """`gain` if the whole interval is above zero, `harm` if it is below, else `no evidence`."""
        if self.low > 0:
            return GAIN
        return HARM if self.high < 0 else NO_EVIDENCE

    @property
    def p_value(self) -> float:
        """Chance of a difference at least as large where there is none, by itself: not corrected for other claims."""
        return normal_p(self.delta, self.error)

    def at(self, level: float) -> Verdict:
        """The same verdict with an interval of another coverage."""
        low, high = paired_interval(self.delta, self.error, level)
        return replace(self, low=low, high=high, level=level)

    def to_json(self) -> str:
        """Write the verdict as JSON text; an undefined value is null."""
        values = {name: None if value != value else value for name, value in asdict(self).items()}
        said = {"verdict": self.verdict, "p_value": None if self.p_value != self.p_value else self.p_value}
        return json.dumps(values | said, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Verdict:
        """Read what `to_json` wrote, now or when verdicts said less."""
        written = json.loads(text)
        known = {field.name for field in fields(cls)}
        values: dict[str, Any] = {
            name: math.nan if value is None else value for name, value in written.items() if name in known
        }
        return cls(**values)


def together(verdicts: Sequence[Verdict], level: float = LEVEL) -> list[Verdict]:
    """Correct several verdicts that are read side by side: the chance of even one false claim stays below 5%.

    Holm's procedure, in intervals: the surest of k claims is judged at a level of 1 - 0.05 / k, the next at
    1 - 0.05 / (k - 1), and so on until one is not made; the others are judged at that one's level. So words and
    intervals agree.

    Parameters
    ----------
    verdicts : sequence of Verdict
        Those without an interval claim nothing and do not count.
    level : float
        Coverage for all of them together.

    Returns
    -------
    list of Verdict
        In the same order, with the interval and the ``level`` by which each is judged.

    References
    ----------
    Holm (1979), "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6.
    """
    judged = [place for place, verdict in enumerate(verdicts) if not math.isnan(verdict.p_value)]
    corrected = list(verdicts)
    for place, own in zip(judged, holm_levels([verdicts[place].p_value for place in judged], level), strict=True):
        corrected[place] = replace(verdicts[place].at(float(own)), claims=len(judged))
    return corrected


def compare(
    labels: pd.Series,
    before: pd.DataFrame,
    after: pd.DataFrame,
    *,
    metric: str = "macro_f1",
    predicted_before: pd.Series | None = None,
    predicted_after: pd.Series | None = None,
    luck: TrainingLuck | None = None,
    resamples: int = 2000,
    seed: int = 0,
) -> Verdict:
    """Compare two models on the same examples, by a paired bootstrap.

    The interval covers the luck of the test sample; that of the training sample only where ``luck`` is given.

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
    luck : TrainingLuck, optional
        What `training_luck` found for these two models and this metric.
    resamples : int
        For metrics that come from the confusion matrix; ranking metrics and log loss take 200 or fewer.
    seed : int

    Returns
    -------
    Verdict
        With a 95% interval; see `together` where several are read side by side.

    Raises
    ------
    EvaluationError
        If there is no such metric, or labels and predictions can't be brought together; the message names the ids.

    Examples
    --------
    >>> labels = pd.Series(["no", "yes"] * 100)
    >>> said = np.where(np.arange(200) % 5 == 0, 0.5, np.arange(200) % 2)
    >>> before = pd.DataFrame({"no": 1 - said, "yes": said})
    >>> after = pd.DataFrame({"no": labels == "no", "yes": labels == "yes"}).astype(float)
    >>> verdict = compare(labels, before, after, metric="accuracy")
    >>> verdict.verdict, round(verdict.delta, 3)
    ('gain', 0.1)
    >>> compare(labels, before, before).verdict
    'no evidence'
    """
    if metric not in METRICS:
        raise EvaluationError(f"There is no metric '{metric}'. Choose one of {', '.join(METRICS)}.")
    aligned = align(labels, [before, after], [predicted_before, predicted_after])
    values, draws = resampled(aligned, metric, resamples, np.random.default_rng(seed))
    sign = -1.0 if metric in SMALLER_IS_BETTER else 1.0
    before_value, after_value = (float(value) for value in values)
    delta = sign * (after_value - before_value)
    error = paired_error(draws[1] - draws[0])
    if luck is not None:
        error = luck.added_to(error)
    low, high = paired_interval(delta, error)
    refits = 0 if luck is None else luck.refits
    return Verdict(metric, before_value, after_value, delta, low, high, len(draws[0]), error=error, refits=refits)
