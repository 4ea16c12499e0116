"""How many labels of a test set are wrong, from those that were reviewed blind, and what that does to the scores."""

from __future__ import annotations

from dataclasses import dataclass

from core.evaluate.predictions import EvaluationError
from core.statistics import finite_interval

__all__ = ["LabelNoise", "label_noise"]


@dataclass(frozen=True)
class LabelNoise:
    """The noise of the labels that a test set came with, and what is left of it.

    Attributes
    ----------
    size : int
        Test examples in all.
    reviewed : int
        Those of which a reviewer said something: a class, no class, ambiguous.
    wrong : int
        Reviewed ones that have another class, or none, by what was said.
    ambiguous : int
        Reviewed ones of which nobody could tell; they count as right.
    share, low, high : float
        Estimated share of wrong labels among all that the test set came with, with its 95% interval; NaN, 0 and 1
        before anything is reviewed. Exact, a single point, once all are.
    """

    size: int
    reviewed: int
    wrong: int
    ambiguous: int
    share: float
    low: float
    high: float

    @property
    def complete(self) -> bool:
        """Whether all were reviewed: then nothing is estimated."""
        return self.reviewed == self.size

    @property
    def left(self) -> tuple[float, float, float]:
        """Share of wrong labels in the test set as it is now, with its interval.

        What was found wrong is corrected; what is left lies among those that nobody reviewed.
        """
        rest = 1 - self.reviewed / self.size
        low, high = (max(0.0, end - self.wrong / self.size) for end in (self.low, self.high))
        return self.share * rest if rest else 0.0, low, high


def label_noise(wrong: int, reviewed: int, size: int, *, ambiguous: int = 0) -> LabelNoise:
    """Estimate how many labels are wrong from a random sample of them, reviewed blind.

    The interval is that of a share of a finite population (`core.statistics.finite_interval`). It holds for a sample
    whose size was fixed before it was looked at; who stops when the figure pleases has another one.

    Parameters
    ----------
    wrong, reviewed, size : int
        ``0 <= wrong <= reviewed <= size``, and ``size`` at least 1.
    ambiguous : int
        How many of the reviewed ones nobody could tell.

    Raises
    ------
    EvaluationError
        If the numbers don't fit.
    """
    if not (0 <= wrong <= reviewed <= size and size and 0 <= ambiguous <= reviewed - wrong):
        raise EvaluationError(
            "The noise of test labels needs 0 <= wrong <= reviewed <= size, and a test set. "
            f"Got {wrong:,} wrong and {ambiguous:,} ambiguous of {reviewed:,} reviewed of {size:,}. Count them again."
        )
    low, high = finite_interval(wrong, reviewed, size)
    return LabelNoise(size, reviewed, wrong, ambiguous, wrong / reviewed if reviewed else float("nan"), low, high)
