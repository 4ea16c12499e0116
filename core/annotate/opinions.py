"""Second opinions: quick learners of other kinds than the locked model, each predicting what it has not seen.

A label that the locked model, trees, neighbours, a linear rule and word counts all doubt is more probably wrong than
one that the locked model doubts alone: their errors differ, what is wrong with the label does not.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cached_property, partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix, issparse
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.kernel_approximation import Nystroem
from sklearn.naive_bayes import ComplementNB
from sklearn.preprocessing import StandardScaler, normalize

from core.annotate.judged import LabelsError
from core.content import hash_rows
from core.neighbours import nearest

__all__ = ["Opinions"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

_FOLDS = 5
_DIMENSIONS = 100
_NEIGHBOURS = 20
_LANDMARKS = 400
# Of many rows each tree sees a draw of its own, and fewer trees do: what they cost then hardly grows with the data.
_MANY, _TREE_SAMPLE = 10_000, 5_000
_TREES, _TREES_OF_MANY = 100, 50
_FEW = 2_000
# Neighbours are sought among at most so many examples: their cost stays linear.
_REFERENCE = 10_000
_RIDGE = 0.3
_SMOOTHING = (0.3, 1.0)


class Opinions:
    """Learners on one set of features, which is prepared once and asked with any labels.

    Parameters
    ----------
    features : array or sparse matrix of shape (n, columns)
        Sparse: word weights, none negative for the word counts to take part. Dense: numbers of any scale.
    seed : int
        Draws the landmarks, the trees and the projection of sparse features.

    Raises
    ------
    LabelsError
        If a feature is missing or infinite.
    """

    def __init__(self, features: Any, *, seed: int = 0) -> None:
        self._seed = seed
        self._words = csr_matrix(features) if issparse(features) else None
        values = self._words.data if self._words is not None else np.asarray(features, dtype=np.float64)
        if not np.isfinite(values).all():
            raise LabelsError("Features must be finite numbers. Some are missing or infinite. Fill or drop them first.")
        self.rows = int(features.shape[0])
        self.space = self._reduced(values)
        self.folds = self._folds(features)

    def _reduced(self, values: Floats) -> Floats:
        """A dense space of moderate width, in which distances mean something."""
        if self._words is None:
            return np.asarray(StandardScaler().fit_transform(values), dtype=np.float64)
        width = min(_DIMENSIONS, self._words.shape[1] - 1, self.rows - 1)
        if width < 2:
            return np.asarray(self._words.toarray(), dtype=np.float64)
        reduced = TruncatedSVD(width, random_state=self._seed).fit_transform(self._words)
        return np.asarray(normalize(reduced), dtype=np.float64)

    def _folds(self, features: Any) -> Integers:
        """Equal rows share a fold: a copy with the same wrong label would vouch for it."""
        if self._words is None:
            hashes = hash_rows(pd.DataFrame(np.asarray(features)))
        else:
            weights = np.random.default_rng(self._seed).standard_normal(self._words.shape[1])
            hashes = hash_rows(pd.DataFrame({"projection": self._words @ weights}))
        return (hashes % np.uint64(_FOLDS)).astype(np.int64)

    @cached_property
    def neighbours(self) -> tuple[Integers, Floats]:
        """Positions of the nearest other rows and the weight of each one's vote, both of shape (n, k)."""
        metric = "euclidean" if self._words is None else "cosine"
        chosen = np.arange(self.rows)
        if self.rows > _REFERENCE:
            chosen = np.sort(np.random.default_rng(self._seed).choice(self.rows, _REFERENCE, replace=False))
        positions, distances = nearest(self.space, _NEIGHBOURS, metric=metric, among=chosen)
        return positions, 1.0 / (distances + np.median(distances) * 0.1 + 1e-9)

    @cached_property
    def _kernel(self) -> npt.NDArray[np.float32]:
        """Similarity to landmarks, such that a linear rule in it is a smooth one in the space."""
        chance = np.random.default_rng(self._seed)
        one, other = chance.integers(0, self.rows, (2, 1000))
        apart = np.median(((self.space[one] - self.space[other]) ** 2).sum(axis=1))
        mapping = Nystroem(
            gamma=0.5 / max(float(apart), 1e-9),
            n_components=max(1, min(_LANDMARKS, self.rows // 2)),
            random_state=self._seed,
        )
        found = mapping.fit_transform(self.space)
        return np.asarray(found - found.mean(axis=0), dtype=np.float32)

    def ask(
        self, given: Integers, classes: int, keep: Booleans | None = None, *, check: Callable[[], None] | None = None
    ) -> list[Floats]:
        """Let each learner predict every row from the other folds.

        Parameters
        ----------
        given : array of shape (n,)
            Labels as positions among the classes.
        classes : int
        keep : array of shape (n,), optional
            The rows to learn from; by default all.
        check : callable, optional
            Called before each learner; what it raises ends the work.

        Returns
        -------
        list of arrays of shape (n, classes)
            Probabilities by learner. They rank well; calibrated they are not.
        """
        keep = np.ones(self.rows, dtype=bool) if keep is None else keep
        learners: list[Callable[[], Floats]] = [
            lambda: self.votes(given, classes, keep),
            lambda: self._ridge(self._kernel, given, classes, keep),
            lambda: self._ridge(self.space.astype(np.float32), given, classes, keep),
            lambda: self._held_out(self._trees, self.space, given, classes, keep),
        ]
        if self._words is not None and (self._words.data >= 0).all():
            for smoothing in _SMOOTHING:
                made = partial(self._held_out, partial(_word_counts, smoothing), self._words)
                learners.append(partial(made, given, classes, keep))
        found = []
        for learner in learners:
            if check is not None:
                check()
            found.append(learner())
        return found

    def votes_for(self, given: Integers) -> Floats:
        """The share of the neighbours' votes that each row's own label gets, by distance."""
        positions, weights = self.neighbours
        agree = given[positions] == given[:, None]
        return np.asarray((weights * agree).sum(axis=1) / weights.sum(axis=1))

    def votes(self, given: Integers, classes: int, keep: Booleans | None = None) -> Floats:
        """The neighbours' votes: shares by class, drawn a little towards the shares of the classes."""
        positions, weights = self.neighbours
        weights = weights * (self.folds[positions] != self.folds[:, None])
        if keep is not None:
            weights = weights * keep[positions]
        rows = np.repeat(np.arange(self.rows), positions.shape[1])
        cells = rows * classes + given[positions].ravel()
        counted = np.bincount(cells, weights=weights.ravel(), minlength=self.rows * classes)
        counted = counted.reshape(self.rows, classes)
        prior = np.bincount(given, minlength=classes) / len(given)
        one = weights.sum(axis=1, keepdims=True) / positions.shape[1]
        shares = counted + (one + 1e-12) * prior
        return np.asarray(shares / shares.sum(axis=1, keepdims=True))

    def _trees(self, rows: int) -> ExtraTreesClassifier:
        many = rows > _MANY
        return ExtraTreesClassifier(
            _TREES_OF_MANY if many else _TREES,
            min_samples_leaf=5,
            bootstrap=many,
            max_samples=_TREE_SAMPLE if many else None,
            # A few rows are learned sooner than threads are started.
            n_jobs=min(4, os.cpu_count() or 1) if rows > _FEW else 1,
            random_state=self._seed,
        )

    def _held_out(
        self, learner: Callable[[int], Any], rows: Any, given: Integers, classes: int, keep: Booleans
    ) -> Floats:
        found = np.zeros((self.rows, classes))
        for held_out, inside in self._split(keep):
            fitted = learner(int(inside.sum())).fit(rows[inside], given[inside])
            if hasattr(fitted, "n_jobs"):
                # Threads would add up the trees in the order in which they come: bit for bit the same only in one.
                fitted.set_params(n_jobs=1)
            found[np.ix_(np.flatnonzero(held_out), fitted.classes_)] = fitted.predict_proba(rows[held_out])
        return found

    def _ridge(self, rows: npt.NDArray[np.float32], given: Integers, classes: int, keep: Booleans) -> Floats:
        """Ridge regression on the indicators of the classes, in closed form, made probabilities by one temperature.

        Sums of products are made once a fold; what the others sum up to is the difference to all.
        """
        targets = np.eye(classes, dtype=np.float32)[given]
        one = np.ones((self.rows, 1), dtype=np.float32)
        within = [np.flatnonzero((self.folds == fold) & keep) for fold in range(_FOLDS)]
        parts = [(np.hstack([rows[part], one[part]]), targets[part]) for part in within]
        grams = [(part.T @ part).astype(np.float64) for part, _ in parts]
        sums = [(part.T @ their).astype(np.float64) for part, their in parts]
        found = np.zeros((self.rows, classes))
        for fold, (gram, told) in enumerate(zip(grams, sums, strict=True)):
            products, answers = sum(grams) - gram, sum(sums) - told
            count = products[-1, -1]
            if count < 1:
                continue
            centre, mean = products[-1, :-1] / count, answers[-1] / count
            spread = products[:-1, :-1] - count * np.outer(centre, centre)
            spread[np.diag_indices_from(spread)] += _RIDGE * np.trace(spread) / len(spread) + 1e-9
            weights = np.linalg.solve(spread, answers[:-1] - count * np.outer(centre, mean))
            held_out = self.folds == fold
            found[held_out] = rows[held_out] @ weights + (mean - centre @ weights)
        return _tempered(found, given)

    def _split(self, keep: Booleans) -> Iterator[tuple[Booleans, Booleans]]:
        for fold in range(_FOLDS):
            held_out = self.folds == fold
            inside = ~held_out & keep
            if held_out.any() and inside.any():
                yield held_out, inside


def _word_counts(smoothing: float, _: int) -> ComplementNB:
    return ComplementNB(alpha=smoothing)


def _tempered(scores: Floats, given: Integers) -> Floats:
    """Softmax of scores, at the temperature that makes the given labels most probable."""
    scores = scores - scores.max(axis=1, keepdims=True)
    rows = np.arange(len(scores))

    def surprise(power: float) -> float:
        raised = scores * np.exp(power)
        return float(np.mean(np.log(np.exp(raised).sum(axis=1)) - raised[rows, given]))

    best = minimize_scalar(surprise, bounds=(-3.0, 6.0), method="bounded").x
    raised = np.exp(scores * np.exp(best))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))
