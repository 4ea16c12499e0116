"""The part of the audit that looks at how rows of numbers lie among each other: outliers, and rows that nearly repeat.

Both mean what cleanlab's Datalab means by them (Kuan and Mueller 2022): distances to the nearest rows in standardised
numbers. Other columns must be equal for two rows to be near copies.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from core import wording
from core.collect.audited import Audited
from core.collect.finding import Finding
from core.neighbours import close_groups, equal_groups, far_rows, nearest_within_cells, unit_rows

__all__ = ["check_neighbours"]

NEIGHBOURS = 10
LEAST_ROWS, MOST_ROWS = 100, 50_000
LEAST_COLUMNS = 2
# From so many columns on the direction tells as well: cleanlab then takes the cosine.
DIRECTIONS = 4
# Near the middle any direction is as good as another: where many rows seem to be outliers by direction, none is.
MOST_TURNED = 0.02
TAIL = 0.05


def check_neighbours(audited: Audited) -> Iterator[Finding]:
    """Yield rows that lie far from all others, and rows that are nearly equal."""
    if audited.schema.text is not None or len(audited) < LEAST_ROWS:
        return
    some = np.arange(len(audited))
    if len(audited) > MOST_ROWS:
        some = np.sort(np.random.default_rng(0).choice(len(audited), MOST_ROWS, replace=False))
    rows = _standardised(audited, some)
    if rows.shape[1] < LEAST_COLUMNS:
        return
    sampled = f" A random sample of {MOST_ROWS:,} examples was looked at." if len(some) < len(audited) else ""
    where, distances = nearest_within_cells(rows, NEIGHBOURS)
    candidates = [where]
    far = far_rows(rows, distances)
    if rows.shape[1] >= DIRECTIONS:
        turned = unit_rows(rows)
        # Other cells: what lies on the border of one lies inside the other.
        where, angles = nearest_within_cells(turned, NEIGHBOURS)
        turned_away = far_rows(turned, angles, cosine=True)
        if turned_away.mean() <= MOST_TURNED:
            far |= turned_away
        candidates.append(where)
    yield from _outliers(audited, some[far], rows.shape[1], sampled)
    yield from _near_copies(audited, some, rows, candidates, float(np.median(distances[:, 0])), sampled)


def _standardised(audited: Audited, some: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """The numeric features with mean 0 and deviation 1, missing values as the median; constant ones are left out."""
    columns = []
    for name in audited.schema.numeric:
        numbers = audited.frame[name].to_numpy(dtype=np.float64)[some]
        there = np.isfinite(numbers)
        if not there.any():
            continue
        numbers = np.where(there, numbers, np.median(numbers[there]))
        # Squares of numbers near the end of the scale would run over it.
        numbers = numbers / max(np.abs(numbers).max(), np.finfo(float).tiny)
        deviation = numbers.std()
        if deviation > 0:
            columns.append(((numbers - numbers.mean()) / deviation).astype(np.float32))
    return np.ascontiguousarray(np.stack(columns, axis=1)) if columns else np.empty((len(some), 0), dtype=np.float32)


def _outliers(audited: Audited, places: npt.NDArray[np.int64], columns: int, sampled: str) -> Iterator[Finding]:
    train = places[audited.train[places]]
    tail = len(places) > TAIL * min(len(audited), MOST_ROWS)
    for part, where in (("train", train), ("test", np.setdiff1d(places, train))):
        if not len(where):
            continue
        nouns = ("train example",) if part == "train" else ("example of test or pool", "examples of test or pool")
        of = wording.count(len(where), *nouns)
        share = f"{len(where) / len(audited):.1%} of all"
        long = " So many are a long tail rather than errors." if tail else ""
        yield Finding(
            "outliers",
            f"{wording.count(len(where), 'example')} far from all others"
            + ("" if part == "train" else ", not in train"),
            0.2 if part == "train" and not tail else 0.1,
            f"{of} ({share}) {wording.verb(len(where), 'lies', 'lie')} far from the {NEIGHBOURS} nearest ones, by "
            f"distance or direction, in the {columns} numeric columns.{long}{sampled}",
            "Look at them: the figures may be wrong. Exclude what can't be true; what is only rare is worth keeping."
            if part == "train"
            else "They stay: new data will have such examples, too. Correct what is wrong.",
            ids=audited.ids[where],
            columns=audited.schema.numeric,
            fix="exclude" if part == "train" else None,
        )


def _near_copies(
    audited: Audited,
    some: npt.NDArray[np.int64],
    rows: npt.NDArray[np.float32],
    candidates: list[npt.NDArray[np.int64]],
    typical: float,
    sampled: str,
) -> Iterator[Finding]:
    numbers = list(audited.schema.numeric)
    features = audited.frame[list(audited.schema.inputs)].iloc[some]
    words = features.drop(columns=numbers)
    known = features[numbers].isna()
    alike = equal_groups(pd.concat([words, known.add_suffix(" is missing")], axis=1))
    groups = close_groups(rows, candidates, typical, alike)
    equal = equal_groups(features)
    # One row for each content: exact copies are told elsewhere.
    contents = pd.Series(equal).groupby(groups).transform("nunique").to_numpy()
    near = contents > 1
    if not near.any():
        return
    labels = audited.coded(audited.schema.label).codes[some]
    train = audited.train[some]
    key = pd.DataFrame({"group": groups, "label": labels})
    first = ~key[near & train & (labels >= 0)].duplicated()
    later = first.index[~first].to_numpy()
    # A row that equals an earlier one exactly is a copy of that one.
    exact = pd.DataFrame({"equal": equal, "label": labels})[train & (labels >= 0)].duplicated()
    copies = np.setdiff1d(later, exact.index[exact].to_numpy())
    if len(copies):
        yield Finding(
            "near_duplicates",
            wording.count(len(copies), "near copy", "near copies"),
            min(0.5, 0.15 + len(copies) / int(train.sum())),
            f"{len(copies):,} of {wording.count(int(train.sum()), 'train example')} "
            f"({len(copies) / int(train.sum()):.1%}) nearly {wording.verb(len(copies), 'equals', 'equal')} another "
            f"with the same label: only numbers differ, and hardly.{sampled}",
            "Exclude them if one thing was entered twice; one of each stays. Leave them if they are different things "
            "that merely look alike.",
            ids=audited.ids[some[copies]],
            fix="exclude",
        )
    yield from _sets(audited, some, groups, near, sampled)


def _sets(
    audited: Audited,
    some: npt.NDArray[np.int64],
    groups: npt.NDArray[np.int64],
    near: npt.NDArray[np.bool_],
    sampled: str,
) -> Iterator[Finding]:
    """All rows that are nearly equal to others, side by side, whatever their part and label."""
    members = np.flatnonzero(near)
    members = members[np.argsort(groups[members], kind="stable")]
    judged = np.isin(groups, groups[near & audited.judged[some]])
    twins = int((near & judged & audited.train[some]).sum())
    equals = wording.verb(twins, "equals", "equal")
    across = f" {wording.count(twins, 'train example')} nearly {equals} one of the test set." if twins else ""
    yield Finding(
        "near_duplicate_sets",
        f"{wording.count(len(members), 'example')} in "
        f"{wording.count(len(np.unique(groups[members])), 'set of nearly equal ones', 'sets of nearly equal ones')}",
        min(0.3, 0.15 + twins / max(1, int(audited.judged.sum()))),
        f"{audited.of_examples(len(members), 'nearly equals', 'nearly equal')} another: only numbers differ, and "
        f"hardly.{across}{sampled}",
        "Look at them side by side. Examples that train and test share make the score look better than it is.",
        ids=audited.ids[some[members]],
    )
