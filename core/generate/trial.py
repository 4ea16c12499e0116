"""Trying a proposal inside the folds of train before it touches the data."""

from __future__ import annotations

import pandas as pd

from core.dataset import Dataset
from core.evaluate import Verdict, compare
from core.generate.method import Sources
from core.generate.methods import find_method
from core.generate.propose import make_rows, propose_exclusions
from core.generate.strategy import GenerateError, Target, explicit_counts, scaled_counts
from core.progress import Cancel, Progress
from core.train import LockedModel, choose_threshold

__all__ = ["trial"]


def trial(
    dataset: Dataset,
    model: LockedModel,
    *,
    method: str,
    target: Target,
    n: int | None = None,
    seed: int = 0,
    metric: str = "macro_f1",
    before: pd.DataFrame | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Verdict:
    """Compare the locked model with and without a method, inside the folds of train.

    For each fold the method sees the other folds only, and its rows go into their training only: no example is
    predicted by a model that learned from what was made of it. Each fold makes its share of what `propose` would make.
    Examples to exclude are left out of training, but predicted and scored like all others. Test is not looked at.

    Parameters
    ----------
    dataset : Dataset
    model : LockedModel
    method, target, n, seed
        As for `propose` and `propose_exclusions`.
    metric : str
        See ``core.evaluate.METRICS``.
    before : DataFrame, optional
        The model's out-of-fold probabilities on this data set, if they are known already; saves half of the work.
    progress, cancel
        See `core.progress`.

    Returns
    -------
    Verdict
        Over the train examples that were not generated.

    Raises
    ------
    GenerateError
        As `propose`, also if a class has too few examples once a fold is taken away.
    Cancelled
        If the caller asked to stop.
    """
    chosen = find_method(method, dataset)
    train = dataset.part("train")
    labels = train[dataset.schema.label]
    halves = (None, progress) if before is not None else (_half(progress, 0), _half(progress, 1))
    # What can't be made is refused before the first fit.
    gone = propose_exclusions(dataset, method=method, target=target, n=n, seed=seed).index if chosen.excludes else None
    counts = {} if chosen.excludes else explicit_counts(labels, target, n=n)
    sources = train.drop(index=dataset.generated, errors="ignore")

    def augment(ids: pd.Index) -> pd.DataFrame:
        some = scaled_counts(counts, labels, labels.loc[ids])
        try:
            seen = Sources(sources.loc[sources.index.intersection(ids)], dataset.schema)
            return make_rows(chosen, seen, some, seed)
        except GenerateError as error:
            raise GenerateError(f"A trial leaves out a fifth of train at a time, and then: {error}") from error

    if before is None:
        before = model.out_of_fold(dataset, progress=halves[0], cancel=cancel)
    if gone is not None:
        after = model.refitter(dataset)(keep=train.index.difference(gone), progress=halves[1], cancel=cancel)
    else:
        after = model.out_of_fold(dataset, progress=halves[1], cancel=cancel, augment=augment)
    real = labels.loc[sources.index]
    return compare(
        real,
        before,
        after,
        metric=metric,
        predicted_before=_predicted(model, real, before),
        predicted_after=_predicted(model, real, after),
        seed=seed,
    )


def _predicted(model: LockedModel, labels: pd.Series, probabilities: pd.DataFrame) -> pd.Series | None:
    """Predictions under a chosen threshold, each side with its own; None where the largest probability decides."""
    if model.recipe.decision != "threshold":
        return None
    probabilities = probabilities.loc[labels.index]
    return model.decide(probabilities, choose_threshold(labels, probabilities))


def _half(progress: Progress | None, number: int) -> Progress | None:
    """The progress of the first (0) or second (1) half of the work."""
    if progress is None:
        return None
    words = ("without the method", "with the method")[number]
    return lambda share, message: progress((number + share) / 2, f"{words}: {message}")
