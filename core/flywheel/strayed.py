"""Generated rows whose parents are no longer what they were: excluded since, or of another class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.dataset import Dataset
from core.flywheel.edits import Exclude, Relabel
from core.ids import aligned

__all__ = ["Strayed", "strayed"]


@dataclass(frozen=True)
class Strayed:
    """What to offer for the children of parents that changed.

    Attributes
    ----------
    orphans : Index
        Ids of generated rows a parent of which is excluded, or whose two parents have different classes by now.
    torn : Index
        Those among them whose two parents have different classes.
    relabelled : Series
        Id of a generated row to the class that its parents, all in train, have by now.
    """

    orphans: pd.Index
    torn: pd.Index
    relabelled: pd.Series

    def __len__(self) -> int:
        return len(self.orphans) + len(self.relabelled)

    def exclude(self, *, by: str = "") -> Exclude:
        """The edit that leaves the orphans out as well."""
        return Exclude(list(self.orphans), by=by, reason="their parents were excluded, or differ in class by now")

    def relabel(self, *, by: str = "") -> Relabel:
        """The edit that gives children the class of their parents."""
        return Relabel(
            {str(child): str(label) for child, label in self.relabelled.items()},
            by=by,
            reason="their parents were relabelled",
        )


def strayed(dataset: Dataset) -> Strayed:
    """Find generated rows that say what their parents no longer say.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    Strayed
    """
    parents = dataset.parents
    own = aligned(dataset.labels, parents.index).to_numpy(dtype=object)
    first, second = (_labels(dataset, parents[name]) for name in ("parent", "other_parent"))
    alone = parents["other_parent"].isna().to_numpy()
    gone = pd.isna(first) | (pd.isna(second) & ~alone)
    apart = ~gone & ~alone & (first != second)
    orphan = gone | apart
    moved = ~orphan & (first != own)
    return Strayed(
        parents.index[orphan],
        parents.index[apart],
        pd.Series(first[moved], index=parents.index[moved], dtype="str", name="label"),
    )


def _labels(dataset: Dataset, ids: Sequence[str] | pd.Series) -> npt.NDArray[np.object_]:
    """Labels of train examples by id; missing where an id is missing or no longer in train."""
    labels = dataset.labels.where(dataset.split == "train")
    found: npt.NDArray[np.object_] = labels.reindex(pd.Index(ids)).to_numpy(dtype=object)
    return found
