"""Proposals: rows to add to train, with their parents, or examples of train to leave out. Nothing is applied here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.content import hash_names, hash_rows
from core.dataset import Dataset
from core.generate.method import Method, Sources
from core.generate.methods import find_method
from core.generate.strategy import Focus, GenerateError, Target, explicit_counts, most_counts
from core.generate.typical import label_words
from core.train import LockedModel

__all__ = [
    "chosen_by",
    "drawn",
    "exclusion_counts",
    "make_rows",
    "originals",
    "propose",
    "propose_exclusions",
    "protected_by_class",
]

PARENTS = ["parent", "other_parent"]
# What ids of generated rows begin with.
_PREFIX = "generated-"
# How often rows that equal a test or sealed example are made anew.
_ROUNDS = 5


def propose(
    dataset: Dataset,
    *,
    method: str,
    target: Target,
    n: int | None = None,
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
    model: LockedModel | None = None,
) -> pd.DataFrame:
    """Make examples from train, for `Dataset.with_rows` or the edit ``Generate``.

    Parameters
    ----------
    dataset : Dataset
        Its original train examples are the parents; generated ones, test, pool and sealed play no part.
    method : str
        One of `METHODS` that makes rows.
    target : str, float, mapping or Focus
        A class, a strategy, a share, counts by class, or some examples; see `explicit_counts`.
    n : int, optional
        The number of rows in all.
    seed : int
        Chooses the rows. The same call on the same data set makes the same rows under the same ids; once they are
        applied, it makes others.
    settings : mapping, optional
        Settings of the method, see `Method.settings`; its defaults hold for those that are not given.
    model : LockedModel, optional
        For methods that ask what the model goes by; a default of the modality stands in for it.

    Returns
    -------
    DataFrame of shape (rows, columns + 2)
        Indexed by new ids: ``parent``, ``other_parent`` (missing where one parent was used), then the columns of the
        data set; what the method does not make is the first parent's. Rows that equal a test or sealed example, and
        none of train, are made anew, and left out if that goes on.

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
        raise GenerateError(
            f"The column name '{clash[0]}' is taken by the parents of generated examples. Rename yours."
        )
    counts = explicit_counts(dataset.labels_of("train"), target, n=n)
    sources = Sources(originals(dataset), dataset.schema, chosen_by(target), None if model is None else model.recipe)
    round_seed = _round_seed(seed, len(dataset.generated))
    rows = _made_unlike_judged(dataset, chosen, sources, counts, round_seed, settings)
    return rows.set_axis(_new_ids(dataset, rows[PARENTS], f"{method}:{seed}"))


def _made_unlike_judged(
    dataset: Dataset,
    method: Method,
    sources: Sources,
    counts: Mapping[str, int],
    seed: int,
    settings: Mapping[str, Any] | None,
) -> pd.DataFrame:
    """Make rows, and others in the place of those that equal what is judged; a few times, since all may."""
    label, found = dataset.schema.label, []
    for again in range(_ROUNDS):
        made = make_rows(method, sources, counts, seed + again, settings)
        found.append(_unlike_judged(dataset, made))
        dropped = made[label].value_counts() - found[-1][label].value_counts().reindex(
            made[label].unique(), fill_value=0
        )
        counts = {name: count for name in counts if (count := int(dropped.get(name, 0))) > 0}
        if not counts:
            break
    return found[0] if len(found) == 1 else pd.concat(found, ignore_index=True)


def _unlike_judged(dataset: Dataset, rows: pd.DataFrame) -> pd.DataFrame:
    """Leave out what equals a test or sealed example, unless train has it already: it would bring what is judged in."""
    inputs = list(dataset.schema.inputs)
    judged = dataset.frame[dataset.split.isin(["test", "sealed"]).to_numpy()]
    content = hash_rows(rows[inputs])
    known = np.isin(content, hash_rows(judged[inputs]))
    if known.any():
        known &= ~np.isin(content, hash_rows(dataset.inputs("train")))
    return rows[~known].reset_index(drop=True) if known.any() else rows


def originals(dataset: Dataset) -> pd.DataFrame:
    """The train examples that may be parents: those that were not generated."""
    return dataset.part("train").drop(index=dataset.generated, errors="ignore")


def chosen_by(target: Target) -> pd.Index | None:
    """The ids that a target names, if it names any."""
    return pd.Index(target.ids, dtype="str") if isinstance(target, Focus) else None


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
        among = "" if sources.chosen.all() else " among those that were chosen"
        raise GenerateError(
            f"Class '{absent[0]}' has no original examples in train{among} to make rows from. Collect some."
        )
    if not counts:
        return examples.iloc[:0].assign(parent=pd.Series(dtype="str"), other_parent=pd.Series(dtype="str"))
    assert method.make is not None
    made = method.make(sources, counts, seed, method.settled(settings))
    # Only what the method leaves as it was is taken from the parents: copying all and writing over it costs twice.
    left = [name for name in examples.columns if name not in made.inputs.columns]
    taken = examples[left].iloc[made.base].reset_index(drop=True)
    parent = pd.Series(examples.index[made.base], dtype="str")
    other = pd.Series(examples.index[made.other], dtype="str").where(made.other != made.base)
    parents = pd.DataFrame({"parent": parent, "other_parent": other})
    return pd.concat([parents, taken, made.inputs], axis=1)[[*PARENTS, *examples.columns]]


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
        As for `propose`; `target` and `n` say how many go: at most, where the method finds by itself which.
    method : str
        One of `METHODS` that excludes.

    Returns
    -------
    DataFrame of shape (excluded, 1)
        Indexed by train id, in the order of the data set: ``label``.

    Raises
    ------
    GenerateError
        If the method or target is unknown, a class would be left without examples, or nothing was found.
    """
    chosen = find_method(method, dataset)
    if chosen.draw is None:
        raise GenerateError(f"'{method}' makes rows and excludes none. Use propose.")
    sources = Sources(dataset.part("train"), dataset.schema, chosen_by(target))
    counts = exclusion_counts(chosen, sources.labels, target, n)
    round_seed = _round_seed(seed, len(sources))
    gone = sources.labels.iloc[drawn(chosen, sources, counts, round_seed, settings, most=n)]
    if gone.empty:
        raise GenerateError(f"{chosen.title} found nothing to exclude of {str(target) or 'these examples'}.")
    return gone.to_frame("label")


def protected_by_class(dataset: Dataset, model: LockedModel, by_class: int) -> dict[str, tuple[str, ...]]:
    """The words that `propose` leaves untouched where a method's setting ``protect`` is so high.

    Parameters
    ----------
    dataset : Dataset
        With texts.
    model : LockedModel
    by_class : int
        The most words of a class.

    Returns
    -------
    dict
        Class to words, the one that moves the model furthest towards the class first.
    """
    return label_words(model.recipe, originals(dataset), dataset.schema, by_class)


def exclusion_counts(method: Method, labels: pd.Series, target: Target, n: int | None) -> dict[str, int]:
    """How many of each class are to go; at most, where the method finds by itself which."""
    return most_counts(labels, target) if method.finds else explicit_counts(labels, target, n=n, exclude=True)


def drawn(
    method: Method,
    sources: Sources,
    counts: Mapping[str, int],
    seed: int,
    settings: Mapping[str, Any] | None = None,
    *,
    most: int | None = None,
) -> npt.NDArray[np.intp]:
    """Positions of the examples that a method would exclude, of these and no others; at most so many."""
    assert method.draw is not None
    short = [name for name, count in counts.items() if not method.finds and sources.sizes.get(name, 0) < count]
    if short:
        raise GenerateError(
            f"Class '{short[0]}' has {sources.sizes.get(short[0], 0):,} examples that may go, and "
            f"{counts[short[0]]:,} would be excluded. Ask for fewer."
        )
    gone = method.draw(sources, counts, seed, method.settled(settings))
    if most is not None and len(gone) > most:
        gone = np.sort(np.random.default_rng(seed).choice(gone, most, replace=False))
    return gone


def _round_seed(seed: int, state: int) -> int:
    """Another seed once the data set has changed, so that a second proposal is not the first again."""
    return int(np.random.SeedSequence([abs(int(seed)), state]).generate_state(1)[0])


def _new_ids(dataset: Dataset, parents: pd.DataFrame, recipe: str) -> pd.Index:
    """Ids made of parents, method, seed and number, that neither the data nor its excluded examples have."""
    start = len(dataset.generated)
    names = parents["parent"] + ":" + parents["other_parent"].fillna("") + f":{recipe}:"
    names += pd.Series(np.arange(start, start + len(parents))).astype("str")
    taken = dataset.frame.index.append(dataset.excluded.index)
    # No other id can be one of these.
    taken = taken[taken.str.startswith(_PREFIX)]
    ids = _hashed(names)
    while (known := taken.get_indexer(ids) >= 0).any():
        names = names.mask(known, names + "+")
        ids = _hashed(names)
    return ids.rename(dataset.frame.index.name)


def _hashed(names: pd.Series) -> pd.Index:
    return pd.Index([f"{_PREFIX}{value:016x}" for value in hash_names(pd.Index(names)).tolist()], dtype="str")
