"""Trying a proposal inside the folds of train before it touches the data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from core import wording
from core.dataset import Dataset
from core.evaluate import GAIN, METRICS, Verdict, compare, compare_classes, compare_part, together
from core.generate.bench import Attempt, Bench, attempt
from core.generate.decision import moved_decision
from core.generate.strategy import GenerateError, Target
from core.ids import is_among, looked_up
from core.progress import Cancel, Progress
from core.statistics import paired_interval
from core.train import LockedModel, choose_threshold

__all__ = ["Trial", "Tried", "trial", "trial_report", "try_all"]

_A_FIFTH = "A trial leaves out a fifth of train at a time, and then"


@dataclass(frozen=True)
class Trial:
    """What a method did inside the folds of train.

    Attributes
    ----------
    attempt : Attempt
    rows : int
        Made, or below zero: left out.
    verdict : Verdict
        Over the train examples that were not generated.
    classes : dict of str to Verdict
        F1 of each class.
    inside : Verdict or None
        On the examples that the method was aimed at; None if it was aimed at whole classes, or at too few to tell.
    threshold : Verdict or None
        What the same model gives without the method if a threshold (with more than two classes, the weight of rare
        ones) is chosen out of fold; None where that changes nothing or belongs to the lock.
    beyond : Verdict or None
        What the method gives beyond that.
    seconds, seconds_before : float
        Work for all folds with and without the method; not a number where it was known before.
    test_size, train_size : int
        Examples of test and of train that were not generated.
    """

    attempt: Attempt
    rows: int
    verdict: Verdict
    classes: Mapping[str, Verdict]
    inside: Verdict | None
    threshold: Verdict | None
    beyond: Verdict | None
    seconds: float
    seconds_before: float
    train_size: int
    test_size: int

    @property
    def threshold_as_good(self) -> bool:
        """Whether a threshold gives as much: something, and the method nothing beyond it that is sure."""
        if self.threshold is None or self.beyond is None or self.beyond.verdict == GAIN or self.verdict.delta <= 0:
            return False
        return self.threshold.verdict == GAIN or self.threshold.delta >= self.verdict.delta

    @property
    def forecast(self) -> tuple[float, float]:
        """Where the change that test shows will lie, with 95%: test has luck of its own."""
        return self.forecast_at(self.verdict.delta)

    def forecast_at(self, delta: float) -> tuple[float, float]:
        """The same around another estimate, where `verdict` is the best of many."""
        if not self.test_size:
            return math.nan, math.nan
        return paired_interval(delta, self.verdict.error * math.sqrt(1 + self.train_size / self.test_size))

    def says(self) -> str:
        """What a trial says, in a sentence or two."""
        verdict = self.verdict
        change = f"{wording.signed(verdict.delta)} ({wording.signed_interval(verdict.low, verdict.high)})"
        said = f"{self.attempt}: {verdict.verdict}, {METRICS[verdict.metric]} {change} inside the folds of train."
        if self.threshold is not None and self.threshold_as_good:
            said += (
                f" Another decision threshold, chosen out of fold, gives {wording.signed(self.threshold.delta)} "
                "without any new data: what the method gives beyond that can't be told from chance."
            )
        return said


def trial(
    dataset: Dataset,
    model: LockedModel,
    *,
    method: str,
    target: Target,
    n: int | None = None,
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
    metric: str = "macro_f1",
    before: pd.DataFrame | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Verdict:
    """Compare the locked model with and without a method, inside the folds of train.

    The headline of `trial_report`, which says more; parameters and errors are the same.

    Returns
    -------
    Verdict
        Over the train examples that were not generated.
    """
    return trial_report(
        dataset,
        model,
        method=method,
        target=target,
        n=n,
        seed=seed,
        settings=settings,
        metric=metric,
        before=before,
        progress=progress,
        cancel=cancel,
    ).verdict


def trial_report(
    dataset: Dataset,
    model: LockedModel,
    *,
    method: str,
    target: Target,
    n: int | None = None,
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
    metric: str = "macro_f1",
    before: pd.DataFrame | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Trial:
    """Compare the locked model with and without a method: overall, by class, on its target, and with a threshold.

    For each fold the method sees the other folds only, and its rows go into their training only: no example is
    predicted by a model that learned from what was made of it. Each fold makes its share of what `propose` would make.
    Examples to exclude are found in the other folds and left out of training, but predicted and scored like all
    others. Test is not looked at.

    Parameters
    ----------
    dataset : Dataset
    model : LockedModel
    method, target, n, seed, settings
        As for `propose` and `propose_exclusions`.
    metric : str
        See ``core.evaluate.METRICS``.
    before : DataFrame, optional
        The model's out-of-fold probabilities on this data set, if they are known already; saves half of the work. Not
        used where the target was found on them: then other folds judge.
    progress, cancel
        See `core.progress`.

    Returns
    -------
    Trial
        Its verdict stands for itself; those by class and on the target are corrected together.

    Raises
    ------
    GenerateError
        As `propose`, also if a class has too few examples once a fold is taken away.
    Cancelled
        If the caller asked to stop.
    """
    # What can't be made is refused before the first fit.
    asked = attempt(dataset, method=method, target=target, n=n, seed=seed, settings=settings)
    (result,) = try_all(dataset, model, [asked], metric=metric, before=before, progress=progress, cancel=cancel).results
    if isinstance(result, str):
        raise GenerateError(f"{_A_FIFTH}: {result}")
    return result


@dataclass(frozen=True)
class Tried:
    """Several attempts, tried together.

    Attributes
    ----------
    results : list of Trial or str
        What each did, or why it can't be made in the folds.
    labels : Series of shape (n,)
        Of the train examples that were not generated.
    before : Series of shape (n,)
        What was predicted of them without a method.
    after : list of Series of shape (n,) or None
        With each attempt; None where it can't be made.
    threshold : Verdict or None
        See `Trial`.
    """

    results: list[Trial | str]
    labels: pd.Series
    before: pd.Series
    after: list[pd.Series | None]
    threshold: Verdict | None


def try_all(
    dataset: Dataset,
    model: LockedModel,
    attempts: Sequence[Attempt],
    *,
    metric: str,
    before: pd.DataFrame | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Tried:
    """Try attempts that have one target, with every fit that they share made once.

    Parameters
    ----------
    dataset, model, metric, before, progress, cancel
        As for `trial_report`.
    attempts : sequence of Attempt
    """
    # The folds that found a target by its errors would flatter whatever is done about it.
    division = int(any(each.focus is not None and each.focus.found_on_errors for each in attempts))
    bench = Bench(dataset)
    first, outcomes = bench.run(
        model,
        attempts,
        before=before if division == 0 else None,
        division=division,
        progress=progress,
        cancel=cancel,
    )
    if first.probabilities is None:
        raise GenerateError(f"{_A_FIFTH}: {first.problem}")
    labels = dataset.labels_of("train").drop(index=dataset.generated, errors="ignore")
    probabilities = looked_up(first.probabilities, labels.index)
    said = _said(model, labels, probabilities)
    moved = None
    if model.recipe.decision != "threshold":
        moved = moved_decision(labels, probabilities, dataset.folds(division=division), metric)
    base = _Base(labels, probabilities, said, moved, metric)
    threshold = None if moved is None else base.against(probabilities, moved)
    results: list[Trial | str] = []
    after: list[pd.Series | None] = []
    for each, outcome in zip(attempts, outcomes, strict=True):
        if outcome.probabilities is None:
            results.append(outcome.problem)
            after.append(None)
            continue
        found = looked_up(outcome.probabilities, labels.index)
        after.append(_said(model, labels, found))
        classes, inside = base.parts(each, found, after[-1])
        results.append(
            Trial(
                each,
                bench.rows(each),
                base.against(found, after[-1]),
                classes,
                inside,
                threshold,
                None if moved is None else base.against(found, after[-1], moved),
                outcome.seconds,
                first.seconds,
                len(labels),
                len(dataset.ids("test")),
            )
        )
    return Tried(results, labels, said, after, threshold)


@dataclass(frozen=True)
class _Base:
    """What everything is compared with: the folds without a method, as they decide and with the decision moved."""

    labels: pd.Series
    probabilities: pd.DataFrame
    said: pd.Series
    moved: pd.Series | None
    metric: str

    def against(self, after: pd.DataFrame, said: pd.Series | None, before: pd.Series | None = None) -> Verdict:
        return compare(
            self.labels,
            self.probabilities,
            after,
            metric=self.metric,
            predicted_before=self.said if before is None else before,
            predicted_after=said,
        )

    def parts(
        self, asked: Attempt, after: pd.DataFrame, said: pd.Series | None
    ) -> tuple[dict[str, Verdict], Verdict | None]:
        """Verdicts by class and on the target, corrected together."""
        classes = compare_classes(
            self.labels, self.probabilities, after, predicted_before=self.said, predicted_after=said
        )
        inside = None
        if asked.focus is not None:
            part = self.labels[is_among(self.labels.index, pd.Index(asked.focus.ids))]
            inside = compare_part(
                part,
                self.probabilities,
                after,
                classes=len(classes),
                metric=self.metric,
                predicted_before=self.said,
                predicted_after=said,
            )
        corrected = together([*classes.values(), *([] if inside is None else [inside])])
        return dict(zip(classes, corrected, strict=False)), None if inside is None else corrected[-1]


def _said(model: LockedModel, labels: pd.Series, probabilities: pd.DataFrame) -> pd.Series:
    """Predictions, where the lock asks for a threshold under one that is chosen on these probabilities."""
    if model.recipe.decision != "threshold":
        return model.decide(probabilities)
    return model.decide(probabilities, choose_threshold(labels, probabilities))
