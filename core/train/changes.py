"""What the locked model would say if its folds trained on something else: many changes of one data set, tried together.

The data set is encoded once, a fold that would learn from the same rows again is not fitted again, and all folds of all
changes share the machine's cores.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from core.dataset import Dataset
from core.errors import FlywheelError
from core.progress import Cancel, Progress, Steps
from core.train.fit import Change, Known, Task, TrainingSet, side_by_side
from core.train.lock import FOLDS, LockedModel

__all__ = ["Outcome", "out_of_fold_under"]


@dataclass(frozen=True)
class Outcome:
    """What came of one change.

    Attributes
    ----------
    probabilities : DataFrame of shape (train, classes) or None
        As `LockedModel.out_of_fold`; None where the change could not be made.
    seconds : float
        Work in all folds, on one core: making the change and fitting, or looking up what was fitted before.
    problem : str
        Why it could not be made; empty where it could.
    """

    probabilities: pd.DataFrame | None
    seconds: float
    problem: str = ""


def out_of_fold_under(
    model: LockedModel,
    dataset: Dataset,
    changes: Mapping[str, Callable[[pd.Index], Change]],
    *,
    folds: int = FOLDS,
    division: int = 0,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> list[Outcome]:
    """Predict each train example under several changes of what its fold trains on.

    Parameters
    ----------
    model : LockedModel
    dataset : Dataset
    changes : mapping of str to callable
        What to call each while it runs; it hears the ids that a fold trains on and returns a `Change`. It may refuse
        with a `FlywheelError`: then its other folds are not fitted.
    folds, division : int
        See `Dataset.folds`.
    progress, cancel
        See `core.progress`.

    Returns
    -------
    list of Outcome
        In the order of `changes`.

    Raises
    ------
    TrainError
        If train holds fewer than two classes.
    Cancelled
        If the caller asked to stop.
    """
    steps = Steps(1 + folds * len(changes), progress, cancel)
    steps.start("reading the texts" if model.recipe.modality == "text" else "reading the columns")
    training_set = TrainingSet(model.recipe.to_dict(), dataset)
    known: Known = {}
    spent = dict.fromkeys(changes, 0.0)
    problems: dict[str, str] = {}

    def timed(name: str, task: Task) -> Task:
        def work() -> object:
            if name in problems:
                return None
            began = time.perf_counter()
            try:
                return task.work()
            except FlywheelError as problem:
                problems.setdefault(name, str(problem))
                return None
            finally:
                spent[name] += time.perf_counter() - began

        return Task(f"{name}: {task.message}", work)

    tasks = [
        (name, timed(name, task))
        for name, change in changes.items()
        for task in training_set.folds(folds, change=change, division=division, known=known)
    ]
    found = side_by_side([task for _, task in tasks], steps)
    results: dict[str, list[object]] = {name: [] for name in changes}
    for (name, _), result in zip(tasks, found, strict=True):
        results[name].append(result)
    outcomes = [
        Outcome(None, spent[name], problems[name])
        if name in problems
        else Outcome(training_set.out_of_fold(parts), spent[name])  # type: ignore[arg-type]
        for name, parts in results.items()
    ]
    steps.finish()
    return outcomes
