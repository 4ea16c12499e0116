"""Step 2 of a recipe: learning from encoded rows; and both steps together, from a frame to probabilities.

`Fit` learns from some of the encoded rows: medians, spreads, which categories are rare, in how many texts a term
occurs, and the classifier. Rows that are not given to it have no say in any of this.

Everything that decides a probability stands here and in `core.train.encoder`, and only there, save for pipelines that
analysts bring (`core.train.pipelines`): `core.train.fit` uses it for folds, and an exported project carries the source
of these files so that its numbers can be made again. So nothing but the standard library, numpy, pandas, scipy and
scikit-learn (with threadpoolctl, which scikit-learn itself requires) is imported.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.preprocessing import normalize
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from core.train.encoder import Encoded, Encoder, frequent_terms, median, selection
from core.train.pipelines import Frames, PipelineFit

__all__ = [
    "Averaged",
    "Codes",
    "Fit",
    "Linear",
    "Model",
    "Prior",
    "Weights",
    "draws_random",
    "encoder_for",
    "fit_encoded",
    "fit_recipe",
    "one_thread",
    "row_order",
]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_CLASSIFIERS = {
    "HistGradientBoostingClassifier": HistGradientBoostingClassifier,
    "LogisticRegression": LogisticRegression,
    "RandomForestClassifier": RandomForestClassifier,
    "SGDClassifier": SGDClassifier,
}
# Gradient boosting makes its bins of so many rows, drawn where there are more.
_BINNED_ROWS = 200_000


class Codes:
    """Columns for trees: numbers as they are, categories as codes, missing values left missing.

    The most frequent categories keep a code; the others share one, which an unknown category then has too.
    """

    def __init__(self, steps: Mapping[str, Any], rows: Encoded, sizes: Sequence[int]) -> None:
        most = steps["columns"]["most"]
        self.tables = []
        for codes, size in zip(rows.codes.T, sizes, strict=True):
            kept, other = _kept_categories(codes, size, most, 1)
            table = np.full(size + 2, float(len(kept)) if other else np.nan)
            table[kept] = np.arange(len(kept))
            # Code -1, a missing value, reads the last place.
            table[-1] = np.nan
            self.tables.append(table)
        # Binning stumbles over a column without any value; a constant one is passed over.
        self.empty = np.append(np.isnan(rows.numbers).all(axis=0), (rows.codes < 0).all(axis=0))

    def transform(self, rows: Encoded) -> Floats:
        """Numbers, then categories."""
        columns = [table[codes] for table, codes in zip(self.tables, rows.codes.T, strict=True)]
        design = np.column_stack([rows.numbers, *columns])
        design[:, self.empty] = 0.0
        return design


class Linear:
    """Columns and terms for linear models and distances, as one sparse matrix.

    Numbers: missing ones take the median and are marked, then scale to mean 0 and spread 1, cut off far outside.
    Categories: a column each, the rare ones share one. Terms: weighted by how few texts they occur in (TF-IDF), each
    text of length 1.
    """

    def __init__(self, steps: Mapping[str, Any], rows: Encoded, sizes: Sequence[int]) -> None:
        settings = steps["columns"]
        self.limit: float = settings["limit"]
        missing = np.isnan(rows.numbers)
        self.marked = np.flatnonzero(missing.any(axis=0))
        self.medians = np.array([median(column) for column in rows.numbers.T])
        filled = np.where(missing, self.medians, rows.numbers)
        self.means, spreads = filled.mean(axis=0), filled.std(axis=0)
        self.spreads = np.where(spreads > 0, spreads, 1.0)
        self.tables = [_one_hot(codes, size, settings) for codes, size in zip(rows.codes.T, sizes, strict=True)]
        self.terms = [Weights(block, steps["text"]) for block in rows.terms]

    def transform(self, rows: Encoded) -> Any:
        """Numbers, marks of missing ones, categories, words, characters: CSR matrix."""
        missing = np.isnan(rows.numbers)
        scaled = (np.where(missing, self.medians, rows.numbers) - self.means) / self.spreads
        blocks = [sp.csr_matrix(np.clip(scaled, -self.limit, self.limit))]
        blocks.append(sp.csr_matrix(missing[:, self.marked].astype(np.float64)))
        for (table, width), codes in zip(self.tables, rows.codes.T, strict=True):
            blocks.append(selection(table[codes], width).astype(np.float64))
        blocks += [weights.transform(block) for weights, block in zip(self.terms, rows.terms, strict=True)]
        return sp.hstack(blocks, format="csr")


class Weights:
    """Inverse document frequencies of one block of terms, and which of its terms occur often enough."""

    def __init__(self, block: Any, settings: Mapping[str, Any]) -> None:
        self.columns: Integers | None = None
        self.idf: Floats | None = None
        if "hash_bits" not in settings:
            self.columns = np.flatnonzero(frequent_terms(block, settings["min_texts"]))
            texts = np.bincount(block.indices, minlength=block.shape[1])[self.columns]
            self.idf = np.log((1 + block.shape[0]) / (1 + texts)) + 1

    def transform(self, block: Any) -> Any:
        """Weight the terms, and bring each text to length 1."""
        weighted = block.astype(np.float64)
        if not block.shape[1]:
            return weighted
        if self.columns is not None and self.idf is not None:
            weighted = weighted[:, self.columns]
            weighted.data *= self.idf[weighted.indices]
        return normalize(weighted, copy=False)


def _kept_categories(codes: Integers, size: int, most: int, fewest: int) -> tuple[Integers, bool]:
    """The categories that occur often enough, by code, and whether others occur."""
    counts = np.bincount(codes[codes >= 0], minlength=size)[:size]
    ranked = np.argsort(-counts, kind="stable")[:most]
    kept = np.sort(ranked[counts[ranked] >= fewest])
    return kept, bool(counts.sum() > counts[kept].sum())


def _one_hot(codes: Integers, size: int, settings: Mapping[str, Any]) -> tuple[Integers, int]:
    """Table from code to column, -1 for none, and the number of columns."""
    kept, other = _kept_categories(codes, size, settings["most"], settings["fewest"])
    table = np.full(size + 2, len(kept) if other else -1)
    table[kept] = np.arange(len(kept))
    width = len(kept) + other
    missing = bool((codes < 0).any())
    table[-1] = width if missing else -1
    return table, width + missing


_threads = ThreadpoolController()
_blas_lock = threading.Lock()
_blas_users = 0
_blas_limit: Any = None


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread.

    Sums then have one order, so that numbers do not depend on how many cores there are. It is no slower: folds are
    fitted side by side, and threads that share the work on one small fit mostly wait for each other (on a busy machine
    a hundred times as long as they work).
    """
    global _blas_users, _blas_limit
    # OpenMP counts threads by calling thread, BLAS by process: the last of several fits at a time lifts its limit.
    with _threads.limit(limits=1, user_api="openmp"):
        with _blas_lock:
            _blas_users += 1
            if _blas_users == 1:
                _blas_limit = _threads.limit(limits=1, user_api="blas")
        try:
            yield
        finally:
            with _blas_lock:
                _blas_users -= 1
                if _blas_users == 0:
                    _blas_limit.restore_original_limits()


class Prior:
    """Predicts the shares of the classes: for training rows of one class, or without any input left."""

    def fit(self, _: Any, labels: Integers) -> Prior:
        self.classes_, counts = np.unique(labels, return_counts=True)
        self.shares = counts / counts.sum()
        return self

    def predict_proba(self, rows: Any) -> Floats:
        return np.tile(self.shares, (rows.shape[0], 1))


class Averaged:
    """One classifier fitted with several seeds: their mean probabilities, so that the luck of one seed counts for less.

    Parameters
    ----------
    members : sequence of classifiers
        Unfitted, of different seeds.
    """

    def __init__(self, members: Sequence[Any]) -> None:
        self.members = members

    def fit(self, design: Any, labels: Integers) -> Averaged:
        for member in self.members:
            member.fit(design, labels)
        self.classes_ = self.members[0].classes_
        return self

    def predict_proba(self, design: Any) -> Floats:
        total = self.members[0].predict_proba(design)
        for member in self.members[1:]:
            total = total + member.predict_proba(design)
        mean: Floats = total / len(self.members)
        return mean


class Fit:
    """What was learned from encoded rows: their design (`Codes` or `Linear`) and a classifier.

    Parameters
    ----------
    recipe : mapping
        Parsed JSON of a recipe.
    rows : Encoded
    labels : array of shape (n,)
        Classes as numbers from 0 to `classes` - 1; not all need to occur.
    classes : int
    sizes : sequence of int
        Number of categories in each dictionary.
    """

    def __init__(
        self, recipe: Mapping[str, Any], rows: Encoded, labels: Integers, classes: int, sizes: Sequence[int]
    ) -> None:
        steps = recipe["steps"]
        self.classes = classes
        self.design = (Codes if steps["columns"]["categories"] == "codes" else Linear)(steps, rows, sizes)
        design = self.design.transform(rows)
        one_class = len(labels) == 0 or (labels == labels[0]).all()
        if one_class or design.shape[1] == 0:
            self.classifier: Any = Prior()
        else:
            self.classifier = classifier(recipe, rows.numbers.shape[1], design.shape[1], len(labels))
        with one_thread():
            self.classifier.fit(design, labels)

    def predict_proba(self, rows: Encoded) -> Floats:
        """Probabilities of shape (n, classes); 0 for classes that were not among the labels."""
        probabilities = np.zeros((len(rows), self.classes))
        if len(rows):
            with one_thread():
                found = self.classifier.predict_proba(self.design.transform(rows))
            probabilities[:, self.classifier.classes_] = found
        return probabilities


def classifier(recipe: Mapping[str, Any], numbers: int, columns: int, rows: int) -> Any:
    """Make the unfitted classifier of a recipe, for a design of which the first columns are numbers.

    Where it draws random numbers for so many rows, it is as many classifiers as the recipe has ``seeds``, the first of
    which is ``seed``. A recipe that does not say how many was written before there could be several.
    """
    settings = dict(recipe["steps"]["classifier"])
    seeds = recipe.get("seeds", 1) if draws_random(settings, rows) else 1
    name = settings.pop("name")
    if name == "HistGradientBoostingClassifier":
        settings["categorical_features"] = np.arange(columns) >= numbers if columns > numbers else None
    made = [_CLASSIFIERS[name](random_state=recipe["seed"] + number, **settings) for number in range(seeds)]
    return made[0] if len(made) == 1 else Averaged(made)


def draws_random(settings: Mapping[str, Any], rows: int = 0) -> bool:
    """Whether a classifier with these settings draws random numbers, so that another seed gives another model.

    Parameters
    ----------
    settings : mapping
        The step ``classifier`` of a recipe: ``name`` and arguments.
    rows : int
        Training rows. Gradient boosting makes its bins of a draw of them where they are more than 200,000.
    """
    name = settings.get("name")
    if name == "HistGradientBoostingClassifier":
        stops = settings.get("early_stopping", "auto") is not False
        return stops or settings.get("max_features", 1.0) != 1.0 or rows > _BINNED_ROWS
    if name == "LogisticRegression":
        return settings.get("solver", "lbfgs") in {"liblinear", "sag", "saga"}
    return name is not None


class Model:
    """A fitted recipe: from a frame of inputs to probabilities."""

    def __init__(self, encoder: Encoder | Frames, fit: Fit | PipelineFit, classes: Sequence[str]) -> None:
        self.encoder = encoder
        self.fit = fit
        self.classes = tuple(classes)

    def predict_proba(self, frame: pd.DataFrame) -> Floats:
        """Probabilities of shape (n, classes), in the order of `classes`."""
        rows: Any = self.encoder.encode(frame)
        return self.fit.predict_proba(rows)


def row_order(ids: pd.Index) -> Integers:
    """Order in which rows are fitted: by id, so that the numbers do not depend on the order of the data."""
    return np.asarray(ids.argsort(), dtype=np.int64)


def fit_recipe(
    recipe: Mapping[str, Any], frame: pd.DataFrame, kinds: Mapping[str, str], text: str | None, labels: pd.Series
) -> Model:
    """Fit a recipe.

    Parameters
    ----------
    recipe : mapping
        Parsed JSON of a recipe.
    frame : DataFrame of shape (n, columns)
        The training rows, indexed by id.
    kinds : mapping
        Column to ``"numeric"``, ``"categorical"`` or ``"datetime"``.
    text : str or None
        The text column.
    labels : Series of shape (n,)
        Aligned with `frame`.

    Returns
    -------
    Model
        Its classes are those among the labels, sorted.
    """
    order = row_order(frame.index)
    encoder = encoder_for(recipe["steps"], frame.iloc[order], kinds, text)
    classes, codes = np.unique(np.asarray(labels, dtype=object)[order], return_inverse=True)
    return Model(encoder, fit_encoded(recipe, encoder, encoder.encoded, codes, classes.tolist()), classes.tolist())


def encoder_for(
    steps: Mapping[str, Any], frame: pd.DataFrame, kinds: Mapping[str, str], text: str | None
) -> Encoder | Frames:
    """Step 1 of a recipe; of a recipe that is a pipeline, the frame as it reads it."""
    return Frames(frame, kinds, text) if "pipeline" in steps else Encoder(steps, frame, kinds, text)


def fit_encoded(
    recipe: Mapping[str, Any],
    encoder: Encoder | Frames,
    rows: Any,
    labels: Integers,
    classes: Sequence[str],
    refuse: type[Exception] = ValueError,
) -> Fit | PipelineFit:
    """Step 2 of a recipe, on some of the rows that the encoder encoded.

    Parameters
    ----------
    labels : array of shape (n,)
        Classes as places among `classes`.
    refuse : type of Exception
        What a pipeline that can't learn raises.
    """
    if isinstance(encoder, Frames):
        with one_thread():
            return PipelineFit(recipe, rows, labels, classes, refuse)
    return Fit(recipe, rows, labels, len(classes), encoder.sizes)
