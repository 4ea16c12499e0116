"""The part of the audit that holds train and test against each other: they should look like one set of examples."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core import wording
from core.collect.audited import Audited
from core.collect.drift import drift
from core.collect.finding import Finding, listed

__all__ = ["check_mismatch"]

LEAST_ROWS = 30
SAMPLED = 50_000
# A split by chance differs by chance: one in twenty would be told of otherwise.
SURE = 0.001
# Rows of test with a value that train does not have are worth a word from this share on.
UNSEEN = 0.01


def check_mismatch(audited: Audited) -> Iterator[Finding]:
    """Yield columns, the label among them, that differ between train and test, and values that only test has."""
    train, judged = np.flatnonzero(audited.train), np.flatnonzero(audited.test)
    if min(len(train), len(judged)) < LEAST_ROWS:
        return
    columns = [*audited.schema.inputs, audited.schema.label]
    sides = [audited.frame[columns].iloc[rows[:: max(1, -(-len(rows) // SAMPLED))]] for rows in (train, judged)]
    table = drift(*sides)
    moved = table[table["drifted"] & (table["p_adjusted"] < SURE)].sort_values("effect", ascending=False)
    if len(moved):
        phrases = [f"'{name}' ({detail})" if detail else f"'{name}'" for name, detail in moved["detail"].items()]
        yield Finding(
            "train_test_mismatch",
            f"{wording.count(len(moved), 'column')} {wording.verb(len(moved), 'differs', 'differ')} between train and "
            "test",
            min(0.8, 0.45 + 0.5 * float(moved["effect"].max())),
            f"{len(moved):,} of {wording.count(len(table), 'column')} {wording.verb(len(moved), 'has', 'have')} moved: "
            f"{listed(phrases, 3)}.",
            "Say which of the two is like the data to come. If it is test, collect more of that kind for train; if it "
            "is train, make a new project with another test set.",
            columns=tuple(moved.index),
        )
    yield from _unseen(audited)


def _unseen(audited: Audited) -> Iterator[Finding]:
    places, phrases = [], {}
    for name in audited.schema.categorical:
        coded = audited.coded(name)
        where = coded.where(coded.counts == 0)
        where = where[audited.test[where]]
        # A column of nearly unique values has new ones everywhere.
        if len(where) < UNSEEN * audited.test.sum() or len(coded.values) > 0.2 * coded.present:
            continue
        places.append(where)
        values = coded.values[np.unique(coded.codes[where])]
        phrases[name] = f"'{name}': {listed((repr(str(value)) for value in values), 2)}"
    if not places:
        return
    ids = audited.ids[np.unique(np.concatenate(places))]
    tested = int(audited.test.sum())
    yield Finding(
        "unseen_values",
        f"Values that only the test set has, in {wording.count(len(places), 'column')}",
        min(0.6, 0.2 + len(ids) / tested),
        f"{len(ids):,} of {wording.count(tested, 'test example')} ({len(ids) / tested:.1%}) "
        f"{wording.verb(len(ids), 'has', 'have')} a value that no train example has ({listed(phrases.values(), 3)}).",
        "Collect examples with these values for train: the model knows nothing of them.",
        ids=ids,
        columns=tuple(phrases),
    )
