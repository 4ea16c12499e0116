"""The bench: what each fold of train trains on under each attempt, and everything that attempts share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import pandas as pd

from core.dataset import Dataset
from core.generate.method import Method, Sources
from core.generate.methods import find_method
from core.generate.propose import chosen_by, drawn, exclusion_counts, make_rows, originals
from core.generate.strategy import Focus, Target, explicit_counts, scaled_counts
from core.ids import is_among
from core.progress import Cancel, Progress
from core.train import Change, LockedModel, Outcome, Recipe, out_of_fold_under

__all__ = ["Attempt", "Bench", "attempt"]

_WITHOUT = "without a method"


@dataclass(frozen=True, eq=False)
class Attempt:
    """One method with everything that settles what it makes.

    Attributes
    ----------
    method : Method
    counts : mapping
        Class to how many rows are made (go; go at most, where the method finds by itself which).
    focus : Focus or None
        Whom they are made of, if not of whole classes.
    most : int or None
        For a method that finds by itself how many: how many may go in all.
    share : float
        How much of what the target asks for; 1 if it was not asked for less.
    seed : int
    settings : mapping
    """

    method: Method
    counts: Mapping[str, int]
    focus: Focus | None = None
    most: int | None = None
    share: float = 1.0
    seed: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many rows in all, below zero if they go; at most, where the method finds by itself which."""
        return sum(self.counts.values()) * (-1 if self.method.excludes else 1)

    @property
    def strength(self) -> float | None:
        """How far its rows are from their parents; None where the method has no such setting."""
        name = self.method.strength
        return float(self.settings.get(name, self.method.settings[name])) if name else None

    def __str__(self) -> str:
        if self.method.finds:
            return self.method.title
        strength = self.strength
        told = "" if strength in (None, self.method.settings.get(self.method.strength)) else f" at {strength:.0%}"
        return f"{self.method.title}{told}, {abs(self.total):,} {'fewer' if self.method.excludes else 'rows'}"


def attempt(
    dataset: Dataset,
    *,
    method: str,
    target: Target,
    n: int | None = None,
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
) -> Attempt:
    """Settle what an attempt makes; the parameters are those of `propose` and `propose_exclusions`.

    Raises
    ------
    GenerateError
        If there is no such method, target or setting, or nothing to do.
    """
    chosen = find_method(method, dataset)
    labels = dataset.labels_of("train")
    counts = exclusion_counts(chosen, labels, target, n) if chosen.excludes else explicit_counts(labels, target, n=n)
    return Attempt(
        chosen,
        counts,
        target if isinstance(target, Focus) else None,
        n if chosen.finds else None,
        seed=seed,
        settings=chosen.settled(settings),
    )


class Bench:
    """The folds of train, with and without each of several attempts.

    For each fold a method sees the other folds only, and what it makes goes into their training only: no example is
    predicted by a model that learned from what was made of it. Each fold makes its share of what would be made of all.
    What methods find out about the examples of a fold they find out once.

    Parameters
    ----------
    dataset : Dataset
    """

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        # By whether a method excludes: it may exclude what was generated, but makes rows of originals only.
        self._all = {
            False: Sources(originals(dataset), dataset.schema),
            True: Sources(dataset.part("train"), dataset.schema),
        }
        self._of_fold: dict[tuple[int, bool], tuple[pd.Index, Sources]] = {}
        self._lock = Lock()
        self.gone: dict[Attempt, int] = {}

    def run(
        self,
        model: LockedModel,
        attempts: Sequence[Attempt],
        *,
        before: pd.DataFrame | None = None,
        division: int = 0,
        progress: Progress | None = None,
        cancel: Cancel | None = None,
    ) -> tuple[Outcome, list[Outcome]]:
        """Fit all folds.

        Parameters
        ----------
        model : LockedModel
        attempts : sequence of Attempt
        before : DataFrame, optional
            Out-of-fold probabilities without a method, in this division, if they are known.
        division : int
            See `Dataset.folds`.
        progress, cancel
            See `core.progress`.

        Returns
        -------
        before : Outcome
            Without a method; its seconds are not a number if it was known.
        after : list of Outcome
            With each attempt.

        Raises
        ------
        Cancelled
            If the caller asked to stop.
        """
        changes: dict[str, Callable[[pd.Index], Change]] = {}
        if before is None:
            changes[_WITHOUT] = lambda ids: Change()
        for number, each in enumerate(attempts):
            name = str(each) if str(each) not in changes else f"{each} ({number + 1})"
            changes[name] = self._change(each, model.recipe)
        outcomes = out_of_fold_under(model, self.dataset, changes, division=division, progress=progress, cancel=cancel)
        if before is not None:
            return Outcome(before, float("nan")), outcomes
        return outcomes[0], outcomes[1:]

    def rows(self, attempt: Attempt) -> int:
        """How many rows an attempt makes, below zero if they go: about, where the method found by itself which."""
        if not attempt.method.finds:
            return attempt.total
        # Each example is in the training of all folds but one.
        folds = self.dataset.folds().nunique()
        return -round(self.gone.get(attempt, 0) / max(1, folds - 1))

    def _change(self, attempt: Attempt, recipe: Recipe) -> Callable[[pd.Index], Change]:
        parents = chosen_by(attempt.focus) if attempt.focus is not None else None
        excludes = attempt.method.excludes
        whole = self._all[excludes].among(parents)

        def change(ids: pd.Index) -> Change:
            sources = self._seen(ids, recipe, excludes).among(parents)
            counts = scaled_counts(attempt.counts, whole.sizes, sources.sizes)
            if not excludes:
                return Change(rows=make_rows(attempt.method, sources, counts, attempt.seed, attempt.settings))
            left = sources.among(None).sizes
            counts = {name: able for name, count in counts.items() if (able := min(count, left[name] - 1)) > 0}
            most = None if attempt.most is None else round(attempt.most * len(sources) / len(whole))
            gone = drawn(attempt.method, sources, counts, attempt.seed, attempt.settings, most=most)
            with self._lock:
                self.gone[attempt] = self.gone.get(attempt, 0) + len(gone)
            return Change(without=sources.examples.index[gone])

        return change

    def _seen(self, ids: pd.Index, recipe: Recipe, excludes: bool) -> Sources:
        """The examples of a fold, one object for all that ask: a fold says its ids by one index."""
        # What excludes sees generated rows, too; where there are none, both see the same.
        excludes = excludes and len(self._all[False]) < len(self._all[True])
        with self._lock:
            key = id(ids), excludes
            if key not in self._of_fold:
                examples = self._all[excludes].examples
                own = examples[is_among(examples.index, ids)]
                # The index is kept, or another one might get its identity.
                self._of_fold[key] = ids, Sources(own, self.dataset.schema, recipe=recipe)
            return self._of_fold[key][1]
