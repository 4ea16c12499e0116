"""Examples in two dimensions: what is close on the map was, as far as two dimensions can show it, alike."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.decomposition import PCA

from core.errors import FlywheelError

__all__ = ["PROJECTIONS", "Projection", "ProjectionError", "available_projections", "project_features"]

Floats = npt.NDArray[np.float64]

PROJECTIONS = {"pca": "PCA", "umap": "UMAP"}
# Neighbours that UMAP keeps together; its own default.
_NEIGHBOURS = 15
_FEW = 10


class ProjectionError(FlywheelError):
    """Examples that can't be projected as asked."""


@dataclass(frozen=True)
class Projection:
    """Places of examples in two dimensions.

    Attributes
    ----------
    places : array of shape (n, 2)
    explained : (float, float) or None
        Share of the variance along each axis; None where axes mean nothing.
    """

    places: Floats
    explained: tuple[float, float] | None


def available_projections() -> tuple[str, ...]:
    """The methods that can be used here: UMAP is one only where it is installed."""
    return tuple(name for name in PROJECTIONS if name == "pca" or find_spec(name) is not None)


def project_features(features: Any, *, method: str = "pca", seed: int = 0) -> Projection:
    """Project examples onto two dimensions.

    Parameters
    ----------
    features : array or sparse matrix of shape (n, dimensions)
    method : str
        ``"pca"``, or ``"umap"`` where it is installed.
    seed : int
        Of every random number drawn.

    Returns
    -------
    Projection

    Raises
    ------
    ProjectionError
        If the method is unknown or not installed.

    References
    ----------
    Pearson (1901), "On lines and planes of closest fit to systems of points in space"; McInnes, Healy and Melville
    (2018), "UMAP: Uniform Manifold Approximation and Projection for Dimension Reduction", arXiv 1802.03426.
    """
    if method not in available_projections():
        offered = ", ".join(available_projections())
        remedy = " Install umap-learn, or choose another one." if method in PROJECTIONS else ""
        raise ProjectionError(f"The projection must be one of {offered}. Got '{method}' instead.{remedy}")
    rows, dimensions = features.shape
    if method == "umap" and rows > _NEIGHBOURS:
        return Projection(_umap(features, seed), None)
    return _pca(features, rows, dimensions, seed)


def _pca(features: Any, rows: int, dimensions: int, seed: int) -> Projection:
    places, explained = np.zeros((rows, 2)), np.zeros(2)
    axes = min(2, dimensions, rows - 1)
    if axes < 1 or _alike(features):
        return Projection(places, (0.0, 0.0))
    # ARPACK looks for these two axes alone, where all of them would take minutes; of few it can't find two.
    few = min(features.shape) <= _FEW
    if sparse.issparse(features):
        features = features.toarray() if few else sparse.csr_matrix(features)
    model = PCA(axes, svd_solver="full" if few else "arpack", random_state=seed)
    places[:, :axes] = model.fit_transform(features)
    explained[:axes] = model.explained_variance_ratio_
    return Projection(places, (float(explained[0]), float(explained[1])))


def _alike(features: Any) -> bool:
    """Whether all examples are the same: there is no axis then."""
    spread = features.max(axis=0) - features.min(axis=0)
    return not (spread.nnz if sparse.issparse(spread) else np.count_nonzero(spread))


def _umap(features: Any, seed: int) -> Floats:
    from umap import UMAP

    model = UMAP(n_components=2, n_neighbors=_NEIGHBOURS, random_state=seed, n_jobs=1)
    return np.asarray(model.fit_transform(features), dtype=np.float64)
