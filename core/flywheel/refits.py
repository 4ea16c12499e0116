"""The training sample's luck: refits of a turn without one fold each, made where a test set is large against train.

The larger the test set against train, the narrower an interval that covers the test sample alone, while a change of the
training sample moves the score as much as before: then verdicts claim what another draw of the same training data would
not show. See decision 21. A dated test set is judged like the test set of the project: by the same refits.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from core.dataset import Dataset
from core.evaluate import Refit, TrainingLuck, training_luck
from core.flywheel.store import Store, now
from core.ids import looked_up
from core.progress import Cancel, Progress
from core.train import LockedModel

__all__ = [
    "DIVISIONS",
    "FOLDS",
    "LARGE",
    "OWN",
    "REFITTING",
    "Compared",
    "kept_refits",
    "luck_of",
    "make_refits",
    "unrefitted",
]

# The test set of the project, among those that go by the blob with their rows.
OWN = ""

# From so many test examples on for each one of train.
LARGE = 0.5
FOLDS = 5
DIVISIONS = 3
# What the refits of one turn cost, in turns.
REFITTING = 2.5

Refits = list[list[tuple[pd.DataFrame, float | None]]]


@dataclass(frozen=True)
class Compared:
    """A turn that verdicts compare: its data and lock, and how many train and test examples it has."""

    version: str
    fingerprint: str
    train: int
    test: int


def unrefitted(
    store: Store, turns: Mapping[int, Compared], pairs: Iterable[tuple[int, int]], dated: Mapping[str, int]
) -> dict[int, tuple[str, ...]]:
    """Which turns must be refitted so that the verdicts between some of them cover the training samples.

    Parameters
    ----------
    store : Store
    turns : mapping of int to Compared
    pairs : iterable of (int, int)
        Which of them a verdict compares.
    dated : mapping of str to int
        Size of each dated test set, by its blob.

    Returns
    -------
    dict of int to tuple of str
        By turn, both of each pair: the test sets (`OWN`, or the blob of a dated one) that are large
        against the smaller train, and of which no refits are known yet.
    """
    lacking: dict[int, dict[str, None]] = {}
    asked: set[tuple[str, str, str]] = set()
    for pair in pairs:
        train = min(turns[place].train for place in pair)
        sizes = {OWN: min(turns[place].test for place in pair)} | dict(dated)
        for place in pair:
            of = (turns[place].version, turns[place].fingerprint)
            for name in (name for name, size in sizes.items() if size > LARGE * train):
                if (*of, name) not in asked and _found(store, *of, name) is None:
                    lacking.setdefault(place, {})[name] = None
                asked.add((*of, name))
    return {place: tuple(lacking[place]) for place in sorted(lacking)}


def make_refits(
    store: Store,
    model: LockedModel,
    dataset: Dataset,
    out_of_fold: pd.DataFrame,
    sets: Mapping[str, pd.DataFrame],
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> None:
    """Refit one turn without one fold each, once, and keep what that says of some test sets.

    Parameters
    ----------
    store : Store
    model : LockedModel
    dataset : Dataset
        The data of the turn.
    out_of_fold : DataFrame
        Its out-of-fold probabilities.
    sets : mapping of str to DataFrame
        Inputs of the test sets, by `OWN` or the blob of a dated one.
    progress, cancel
        See `core.progress`.

    Raises
    ------
    Cancelled
        If the caller asked to stop; nothing is kept then.
    """
    refits = model.refits(
        dataset, sets, out_of_fold, folds=FOLDS, divisions=DIVISIONS, progress=progress, cancel=cancel
    )
    for name, divisions in refits.items():
        named = [
            probabilities.astype("float32").add_prefix(f"{division} {fold} ")
            for division, folds in enumerate(divisions)
            for fold, (probabilities, _) in enumerate(folds)
        ]
        row = {
            "at": now(),
            "version": dataset.version,
            "fingerprint": model.fingerprint,
            "blob": store.write_frame(pd.concat(named, axis=1)),
            "thresholds": json.dumps([[threshold for _, threshold in folds] for folds in divisions]),
        }
        with store.writing():
            if name == OWN:
                store.insert("refits", row)
            else:
                store.insert("dated_refits", row | {"rows": name})


def kept_refits(store: Store, version: str, fingerprint: str, of: str = OWN) -> Refits | None:
    """What `make_refits` kept of equal data under an equal model, for one test set: division by division, by fold."""
    found = _found(store, version, fingerprint, of)
    if found is None:
        return None
    frame, thresholds = store.read_frame(found[0]), json.loads(found[1])
    # The class stands behind the second blank, whatever it is called.
    keys = [name.split(" ", 2) for name in frame.columns]
    return [
        [(_columns(frame, keys, [str(division), str(fold)]), threshold) for fold, threshold in enumerate(folds)]
        for division, folds in enumerate(thresholds)
    ]


def luck_of(
    model: LockedModel, labels: pd.Series, before: Refits | None, after: Refits | None, *, metric: str
) -> TrainingLuck | None:
    """What refits of two turns say of the luck of their training samples; None where one was not refitted.

    Parameters
    ----------
    model : LockedModel
    labels : Series
        Of the examples that are judged, by id.
    before, after : list or None
        As `kept_refits` returns them.
    metric : str
    """
    if before is None or after is None:
        return None
    refits = [
        [
            [Refit(own := looked_up(frame, labels.index), model.decide(own, threshold)) for frame, threshold in folds]
            for folds in side
        ]
        for side in (before, after)
    ]
    return training_luck(labels, *refits, metric=metric)


def _columns(frame: pd.DataFrame, keys: list[list[str]], start: list[str]) -> pd.DataFrame:
    mine = [place for place, key in enumerate(keys) if key[:2] == start]
    return frame.iloc[:, mine].set_axis([keys[place][2] for place in mine], axis=1)


def _found(store: Store, version: str, fingerprint: str, of: str) -> tuple[str, str] | None:
    table, condition = ("refits", "? = ''") if of == OWN else ("dated_refits", "rows = ?")
    rows = store.execute(
        f"SELECT blob, thresholds FROM {table} WHERE version = ? AND fingerprint = ? AND {condition} "
        "ORDER BY number DESC LIMIT 1",
        (version, fingerprint, of),
    )
    return (rows[0][0], rows[0][1]) if rows else None
