"""The part of the audit that looks at what rows share by where they stand: an order, a time, a group.

A split by chance is fair only if rows are drawn alike. Where rows of one group, or of one week, lie on both sides, a
model can recognise what it should predict.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import chi2, rankdata

from core import wording
from core.collect.audited import Audited
from core.collect.finding import Finding, listed

__all__ = ["association", "check_order"]

BLOCKS = 20
LEAST_ROWS = 200
# Cramér's V, and the chance below which an association is none of chance.
STRONG, MODERATE, CHANCE = 0.3, 0.15, 1e-6
CORRELATED = 0.5
SAMPLED = 20_000
# Groups: so many, and by how much the label of the others in a group beats the most frequent label.
FEWEST_GROUPS, LARGEST_GROUPS = 20, 50
GAIN = 0.7
SPLIT_GROUPS = 0.3

_Codes = npt.NDArray[np.int64]


def check_order(audited: Audited) -> Iterator[Finding]:
    """Yield signs that order, time or a group tells the label, or that the split cuts through groups."""
    label = audited.coded(audited.schema.label).codes
    if int(audited.train.sum()) < LEAST_ROWS:
        return
    yield from _sorted_by_label(audited, label)
    yield from _drifting(audited)
    if audited.schema.time is None and audited.schema.split_column is None:
        yield from _over_time(audited, label)
    if audited.schema.group is None:
        yield from _groups(audited, label)


def association(a: _Codes, b: _Codes) -> tuple[float, float]:
    """Cramér's V of two codings, corrected for what it is by chance, and the p-value of the chi-square test.

    Parameters
    ----------
    a, b : arrays of shape (n,), int64
        From 0; no value is missing.

    Returns
    -------
    (float, float)

    References
    ----------
    Bergsma (2013), "A bias-correction for Cramér's V and Tschuprow's T".
    """
    rows, columns = int(a.max()) + 1, int(b.max()) + 1
    table = np.bincount(a * columns + b, minlength=rows * columns).reshape(rows, columns).astype(np.float64)
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    n, (rows, columns) = table.sum(), table.shape
    if min(rows, columns) < 2:
        return 0.0, 1.0
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / n
    statistic = float((np.square(table - expected) / expected).sum())
    freedom = (rows - 1) * (columns - 1)
    phi = max(0.0, statistic / n - freedom / (n - 1))
    least = min(rows - (rows - 1) ** 2 / (n - 1), columns - (columns - 1) ** 2 / (n - 1)) - 1
    return float(np.sqrt(phi / max(least, 1e-12))), float(chi2.sf(statistic, freedom))


def _blocks(ranks: npt.NDArray[np.float64]) -> _Codes:
    """Cut ranks (from 1) into blocks of nearly equal size; ties stay together."""
    return np.minimum((ranks - 1) * BLOCKS // len(ranks), BLOCKS - 1).astype(np.int64)


def _sorted_by_label(audited: Audited, label: _Codes) -> Iterator[Finding]:
    known = np.flatnonzero(audited.train & (label >= 0))
    strength, p = association(_blocks(np.arange(1.0, len(known) + 1)), label[known])
    if strength < STRONG or p > CHANCE:
        return
    yield Finding(
        "order_effect",
        "The file is ordered by class",
        min(0.4, 0.1 + 0.3 * strength),
        f"The place in the file tells the class of {len(known):,} train examples: association (Cramér's V) "
        f"{strength:.2f}, where 0 is none and 1 all.",
        "Nothing must be done where the split was drawn at random. Never split such a file by position, and drop what "
        "numbers its rows.",
        columns=(audited.schema.label,),
    )


def _drifting(audited: Audited) -> Iterator[Finding]:
    """Numbers that rise or fall along the file, though they do not number its rows."""
    rows = np.flatnonzero(audited.train)
    rows = rows[:: max(1, len(rows) // SAMPLED)]
    found = {}
    for name in audited.schema.numeric:
        numbers = audited.frame[name].to_numpy(dtype=np.float64)[rows]
        there = np.isfinite(numbers)
        if there.sum() < LEAST_ROWS or len(np.unique(numbers[there][:1_000])) < 10:
            continue
        correlation = float(np.corrcoef(rankdata(numbers[there]), np.flatnonzero(there))[0, 1])
        if CORRELATED <= abs(correlation) < 0.999:
            found[name] = correlation
    if not found:
        return
    phrases = [f"'{name}' {wording.signed(value, 2)}" for name, value in found.items()]
    yield Finding(
        "order_effect",
        f"{wording.count(len(found), 'column')} {wording.verb(len(found), 'changes', 'change')} along the file",
        0.25,
        f"Rank correlation with the place in the file, over {len(rows):,} train examples: {listed(phrases)}.",
        "If the file is in the order of time, say which column is the time: the latest examples are then the test set.",
        columns=tuple(found),
    )


def _over_time(audited: Audited, label: _Codes) -> Iterator[Finding]:
    """Dates along which the classes change, while the split takes no notice of them."""
    for column in audited.schema.columns:
        dates = audited.frame[column.name]
        if column.role not in {"feature", "ignored"} or not pd.api.types.is_datetime64_any_dtype(dates.dtype):
            continue
        moments = dates.to_numpy().astype("datetime64[us]").astype(np.int64)
        known = audited.train & (label >= 0) & dates.notna().to_numpy()
        if known.sum() < LEAST_ROWS:
            continue
        strength, p = association(_blocks(rankdata(moments[known], method="min")), label[known])
        tested = audited.test & dates.notna().to_numpy()
        if strength < MODERATE or p > CHANCE or not tested.any():
            continue
        later = float((moments[known] > np.median(moments[tested])).mean())
        if later < 0.1:
            continue
        yield Finding(
            "time_leak",
            f"Classes change along '{column.name}', and the split does not follow it",
            0.55,
            f"Association of '{column.name}' with the class (Cramér's V): {strength:.2f}. {later:.1%} of "
            f"{int(known.sum()):,} train examples are later than half of the test set.",
            f"If the model will predict what comes later, make a new project with '{column.name}' as the time.",
            columns=(column.name,),
        )


def _groups(audited: Audited, label: _Codes) -> Iterator[Finding]:
    """Columns that name who or what a row belongs to: small groups of one class that lie on both sides of the split."""
    train = audited.train & (label >= 0)
    majority = np.bincount(label[train]).max() / max(1, int(train.sum()))
    for name in audited.groupings:
        coded = audited.coded(name)
        groups = len(coded.values)
        if groups < FEWEST_GROUPS or coded.present > LARGEST_GROUPS * groups:
            continue
        rows = train & (coded.codes >= 0)
        agree = _agreement(coded.codes[rows], label[rows], groups, int(label.max()) + 1)
        seen = np.bincount(coded.codes[rows], minlength=groups) > 0
        tested = audited.test & (coded.codes >= 0)
        if not tested.any() or agree is None or majority >= 1:
            continue
        split = float(seen[coded.codes[tested]].mean())
        gain = (agree - majority) / (1 - majority)
        if gain < GAIN or split < SPLIT_GROUPS:
            continue
        twins = np.flatnonzero(tested)[seen[coded.codes[tested]]]
        yield Finding(
            "group_leak",
            f"Examples of one '{name}' are on both sides of the split",
            0.7,
            f"'{name}' has {groups:,} values; examples that share one have the same class in {agree:.1%} of cases. "
            f"{len(twins):,} of {int(tested.sum()):,} test examples ({split:.1%}) "
            f"{wording.verb(len(twins), 'shares its value', 'share theirs')} with train, so that a model can "
            "recognise them.",
            f"Make a new project with '{name}' as the group: what belongs together then stays together.",
            ids=audited.ids[twins],
            columns=(name,),
        )


def _agreement(groups: _Codes, label: _Codes, count: int, classes: int) -> float | None:
    """How often two rows of one group have the same label, each row asked once; None if no group has two."""
    table = np.bincount(groups * classes + label, minlength=count * classes).reshape(count, classes).astype(np.float64)
    sizes = table.sum(axis=1)
    pairs = (np.square(table).sum(axis=1) - sizes)[sizes > 1] / (sizes[sizes > 1] - 1)
    return float(pairs.sum() / sizes[sizes > 1].sum()) if (sizes > 1).any() else None
