"""A small project, made through core before the server sees the workspace: what is tested is what comes after it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from core.dataset import Dataset
from core.flywheel import Exclude, Project, start_queue

__all__ = ["make_project"]


def make_project(
    workspace: Path,
    *,
    turns: int = 1,
    queue: bool = False,
    name: str = "small",
    sealed: float = 0.0,
    rows: int = 240,
) -> str:
    """Make a project of some customers with a fifth of the labels wrong.

    Parameters
    ----------
    workspace : Path
    turns : int
        How many turns are run, with an edit before each but the first.
    queue : bool
        Start a review of every train example, the most doubtful ones first.
    name : str
        Of the folder, which is the id of the project.
    sealed : float
        Share of the examples that is set aside.
    rows : int
        How many customers.

    Returns
    -------
    str
        The id.
    """
    dataset = Dataset.from_frame(_customers(rows), label="label", sealed=sealed)
    project = Project.create(workspace / name, dataset, recipe="logistic_regression", name=name.capitalize())
    for number in range(turns):
        if number:
            project.apply(Exclude(tuple(project.dataset.ids("train")[:2]), by="somebody", reason="twins"))
        project.turn()
    if queue:
        start_queue(project, project.turns[-1].suspects, source="every label", turn=turns - 1)
    project.close()
    return name


def _customers(rows: int) -> pd.DataFrame:
    chance = np.random.default_rng(1)
    income, age = chance.normal(40, 9, rows).round(1), chance.integers(18, 80, rows)
    wanted = income + age / 4 + chance.normal(0, 3, rows) > 51
    wrong = chance.random(rows) < 0.2
    return pd.DataFrame(
        {
            "income": income,
            "age": age,
            "plan": chance.choice(["basic", "plus", "family"], rows),
            "label": np.where(wanted ^ wrong, "stays", "leaves"),
        }
    )
