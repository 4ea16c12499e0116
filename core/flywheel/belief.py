"""How many labels are wrong: what the suspects' scores, and what reviewers found, say of it.

Nobody knows which labels are wrong before they were reviewed. A model that is only weak doubts as many labels as one
that met many wrong ones, so a score alone says little; how often reviewers found suspects wrong says more. What is
believed is a chance that all labels are right, and, if they are not, how much more or fewer are wrong than in other
data sets at the same scores. Reviews shift both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit, logit

from core.flywheel.edits import Decision
from core.flywheel.judgements import judgements
from core.ids import present

if TYPE_CHECKING:
    from core.flywheel.project import Project
    from core.flywheel.turn import Turn

__all__ = ["Belief", "answers_of", "believe"]

Floats = npt.NDArray[np.float64]

# The chance that a label is wrong is expit(_SLOPE * logit(score) + _LEVEL + shift), fitted to sets with known truth;
# see docs/decisions/0041-forecasts.md. The shift says how noisy a data set is beside others of the same scores.
_SLOPE, _LEVEL = 0.73, -1.68
_SPREAD = 0.6
# Before anything was reviewed: that all labels are right.
_CLEAN = 0.15
# How often a reviewer calls a label wrong where all are right.
_SLIP = 0.02
_GRID = np.linspace(-3.0, 3.0, 121)
_EDGE = 0.01


@dataclass(frozen=True)
class Belief:
    """How noisy the labels of one data set are beside those of others.

    Attributes
    ----------
    clean : float
        Chance that all are right.
    mean, spread : float
        Of the shift, where some are wrong.
    reviewed : int
        Answers that it rests on.
    """

    clean: float
    mean: float
    spread: float
    reviewed: int

    def chances(self, scores: npt.ArrayLike, shift: float | None = None) -> Floats:
        """Chance that each label is wrong, by its score, where some are wrong; at the mean unless a shift is given."""
        known = logit(np.clip(np.asarray(scores, dtype=float), _EDGE, 1 - _EDGE))
        chances: Floats = expit(_SLOPE * known + _LEVEL + (self.mean if shift is None else shift))
        return chances

    def wrong(self, scores: npt.ArrayLike) -> tuple[float, float]:
        """How many of some labels are wrong: mean and standard deviation, by the scores.

        References
        ----------
        Abramowitz and Stegun (1972), 25.4.46 (three nodes of Gauss and Hermite for the normal shift).
        """
        weights = np.array([self.clean, *((1 - self.clean) * np.array([1 / 6, 2 / 3, 1 / 6]))])
        steps = self.mean + self.spread * np.sqrt(3.0) * np.array([-1.0, 0.0, 1.0])
        counts = np.array([0.0, *(self.chances(scores, step).sum() for step in steps)])
        mean = float(weights @ counts)
        return mean, float(np.sqrt(weights @ (counts - mean) ** 2))


def answers_of(project: Project, turns: Sequence[Turn]) -> pd.DataFrame:
    """What reviewers found of examples one by one, with the score that each had in the turn before.

    Returns
    -------
    DataFrame
        By id: ``score`` and ``wrong``.
    """
    said = judgements(project, bulk=False)
    said = said[said["decision"] != Decision.SKIP]
    wrong = (said["after"].notna() & (said["after"] != said["before"])) | (said["decision"] == Decision.EXCLUDE)
    found = []
    for place, turn in enumerate(turns):
        end = turns[place + 1].revision if place + 1 < len(turns) else np.inf
        of_turn = said.index[(said["seq"] > turn.revision) & (said["seq"] <= end)]
        scores = present(turn.suspects["score"].reindex(of_turn))
        found.append(pd.DataFrame({"score": scores, "wrong": wrong.loc[scores.index]}))
    return pd.concat(found) if found else pd.DataFrame({"score": [], "wrong": []})


def believe(answers: pd.DataFrame) -> Belief:
    """Take in what reviewers found.

    Parameters
    ----------
    answers : DataFrame
        ``score`` and ``wrong``, a row an answer; there may be none.

    References
    ----------
    Gelman et al. (2013), "Bayesian Data Analysis", chapter 3 (a posterior on a grid).
    """
    prior = np.exp(-0.5 * (_GRID / _SPREAD) ** 2)
    prior /= prior.sum()
    wrong = answers["wrong"].to_numpy(dtype=bool)
    known = logit(np.clip(answers["score"].to_numpy(dtype=float), _EDGE, 1 - _EDGE))
    chances = expit(_SLOPE * known[:, None] + _LEVEL + _GRID)
    likelihood = np.log(np.where(wrong[:, None], chances, 1 - chances)).sum(axis=0)
    of_clean = np.log(np.where(wrong, _SLIP, 1 - _SLIP)).sum()
    top = max(float(likelihood.max()), float(of_clean))
    weights = prior * np.exp(likelihood - top)
    noisy, clean = (1 - _CLEAN) * weights.sum(), _CLEAN * np.exp(of_clean - top)
    weights /= weights.sum()
    mean = float(weights @ _GRID)
    spread = float(np.sqrt(weights @ (_GRID - mean) ** 2))
    return Belief(float(clean / (clean + noisy)), mean, spread, len(answers))
