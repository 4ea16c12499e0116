"""What a rule would do, before it is saved: how much it hits, how that is labelled, and where in a text it found it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.annotate.column_reader import RuleError, marked
from core.annotate.combinations import AllOf, AnyOf
from core.annotate.conditions import Condition, Contains, Matches
from core.annotate.rules import Rule, check_rules, seen_by_rules, votes
from core.content import written
from core.dataset import Dataset
from core.statistics import wilson_interval

__all__ = ["Preview", "marks", "preview"]

_AROUND = 120


@dataclass(frozen=True)
class Preview:
    """What a rule hits.

    Attributes
    ----------
    train, pool : int
        Examples it hits in either part, of ``of_train`` and ``of_pool``.
    agreed : int
        Hits in train that are labelled with the class of the rule; ``low`` and ``high`` are the 95% interval of their
        share (Wilson).
    base : float
        The share of the class in train.
    examples : tuple of str
        Some of the hits, drawn by chance.
    """

    train: int
    of_train: int
    pool: int
    of_pool: int
    agreed: int
    low: float
    high: float
    base: float
    examples: tuple[str, ...]


def preview(rule: Rule, dataset: Dataset, *, examples: int = 5, seed: int = 0) -> Preview:
    """Try a rule on train and pool.

    Raises
    ------
    RuleError
        If it does not fit the data or takes too long.
    """
    check_rules([rule], dataset, only=[rule.name])
    # By places: to look up the ids of all that a rule hits takes longer than the rule.
    seen = seen_by_rules(dataset)
    tried = Rule(rule.name, rule.label, rule.condition)
    cast = votes([tried], dataset.frame, rows=seen, version=dataset.version)
    hit = seen[cast[rule.name].notna().to_numpy()]
    train = hit[(dataset.split.iloc[hit] == "train").to_numpy()]
    agreed = int((dataset.labels.iloc[train] == rule.label).sum())
    low, high = wilson_interval(agreed, len(train))
    chosen = np.random.default_rng(seed).permutation(len(hit))[:examples]
    return Preview(
        train=len(train),
        of_train=len(dataset.ids("train")),
        pool=len(hit) - len(train),
        of_pool=len(dataset.ids("pool")),
        agreed=agreed,
        low=float(low),
        high=float(high),
        base=float((dataset.labels_of("train") == rule.label).mean()),
        examples=tuple(dataset.frame.index[hit[np.sort(chosen)]].astype(str)),
    )


def marks(condition: Condition, column: str, text: object, *, around: int = _AROUND) -> list[tuple[str, bool]]:
    """Cut a text where a condition found something in it: pieces, each with whether it was found.

    A long text is cut to what surrounds the first place. What a rule denies is not marked.
    """
    if pd.isna(text):  # type: ignore[call-overload]
        return [("missing", False)]
    said = written(text)
    pieces = [(said, False)]
    expressions = _expressions(condition, column)
    if expressions:
        try:
            pieces = marked(said, "|".join(f"(?:{expression})" for expression in expressions))
        except RuleError:
            # Each pattern is known to RE2; together they may be too large to mark.
            pieces = [(said, False)]
    return _clipped(pieces, around)


def _expressions(condition: Condition, column: str) -> list[str]:
    if isinstance(condition, (AllOf, AnyOf)):
        return [each for part in condition.parts for each in _expressions(part, column)]
    if isinstance(condition, (Contains, Matches)) and condition.column == column:
        return [condition.expression]
    return []


def _clipped(pieces: list[tuple[str, bool]], around: int) -> list[tuple[str, bool]]:
    before = 0
    for piece, found in pieces:
        if found:
            break
        before += len(piece)
    else:
        before = 0
    start, end = max(0, before - around), before + 2 * around
    shown: list[tuple[str, bool]] = []
    place = 0
    for piece, found in pieces:
        part = piece[max(0, start - place) : max(0, end - place)]
        place += len(piece)
        if part:
            shown.append((part, found))
    if start and shown:
        shown[0] = (f"…{shown[0][0]}", shown[0][1]) if not shown[0][1] else shown[0]
    return [*shown, ("…", False)] if place > end else shown
