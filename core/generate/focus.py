"""Whom to make rows of, beyond whole classes: a slice, hard examples, and pairs of classes that are confused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from core.collect import describe
from core.dataset import Dataset
from core.evaluate import Predicate, holds, sentence
from core.generate.propose import originals
from core.generate.strategy import Focus, GenerateError, explicit_counts
from core.ids import aligned

__all__ = ["focus_on", "on_confused", "on_hard", "on_slice"]


def focus_on(
    dataset: Dataset,
    ids: Iterable[str],
    *,
    words: str,
    n: int | None = None,
    found_on_errors: bool = False,
) -> Focus:
    """Make some examples the target of `propose` and `trial`.

    Parameters
    ----------
    dataset : Dataset
    ids : iterable of str
        What is not in train, or was generated, is passed over.
    words : str
        Who they are, for the screen: "age is 18 to 25".
    n : int, optional
        How many rows to make in all, as many as there are examples if not given. They are dealt to the classes by
        their sizes among the examples, so that a slice grows and stays what it is.
    found_on_errors : bool
        Whether the model's errors chose them, see `Focus`.

    Raises
    ------
    GenerateError
        If none of the ids is an original train example.
    """
    sources = originals(dataset)
    kept = sources.index[pd.Index(list(ids), dtype="str").get_indexer(sources.index) >= 0]
    if kept.empty:
        raise GenerateError(
            f"There must be original train examples to make rows of. Of '{words}' train holds none. Choose others."
        )
    sizes = sources.loc[kept, dataset.schema.label].value_counts().sort_index()
    counts = {str(name): int(size) for name, size in sizes.items()}
    if n is not None:
        counts = explicit_counts(dataset.labels_of("train"), counts, n=n)
    return Focus(tuple(kept), counts, words, found_on_errors)


def on_slice(dataset: Dataset, predicates: Sequence[Predicate], *, n: int | None = None) -> Focus:
    """Focus on the train examples of a slice, as Evaluate finds and pins it.

    Parameters
    ----------
    dataset : Dataset
    predicates : sequence of Predicate
        See `core.evaluate.Predicate`. Columns that `describe` derives may be named, too.
    n : int, optional
        See `focus_on`.

    Raises
    ------
    GenerateError
        If no train example is in it.
    """
    own = {each.column for each in predicates} <= set(dataset.schema.features)
    columns = dataset.frame[list(dataset.schema.features)] if own else describe(dataset)
    inside = dataset.frame.index[holds(predicates, columns)]
    return focus_on(dataset, inside, words=sentence(predicates), n=n, found_on_errors=True)


def on_hard(dataset: Dataset, out_of_fold: pd.DataFrame, *, share: float = 0.1, n: int | None = None) -> Focus:
    """Focus on the examples with the highest out-of-fold loss.

    Among them are those whose label is wrong: look through the suspects first.

    Parameters
    ----------
    dataset : Dataset
    out_of_fold : DataFrame of shape (train, classes)
    share : float
        Of the original train examples, in (0, 1].
    n : int, optional
        See `focus_on`.

    Raises
    ------
    GenerateError
        If the share is not in (0, 1].
    """
    if not 0 < share <= 1:
        raise GenerateError(f"The share of hard examples must be above 0 and at most 1. Got {share!r} instead.")
    labels = originals(dataset)[dataset.schema.label]
    found = aligned(out_of_fold, labels.index)
    own = found.to_numpy()[np.arange(len(labels)), found.columns.get_indexer(pd.Index(labels))]
    hardest = np.argsort(own, kind="stable")[: max(1, round(share * len(labels)))]
    return focus_on(
        dataset, labels.index[hardest], words=f"the hardest {100 * share:.0f}% of train", n=n, found_on_errors=True
    )


def on_confused(dataset: Dataset, predicted: pd.Series, one: str, other: str, *, n: int | None = None) -> Focus:
    """Focus on the examples of two classes that are taken for the other one.

    Parameters
    ----------
    dataset : Dataset
    predicted : Series of shape (train,)
        Predicted class by train id, out of fold.
    one, other : str
    n : int, optional
        See `focus_on`.

    Raises
    ------
    GenerateError
        If no train example of the two is taken for the other.
    """
    labels = originals(dataset)[dataset.schema.label]
    said = aligned(predicted, labels.index)
    mistaken = ((labels == one) & (said == other)) | ((labels == other) & (said == one))
    words = f"'{one}' and '{other}' taken for each other"
    return focus_on(dataset, labels.index[mistaken.to_numpy()], words=words, n=n, found_on_errors=True)
