"""The training sample's luck: refits of a turn without one fold each, made where the test set is large against train.

The larger the test set against train, the narrower an interval that covers the test sample alone, while a change of the
training sample moves the score as much as before: then verdicts claim what another draw of the same training data would
not show. See decision 21.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from core.dataset import Dataset
from core.flywheel.fits import test_inputs
from core.flywheel.store import Store, now
from core.progress import Cancel, Progress
from core.train import LockedModel

__all__ = ["DIVISIONS", "FOLDS", "LARGE", "REFITTING", "kept_refits", "make_refits", "unrefitted"]

# From so many test examples on for each one of train.
LARGE = 0.5
FOLDS = 5
DIVISIONS = 3
# What the refits of one turn cost, in turns.
REFITTING = 2.5

Refits = list[list[tuple[pd.DataFrame, float | None]]]


def unrefitted(
    store: Store, rows: Sequence[dict[str, Any]], pairs: Sequence[tuple[int, int]], dataset_at: Callable[[int], Dataset]
) -> list[int]:
    """Which turns must be refitted so that the verdicts between some of them cover the training samples.

    Parameters
    ----------
    store : Store
    rows : sequence of dict
        Turns as the ledger writes them.
    pairs : sequence of (int, int)
        Which of them a verdict compares.
    dataset_at : callable
        From a revision to the data as it was then.

    Returns
    -------
    list of int
        Places in ``rows``: both of each pair whose test set is large against the smaller train, if they have none yet.
    """
    wanted: set[int] = set()
    for pair in pairs:
        datasets = [dataset_at(rows[place]["revision"]) for place in pair]
        train, test = (min(len(dataset.ids(part)) for dataset in datasets) for part in ("train", "test"))
        if test > LARGE * train:
            wanted.update(pair)
    lacking: dict[tuple[str, str], int] = {}
    for place in sorted(wanted):
        of = (rows[place]["version"], rows[place]["fingerprint"])
        if _found(store, *of) is None:
            lacking.setdefault(of, place)
    return list(lacking.values())


def make_refits(
    store: Store,
    model: LockedModel,
    row: dict[str, Any],
    dataset: Dataset,
    brought: Dataset,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> None:
    """Refit one turn without one fold each, and keep what that says of the test examples.

    Parameters
    ----------
    store : Store
    model : LockedModel
    row : dict
        The turn as the ledger writes it.
    dataset, brought : Dataset
        Its data, and the data as it was brought: test examples excluded since then may come back.
    progress, cancel
        See `core.progress`.

    Raises
    ------
    Cancelled
        If the caller asked to stop; nothing is kept then.
    """
    refits = model.refits(
        dataset,
        test_inputs(dataset, brought),
        store.read_frame(row["out_of_fold"]),
        folds=FOLDS,
        divisions=DIVISIONS,
        progress=progress,
        cancel=cancel,
    )
    named = [
        probabilities.astype("float32").add_prefix(f"{division} {fold} ")
        for division, folds in enumerate(refits)
        for fold, (probabilities, _) in enumerate(folds)
    ]
    blob = store.write_frame(pd.concat(named, axis=1))
    thresholds = json.dumps([[threshold for _, threshold in folds] for folds in refits])
    with store.writing():
        store.insert(
            "refits",
            {
                "at": now(),
                "version": row["version"],
                "fingerprint": row["fingerprint"],
                "blob": blob,
                "thresholds": thresholds,
            },
        )


def kept_refits(store: Store, version: str, fingerprint: str) -> Refits | None:
    """What `make_refits` kept of equal data under an equal model: division by division, fold by fold."""
    found = _found(store, version, fingerprint)
    if found is None:
        return None
    frame, thresholds = store.read_frame(found[0]), json.loads(found[1])
    # The class stands behind the second blank, whatever it is called.
    keys = [name.split(" ", 2) for name in frame.columns]
    return [
        [(_columns(frame, keys, [str(division), str(fold)]), threshold) for fold, threshold in enumerate(folds)]
        for division, folds in enumerate(thresholds)
    ]


def _columns(frame: pd.DataFrame, keys: list[list[str]], start: list[str]) -> pd.DataFrame:
    mine = [place for place, key in enumerate(keys) if key[:2] == start]
    return frame.iloc[:, mine].set_axis([keys[place][2] for place in mine], axis=1)


def _found(store: Store, version: str, fingerprint: str) -> tuple[str, str] | None:
    rows = store.execute(
        "SELECT blob, thresholds FROM refits WHERE version = ? AND fingerprint = ? ORDER BY number DESC LIMIT 1",
        (version, fingerprint),
    )
    return (rows[0][0], rows[0][1]) if rows else None
