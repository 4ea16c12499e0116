"""In which examples two versions of the data differ: rows that came and went, labels, cells, columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.content import canonicalise, hash_values
from core.dataset import Dataset
from core.ids import aligned, is_among, positions

__all__ = ["WAYS", "RowsApart", "rows_apart"]

# How an example can differ, in words.
WAYS = {
    "collected": "collected",
    "generated": "generated",
    "excluded": "excluded",
    "gone": "no longer there",
    "labelled": "given a label",
    "relabelled": "relabelled",
    "cells": "cells changed",
}


@dataclass(frozen=True, eq=False)
class RowsApart:
    """The examples in which two versions differ.

    Attributes
    ----------
    table : DataFrame
        A row an example, indexed by id, in the order of `WAYS`: ``way`` (see `WAYS`; a label counts before cells),
        ``part`` (where it is, or was), ``before``, ``after`` (its label; None where it is not there or has none),
        ``cells`` (how many other values of it differ).
    cells : DataFrame
        A row a value: ``example``, ``column``, ``before``, ``after``. Labels are not among them.
    columns : dict
        Columns that the model learns from in one version only: name to whether it does so after.
    """

    table: pd.DataFrame
    cells: pd.DataFrame
    columns: dict[str, bool]

    @property
    def counts(self) -> dict[str, int]:
        """How many examples differ in which way; ways that do not occur are left out."""
        found = self.table["way"].value_counts()
        return {way: int(found[way]) for way in WAYS if way in found}


def rows_apart(before: Dataset, after: Dataset, *, hidden: pd.Index | None = None) -> RowsApart:
    """Compare two versions of a data set, example by example.

    Parameters
    ----------
    before, after : Dataset
        Of one project, or of two of a family.
    hidden : Index, optional
        Ids that are passed over: those that nobody may look at.

    Returns
    -------
    RowsApart
    """
    hidden = pd.Index([], dtype="str") if hidden is None else hidden
    old, new = (_without(dataset.frame.index, hidden) for dataset in (before, after))
    came, went = _without(new, old), _without(old, new)
    both = new[is_among(new, old)]
    label = before.schema.label
    cells, changed = _cells(before.frame, after.frame, both, label), {}
    counts = cells["example"].value_counts()
    labels = [aligned(dataset.frame[label], both) for dataset in (before, after)]
    given = _differ(*labels)
    none = labels[0].isna().to_numpy() | labels[1].isna().to_numpy()
    changed["labelled"] = both[given & none]
    changed["relabelled"] = both[given & ~none]
    changed["cells"] = _without(pd.Index(counts.index, dtype="str"), both[given])
    changed["cells"] = both[changed["cells"].get_indexer(both) >= 0]
    made = is_among(came, after.generated)
    out = is_among(went, after.excluded.index)
    ways = {"collected": came[~made], "generated": came[made], "excluded": went[out], "gone": went[~out]} | changed
    ids = pd.Index([example for way in WAYS for example in ways[way]], dtype="str")
    split = aligned(after.split, ids).astype("object")
    table = pd.DataFrame(
        {
            "way": np.repeat(list(WAYS), [len(ways[way]) for way in WAYS]),
            "part": split.where(split.notna(), aligned(before.split, ids)).to_numpy(),
            "before": _there(before.labels, ids),
            "after": _there(after.labels, ids),
            "cells": counts.reindex(ids).fillna(0).astype(int).to_numpy(),
        },
        index=ids,
    )
    used = [set(dataset.schema.inputs) for dataset in (before, after)]
    return RowsApart(table, cells, {name: name in used[1] for name in sorted(used[0] ^ used[1])})


def _there(labels: pd.Series, ids: pd.Index) -> pd.Series:
    """The labels of some examples; None where one is not there or has none."""
    found = aligned(labels, ids).astype("object")
    return found.where(found.notna(), None)


def _cells(before: pd.DataFrame, after: pd.DataFrame, ids: pd.Index, label: str) -> pd.DataFrame:
    places = [positions(ids, frame.index) for frame in (before, after)]
    found = []
    for name in after.columns:
        if name == label or name not in before.columns:
            continue
        old, new = (frame[name].iloc[place] for frame, place in zip((before, after), places, strict=True))
        apart = _differ(old, new)
        if apart.any():
            found.append(
                pd.DataFrame(
                    {
                        "example": ids[apart],
                        "column": name,
                        "before": old.to_numpy(dtype=object)[apart],
                        "after": new.to_numpy(dtype=object)[apart],
                    }
                )
            )
    if not found:
        return pd.DataFrame({name: pd.Series(dtype="object") for name in ("example", "column", "before", "after")})
    return pd.concat(found, ignore_index=True)


def _differ(old: pd.Series, new: pd.Series) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which values are others; a number is the same whole or not, and so are all that are missing."""
    if old.dtype == new.dtype and old.array.equals(new.array):
        return np.zeros(len(old), dtype=bool)
    return np.asarray(hash_values(_canonical(old)) != hash_values(_canonical(new)), dtype=bool)


def _canonical(column: pd.Series) -> pd.Series:
    return canonicalise(column.to_frame("column"))["column"]


def _without(ids: pd.Index, others: pd.Index) -> pd.Index:
    return ids[~is_among(ids, others)]
