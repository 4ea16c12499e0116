"""The one place that fits the locked recipe: on all train examples, or fold by fold.

Values are encoded once per data set and shared by all fits on it (see `core.train.encoder` for why that leaks nothing).
Test rows are only ever transformed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from core.dataset import Dataset
from core.errors import FlywheelError
from core.ids import aligned, is_among, positions
from core.progress import Steps
from core.train.encoder import Encoder
from core.train.encodings import Encodings
from core.train.learner import Fit, Linear, Model, encoder_for, fit_encoded, one_thread, row_order
from core.train.pipelines import PipelineFit

__all__ = [
    "Augment",
    "Change",
    "Fitted",
    "Known",
    "Task",
    "TrainError",
    "TrainingSet",
    "features_of",
    "left_out",
    "side_by_side",
]

Augment = Callable[[pd.Index], pd.DataFrame]
# Predictions of a fold by what it was trained on.
Known = dict[tuple[int, bytes], "Floats"]
Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# Each fit at work holds its own copy of the training rows.
_MOST_AT_ONCE = 4


class TrainError(FlywheelError):
    """The locked model can't be made, or can't learn from this data."""


@dataclass(frozen=True)
class Fitted:
    """A recipe fitted on all train examples of a data set.

    Attributes
    ----------
    model : Model
    typical : tuple of arrays, or dict
        What is typical of each column of the train examples, see `Encoded.typical` and, for a pipeline, `Rows.typical`.
    """

    model: Model
    typical: tuple[Floats, Codes] | dict[str, Any]

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of the data set, sorted."""
        return self.model.classes

    def predict_proba(self, frame: pd.DataFrame) -> Floats:
        """Predict examples.

        Parameters
        ----------
        frame : DataFrame of shape (n, columns)
            With the columns the model was trained on, others are not looked at. Categories and words it does not know
            count as rare or are passed over.

        Returns
        -------
        array of shape (n, classes)
            In the order of `classes`; 0 for a class that train does not hold.

        Raises
        ------
        TrainError
            If a column is missing.
        """
        encoder = self.model.encoder
        lacking = [name for name in encoder.inputs if name not in frame.columns]
        if lacking:
            raise TrainError(
                f"The examples must have the columns the model learned from. Missing: {', '.join(lacking)}. Add them."
            )
        return self.model.predict_proba(frame)


@dataclass(frozen=True)
class Task:
    """One fit: what to say of it while it runs, and the work."""

    message: str
    work: Callable[[], Any]


def side_by_side(tasks: Sequence[Task], steps: Steps) -> list[Any]:
    """Do tasks on as many cores as there are, a step each, and return their results in order.

    Raises
    ------
    Cancelled
        If the caller asked to stop; fits that are running then come to their end unheard.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    pool = ThreadPoolExecutor(min(cores, len(tasks), _MOST_AT_ONCE))
    try:
        futures = [pool.submit(task.work) for task in tasks]
        for task, future in zip(tasks, futures, strict=True):
            steps.start(task.message)
            while not wait([future], timeout=0.1).done:
                steps.check()
        return [future.result() for future in futures]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True)
class Change:
    """What a fold trains on otherwise.

    Attributes
    ----------
    without : Index, optional
        Ids of those it trains on that are left out.
    rows : DataFrame, optional
        Generated rows that are added: the columns of ``Dataset.frame`` and ``parent``, ``other_parent``.
    """

    without: pd.Index | None = None
    rows: pd.DataFrame | None = None


class TrainingSet:
    """The train examples of one data set, encoded for one recipe.

    Parameters
    ----------
    recipe : mapping
        `Recipe.to_dict`.
    dataset : Dataset
    encodings : Encodings, optional
        What earlier recipes made of the same rows.

    Raises
    ------
    TrainError
        If train holds fewer than two classes.
    """

    def __init__(self, recipe: Mapping[str, Any], dataset: Dataset, encodings: Encodings | None = None) -> None:
        self.recipe = recipe
        self.dataset = dataset
        train = dataset.inputs("train")
        self.given_order = train.index
        self.order = row_order(train.index)
        self.ids = train.index[self.order]
        self.classes = pd.Index(dataset.classes)
        self.labels = self._coded(dataset.labels_of("train").iloc[self.order])
        found = np.unique(self.labels)
        if len(found) < 2:
            raise TrainError(
                f"The train examples must have at least two classes. All {len(self.ids):,} have the label "
                f"'{self.classes[found[0]]}'. Add or relabel examples of another class."
            )
        schema = dataset.schema
        encode = encoder_for if encodings is None else encodings.of
        self.encoder = encode(recipe["steps"], train.iloc[self.order], schema.kinds, schema.text)
        # By fold: who it trains on if nobody is kept out. One index each, so that whoever hears it can remember it.
        self._inside: dict[tuple[int, int, int], pd.Index] = {}

    @property
    def encoded(self) -> Any:
        """The train examples in the order of `ids`."""
        return self.encoder.encoded

    def fit(self) -> Fitted:
        """Fit on all examples."""
        model = Model(self.encoder, self._fit(self.encoded, self.labels), self.dataset.classes)
        return Fitted(model, self.encoded.typical())

    def fit_on(self, inside: Mask) -> Fit | PipelineFit:
        """Fit on some of the examples, by their place in `ids`."""
        return self._fit(self.encoded.take(inside), self.labels[inside])

    def final(self) -> list[Task]:
        """The task whose result is `fit`'s."""
        return [Task(f"final fit on {len(self.ids):,} examples", self.fit)]

    def folds(
        self,
        folds: int,
        *,
        labels: pd.Series | None = None,
        keep: Any = None,
        change: Callable[[pd.Index], Change] | None = None,
        division: int = 0,
        known: Known | None = None,
    ) -> list[Task]:
        """A task for each fold that fits on the others and predicts it.

        Parameters
        ----------
        folds, division : int
            See `Dataset.folds`.
        labels, keep
            See `LockedModel.refitter`.
        change : callable, optional
            Hears the ids that a fold trains on, and says what it is to train on otherwise.
        known : dict, optional
            Predictions that were made on this training set before: what a fold would learn again from the same rows is
            looked up there, and noted there otherwise.
        """
        codes = self.labels if labels is None else self._coded(aligned(labels, self.ids))
        usable = (codes >= 0) & self._kept(keep)
        everybody = bool(usable.all())
        fold = self.dataset.folds(folds, division).to_numpy()[self.order]

        def predicted(number: int) -> tuple[Mask, Floats]:
            held_out = fold == number
            inside = usable & ~left_out(held_out, self.ids, self.dataset.parents)
            ids = (
                self._inside.setdefault((folds, division, number), self.ids[inside]) if everybody else self.ids[inside]
            )
            with one_thread():
                changed = Change() if change is None else change(ids)
            stays = inside if changed.without is None else inside & ~is_among(self.ids, changed.without)
            rows, targets = self.encoded.take(stays), codes[stays]
            if changed.rows is not None:
                more, their = self._encoded(changed.rows, ids)
                rows, targets = rows.append(more), np.concatenate([targets, their])
            if not len(targets):
                raise TrainError(f"A fold of {folds} has no example left to train on. Keep more examples, or add some.")
            key = (number, _digest(rows, targets)) if known is not None else None
            if known is not None and key is not None and key in known:
                return held_out, known[key]
            found = self._fit(rows, targets).predict_proba(self.encoded.take(held_out))
            if known is not None and key is not None:
                known[key] = found
            return held_out, found

        return [
            Task(f"fold {number + 1} of {folds}", partial(predicted, number))
            for number in range(folds)
            if (fold == number).any()
        ]

    def refits(self, folds: int, divisions: Iterable[int], frames: Sequence[pd.DataFrame]) -> list[Task]:
        """A task for each fold of each division that fits on the others and predicts other examples; see `refits`."""
        encoded: list[Any] = [self.encoder.encode(frame) for frame in frames]

        def predicted(held_out: Mask) -> list[Floats]:
            fitted = self.fit_on(~left_out(held_out, self.ids, self.dataset.parents))
            return [fitted.predict_proba(rows) for rows in encoded]

        return [
            Task(f"refit {place + 1} without fold {number + 1} of {folds}", partial(predicted, fold == number))
            for place, division in enumerate(divisions)
            for fold in [self.dataset.folds(folds, division).to_numpy()[self.order]]
            for number in range(folds)
        ]

    def out_of_fold(self, predicted: Iterable[tuple[Mask, Floats]]) -> pd.DataFrame:
        """The results of `folds` as one frame, in the order of the data set."""
        probabilities = np.zeros((len(self.ids), len(self.classes)))
        for held_out, found in predicted:
            probabilities[self.order[held_out]] = found
        return pd.DataFrame(probabilities, index=self.given_order, columns=self.classes)

    def _fit(self, rows: Any, labels: Codes) -> Fit | PipelineFit:
        return fit_encoded(self.recipe, self.encoder, rows, labels, self.classes.tolist(), TrainError)

    def _coded(self, values: pd.Series) -> Codes:
        """Labels, in the order of `ids`, as places among the classes; -1 where missing."""
        codes = self.classes.get_indexer(pd.Index(values))
        unknown = values[(codes < 0) & values.notna().to_numpy()]
        if len(unknown):
            raise TrainError(
                f"Labels must be classes of the data ({', '.join(self.classes[:12])}). Got '{unknown.iloc[0]}' "
                f"for example '{unknown.index[0]}'."
            )
        return np.asarray(codes, dtype=np.int64)

    def _kept(self, keep: Any) -> Mask:
        if keep is None:
            return np.ones(len(self.ids), dtype=bool)
        if isinstance(keep, pd.Series):
            return keep.reindex(self.ids, fill_value=False).to_numpy(dtype=bool)
        chosen = np.asarray(keep)
        if chosen.dtype == bool:
            return chosen[self.given_order.get_indexer(self.ids)]
        return np.asarray(self.ids.isin(chosen))

    def _encoded(self, made: pd.DataFrame, inside: pd.Index) -> tuple[Any, Codes]:
        """Rows that were generated for one fold. Terms only they have get no column: no held-out example has them."""
        origins = pd.concat([made["parent"], made["other_parent"].dropna()])
        if not is_among(pd.Index(origins), inside).all():
            raise TrainError("Examples generated for a fold must come from the examples it trains on. Some do not.")
        codes = self.classes.get_indexer(pd.Index(made[self.dataset.schema.label]))
        if (codes < 0).any():
            raise TrainError("Generated examples must have a label among the classes of the data. Some have none.")
        return self.encoder.encode(made), np.asarray(codes, dtype=np.int64)


def _digest(rows: Any, targets: Codes) -> bytes:
    digest = hashlib.blake2b(targets.data, digest_size=16)
    for values in rows.content():
        digest.update(np.ascontiguousarray(values).data)
    return digest.digest()


def features_of(
    recipe: Mapping[str, Any],
    dataset: Dataset,
    parts: Sequence[str],
    columns: Mapping[str, Any],
    others: pd.DataFrame | None = None,
    *,
    dense: bool = True,
) -> Any:
    """See `LockedModel.features`; the settings of the columns stand in for the recipe's. No label is looked at."""
    rows = pd.concat([dataset.inputs(part) for part in parts])
    order = row_order(rows.index)
    steps = {**recipe["steps"], "columns": columns}
    encoder = Encoder(steps, rows.iloc[order], dataset.schema.kinds, dataset.schema.text)
    space = Linear(steps, encoder.encoded, encoder.sizes)
    found = space.transform(encoder.encoded)[positions(rows.index, rows.index[order])]
    if others is not None:
        found = sp.vstack([found, space.transform(encoder.encode(others))], format="csr")
    return found.toarray() if dense and encoder.text is None else found


def left_out(held_out: Mask, ids: pd.Index, parents: pd.DataFrame) -> Mask:
    """Which examples a fold must not train on: those held out, and all that was generated from one of them.

    Parameters
    ----------
    held_out : array of shape (n,)
    ids : Index of shape (n,)
    parents : DataFrame
        ``Dataset.parents``. Parents may be generated themselves.

    Returns
    -------
    array of shape (n,)
    """
    if parents.empty:
        return held_out.copy()
    children = positions(parents.index, ids)
    origins = np.column_stack([positions(pd.Index(parents[name]), ids) for name in ("parent", "other_parent")])
    origins, children = origins[children >= 0], children[children >= 0]
    # The last place stands for parents that are no longer among the examples.
    out = np.append(held_out, False)
    while True:
        tainted = out[origins].any(axis=1) & ~out[children]
        if not tainted.any():
            return out[:-1]
        out[children[tainted]] = True
