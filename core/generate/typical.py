"""Words that tell classes apart: by how often a class has them, and by how far they move a locked model."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from core.schema import Schema
from core.train import Recipe
from core.train.encoder import tokenise
from core.train.learner import fit_recipe

__all__ = ["label_words", "typical_words"]

Floats = npt.NDArray[np.float64]

# Of one text alone nothing is typical.
_FEWEST_TEXTS = 2
# Nearer to 0 or 1 than this, probabilities are not told apart.
_CERTAIN = 1e-6
# A word that moves the model less than this share of what the first one does says little.
_TELLING = 0.25


def typical_words(texts: pd.Series, labels: pd.Series, top: int = 50) -> dict[str, frozenset[str]]:
    """The words that speak most for each class by how often they occur.

    Parameters
    ----------
    texts, labels : Series of shape (n,)
    top : int
        The most words of a class.

    Returns
    -------
    dict
        Class to words, in lower case and one Unicode form. Each is in at least two texts of the class, and in a larger
        share of its texts than of the others'.

    References
    ----------
    T. Dunning: Accurate Methods for the Statistics of Surprise and Coincidence. Computational Linguistics 19, 1993
    (the log-likelihood ratio by which they are ranked).
    """
    codes, ends, names = tokenise(texts)
    kinds, classes = pd.factorize(labels, sort=True)
    row = np.repeat(np.arange(len(texts)), np.diff(ends))
    occurs = sp.csr_matrix((np.ones(len(codes)), (row, codes)), shape=(len(texts), len(names)))
    occurs.data[:] = 1.0
    member = sp.csr_matrix((np.ones(len(kinds)), (np.arange(len(kinds)), kinds)), shape=(len(kinds), len(classes)))
    own = np.asarray((occurs.T @ member).todense())
    sizes = np.bincount(kinds, minlength=len(classes)).astype(float)
    others = own.sum(axis=1, keepdims=True) - own
    rest = len(texts) - sizes
    score = _likelihood(own, sizes) + _likelihood(others, rest) - _likelihood(own + others, sizes + rest)
    spelt = np.array([name.isalpha() and len(name) > 1 for name in names], dtype=bool)
    more = own * rest > others * sizes
    score = np.where(more & (own >= _FEWEST_TEXTS) & spelt[:, np.newaxis], score, 0.0)
    return {str(name): frozenset(_top(names, score[:, place], top)) for place, name in enumerate(classes)}


def _likelihood(hits: Floats, of: Floats) -> Floats:
    """Log-likelihood of so many hits at their own rate."""
    rate = np.divide(hits, of, out=np.zeros_like(hits), where=np.broadcast_to(of > 0, hits.shape))
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = np.nan_to_num(hits * np.log(rate)) + np.nan_to_num((of - hits) * np.log(1 - rate))
    return found


def label_words(recipe: Recipe, examples: pd.DataFrame, schema: Schema, top: int = 30) -> dict[str, tuple[str, ...]]:
    """The words that a locked recipe goes by: those whose presence moves it most towards each class.

    Of a class they are those that move it at least a quarter as far as the first. The recipe is fitted on these
    examples and asked about each word of theirs as a text of its own, so that no word is known that a fold must not
    know.

    Parameters
    ----------
    recipe : Recipe
    examples : DataFrame of shape (n, columns)
        Train examples.
    schema : Schema
    top : int
        The most words of a class.

    Returns
    -------
    dict
        Class to words, in lower case and one Unicode form, the one that moves the model furthest first.
    """
    assert schema.text is not None
    model = fit_recipe(
        recipe.to_dict(), examples[list(schema.inputs)], schema.kinds, schema.text, examples[schema.label]
    )
    codes, ends, names = tokenise(examples[schema.text])
    row = np.repeat(np.arange(len(examples)), np.diff(ends))
    counts = sp.csr_matrix((np.ones(len(codes)), (row, codes)), shape=(len(examples), len(names)))
    often = np.bincount(counts.indices, minlength=len(names)) >= _FEWEST_TEXTS
    asked = [name for name, there in zip(names, often, strict=True) if there and name.isalpha()]
    if not asked:
        return {}
    # Nothing is known of the other columns; the empty text, the last one, is what words are held against.
    frame = examples[list(schema.inputs)].iloc[:0].reindex(range(len(asked) + 1))
    frame[schema.text] = pd.Series([*asked, ""], dtype="str")
    probabilities = np.clip(model.predict_proba(frame), _CERTAIN, 1 - _CERTAIN)
    odds = np.log(probabilities / (1 - probabilities))
    moved = odds[:-1] - odds[-1]
    moved = np.where(moved >= _TELLING * moved.max(axis=0, initial=0.0), moved, 0.0)
    return {name: _top(asked, moved[:, place], top) for place, name in enumerate(model.classes)}


def _top(names: list[str], scores: Floats, top: int) -> tuple[str, ...]:
    """The names with the highest scores above 0, the highest first; ties go by name."""
    order = np.lexsort((np.array(names, dtype=object), -scores))[:top]
    return tuple(names[place] for place in order if scores[place] > 0)
