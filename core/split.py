"""The split: who is train, test, pool or sealed. Made once, when a data set is made."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from core.content import mix
from core.errors import FlywheelError
from core.ids import is_among, positions
from core.schema import Schema

__all__ = ["SplitError", "assign_split", "brought_split"]

_WORDS = {
    "train": "train",
    "training": "train",
    "test": "test",
    "testing": "test",
    "pool": "pool",
    "unlabelled": "pool",
    "unlabeled": "pool",
    "sealed": "sealed",
}
_TRIES = 64


class SplitError(FlywheelError):
    """The split that was asked for can't be made."""


def brought_split(
    frame: pd.DataFrame, schema: Schema, test: float | Collection[str], labelled: pd.Series
) -> pd.Series | None:
    """Return the split that the analyst brought, as ids or in a column; None if the app is to split.

    Raises
    ------
    SplitError
        If ids are unknown, or the column holds other words than train, test, pool and sealed.
    """
    if not isinstance(test, (int, float)):
        ids = pd.Index([str(example) for example in test], dtype="str")
        unknown = ids[~is_among(ids, frame.index)]
        if len(unknown):
            raise SplitError(
                f"The ids of the test set must be in the data. {len(unknown):,} are not, the first is "
                f"'{unknown[0]}'. Name ids as they stand in the id column."
            )
        split = pd.Series(np.where(is_among(frame.index, ids), "test", "train"), index=frame.index, dtype="str")
    elif schema.split_column is not None and schema.split_column in frame.columns:
        words = frame[schema.split_column].astype("str").str.strip().str.lower()
        split = words.map(_WORDS)
        wrong = split.isna()
        if wrong.any():
            raise SplitError(
                f"The split column '{schema.split_column}' must say train, test, pool or sealed. "
                f"{int(wrong.sum()):,} rows do not, the first says '{words[wrong].iloc[0]}'. "
                "Mend them, or give the column another role."
            )
    else:
        return None
    return split.where(labelled, "pool").astype("str")


def assign_split(
    labels: pd.Series,
    unit: pd.Series,
    *,
    labelled: pd.Series,
    test: float,
    sealed: float,
    seed: int,
    time: pd.Series | None = None,
    mixed: bool = False,
) -> pd.Series:
    """Split by units, which are never torn apart.

    By time if there is one: the latest units are the test set. Otherwise by a hash of the unit, within each class, so
    that the shares of the classes are kept. Groups that mix classes (``mixed``) are dealt in the best of 64 orders.

    Parameters
    ----------
    labels, unit, labelled, time : Series of shape (n,)
        By id. ``unit`` holds hashes, ``labelled`` says who has a label; the others go to the pool.
    test, sealed : float
        Shares of the labelled examples.
    seed : int
        Chooses another order of the hashes.

    Returns
    -------
    Series of shape (n,)
        Id to part.
    """
    if test + sealed >= 1:
        raise SplitError(f"The shares of test and sealed must leave something to train on. Got {test} and {sealed}.")
    known = labelled.to_numpy()
    # Numbers in the order of the classes: grouping and comparing them is far quicker than their names.
    rows = pd.DataFrame({"unit": unit.to_numpy(), "label": pd.factorize(labels, sort=True)[0]})[known]
    units = rows.groupby("unit", sort=True).agg(label=("label", "min"), size=("label", "size"))
    order = mix(units.index.to_numpy(dtype=np.uint64) + mix(np.array([seed + 1], dtype=np.uint64)))
    if time is not None:
        # A unit counts by its first time: nothing of the test period comes with it. Undated units come first.
        first = time[known].groupby(rows["unit"].to_numpy()).min().reindex(units.index)
        parts = _cut(units.assign(order=first.rank(method="first", na_option="top")), test, sealed, latest=True)
    elif mixed:
        parts = _deal_groups(rows, units, test, sealed, order)
    else:
        parts = _cut(units.assign(order=order), test, sealed, by="label")
    split = np.full(len(labels), "pool", dtype=object)
    split[known] = parts.to_numpy()[positions(pd.Index(rows["unit"]), parts.index)]
    # By their few values: a text for each of a million rows takes ten times as long.
    parts_of_rows = pd.Categorical(split, categories=["train", "test", "sealed", "pool"])
    texts = pa.DictionaryArray.from_arrays(parts_of_rows.codes, list(parts_of_rows.categories)).cast(pa.large_string())
    return pd.Series(pd.array(texts, dtype="str"), index=labels.index)


def _cut(units: pd.DataFrame, test: float, sealed: float, *, by: str | None = None, latest: bool = False) -> pd.Series:
    """Cut the ordered units at the shares, within each class if ``by`` says so."""
    ordered = units.sort_values("order", ascending=not latest, kind="stable")
    sizes = ordered["size"] if by is None else ordered.groupby(by, sort=False)["size"]
    total = float(ordered["size"].sum()) if by is None else sizes.transform("sum")
    # The middle of a unit decides on which side of the cut it lies.
    middle = (sizes.cumsum() - ordered["size"] / 2) / total
    parts = np.where(middle <= test, "test", np.where(middle <= test + sealed, "sealed", "train"))
    return pd.Series(parts.astype(object), index=ordered.index)


def _deal_groups(
    rows: pd.DataFrame, units: pd.DataFrame, test: float, sealed: float, order: npt.NDArray[np.uint64]
) -> pd.Series:
    """Of several orders of the groups, take the one whose parts come nearest to the sizes and classes asked for."""
    table = pd.crosstab(rows["unit"], rows["label"]).reindex(units.index)
    wanted = {part: share * table.sum() for part, share in (("test", test), ("sealed", sealed)) if share > 0}
    best, best_miss = None, np.inf
    for number in range(_TRIES):
        shuffled = mix(order + np.uint64(number))
        parts = _cut(units.assign(order=shuffled), test, sealed)
        miss = 0.0
        for part, target in wanted.items():
            got = table[(parts.reindex(table.index) == part).to_numpy()].sum()
            miss += float(((got - target).abs() / table.sum()).sum())
        miss += 10.0 * (not (parts == "train").any()) + 10.0 * any(not (parts == part).any() for part in wanted)
        if miss < best_miss:
            best, best_miss = parts, miss
    assert best is not None
    return best
