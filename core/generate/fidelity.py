"""How good generated rows are before they are applied: copies, nonsense, columns, and what the model calls them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import issparse

from core.collect import drift
from core.collect.describe import describe_texts
from core.collect.distributions import Distribution, Labels, distribution
from core.dataset import Dataset
from core.ids import is_among
from core.neighbours import nearest_in
from core.progress import Cancel, Progress, Steps
from core.schema import Schema
from core.statistics import wilson_interval
from core.train import LockedModel, predict_children

__all__ = ["FLAGS", "Fidelity", "fidelity"]

Floats = npt.NDArray[np.float64]

FLAGS = {
    "": "at a usual distance",
    "copy": "next to a copy of a real example",
    "far": "far from every real example",
    "leak": "next to a copy of a test example",
}
# A copy is nearer than this share of the usual distance between neighbours; far is farther than all but 1% of them.
_COPY = 0.1
_FAR = 0.99
# So many real examples say what is usual.
_SAMPLE = 2_000
# Distances are sums of rounded numbers.
_NOTHING = 1e-6


@dataclass(frozen=True)
class Fidelity:
    """What can be said of generated rows without applying them.

    Attributes
    ----------
    rows : DataFrame
        Indexed like the rows: ``nearest`` (id of the nearest real train example), ``distance`` to it, ``relative``
        (that distance in units of the usual one between real examples), ``flag`` (a key of `FLAGS`; a leak goes before
        the others), ``predicted`` (the class that a model calls it which saw none of its parents), ``probability``
        (that model's, of the row's own class) and ``other_class`` (whether it calls it another one).
    usual : float
        The median distance of a real example of these classes to its nearest other one; NaN if all have an equal.
    farthest : float
        The distance below which 99% of those are.
    columns : DataFrame
        A row a column (of a text what describes it), those first in which generated rows are most unlike the real
        examples of these classes: ``kind``, ``apart`` (population stability index of generated against real),
        ``after`` (of both together against real) and ``detail`` (real to generated). See `core.collect.drift`.
    beside : mapping
        Column to how its values are spread in real and in generated rows.
    """

    rows: pd.DataFrame
    usual: float
    farthest: float
    columns: pd.DataFrame
    beside: Mapping[str, Distribution]

    @property
    def share_of_another_class(self) -> tuple[float, float, float]:
        """The share of the rows that a model calls another class, with its 95% Wilson interval."""
        calls = int(self.rows["other_class"].sum())
        low, high = wilson_interval(calls, len(self.rows))
        return calls / len(self.rows) if len(self.rows) else float("nan"), float(low), float(high)

    def flagged(self, flag: str) -> pd.Index:
        """The ids with a flag."""
        return self.rows.index[self.rows["flag"] == flag]


def fidelity(
    dataset: Dataset,
    model: LockedModel,
    rows: pd.DataFrame,
    *,
    threshold: float | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Fidelity:
    """Look at generated rows: whether they are new and plausible, and whether the model agrees with their class.

    Of test and sealed examples the inputs are compared, never a label: a row that lies next to one of them, and nearer
    than to any train example, would bring what is to be judged into training.

    Parameters
    ----------
    dataset : Dataset
        Without the rows.
    model : LockedModel
        Its space is the one in which distances are taken.
    rows : DataFrame of shape (n, columns)
        As `propose` makes them.
    threshold : float, optional
        If that is how the model decides; see `LockedModel.decide`.
    progress, cancel
        See `core.progress`.

    Returns
    -------
    Fidelity

    Raises
    ------
    TrainError
        If a parent is not in train.
    Cancelled
        If the caller asked to stop.
    """
    steps = Steps(10, progress, cancel)
    steps.start("placing the rows")
    label, inputs = dataset.schema.label, list(dataset.schema.inputs)
    judged = pd.concat([dataset.inputs("test"), dataset.inputs("sealed")])
    space = model.features(dataset, others=pd.concat([rows[inputs], judged]))
    train = dataset.ids("train")
    real = ~is_among(train, dataset.generated)
    own = (dataset.labels_of("train").isin(rows[label].unique())).to_numpy() & real
    steps.start("the nearest real examples")
    places, distances = _nearest(space[np.flatnonzero(real)], space[len(train) : len(train) + len(rows)])
    steps.start("the usual distance")
    usual, farthest = _usual(space[np.flatnonzero(real)], own[real])
    steps.start("the nearest test examples")
    _, to_judged = _nearest(space[len(train) + len(rows) :], space[len(train) : len(train) + len(rows)])
    steps.check()
    probabilities = predict_children(
        dataset,
        model,
        rows,
        progress=None if progress is None else lambda share, message: progress(0.4 + 0.5 * share, message),
        cancel=cancel,
    )
    predicted = model.decide(probabilities, threshold)
    found = pd.DataFrame(
        {
            "nearest": train[real][places] if len(rows) else pd.Index([], dtype="str"),
            "distance": distances,
            "relative": distances / usual,
            "flag": _flags(distances, to_judged, usual, farthest),
            "predicted": predicted.to_numpy(),
            "probability": _own(probabilities, rows[label]),
            "other_class": predicted.to_numpy() != rows[label].to_numpy(),
        },
        index=rows.index,
    )
    if progress is not None:
        progress(0.95, "the columns before and after")
    columns, beside = _columns(dataset.schema, dataset.frame.loc[train[own], inputs], rows[inputs])
    steps.finish()
    return Fidelity(found, usual, farthest, columns, beside)


def _columns(schema: Schema, real: pd.DataFrame, made: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, Distribution]]:
    """How real and generated rows are spread in each column; a text by what describes it."""
    both = pd.concat([real, made])
    described = both[list(schema.features)]
    if schema.text is not None:
        of_text = describe_texts(both[schema.text].reset_index(drop=True)).set_axis(both.index)
        taken = {name: f"{schema.text} {name}" for name in of_text.columns.intersection(described.columns)}
        described = pd.concat([of_text.rename(columns=taken), described], axis=1)
    before = described.iloc[: len(real)]
    if not len(real) or not len(made):
        return pd.DataFrame(columns=["kind", "apart", "after", "detail"]), {}
    table = drift(before, described.iloc[len(real) :])[["kind", "effect", "detail"]]
    after = drift(before, described)["effect"].reindex(table.index)
    columns = table.rename(columns={"effect": "apart"}).assign(after=after)[["kind", "apart", "after", "detail"]]
    sides = Labels(np.repeat([0, 1], [len(real), len(made)]), ("real", "generated"))
    beside = {str(name): distribution(described[name], sides) for name in columns.index}
    return columns.sort_values("apart", ascending=False, kind="stable"), beside


def _nearest(rows: Any, queries: Any) -> tuple[npt.NDArray[np.int64], Floats]:
    """Place of and distance to the nearest row of each query; infinite where there is none."""
    if not rows.shape[0]:
        return np.zeros(queries.shape[0], dtype=np.int64), np.full(queries.shape[0], np.inf)
    places, distances = nearest_in(rows, queries, 1, _metric(rows))
    return places[:, 0], distances[:, 0]


def _metric(rows: Any) -> str:
    return "cosine" if issparse(rows) else "euclidean"


def _usual(real: Any, own: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Median and 99th percentile of the distance to the nearest other example, of those of the classes asked for."""
    some = np.flatnonzero(own)
    if len(some) > _SAMPLE:
        some = np.sort(np.random.default_rng(0).permutation(some)[:_SAMPLE])
    if real.shape[0] < 2 or not len(some):
        return float("nan"), float("inf")
    # The nearest of all is the example itself, or one that equals it.
    _, distances = nearest_in(real, real[some], 2, _metric(real))
    positive = distances[:, 1][distances[:, 1] > _NOTHING]
    if not len(positive):
        return float("nan"), float("inf")
    return float(np.median(positive)), float(np.quantile(positive, _FAR))


def _flags(distances: Floats, to_judged: Floats, usual: float, farthest: float) -> npt.NDArray[np.object_]:
    near = max(_NOTHING, 0.0 if np.isnan(usual) else _COPY * usual)
    leak = (to_judged <= near) & (to_judged < distances - _NOTHING)
    flags = np.where(leak, "leak", np.where(distances <= near, "copy", np.where(distances > farthest, "far", "")))
    return np.asarray(flags, dtype=object)


def _own(probabilities: pd.DataFrame, labels: pd.Series) -> Floats:
    places = probabilities.columns.get_indexer(pd.Index(labels))
    own: Floats = probabilities.to_numpy()[np.arange(len(labels)), places]
    return own
