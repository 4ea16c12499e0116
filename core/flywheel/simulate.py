"""The simulated reviewer: settles cards with the known truth, for demonstrations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core.flywheel.edits import Decide
from core.flywheel.errors import ProjectError
from core.flywheel.review import SIMULATED, Queue, members, one_label, open_in
from core.ids import present

if TYPE_CHECKING:
    from core.flywheel.project import Project

__all__ = ["simulate_reviewer"]


def simulate_reviewer(
    project: Project, queue: Queue, count: int, *, accuracy: float = 0.95, seed: int = 0, by: str = SIMULATED
) -> int:
    """Settle the next cards of a queue with the known truth: one entry in the log, one undo.

    The simulated reviewer answers with the truth in a share ``accuracy`` of the cases; otherwise they leave a wrong
    label as it is, or follow the suggestion against a right one; in the pool, and blind, they give a wrong class. They
    answer in place of the reviewer of the queue, who goes on behind the last card.

    Parameters
    ----------
    project : Project
        With a truth column.
    queue : Queue
    count : int
        How many cards, fewer if the queue ends.
    accuracy : float
        Share of right answers, 0 to 1.
    seed : int
        Chooses the wrong answers.
    by : str
        Who signs.

    Returns
    -------
    int
        How many cards were settled.

    Raises
    ------
    ProjectError
        If the truth is not known, or there is no card left.
    """
    dataset = project.dataset
    truth_column = dataset.schema.truth
    if truth_column is None:
        raise ProjectError(
            "A simulated reviewer needs a column with the known truth. This data has none. "
            "Review by hand, or open a demo."
        )
    if not 0 <= accuracy <= 1:
        raise ProjectError(f"The accuracy of the simulated reviewer must be between 0 and 1. Got {accuracy} instead.")
    found = open_in(project, queue, queue.place, queue.place + count)
    truth = dataset.frame[truth_column].reindex(queue.cards.index[found])
    found, truth = found[truth.notna().to_numpy()], present(truth).astype("str")
    if truth.empty:
        raise ProjectError("There is no card left that the simulated reviewer could settle. Start another queue.")
    given = dataset.labels.loc[truth.index]
    suggested = queue.cards.reindex(columns=["suggested"])["suggested"].loc[truth.index]
    if queue.blind:
        # Nobody sees the label, so that nobody leaves it.
        given = given.where(pd.Series(False, index=given.index))
    right = np.random.default_rng([seed, queue.number, queue.place]).random(len(truth)) < accuracy
    wrong = given.where((truth != given) | suggested.isna(), suggested)
    # Without a label there is none to leave: the suggestion, or if that is right, another class.
    other = {name: next((each for each in dataset.classes if each != name), name) for name in truth.unique()}
    wrong = wrong.where(given.notna(), suggested.where(suggested.notna() & (suggested != truth), truth.map(other)))
    answer = truth.where(right, wrong)
    wanted: dict[str, str] = {}
    cards = 0
    for place, example, label in zip(found.tolist(), truth.index, answer, strict=True):
        if example not in wanted:
            wanted |= dict.fromkeys(members(project, queue, place), label)
            cards += 1
    project.apply(
        Decide(
            one_label(project, queue, wanted),
            guideline=project.guideline_version,
            blind=queue.blind,
            queue=(queue.number, queue.place, int(found[-1]) + 1),
            walker=queue.by,
            by=by,
            reason=f"{queue.source} (simulated, {accuracy:.0%} right)",
        )
    )
    return cards
