"""Folding of near-copies: slices that hold mostly the same examples are one finding, not several."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from core.evaluate.slices import Slice
from core.ids import positions

__all__ = ["OVERLAP", "fold"]

OVERLAP = 0.5


def fold(slices: Sequence[Slice], *, top: int = 10, overlap: float = OVERLAP) -> list[tuple[Slice, int]]:
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
    list of (Slice, int)
        Worst first, each with the number of near-copies folded into it.
    """
    everybody = pd.Index([], dtype="str").append([each.ids for each in slices]).unique()
    inside = np.zeros((len(slices), len(everybody)), dtype=np.float32)
    for row, each in enumerate(slices):
        inside[row, positions(each.ids, everybody)] = 1
    both = inside @ inside.T
    sizes = both.diagonal()
    shared = both / np.maximum(sizes[:, np.newaxis] + sizes - both, 1)
    kept: list[int] = []
    copies: dict[int, int] = {}
    for row in range(len(slices)):
        like = [other for other in kept if shared[row, other] > overlap]
        if like:
            copies[like[0]] += 1
        elif len(kept) < top:
            kept.append(row)
            copies[row] = 0
    return [(slices[row], copies[row]) for row in kept]
