"""What an attempt is likely to give: its own gain, drawn towards that of its method in all amounts.

The amounts of one method are repeated measurements of it. Where they differ by no more than the sample's luck would
make them differ, which of them did best says nothing, and the mean of all is the better guess for each; where they
differ by much more, each stands for itself. How far they are drawn together the data says (empirical Bayes). So one
lucky amount of a method that does not help does not come first.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt

from core.generate.optimism import Resampled

__all__ = ["shrinkage"]

Floats = npt.NDArray[np.float64]

# Without resamples nothing says how large the luck is.
_UNKNOWN = 0.5


def shrinkage(
    gains: Floats, resampled: Resampled | None, methods: Sequence[Hashable], kinds: Sequence[Hashable]
) -> Floats:
    """How much the gain of each attempt counts for each other: ``shrinkage(...) @ gains`` are the shrunken gains.

    Parameters
    ----------
    gains : array of shape (attempts,)
    resampled : Resampled or None
        The gains in resamples, which say how large the luck of the sample is. Without them the own gain counts one
        half.
    methods : sequence of shape (attempts,)
        Attempts of one method are drawn towards their mean.
    kinds : sequence of shape (attempts,)
        Methods whose amounts mean the same: how much luck there is in amounts is asked of all of a kind together, since
        three amounts of one method say little about it.

    Returns
    -------
    array of shape (attempts, attempts)
        Each line sums to 1.

    References
    ----------
    Efron and Morris (1975), "Data Analysis Using Stein's Estimator and its Generalizations", Journal of the American
    Statistical Association 70.
    """
    weights = np.zeros((len(gains), len(gains)))
    for kind in dict.fromkeys(kinds):
        named = dict.fromkeys(method for method, own in zip(methods, kinds, strict=True) if own == kind)
        members = [np.flatnonzero([each == name for each in methods]) for name in named]
        own = _own_weight(gains, resampled, members)
        for places in members:
            weights[np.ix_(places, places)] = (1 - own) / len(places) + own * np.eye(len(places))
    return weights


def _own_weight(gains: Floats, resampled: Resampled | None, members: Sequence[npt.NDArray[np.intp]]) -> float:
    """The share of the differences between amounts that luck does not explain."""
    if resampled is None:
        return _UNKNOWN
    spread = sum(float(np.square(gains[places] - gains[places].mean()).sum()) for places in members)
    luck = 0.0
    for places in members:
        drawn = resampled.drawn[:, places]
        luck += float((drawn - drawn.mean(axis=1, keepdims=True)).var(axis=0).sum())
    return max(0.0, 1 - luck / spread) if spread > 0 else 0.0
