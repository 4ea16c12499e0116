"""Folding of near-copies: slices that hold mostly the same examples are one finding, not several.

What is kept still overlaps: `overlaps` says by how much.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.evaluate.slices import Slice

__all__ = ["OVERLAP", "Folded", "fold", "fold_copies", "overlaps"]

OVERLAP = 0.5


@dataclass(frozen=True)
class Folded:
    """A slice that is kept, and what was folded under it.

    Attributes
    ----------
    slice : Slice
    copies : tuple of Slice
        Its near-copies, worst first.
    """

    slice: Slice
    copies: tuple[Slice, ...]


def fold(slices: Sequence[Slice], *, top: int = 10, overlap: float = OVERLAP) -> list[tuple[Slice, int]]:
    """Keep slices that are not near-copies of one that stands before them, and count those folded under each.

    Parameters
    ----------
    slices, top, overlap
        As in `fold_copies`.

    Returns
    -------
    list of (Slice, int)
        Worst first, each with the number of near-copies folded into it.
    """
    return [(each.slice, len(each.copies)) for each in fold_copies(slices, top=top, overlap=overlap)]


def fold_copies(slices: Sequence[Slice], *, top: int = 10, overlap: float = OVERLAP) -> list[Folded]:
    """Keep slices that are not near-copies of one that stands before them.

    Parameters
    ----------
    slices : sequence of Slice
        Worst first, as `find_slices` returns them.
    top : int
        How many to keep at most.
    overlap : float
        Share of the examples of two slices together that both hold (Jaccard) from which the later is a near-copy.

    Returns
    -------
    list of Folded
        Worst first. A near-copy of several is folded under the first of them.
    """
    shared = _shared(slices)
    kept: list[int] = []
    copies: dict[int, list[int]] = {}
    for row in range(len(slices)):
        like = [other for other in kept if shared[row, other] > overlap]
        if like:
            copies[like[0]].append(row)
        elif len(kept) < top:
            kept.append(row)
            copies[row] = []
    return [Folded(slices[row], tuple(slices[copy] for copy in copies[row])) for row in kept]


def overlaps(slices: Sequence[Slice]) -> pd.DataFrame:
    """How much each two slices overlap: the share of the examples of both together that are in both (Jaccard).

    Parameters
    ----------
    slices : sequence of Slice

    Returns
    -------
    DataFrame of shape (slices, slices)
        Rows and columns by their sentences, in the order given; 1 on the diagonal.
    """
    names = [str(each) for each in slices]
    return pd.DataFrame(_shared(slices), index=names, columns=names)


def _shared(slices: Sequence[Slice]) -> npt.NDArray[np.float64]:
    everybody = pd.Index([], dtype="str").append([each.ids for each in slices]).unique()
    inside = np.zeros((len(slices), len(everybody)), dtype=np.float32)
    for row, each in enumerate(slices):
        inside[row, everybody.get_indexer(each.ids)] = 1
    both = (inside @ inside.T).astype(float)
    sizes = both.diagonal()
    shared: npt.NDArray[np.float64] = both / np.maximum(sizes[:, np.newaxis] + sizes - both, 1)
    return shared
