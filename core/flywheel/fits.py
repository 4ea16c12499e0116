"""What the locked model says after training on one version of the data, of test or of other rows: fitted once, kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import pandas as pd

from core.dataset import Dataset
from core.flywheel.store import Store, now
from core.progress import Cancel, Progress
from core.train import Fitted, LockedModel

__all__ = ["Fit", "class_probabilities", "fit_once", "kept_fit", "kept_predictions", "predict_once", "test_inputs"]


class Fit(NamedTuple):
    """Probabilities of every test example there was, ids x classes, and the threshold, if that is the decision rule."""

    test_probabilities: pd.DataFrame
    threshold: float | None


def class_probabilities(fitted: Fitted, dataset: Dataset, inputs: pd.DataFrame) -> pd.DataFrame:
    """Probabilities of some rows, ids x all classes of the data; a class the model has not met has probability 0."""
    known = pd.DataFrame(fitted.predict_proba(inputs), index=inputs.index, columns=list(fitted.classes))
    return known.reindex(columns=list(dataset.classes), fill_value=0.0)


def test_inputs(dataset: Dataset, brought: Dataset) -> pd.DataFrame:
    """The test examples of a version, then those that were ``brought`` and are excluded: they may come back."""
    inputs = dataset.inputs("test")
    excluded = brought.ids("test").difference(inputs.index)
    if not len(excluded):
        return inputs
    return pd.concat([inputs, brought.frame.loc[excluded, list(dataset.schema.inputs)]])


def kept_fit(store: Store, version: str, fingerprint: str) -> Fit | None:
    """What is known of equal data under an equal model, from a turn or from `fit_once`."""
    of = (version, fingerprint)
    for columns, table in (("test_probabilities, threshold", "turns"), ("blob, threshold", "fits")):
        found = store.execute(
            f"SELECT {columns} FROM {table} WHERE version = ? AND fingerprint = ? ORDER BY rowid DESC LIMIT 1", of
        )
        if found:
            return Fit(store.read_frame(found[0][0]), found[0][1])
    return None


def fit_once(
    store: Store,
    model: LockedModel,
    dataset: Dataset,
    brought: Dataset,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Fit:
    """Fit the locked model on one version of the data, or read what was kept of an earlier fit.

    Parameters
    ----------
    store : Store
    model : LockedModel
    dataset, brought : Dataset
        The version, and the data as it was brought: test examples excluded since then may come back.
    progress, cancel
        See `core.progress`.

    Raises
    ------
    TrainError
        If train holds fewer than two classes.
    Cancelled
        If the caller asked to stop; nothing is kept then.
    """
    known = kept_fit(store, dataset.version, model.fingerprint)
    if known is not None:
        return known
    threshold = None
    if model.recipe.decision == "threshold":
        training = model.train(dataset, progress, cancel)
        fitted, threshold = training.fitted, training.threshold
    else:
        fitted = model.fit(dataset, progress, cancel)
    blob = store.write_frame(class_probabilities(fitted, dataset, test_inputs(dataset, brought)))
    with store.writing():
        store.insert(
            "fits",
            {
                "at": now(),
                "version": dataset.version,
                "fingerprint": model.fingerprint,
                "blob": blob,
                "threshold": threshold,
            },
        )
    return Fit(store.read_frame(blob), threshold)


def kept_predictions(store: Store, version: str, fingerprint: str, rows: str) -> pd.DataFrame | None:
    """What `predict_once` kept of some rows, named by their blob, under equal data and an equal model."""
    found = store.execute(
        "SELECT blob FROM predictions WHERE version = ? AND fingerprint = ? AND rows = ? ORDER BY number DESC LIMIT 1",
        (version, fingerprint, rows),
    )
    return store.read_frame(found[0][0]) if found else None


def predict_once(
    store: Store,
    dataset: Dataset,
    fingerprint: str,
    rows: Mapping[str, pd.DataFrame],
    fit: Callable[[], Fitted],
) -> None:
    """Let the model of one version of the data predict rows that are not in it, and keep what it says of each set.

    Parameters
    ----------
    store : Store
    dataset : Dataset
        The version.
    fingerprint : str
        Of the locked model.
    rows : mapping of str to DataFrame
        By the name of their blob, with every column of the data. Sets that were predicted before are passed over.
    fit : callable
        Fits the locked model on the version; called once, and only if something is not known yet.
    """
    of = (dataset.version, fingerprint)
    lacking = {name: frame for name, frame in rows.items() if kept_predictions(store, *of, name) is None}
    if not lacking:
        return
    fitted = fit()
    inputs = list(dataset.schema.inputs)
    for name, frame in lacking.items():
        blob = store.write_frame(class_probabilities(fitted, dataset, frame[inputs]))
        with store.writing():
            store.insert(
                "predictions",
                {"at": now(), "version": of[0], "fingerprint": of[1], "rows": name, "blob": blob},
            )
