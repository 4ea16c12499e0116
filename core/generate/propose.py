"""Proposals: rows to add to train, with their parents, or examples of train to leave out. Nothing is applied here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from core.dataset import Dataset
from core.generate.method import Method, Sources
from core.generate.methods import find_method
from core.generate.strategy import GenerateError, Target, explicit_counts

__all__ = ["make_rows", "propose", "propose_exclusions"]

PARENTS = ["parent", "other_parent"]


def propose(
    dataset: Dataset,
    *,
    method: str,
    target: Target,
    n: int | None = None,
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """Make examples from train, for `Dataset.with_rows` or the edit ``Generate``.

    Parameters
    ----------
    dataset : Dataset
        Its original train examples are the parents; generated ones, test, pool and sealed play no part.
    method : str
        One of `METHODS` that makes rows.
    target : str, float or mapping
        A class, a strategy, a share or counts by class; see `explicit_counts`.
    n : int, optional
        The number of rows in all.
    seed : int
        Chooses the rows. The same call on the same data set makes the same rows under the same ids; once they are
        applied, it makes others.
    settings : mapping, optional
        Settings of the method, see `Method.settings`; its defaults hold for those that are not given.

    Returns
    -------
    DataFrame of shape (rows, columns + 2)
        Indexed by new ids: ``parent``, ``other_parent`` (missing where one parent was used), then the columns of the
        data set; what the method does not make is the first parent's.

    Raises
    ------
    GenerateError
        If the method or target is unknown, the method makes no rows, or a class has too few examples for it.
    """
    chosen = find_method(method, dataset)
    if chosen.make is None:
        raise GenerateError(f"'{method}' makes no rows: it proposes examples to exclude. Use propose_exclusions.")
    clash = [name for name in PARENTS if name in dataset.frame.columns]
    if clash:
        raise GenerateError(f"The column name '{clash[0]}' is taken by the parents of generated rows. Rename yours.")
    train = dataset.part("train")
    counts = explicit_counts(train[dataset.schema.label], target, n=n)
    sources = train.drop(index=dataset.generated, errors="ignore")
    round_seed = _round_seed(seed, len(dataset.generated))
    rows = make_rows(chosen, Sources(sources, dataset.schema), counts, round_seed, settings)
    return rows.set_axis(_new_ids(dataset, rows[PARENTS], f"{method}:{seed}"))


def make_rows(
    method: Method, sources: Sources, counts: Mapping[str, int], seed: int, settings: Mapping[str, Any] | None = None
) -> pd.DataFrame:
    """Make rows from these examples and no others; the index counts from 0.

    Raises
    ------
    GenerateError
        If a class has too few examples for the method, or none.
    """
    examples = sources.examples
    absent = [name for name in counts if name not in sources.sizes]
    if absent:
        raise GenerateError(f"Class '{absent[0]}' has no original examples in train to make rows from. Collect some.")
    if not counts:
        return examples.iloc[:0].assign(parent=pd.Series(dtype="str"), other_parent=pd.Series(dtype="str"))
    assert method.make is not None
    made = method.make(sources, counts, seed, method.settled(settings))
    rows = examples.iloc[made.base].reset_index(drop=True)
    rows[list(made.inputs.columns)] = made.inputs
    parent = pd.Series(examples.index[made.base], dtype="str")
    other = pd.Series(examples.index[made.other], dtype="str").where(made.other != made.base)
    return pd.concat([pd.DataFrame({"parent": parent, "other_parent": other}), rows], axis=1)


def propose_exclusions(
    dataset: Dataset,
    *,
    method: str = "random_undersample",
    target: Target,
    n: int | None = None,
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """Draw train examples to leave out, for `Dataset.without` or the edit ``Exclude``.

    Parameters
    ----------
    dataset, target, n, seed, settings
        As for `propose`; `target` and `n` say how many go.
    method : str
        One of `METHODS` that excludes.

    Returns
    -------
    DataFrame of shape (excluded, 1)
        Indexed by train id, in the order of the data set: ``label``.

    Raises
    ------
    GenerateError
        If the method or target is unknown, or a class would be left without examples.
    """
    chosen = find_method(method, dataset)
    if chosen.draw is None:
        raise GenerateError(f"'{method}' makes rows and excludes none. Use propose.")
    sources = Sources(dataset.part("train"), dataset.schema)
    labels = sources.labels
    counts = explicit_counts(labels, target, n=n, exclude=True)
    gone = labels.iloc[chosen.draw(sources, counts, _round_seed(seed, len(labels)), chosen.settled(settings))]
    return gone.to_frame("label")


def _round_seed(seed: int, state: int) -> int:
    """Another seed once the data set has changed, so that a second proposal is not the first again."""
    return int(np.random.SeedSequence([abs(int(seed)), state]).generate_state(1)[0])


def _new_ids(dataset: Dataset, parents: pd.DataFrame, recipe: str) -> pd.Index:
    """Ids made of parents, method, seed and number, that neither the data nor its excluded examples have."""
    start = len(dataset.generated)
    names = parents["parent"] + ":" + parents["other_parent"].fillna("") + f":{recipe}:"
    names += pd.Series(np.arange(start, start + len(parents)).astype(str), dtype="str")
    taken = dataset.frame.index.append(dataset.excluded.index)
    ids = _hashed(names)
    while (known := taken.get_indexer(ids) >= 0).any():
        names = names.mask(known, names + "+")
        ids = _hashed(names)
    return ids.rename(dataset.frame.index.name)


def _hashed(names: pd.Series) -> pd.Index:
    digests = [hashlib.blake2b(name.encode(), digest_size=8).hexdigest() for name in names]
    return pd.Index([f"generated-{digest}" for digest in digests], dtype="str")
