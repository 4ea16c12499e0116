"""The part of the audit that looks at columns which settle each other: a postcode has one city, all but a few times.

A dependency A → B is approximate: it holds for nearly all rows (the measure g3 of Kivinen and Mannila 1995, as TANE
uses it: Huhtala et al. 1999). Columns in pairs, in both directions, as CORDS looks for them (Ilyas et al. 2004) on a
sample. Where a row breaks the rule, either side may be wrong: a cell is doubted only if most of the dependencies that
say something about it speak against it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core import wording
from core.collect.audited import Audited, Coded
from core.collect.finding import Finding, examples_of, listed

__all__ = ["GROUP", "MOST_BROKEN", "Dependency", "check_dependencies", "find_dependencies", "majorities"]

SAMPLE = 20_000
# A group of fewer rows has no majority to speak of.
GROUP = 3
MOST_BROKEN = 0.08
# The share of errors left of those that the most frequent value alone would make.
MOST_LEFT = 0.2
MAJORITY = 0.6
LEAST_ROWS = 30


@dataclass(frozen=True)
class Dependency:
    """One column that settles another, all but ``broken`` (a share of the rows that can tell)."""

    left: str
    right: str
    broken: float


def find_dependencies(audited: Audited) -> list[Dependency]:
    """Find which columns settle which, on a sample of what is not test.

    Returns
    -------
    list of Dependency
    """
    rows = np.flatnonzero(~audited.judged)
    if len(rows) > SAMPLE:
        rows = np.sort(np.random.default_rng(0).choice(rows, SAMPLE, replace=False))
    columns = {name: audited.coded(name).codes[rows] for name in audited.groupings}
    found = []
    for left, a in columns.items():
        sizes = np.bincount(a[a >= 0])
        if (sizes[sizes >= GROUP]).sum() < max(LEAST_ROWS, 0.3 * len(rows)) or (sizes >= GROUP).sum() < 2:
            continue
        for right, b in columns.items():
            if right == left or right == audited.schema.group:
                continue
            broken = _broken(a, b)
            if broken is not None:
                found.append(Dependency(left, right, broken))
    return found


def _broken(a: npt.NDArray[np.int64], b: npt.NDArray[np.int64]) -> float | None:
    """Share of rows that break a → b, or None if it is none."""
    there = (a >= 0) & (b >= 0)
    a, b = a[there], b[there]
    large = np.bincount(a) >= GROUP if len(a) else np.array([], dtype=bool)
    inside = large[a]
    a, b = a[inside], b[inside]
    if len(a) < LEAST_ROWS or large.sum() < 2:
        return None
    width = int(b.max()) + 1
    pairs, counts = np.unique(a * width + b, return_counts=True)
    best = np.zeros(len(large), dtype=np.int64)
    np.maximum.at(best, pairs // width, counts)
    broken = 1 - best.sum() / len(a)
    alone = 1 - np.bincount(b).max() / len(b)
    return float(broken) if broken <= MOST_BROKEN and broken <= MOST_LEFT * alone and alone > 0 else None


def check_dependencies(audited: Audited) -> Iterator[Finding]:
    """Yield the cells that break dependencies, with what the others of their group have."""
    dependencies = find_dependencies(audited)
    names = dict.fromkeys(name for each in dependencies for name in (each.left, each.right))
    says = {name: np.zeros(len(audited), dtype=np.int16) for name in names}
    against = {name: np.zeros(len(audited), dtype=np.int16) for name in names}
    suggested: dict[str, npt.NDArray[np.int64]] = {}
    # The strictest one is asked last, so that its word stands.
    for each in sorted(dependencies, key=lambda each: -each.broken):
        left, right = audited.coded(each.left), audited.coded(each.right)
        usual = majorities(left, right, ~audited.judged)[left.codes]
        tells = (usual >= 0) & (right.codes >= 0)
        broken = tells & (usual != right.codes)
        for name in (each.left, each.right):
            says[name] += tells
            against[name] += broken
        suggestion = suggested.setdefault(each.right, np.full(len(audited), -1, dtype=np.int64))
        suggestion[broken] = usual[broken]
    for name, suggestion in suggested.items():
        # Either side may be wrong: it is the one that most of what is said of it speaks against.
        breaks = (suggestion >= 0) & (2 * against[name] > says[name])
        rules = sorted((each for each in dependencies if each.right == name), key=lambda each: each.broken)
        yield from _doubted(audited, name, [each.left for each in rules], suggestion, breaks)


def _doubted(
    audited: Audited,
    right: str,
    lefts: list[str],
    suggested: npt.NDArray[np.int64],
    breaks: npt.NDArray[np.bool_],
) -> Iterator[Finding]:
    coded = audited.coded(right)
    rows = len(audited)
    doubted = audited.unsettled(right, np.flatnonzero(breaks & ~audited.in_whole_groups(right, breaks)))
    if not len(doubted) or len(doubted) > MOST_BROKEN * 1.5 * rows:
        return
    cells = audited.cells({right: doubted})
    values = coded.values[suggested[doubted]].tolist()
    old = coded.values[coded.codes[doubted]].tolist()
    names = [f"'{left}'" for left in lefts]
    yield Finding(
        "broken_dependency",
        f"'{right}' breaks a rule in {wording.count(len(doubted), 'example')}",
        min(0.6, 0.3 + 2 * len(doubted) / rows),
        f"{listed(names, 3)} nearly always {wording.verb(len(names), 'settles', 'settle')} '{right}'. "
        f"{audited.of_examples(len(doubted), 'has', 'have')} another value than the rest of their group: "
        f"{examples_of(dict(zip(old, values, strict=True)).items())}.",
        "Look at a few. If the rule holds in your field, give these cells the value that the rest of the group has.",
        ids=cells.ids,
        columns=(right,),
        cells=cells,
        values=values,
        fix="correct",
    )


def majorities(
    left: Coded, right: Coded, known: npt.NDArray[np.bool_], share: float = MAJORITY
) -> npt.NDArray[np.int64]:
    """For each value on the left, the code that most known rows have on the right.

    Parameters
    ----------
    left, right : Coded
    known : array of shape (n,), bool
        The rows that have a vote.
    share : float
        What the most frequent one must have of a group.

    Returns
    -------
    array of shape (values + 1,), int64
        -1 where no code has such a share; the last place, where the code of a missing value points to, is -1.
    """
    there = known & (left.codes >= 0) & (right.codes >= 0)
    width = len(right.values)
    pairs, counts = np.unique(left.codes[there] * width + right.codes[there], return_counts=True)
    groups = pairs // width
    totals = np.bincount(groups, weights=counts, minlength=len(left.values))
    order = np.argsort(counts, kind="stable")
    usual = np.full(len(left.values) + 1, -1, dtype=np.int64)
    most = np.zeros(len(left.values), dtype=np.int64)
    usual[groups[order]] = (pairs % width)[order]
    np.maximum.at(most, groups, counts)
    weak = (totals < GROUP) | (most < share * totals)
    usual[:-1][weak] = -1
    return usual
