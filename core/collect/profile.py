"""A look at the data: each column by class, what it has to do with the label, typical words, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from core.collect.describe import describe
from core.collect.distributions import Distribution, Labels, distribution
from core.collect.missingness import Missingness, missing_by_class, missingness
from core.collect.relations import relations
from core.collect.words import typical_words
from core.dataset import Dataset
from core.ids import is_among
from core.progress import Cancel, Progress, Steps

__all__ = ["Profile", "profile"]


@dataclass(frozen=True)
class Profile:
    """What one version of the data looks like.

    Attributes
    ----------
    version : str
        Of the data set.
    rows, generated : int
        Train examples that were looked at, and generated ones that were left out: they repeat the others.
    distributions : dict of str to Distribution
        By column of `core.collect.describe`, in its order; of train.
    relations : DataFrame
        See `core.collect.relations.relations`.
    words : DataFrame
        See `core.collect.words.typical_words`; empty where there is no text.
    missing : Missingness
        Of what the model sees, in train and pool, in the order of collection.
    missing_by_class, missing_related : DataFrame
        See `core.collect.missingness.missing_by_class`; of train.
    """

    version: str
    rows: int
    generated: int
    distributions: Mapping[str, Distribution]
    relations: pd.DataFrame
    words: pd.DataFrame
    missing: Missingness
    missing_by_class: pd.DataFrame
    missing_related: pd.DataFrame


def profile(dataset: Dataset, progress: Progress | None = None, cancel: Cancel | None = None) -> Profile:
    """Look at the data. Test and sealed examples play no part: what is found here is acted upon.

    Parameters
    ----------
    dataset : Dataset
    progress, cancel
        See `core.progress`.

    Returns
    -------
    Profile

    Raises
    ------
    Cancelled
        If the caller asked to stop.
    """
    schema = dataset.schema
    steps = Steps(4 + len(schema.inputs), progress, cancel)
    steps.start("describing the examples")
    train = (dataset.split == "train").to_numpy()
    made = is_among(dataset.split.index, dataset.generated)
    real = train & ~made
    described = describe(dataset, topics=True)[real]
    labels = Labels.of(dataset.labels[real])
    found: dict[str, Distribution] = {}
    for name in described.columns:
        if steps.done <= len(schema.inputs):
            steps.start(f"counting {name}")
        steps.check()
        found[str(name)] = distribution(described[name], labels)
    steps.start("measuring relations")
    related, by_class = relations(found), missing_by_class(found)
    steps.start("reading words")
    texts = dataset.frame[schema.text][real] if schema.text is not None else pd.Series(dtype="str")
    words = typical_words(texts, labels)
    steps.start("looking for what is missing")
    seen = (train | (dataset.split == "pool").to_numpy()) & ~made
    missing = missingness(dataset.frame.loc[seen, list(schema.inputs)])
    steps.finish()
    return Profile(
        dataset.version, int(real.sum()), int((train & made).sum()), found, related, words, missing, *by_class
    )
