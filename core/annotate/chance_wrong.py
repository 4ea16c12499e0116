"""How probably a suspect's label is wrong: its score, moved to what reviews of such suspects have found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import expit, logit

__all__ = ["ChanceWrong", "learn_chance"]

Floats = npt.NDArray[np.float64]

# How far, in log odds, suspects' scores are off from one data set to the next; see benchmarks/fix_or_add.py.
_SPREAD = 1.0
_LEAST = 1e-3
_FARTHEST = 20.0


@dataclass(frozen=True)
class ChanceWrong:
    """Scores moved by one step in log odds.

    Attributes
    ----------
    shift, error : float
        The step, and its standard error.
    answers : int
        Reviewed suspects that it was learned from.
    """

    shift: float
    error: float
    answers: int

    def of(self, scores: npt.ArrayLike, off: float = 0.0) -> Floats:
        """The chance that each label is wrong, if the step were so many standard errors larger."""
        return np.asarray(expit(_logits(scores) + self.shift + off * self.error), dtype=float)


def learn_chance(scores: npt.ArrayLike, wrong: npt.ArrayLike) -> ChanceWrong:
    """Learn from reviewed suspects how far their scores are off.

    The scores rank; how many are wrong at a score differs between data sets by more than a few answers can tell. So one
    step is learned for all scores, starting from none: the most probable one under a normal prior.

    Parameters
    ----------
    scores : array-like of shape (n,)
        Of the reviewed suspects, in [0, 1]; may be empty.
    wrong : array-like of shape (n,)
        Whether the label was found wrong.

    Returns
    -------
    ChanceWrong

    References
    ----------
    Platt (1999), "Probabilistic outputs for support vector machines", of which only the offset is learned.
    """
    logits, found = _logits(scores), np.asarray(wrong, dtype=float)

    def slope(shift: float) -> float:
        return float((found - expit(logits + shift)).sum()) - shift / _SPREAD**2

    shift = float(brentq(slope, -_FARTHEST, _FARTHEST)) if len(found) else 0.0
    chance = expit(logits + shift)
    information = float((chance * (1 - chance)).sum()) + 1 / _SPREAD**2
    return ChanceWrong(shift, information**-0.5, len(found))


def _logits(scores: npt.ArrayLike) -> Floats:
    return np.asarray(logit(np.clip(np.asarray(scores, dtype=float), _LEAST, 1 - _LEAST)), dtype=float)
