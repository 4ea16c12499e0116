"""Whether the test set is large enough to judge by: what its intervals are, and what change it can show."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

from core.dataset import Dataset
from core.evaluate.verdict import Verdict
from core.ids import present
from core.statistics import LEVEL, PAIRED_STANDARD_ERRORS, wilson_interval

__all__ = ["FEW", "POINT", "USUAL_CHANGE", "HeadlinePower", "TestSetHealth", "test_health"]

# The normal deviate with 80% of the distribution below it.
_POWER = 0.8416
# A paired change of so many standard errors is called gain or harm four times out of five.
_ERRORS = PAIRED_STANDARD_ERRORS + _POWER
# With fewer test examples a class's scores are mostly luck.
FEW = 30
POINT = 0.01
# Share of test examples that two turns predict differently, as long as nothing was measured.
USUAL_CHANGE = 0.1
# A class's recall should be known to so much on either side.
_RECALL_WITHIN = 0.05


@dataclass(frozen=True)
class HeadlinePower:
    """What the test set can show of the headline metric.

    Attributes
    ----------
    metric : str
    standard_error : float
        Of the last paired difference.
    detectable : float
        Smallest true change that is called `gain` or `harm` four times out of five.
    needed : int
        Test examples it would take for that to be one point, were they like these.
    """

    metric: str
    standard_error: float
    detectable: float
    needed: int


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
        Half the 95% interval of an accuracy of 50%, the widest.
    detectable : float
        Smallest true change of accuracy that is called `gain` or `harm` four times out of five.
    needed : int
        Examples it would take for that to be one point.
    changed : float
        Share of the test examples that two turns predict differently.
    changed_interval : (float, float) or None
        Its 95% interval; None where it was assumed.
    headline : HeadlinePower or None
        None before there is a paired difference that varies.
    per_class : DataFrame
        By class, the rarest first: ``support``, ``recall`` (missing before a turn), ``half_width`` (half the interval
        of the recall) and ``needed`` (examples it would take for that to be five points).
    """

    size: int
    rarest_class: str | None
    rarest_support: int
    half_width: float
    detectable: float
    needed: int
    changed: float
    changed_interval: tuple[float, float] | None
    headline: HeadlinePower | None
    per_class: pd.DataFrame


def test_health(
    dataset: Dataset,
    *,
    changed: float = USUAL_CHANGE,  # noqa: PT028 - not a test
    differing: pd.Series | None = None,  # noqa: PT028
    verdict: Verdict | None = None,  # noqa: PT028
    recalls: pd.Series | None = None,  # noqa: PT028
) -> TestSetHealth:
    """Say what a data set's test part can show.

    Parameters
    ----------
    dataset : Dataset
    changed : float
        Share of the test examples that two turns predict differently, where it is not measured. A change of accuracy
        rests on those alone; a tenth is usual after a round of corrections.
    differing : Series of bool, optional
        By test example, whether the last two turns predict it differently: then the share is measured.
    verdict : Verdict, optional
        The last paired one: what its interval says of the headline metric, scaled by the square root of the size.
    recalls : Series, optional
        Recall by class in the last turn.

    Returns
    -------
    TestSetHealth
    """
    labels = present(dataset.labels[dataset.ids("test")])
    support = labels.astype("str").value_counts().reindex(dataset.classes, fill_value=0)
    size = len(labels)
    rarest = str(support.idxmin()) if len(support) else None
    fewest = int(support.min()) if len(support) else 0
    low, high = wilson_interval(size / 2, size)
    measured = None
    if differing is not None and len(differing):
        ends = wilson_interval(int(differing.sum()), len(differing))
        measured = (float(ends[0]), float(ends[1]))
        # Where no prediction changed, as many may have as the interval allows.
        changed = float(differing.mean()) or measured[1]
    # A paired difference of shares varies by (changed - delta^2) / n; delta^2 is small beside it.
    detectable = min(1.0, _ERRORS * math.sqrt(changed / size)) if size else 1.0
    needed = math.ceil(_ERRORS**2 * changed / POINT**2)
    return TestSetHealth(
        size,
        rarest,
        fewest,
        float(high - low) / 2,
        detectable,
        needed,
        changed,
        measured,
        _headline(verdict, size),
        _per_class(support, recalls),
    )


def _headline(verdict: Verdict | None, size: int) -> HeadlinePower | None:
    if verdict is None or not size:
        return None
    # By the standard error of the normal distribution: the interval may be of another level.
    error = verdict.error * float(ndtri(0.5 + LEVEL / 2)) / PAIRED_STANDARD_ERRORS
    if not math.isfinite(error) or error <= 0:
        return None
    detectable = _ERRORS * error
    return HeadlinePower(verdict.metric, error, detectable, math.ceil(size * (detectable / POINT) ** 2))


def _per_class(support: pd.Series, recalls: pd.Series | None) -> pd.DataFrame:
    known = pd.Series(np.nan, index=support.index) if recalls is None else recalls.reindex(support.index)
    counts = support.to_numpy(dtype=float)
    # Where nothing is known, that of a usual classifier; an even one would ask for more than most need.
    shares: npt.NDArray[np.float64] = np.asarray(known.fillna(0.8), dtype=np.float64)
    low, high = wilson_interval(shares * counts, counts)
    table = pd.DataFrame(
        {
            "support": support.to_numpy(dtype=int),
            "recall": known.to_numpy(dtype=float),
            "half_width": (high - low) / 2,
            "needed": np.ceil(_wilson_size(shares, _RECALL_WITHIN)).astype(int),
        },
        index=support.index.rename("class"),
    )
    return table.sort_values("support", kind="stable")


def _wilson_size(share: npt.NDArray[np.float64], half: float) -> npt.NDArray[np.float64]:
    """How many trials make half of Wilson's interval of a share that wide: the larger root of a quadratic equation."""
    z2 = float(ndtri(0.5 + LEVEL / 2)) ** 2
    h2 = half**2
    middle = z2 * share * (1 - share) - 2 * h2 * z2
    rest = h2 * z2**2 - z2**2 / 4
    root: npt.NDArray[np.float64] = (middle + np.sqrt(middle**2 - 4 * h2 * rest)) / (2 * h2)
    return root
