"""Trying many methods and amounts for one target, and saying honestly which is best, or that none is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from core import wording
from core.dataset import Dataset
from core.evaluate import GAIN, METRICS, Verdict, together
from core.generate.bench import Attempt, attempt
from core.generate.method import Method
from core.generate.methods import find_method, methods_for
from core.generate.optimism import expected_of_best, resampled_gains
from core.generate.shrinkage import shrinkage
from core.generate.strategy import Focus, GenerateError, Strategy, Target
from core.generate.trial import Trial, try_all
from core.progress import Cancel, Progress
from core.statistics import holm
from core.train import LockedModel

__all__ = ["AMOUNTS", "STRENGTHS", "Search", "search", "search_report"]

Floats = npt.NDArray[np.float64]

# Shares of what the target asks for.
AMOUNTS = (0.25, 0.5, 1.0)
# Multiples of a method's own strength, for a search that asks for them.
STRENGTHS = (0.5, 2.0)
# Stronger than this a change leaves too little of its parent.
_STRONGEST = 0.5


@dataclass(frozen=True)
class Search:
    """What a search found.

    Attributes
    ----------
    table : DataFrame
        See `search`.
    trials : tuple of Trial
        In the order of the table, their verdicts corrected for all that were tried.
    threshold : Verdict or None
        See `Trial`.
    expected : float
        What the first of the table is expected to change once its choice among many is allowed for (the best is chosen
        again in resamples and judged on what they leave out): a careful figure, rather too low. Not a number where the
        metric does not allow it.
    says : str
        What came of it, in a sentence or two.
    """

    table: pd.DataFrame
    trials: tuple[Trial, ...]
    threshold: Verdict | None
    expected: float
    says: str

    @property
    def best(self) -> Trial | None:
        """The first of the table, if it is likely to change anything for the better."""
        if not self.trials:
            return None
        first = self.trials[0]
        return first if first.verdict.verdict == GAIN or self.table["likely"].iloc[0] > 0 else None


def search(
    dataset: Dataset,
    model: LockedModel,
    *,
    target: Target,
    methods: Iterable[str] | None = None,
    amounts: Sequence[float] = AMOUNTS,
    strengths: Sequence[float] = (),
    seed: int = 0,
    metric: str = "macro_f1",
    before: pd.DataFrame | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> pd.DataFrame:
    """Try methods and amounts inside the folds of train; test is not looked at.

    Parameters
    ----------
    dataset : Dataset
    model : LockedModel
    target : str, float, mapping or Focus
        As for `propose`. Methods that exclude thin out the classes that are larger than those that are to grow.
    methods : iterable of str, optional
        Keys of `METHODS`; all that work on the data if not given.
    amounts : sequence of float
        Shares of what the target asks for, each in (0, 1].
    strengths : sequence of float
        Multiples of a method's own strength to try as well, where it has one, each in the middle amount: for example
        `STRENGTHS`. At most half of a row or text is changed.
    seed : int
    metric, before, progress, cancel
        As for `trial_report`.

    Returns
    -------
    DataFrame
        A row for each method and amount, best first: ``method``, ``title``, ``amount`` (share of what the target asks
        for), ``strength`` (missing where the method has none), ``rows`` (below zero: left out), ``before``, ``after``,
        ``delta``, ``likely`` (the change drawn towards that of the method in all amounts, see
        `core.generate.shrinkage`: by it the rows are ordered, behind those that surely gain), ``low``, ``high`` (an
        interval that holds for all rows together), ``p_value``, ``p_adjusted`` (Holm), ``verdict``, ``pareto`` (nothing
        that changes fewer rows gives more), ``threshold_as_good``, ``seconds`` and ``problem`` (why it can't be tried,
        else empty). ``attrs["says"]`` is what came of it in a sentence.

    Raises
    ------
    GenerateError
        If a method or the target is unknown, or no method can be tried.
    Cancelled
        If the caller asked to stop.
    """
    return search_report(
        dataset,
        model,
        target=target,
        methods=methods,
        amounts=amounts,
        strengths=strengths,
        seed=seed,
        metric=metric,
        before=before,
        progress=progress,
        cancel=cancel,
    ).table


def search_report(
    dataset: Dataset,
    model: LockedModel,
    *,
    target: Target,
    methods: Iterable[str] | None = None,
    amounts: Sequence[float] = AMOUNTS,
    strengths: Sequence[float] = (),
    seed: int = 0,
    metric: str = "macro_f1",
    before: pd.DataFrame | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Search:
    """The same as `search`, with everything behind the table.

    Returns
    -------
    Search
    """
    wrong = [amount for amount in amounts if not 0 < amount <= 1]
    if wrong or not amounts:
        raise GenerateError(
            f"Amounts are shares of what the target asks for, above 0 and at most 1. Got {wrong or 'none'} instead."
        )
    chosen = methods_for(dataset) if methods is None else [find_method(key, dataset) for key in methods]
    wrong = [strength for strength in strengths if not strength > 0]
    if wrong:
        raise GenerateError(f"Strengths are multiples of a method's own, above 0. Got {wrong} instead.")
    attempts, refused = _grid(dataset, chosen, target, amounts, strengths, seed)
    if not attempts:
        raise GenerateError(refused[0][1] if refused else "There is no method to try. Name one.")
    tried = try_all(dataset, model, attempts, metric=metric, before=before, progress=progress, cancel=cancel)
    found = [result for result in tried.results if isinstance(result, Trial)]
    said = [own for own in tried.after if own is not None]
    gains = np.array([each.verdict.delta for each in found])
    resampled = resampled_gains(tried.labels, tried.before, said, metric=metric, seed=seed)
    names = [each.attempt.method.key for each in found]
    # An amount of rows that go is another thing than one of rows that come.
    weights = shrinkage(gains, resampled, names, [each.attempt.method.excludes for each in found])
    expected = expected_of_best(resampled, weights)
    ordered, likely = _ordered(found, weights @ gains)
    problems = [
        (each.method, each.share, result)
        for each, result in zip(attempts, tried.results, strict=True)
        if isinstance(result, str)
    ] + [(method, math.nan, problem) for method, problem in refused]
    table = _table(ordered, likely, problems)
    result = Search(table, tuple(ordered), tried.threshold, expected, "")
    result = replace(result, says=_says(result, metric))
    table.attrs["says"] = result.says
    return result


def _grid(
    dataset: Dataset,
    methods: Sequence[Method],
    target: Target,
    amounts: Sequence[float],
    strengths: Sequence[float],
    seed: int,
) -> tuple[list[Attempt], list[tuple[Method, str]]]:
    """Every method with every amount, and the methods that can't be tried at all, with why."""
    labels = dataset.labels_of("train")
    attempts: list[Attempt] = []
    refused: list[tuple[Method, str]] = []
    for method in methods:
        try:
            aim = _thinned(labels, target) if method.excludes else target
            whole = attempt(dataset, method=method.key, target=aim, seed=seed)
        except GenerateError as problem:
            # A target that no method understands is the caller's mistake.
            if not method.excludes and not isinstance(target, Focus):
                raise
            refused.append((method, str(problem)))
            continue
        made: dict[tuple[int, ...], Attempt] = {}
        for amount in sorted(amounts) if not method.finds else [1.0]:
            counts = {name: max(1, round(amount * count)) for name, count in whole.counts.items()}
            made.setdefault(tuple(counts.values()), replace(whole, counts=counts, share=amount))
        own = list(made.values())
        attempts += [*own, *_stronger(own[len(own) // 2], strengths)]
    return attempts, refused


def _stronger(asked: Attempt, strengths: Sequence[float]) -> list[Attempt]:
    """The same in other strengths, where the method has one."""
    own = asked.strength
    if own is None:
        return []
    others = dict.fromkeys(min(_STRONGEST, float(own * strength)) for strength in strengths)
    name = asked.method.strength
    return [replace(asked, settings={**asked.settings, name: other}) for other in others if other != own]


def _thinned(labels: pd.Series, target: Target) -> Target:
    """What methods that exclude do for a target that says what is to grow: the larger classes shrink."""
    sizes = labels.value_counts()
    if isinstance(target, Focus):
        return target
    if isinstance(target, str) and target in sizes.index and not isinstance(target, Strategy):
        grown = [target]
    elif isinstance(target, str | float | int):
        return Strategy.MAJORITY if target == Strategy.MINORITY else target
    else:
        grown = [name for name, count in target.items() if count]
    most = int(sizes.reindex(grown).max()) if set(grown) <= set(sizes.index) else 0
    larger = {str(name): int(size) - most for name, size in sizes.items() if size > most and name not in grown}
    if not larger:
        raise GenerateError("No class is larger than those that are to grow: there is nothing to thin out.")
    return larger


def _ordered(trials: Sequence[Trial], likely: Floats) -> tuple[list[Trial], Floats]:
    """Trials with verdicts that hold for all of them together, those that gain first, then by what they likely give.

    Of equally likely ones the one that changes fewest rows comes first.
    """
    verdicts = together([each.verdict for each in trials])
    beyond = iter(together([each.beyond for each in trials if each.beyond is not None]))
    corrected = [
        replace(each, verdict=verdict, beyond=None if each.beyond is None else next(beyond))
        for each, verdict in zip(trials, verdicts, strict=True)
    ]
    # What is equal but for the order of summing is equal.
    ranks = [
        (each.verdict.verdict != GAIN, -round(value, 9), abs(each.rows))
        for each, value in zip(corrected, likely.tolist(), strict=True)
    ]
    order = sorted(range(len(corrected)), key=ranks.__getitem__)
    return [corrected[place] for place in order], likely[order]


def _table(trials: Sequence[Trial], likely: Floats, problems: Sequence[tuple[Method, float, str]]) -> pd.DataFrame:
    p_values = [each.verdict.p_value for each in trials]
    adjusted = holm(np.nan_to_num(p_values, nan=1.0)) if trials else np.empty(0)
    front = _pareto(trials)
    rows = [
        {
            "method": each.attempt.method.key,
            "title": each.attempt.method.title,
            "amount": each.attempt.share,
            "strength": each.attempt.strength,
            "rows": each.rows,
            "before": each.verdict.before,
            "after": each.verdict.after,
            "delta": each.verdict.delta,
            "likely": hoped,
            "low": each.verdict.low,
            "high": each.verdict.high,
            "p_value": each.verdict.p_value,
            "p_adjusted": p_adjusted,
            "verdict": each.verdict.verdict,
            "pareto": on_front,
            "threshold_as_good": each.threshold_as_good,
            "seconds": each.seconds,
            "problem": "",
        }
        for each, hoped, p_adjusted, on_front in zip(trials, likely.tolist(), adjusted.tolist(), front, strict=True)
    ]
    rows += [
        {
            "method": method.key,
            "title": method.title,
            "amount": share,
            "rows": 0,
            "verdict": "",
            "pareto": False,
            "threshold_as_good": False,
            "problem": problem,
        }
        for method, share, problem in problems
    ]
    columns = "method title amount strength rows before after delta likely low high p_value p_adjusted verdict pareto"
    table = pd.DataFrame(rows, columns=[*columns.split(), "threshold_as_good", "seconds", "problem"])
    return table.astype({"strength": "float64"})


def _pareto(trials: Sequence[Trial]) -> list[bool]:
    """Which give more than all that change as few rows or fewer; doing nothing is among those."""
    gains = np.array([each.verdict.delta for each in trials])
    changed = np.array([abs(each.rows) for each in trials])
    return [
        bool(gain > 0) and not bool((((gains >= gain) & (changed < cost)) | ((gains > gain) & (changed <= cost))).any())
        for gain, cost in zip(gains, changed, strict=True)
    ]


def _says(found: Search, metric: str) -> str:
    title = METRICS[metric]
    gains = [each for each in found.trials if each.verdict.verdict == GAIN]
    number = len(found.trials)
    if not found.trials:
        return "Nothing could be tried: see what stands beside each method."
    first = found.trials[0]
    hoped = ""
    if found.expected > 0:
        least = wording.signed(found.expected)
        hoped = f" As the best of {number} it seems better than it is: expect no less than about {least}."
    elif found.expected <= 0:
        hoped = f" As the best of {number} it may be so by luck."
    if not gains:
        said = f"Nothing helps: of {number} tried none changes {title} by more than chance could."
        if found.best is not None:
            said += f" The likeliest to help is {first.attempt} ({wording.signed(first.verdict.delta)}).{hoped}"
    else:
        said = (
            f"{len(gains)} of {number} tried {wording.verb(len(gains), 'helps', 'help')}. The best is {first.attempt}: "
            f"{title} {wording.signed(first.verdict.delta)} "
            f"({wording.signed_interval(first.verdict.low, first.verdict.high)}).{hoped}"
        )
    if found.threshold is not None and first.threshold_as_good:
        said += (
            f" Another decision threshold gives {wording.signed(found.threshold.delta)} without any new data: nothing "
            "the best gives beyond that is sure."
        )
    return said
