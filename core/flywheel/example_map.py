"""The map of a project's examples: a sample of train and pool in two dimensions of the locked model's features."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.collect import describe
from core.collect.projection import project_features
from core.content import draw_by_hash
from core.dataset import Dataset
from core.ids import is_among, looked_up
from core.progress import Cancel, Progress, Steps
from core.train import LockedModel

__all__ = ["ExampleMap", "example_map"]

Floats = npt.NDArray[np.float64]

# As many as a browser draws in about a second.
MOST_POINTS = 2_000
# Of a class so many are drawn at least, if there are so many.
_FEWEST = 20
_NAMED = 3
# From this correlation on an axis goes with a column.
_GOES_WITH = 0.3


@dataclass(frozen=True)
class ExampleMap:
    """Examples in two dimensions.

    Attributes
    ----------
    version, fingerprint, method : str
        Of which data set and locked model, and how.
    points : DataFrame
        By id: ``x``, ``y``, ``part`` (train, pool or generated), ``label`` (missing in the pool).
    explained : (float, float) or None
        Share of the variance along each axis, of what is drawn; None for methods whose axes mean nothing.
    goes_with : (list of (str, float), list of (str, float))
        Columns of numbers and dates that an axis goes with, and their correlation, the closest first.
    examples : int
        How many there are in train and pool.
    """

    version: str
    fingerprint: str
    method: str
    points: pd.DataFrame
    explained: tuple[float, float] | None
    goes_with: tuple[list[tuple[str, float]], list[tuple[str, float]]]
    examples: int


def example_map(
    dataset: Dataset,
    model: LockedModel,
    *,
    method: str = "pca",
    without: Iterable[str] = (),
    seed: int = 0,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> ExampleMap:
    """Make the map of a data set's examples. Test and sealed ones are not on it: what is seen there is acted upon.

    Where there are more than 2,000, so many are drawn at random, each class by its share and with at least 20 examples.
    Who is drawn depends on the ids alone, so that a map of the next version shows the same examples.

    Parameters
    ----------
    dataset : Dataset
    model : LockedModel
        Its features are the space that is projected; they are learned from the examples that are drawn.
    method : str
        See `core.collect.projection.project_features`.
    without : iterable of str
        Features that play no part, for example all that stand beside a text.
    seed : int
        Of the projection.
    progress, cancel
        See `core.progress`.

    Returns
    -------
    ExampleMap

    Raises
    ------
    ProjectionError
        If the method is not available.
    Cancelled
        If the caller asked to stop.
    """
    steps = Steps(3, progress, cancel)
    steps.start("drawing examples")
    ids = dataset.ids("train").append(dataset.ids("pool"))
    strata = looked_up(dataset.labels, ids).fillna("").to_numpy(dtype=object)
    drawn = ids[draw_by_hash(ids, strata, most=MOST_POINTS, fewest=_FEWEST)]
    sample = dataset.without(ids[~is_among(ids, drawn)]) if len(drawn) < len(ids) else dataset
    steps.start("reading their features")
    parts = [part for part in ("train", "pool") if len(sample.ids(part))]
    seen = sample
    for name in without:
        seen = seen.without_column(name)
    features = model.features(seen, parts)
    order = pd.Index(np.concatenate([sample.ids(part) for part in parts]), dtype="str")
    steps.start("placing them")
    found = project_features(features, method=method, seed=seed)
    points = pd.DataFrame(
        {
            "x": found.places[:, 0],
            "y": found.places[:, 1],
            "part": looked_up(dataset.split, order).mask(is_among(order, dataset.generated), "generated").to_numpy(),
            "label": looked_up(dataset.labels, order).to_numpy(),
        },
        index=order,
    )
    described = looked_up(describe(sample), order)
    steps.finish()
    along = (_goes_with(described, found.places[:, 0]), _goes_with(described, found.places[:, 1]))
    return ExampleMap(dataset.version, model.fingerprint, method, points, found.explained, along, len(ids))


def _goes_with(described: pd.DataFrame, places: Floats) -> list[tuple[str, float]]:
    """Columns of numbers and dates by their correlation with an axis."""
    dates = [_days(described[name]) for name in described.select_dtypes("datetime")]
    numbers = pd.concat([described.select_dtypes("number"), *dates], axis=1).astype("float64")
    numbers = numbers.replace([np.inf, -np.inf], np.nan)
    if not len(numbers) or places.std() == 0:
        return []
    varied = numbers.loc[:, numbers.nunique() > 1]
    along = varied.corrwith(pd.Series(places, index=numbers.index)).dropna()
    along = along[along.abs() >= _GOES_WITH]
    closest = along.reindex(along.abs().sort_values(ascending=False, kind="stable").index)
    return [(str(name), float(value)) for name, value in closest.head(_NAMED).items()]


def _days(dates: pd.Series) -> pd.Series:
    return (dates - pd.Timestamp(0)) / pd.Timedelta(days=1)
