"""What to label next: the examples the model is least sure of, spread so that no two of them tell it the same."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from core.annotate.active_lab import active_lab
from core.content import hash_names, mix
from core.errors import FlywheelError
from core.ids import differ

__all__ = ["PoolError", "next_to_label", "uncertainty"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# Candidates for each place in the batch: more of them are more varied, but the model wavers less on the last ones.
_CANDIDATES = 5
# How strictly doubt decides who is a candidate: 0 would be by chance, infinity in the order of doubt alone. In that
# order a weak model sends batch after batch to the one border that it has found so far.
_STRICTNESS = 4.0
# A larger batch takes several of each cluster.
_MOST_CLUSTERS = 100
_TOLERANCE = 1e-6


class PoolError(FlywheelError):
    """What to label next can't be said from what was given."""


def next_to_label(
    probabilities: pd.DataFrame | None,
    *,
    features: Any = None,
    n: int,
    annotations: pd.DataFrame | None = None,
    seed: int = 0,
) -> pd.Index:
    """Choose the examples whose labels would teach the model most.

    Candidates are drawn by chance, the likelier the more the model wavers between its two most probable classes. They
    are clustered in feature space, the more the model wavers the heavier, and each cluster sends the example nearest
    to its centre: so a batch is uncertain, varied, and typical of what is uncertain. Where the model can't tell its
    examples apart yet (before the first labels, or a model that still predicts the shares of the classes), that leaves
    typical examples of the whole pool. Of equal examples one is taken, as long as there are others. Chance is a hash
    of the ids: the same input gives the same answer.

    Parameters
    ----------
    probabilities : DataFrame of shape (m, classes), or None
        By id, of the pool, from the locked model trained on what is labelled. None before the first model: then the
        features decide alone, and must be given.
    features : array, sparse matrix or DataFrame of shape (m, columns), optional
        The same rows in the space where neighbours are sought, as ``model.features`` makes them. Without them there
        are no clusters, and the candidates themselves are the batch.
    n : int
        How many; fewer if the pool has fewer.
    annotations : DataFrame of shape (any, annotators), optional
        Where several people label: by id, the label that each gave, missing where none. ActiveLab then says what
        another label is worth, and `probabilities` may hold labelled examples as well (out of fold), which are chosen
        again where people and model have not settled them. Candidates are then the ones worth most, and each cluster
        sends the one worth most.
    seed : int
        Of chance and of the clustering.

    Returns
    -------
    Index of shape (min(n, m),)
        Ids, the most uncertain first. Positions if there are no probabilities and the features carry no ids. The order
        of the rows plays no part.

    Raises
    ------
    PoolError
        If there is nothing to go by, ids repeat, rows don't match, or a value is missing or out of range.

    References
    ----------
    F. Zhdanov: Diverse mini-batch Active Learning. arXiv:1901.05954, 2019.
    A. Kirsch et al.: Stochastic Batch Acquisition: A Simple Baseline for Deep Active Learning. TMLR, 2023.
    """
    if n < 0:
        raise PoolError(f"The number of examples to label must not be negative. Got {n} instead.")
    ids, values = _checked(probabilities, features)
    rows = _rows(features, len(ids))
    chance = mix(hash_names(ids.astype("str")) ^ np.uint64((seed << 32) + len(ids)))
    if probabilities is not None and annotations is not None and annotations.notna().any(axis=None):
        doubt = active_lab(probabilities, annotations).to_numpy()
        order, of_cluster = np.lexsort((chance, -doubt)), "worst"
    else:
        doubt = uncertainty(values)
        order, of_cluster = _drawn(doubt, chance), "nearest"
    if rows is None:
        chosen = order[:n]
    else:
        first = order[_first_of_equals(rows[order])]
        # Of a small pool no more than half, or doubt would have no say.
        candidates = first[: max(n, min(_CANDIDATES * n, len(first) // 2))]
        chosen = candidates[_spread(rows[candidates], doubt[candidates], n, seed, of_cluster)]
        chosen = np.concatenate([chosen, order[~np.isin(order, chosen)][: n - len(chosen)]])
    return ids[chosen[np.lexsort((chance[chosen], -doubt[chosen]))]]


def uncertainty(probabilities: npt.ArrayLike) -> Floats:
    """How much the model wavers: 1 minus the distance between the two largest probabilities.

    Parameters
    ----------
    probabilities : array of shape (m, classes)

    Returns
    -------
    array of shape (m,)
        In [0, 1]; 1 where two classes are equally probable. The same for all if there are fewer than two classes.
    """
    values = np.asarray(probabilities, dtype=np.float64)
    if values.shape[1] < 2:
        return np.ones(len(values))
    two = np.partition(values, -2, axis=1)[:, -2:]
    margin: Floats = 1.0 - (two[:, 1] - two[:, 0])
    return margin


def _checked(probabilities: pd.DataFrame | None, features: Any) -> tuple[pd.Index, Floats]:
    """Ids and probabilities; none of the latter before the first model."""
    if probabilities is None:
        if features is None:
            raise PoolError("What to label next needs probabilities or features. There are neither. Give one of them.")
        ids = features.index if isinstance(features, pd.DataFrame) else pd.RangeIndex(features.shape[0])
        return ids, np.empty((len(ids), 0))
    if not isinstance(probabilities, pd.DataFrame):
        raise PoolError(
            f"Probabilities must be a DataFrame of ids by classes. Got {type(probabilities).__name__} instead."
        )
    if not differ(probabilities.index):
        twice = probabilities.index[probabilities.index.duplicated()][0]
        raise PoolError(f"The ids of the probabilities must each occur once. '{twice}' repeats. Leave one out.")
    values = probabilities.to_numpy(dtype=np.float64)
    if values.size and not (values.min() >= -_TOLERANCE and values.max() <= 1 + _TOLERANCE):
        raise PoolError(
            f"Probabilities must lie between 0 and 1. They reach from {values.min():.3g} to {values.max():.3g}; "
            "nan means that some are missing. Predict the pool again."
        )
    return probabilities.index, values


def _rows(features: Any, count: int) -> Any:
    """The features as an array or CSR matrix, checked against the number of examples."""
    if features is None:
        return None
    rows = sp.csr_matrix(features) if sp.issparse(features) else np.asarray(features, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[0] != count:
        raise PoolError(
            f"Features must have a row for each of the {count:,} examples. Got an array of shape {rows.shape}."
        )
    if not np.isfinite(rows.data if sp.issparse(rows) else rows).all():
        raise PoolError("Features must be finite numbers. Some are missing or infinite. Fill them first.")
    return rows


def _first_of_equals(rows: Any) -> Integers:
    """Positions of the first of each group of equal rows, in their order."""
    # Equal rows have equal projections; that others share one to nine digits is out of the question.
    weights = np.random.default_rng(0).standard_normal(rows.shape[1])
    _, first = np.unique(np.round(np.asarray(rows @ weights), 9), return_index=True)
    return np.sort(first)


def _drawn(doubt: Floats, chance: npt.NDArray[np.uint64]) -> Integers:
    """Positions drawn without replacement, each with a probability in proportion to a power of its doubt."""
    # The largest of doubt plus Gumbel noise, then the next: that is such a draw (Kool, van Hoof and Welling 2019).
    uniform = (chance >> np.uint64(11)).astype(np.float64) / 2.0**53
    noise = -np.log(-np.log(uniform.clip(1e-12, 1 - 1e-12)))
    return np.lexsort((chance, -(_STRICTNESS * np.log(np.maximum(doubt, 1e-6)) + noise)))


def _spread(rows: Any, doubt: Floats, n: int, seed: int, of_cluster: str) -> Integers:
    """Choose n of the candidates: of each cluster the one nearest to its centre (or in most doubt), then the next."""
    if len(doubt) <= n:
        return np.arange(len(doubt))
    clusters = min(n, _MOST_CLUSTERS)
    if not clusters or not rows.shape[1]:
        return np.arange(n)
    with warnings.catch_warnings(), threadpool_limits(limits=1, user_api="openmp"):
        # Fewer distinct points than clusters: the rest is filled up by doubt.
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = KMeans(clusters, n_init=1, max_iter=30, random_state=seed).fit(
            rows, sample_weight=np.maximum(doubt, 1e-3)
        )
        distances = found.transform(rows)[np.arange(len(doubt)), found.labels_]
    # The first of each cluster come first, the second ones next, and so on.
    within = np.lexsort((distances if of_cluster == "nearest" else -doubt, found.labels_))
    starts = np.searchsorted(found.labels_[within], found.labels_[within])
    place = np.empty(len(within), dtype=np.int64)
    place[within] = np.arange(len(within)) - starts
    chosen: Integers = np.lexsort((np.arange(len(place)), place))[:n]
    return chosen
