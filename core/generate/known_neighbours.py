"""Neighbours that are sought once, however many samplers of imbalanced-learn ask for them."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import issparse
from sklearn.neighbors import NearestNeighbors

__all__ = ["Found", "KnownNeighbours"]

# By what was searched, for what, and how many: distances and positions.
Found = dict[tuple[bytes, bytes, int], tuple[npt.NDArray[np.float64], npt.NDArray[np.intp]]]

# So many are sought whoever asks for fewer: what one method finds then serves the next.
_FEWEST = 11


class KnownNeighbours(NearestNeighbors):  # type: ignore[misc]
    """Nearest neighbours that look up in `known` before they search, and note there what they found.

    Parameters
    ----------
    n_neighbors : int
        As imbalanced-learn counts where it is given such an object: with the row itself.
    known : dict
        Shared by all that look at the same examples.
    n_jobs : int, optional
        As scikit-learn takes it.
    """

    def __init__(self, n_neighbors: int = 5, known: Found | None = None, n_jobs: int | None = None) -> None:
        super().__init__(n_neighbors=n_neighbors, n_jobs=n_jobs)
        self.known = known

    def __sklearn_clone__(self) -> KnownNeighbours:
        # imbalanced-learn clones what it is given; a copy would not remember.
        return self

    def fit(self, X: Any, y: Any = None) -> KnownNeighbours:
        """Keep the points; they are indexed only if they have to be searched."""
        self._points, self._of = X, _digest(X)
        return self

    def kneighbors(self, X: Any = None, n_neighbors: int | None = None, return_distance: bool = True) -> Any:
        """As scikit-learn's, for points that are given."""
        k = self.n_neighbors if n_neighbors is None else n_neighbors
        sought = min(max(k, _FEWEST), self._points.shape[0])
        known = {} if self.known is None else self.known
        key = self._of, _digest(X), sought
        if key not in known:
            super().fit(self._points)
            known[key] = super().kneighbors(X, sought)
        distances, positions = (found[:, :k] for found in known[key])
        return (distances, positions) if return_distance else positions


def _digest(points: Any) -> bytes:
    digest = hashlib.blake2b(repr(points.shape).encode(), digest_size=16)
    for part in (points.data, points.indices, points.indptr) if issparse(points) else (points,):
        digest.update(np.ascontiguousarray(part).data)
    return digest.digest()
