"""Fix or add: what settling the suspects of the last turn is worth, in rows like those there are.

Nobody knows yet what a review of them would say, and suggestions can't stand in for it: made by models that have seen
the other labels, they let a held-out label be known through its neighbours, and where half of the suspects are right
they do as much harm as good. So the cost of wrong labels is measured instead: the locked model learns from nested parts
of train, once with the labels as they are and once with as many more wrong ones, of the same kinds, as are probably
wrong among the suspects. What that costs is what settling them would bring. See decision 40.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

from core.annotate import ChanceWrong, learn_chance
from core.dataset import Dataset
from core.flywheel.bands import audit_bands, review_answers
from core.flywheel.errors import ProjectError
from core.flywheel.kept_curves import keep_curves, kept_curves
from core.flywheel.store import now
from core.flywheel.two_curves import DRAWS, TwoCurves, two_curves
from core.ids import is_among
from core.progress import Cancel, Progress

if TYPE_CHECKING:
    from core.flywheel.project import Project
    from core.flywheel.turn import Turn

__all__ = ["FixOrAdd", "fix_or_add", "is_current", "kept_fix_or_add", "open_suspects"]

_KIND = "fix or add"
_SAID = ("turn", "ranked_at", "suspects", "wrong", "answers", "metric")


@dataclass(frozen=True)
class FixOrAdd:
    """The answer to "fix data, or add data?" for one version of the data.

    Attributes
    ----------
    at : str
        When it was measured.
    version, fingerprint : str
        Of the data and of the model.
    turn : int
        Whose suspects they are.
    ranked_at : str or None
        When the better ranking of them was made, if it was that one.
    suspects : int
        How many were open.
    wrong : (float, float, float)
        How many of them are wrong: expected number, and its interval.
    answers : int
        Reviewed suspects that this rests on; 0 where it is the ranking's word alone.
    metric : str
    curves : TwoCurves
    """

    at: str
    version: str
    fingerprint: str
    turn: int
    ranked_at: str | None
    suspects: int
    wrong: tuple[float, float, float]
    answers: int
    metric: str
    curves: TwoCurves


def open_suspects(project: Project, turn: Turn) -> pd.DataFrame:
    """The suspects of a turn that have a suggestion and were not settled since, the surest first."""
    suspects = audit_bands(project, turn).suspects
    return suspects[suspects["open"]]


def fix_or_add(
    project: Project, *, seed: int = 0, progress: Progress | None = None, cancel: Cancel | None = None
) -> FixOrAdd:
    """Measure what settling the open suspects of the last turn is worth, and keep it.

    Test plays no part. How often suspects are wrong is learned from the reviews of this project; without any, the
    scores of the ranking stand, with a wide error.

    Parameters
    ----------
    project : Project
    seed : int
        Of the parts, the draws of labels and the bootstrap.
    progress, cancel
        See `core.progress`.

    Returns
    -------
    FixOrAdd

    Raises
    ------
    ProjectError
        If there is no turn yet.
    TrainError
        If the data can't be learned from.
    Cancelled
        If the caller asked to stop; nothing is kept then.
    """
    turns = project.turns
    if not turns:
        raise ProjectError("What a fix is worth is told from the suspects of a turn. Run turn 0 first.")
    turn, dataset, model = turns[-1], project.dataset, project.model
    suspects = open_suspects(project, turn)
    chance = _chance(project, turns)
    labels = dataset.labels_of("train")

    def worse(draw: int) -> pd.Series:
        # The draws go through what the share of wrong suspects may be, evenly.
        chances = chance.of(suspects["score"], ndtri((draw + 0.5) / DRAWS))
        return _with_more_wrong(labels, dataset, suspects, chances, np.random.default_rng([seed, draw]))

    curves = two_curves(
        dataset,
        model,
        worse if len(suspects) else lambda draw: labels,
        judged_by=labels[~is_among(labels.index, dataset.generated)],
        metric=project.headline,
        mirrored=True,
        seed=seed,
        progress=progress,
        cancel=cancel,
    )
    expected, low, high = (float(chance.of(suspects["score"], off).sum()) for off in (0.0, -1.96, 1.96))
    found = FixOrAdd(
        now(),
        dataset.version,
        model.fingerprint,
        turn.number,
        turn.ranked_at,
        len(suspects),
        (expected, low, high),
        chance.answers,
        project.headline,
        curves,
    )
    said = {name: getattr(found, name) for name in _SAID}
    keep_curves(project.store, _KIND, found.at, found.version, found.fingerprint, said, curves)
    return found


def is_current(project: Project, found: FixOrAdd) -> bool:
    """Whether it is about the data, the model and the open suspects as they are now."""
    turn = project.turns[-1]
    return (found.version, found.fingerprint, found.turn, found.ranked_at, found.suspects) == (
        project.dataset.version,
        project.model.fingerprint,
        turn.number,
        turn.ranked_at,
        len(open_suspects(project, turn)),
    )


def _chance(project: Project, turns: list[Turn]) -> ChanceWrong:
    """How often suspects were found wrong, from all reviews of suspects that were ranked as the last turn's are."""
    same = [turn for turn in turns if (turn.ranked_at is None) == (turns[-1].ranked_at is None)]
    until = {turn.number: later.revision for turn, later in pairwise(turns)}
    scores, wrong = [], []
    for turn in same:
        suspects = turn.suspects[turn.suspects["flagged"] & turn.suspects["suggested"].notna()]
        answers = review_answers(project, turn, suspects)
        answers = answers[answers["seq"] <= until.get(turn.number, np.inf)]
        scores.append(suspects["score"].loc[answers.index].to_numpy())
        wrong.append(answers["wrong"].to_numpy())
    return learn_chance(np.concatenate(scores), np.concatenate(wrong))


def _with_more_wrong(
    labels: pd.Series,
    dataset: Dataset,
    suspects: pd.DataFrame,
    chances: npt.NDArray[np.float64],
    rng: np.random.Generator,
) -> pd.Series:
    """The labels with as many more wrong ones, of the same kinds, as are wrong among the suspects.

    For each suspect that is wrong in this draw, one example that has its suggestion as its label, chosen by chance from
    all of them, gets its given label.
    """
    wrong = suspects[rng.random(len(suspects)) < chances]
    real = labels[~is_among(labels.index, dataset.generated)]
    shuffled = real.iloc[rng.permutation(len(real))]
    # The first example of a class goes to the first suspect that is taken for it, and so on, as far as they reach.
    place = pd.MultiIndex.from_arrays([shuffled, shuffled.groupby(shuffled).cumcount()])
    wanted = pd.MultiIndex.from_arrays([wrong["suggested"], wrong.groupby("suggested").cumcount()])
    found = place.get_indexer(wanted)
    changed = labels.copy()
    changed.loc[shuffled.index[found[found >= 0]]] = wrong["given"].to_numpy()[found >= 0]
    return _with_children(changed, labels, dataset)


def _with_children(labels: pd.Series, given: pd.Series, dataset: Dataset) -> pd.Series:
    """With the label of a parent for what was generated from it and had its label."""
    if not len(dataset.generated):
        return labels
    parent = dataset.parents["parent"]
    parent = parent[parent.index.isin(given.index) & parent.isin(given.index)]
    follows = given.loc[parent.index].to_numpy() == given.loc[parent].to_numpy()
    children = parent[follows]
    labels.loc[children.index] = labels.loc[children].to_numpy()
    return labels


def kept_fix_or_add(project: Project) -> FixOrAdd | None:
    """What was measured of the data as it is, else what was measured last; None if nothing was."""
    kept = kept_curves(project.store, _KIND, project.dataset.version, project.model.fingerprint)
    if kept is None:
        return None
    said, curves = kept
    return FixOrAdd(**(said | {"wrong": tuple(said["wrong"])}), curves=curves)
