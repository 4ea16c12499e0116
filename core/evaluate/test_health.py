"""Whether the test set is fit to judge by."""

from __future__ import annotations

import math
from dataclasses import dataclass

from core.dataset import Dataset
from core.statistics import PAIRED_STANDARD_ERRORS, wilson_interval

__all__ = ["FEW", "TestSetHealth", "test_health"]

# The normal deviate with 80 % of the distribution below it.
_POWER = 0.8416
# With fewer examples the scores of a class are mostly luck.
FEW = 30


@dataclass(frozen=True)
class TestSetHealth:
    """What a test set can show.

    Attributes
    ----------
    size : int
        Labelled examples.
    rarest_class, rarest_support : str or None, int
        The class with the fewest examples, of all that the data set has.
    half_width : float
        Half the 95 % interval of an accuracy of 50 %, the widest.
    detectable : float
        Smallest true change of accuracy that is called `gain` or `harm` four times out of five.
    needed : int
        Examples it would take for that to be one point.
    warnings : tuple of str
        What is wrong, each with what to do.
    """

    size: int
    rarest_class: str | None
    rarest_support: int
    half_width: float
    detectable: float
    needed: int
    warnings: tuple[str, ...]


def test_health(dataset: Dataset, *, changed: float = 0.1) -> TestSetHealth:  # noqa: PT028 - not a test
    """Say what a data set's test part can show.

    Parameters
    ----------
    dataset : Dataset
    changed : float
        Share of the test examples that two turns predict differently. A change of accuracy rests on those alone; a
        tenth is usual after a round of corrections.

    Returns
    -------
    TestSetHealth
    """
    labels = dataset.labels[dataset.ids("test")].dropna()
    support = labels.astype("str").value_counts().reindex(dataset.classes, fill_value=0)
    size = len(labels)
    rarest = str(support.idxmin()) if len(support) else None
    fewest = int(support.min()) if len(support) else 0
    low, high = wilson_interval(size / 2, size)
    # A paired difference of shares varies by (changed - delta^2) / n; delta^2 is small beside it.
    errors = PAIRED_STANDARD_ERRORS + _POWER
    detectable = min(1.0, errors * math.sqrt(changed / size)) if size else 1.0
    needed = math.ceil(errors**2 * changed / 0.01**2)
    return TestSetHealth(
        size,
        rarest,
        fewest,
        float(high - low) / 2,
        detectable,
        needed,
        _warnings(size, rarest, fewest, detectable, needed),
    )


def _warnings(size: int, rarest: str | None, fewest: int, detectable: float, needed: int) -> tuple[str, ...]:
    if not size:
        return ("There are no test examples, so that no turn can be judged. Make the project anew with a test share.",)
    warnings = []
    if fewest < FEW:
        warnings.append(
            f"Class '{rarest}' has {fewest} test examples; with fewer than {FEW} its scores are mostly luck. "
            "Collect more of it, and give the test set a share of them."
        )
    if detectable > 0.02:
        warnings.append(
            f"Only a change of {detectable:.1%} or more is likely to be seen with {size:,} test examples; "
            f"for one of a point it would take some {needed:,}. Make the test set larger, or change the data in larger "
            "steps."
        )
    return tuple(warnings)
