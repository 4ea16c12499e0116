"""Words replaced by others that stand in the same company in the analyst's own texts: no dictionary, any language."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp
from sklearn.decomposition import TruncatedSVD

from core.generate.pieces import Mask, Pieces
from core.generate.words import Change
from core.neighbours import nearest
from core.train import one_thread, tokenise

__all__ = ["Space", "learn_space", "synonyms"]

Integers = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]

# Words of fewer texts have too little company to be placed by it: five of a few texts, ten of many. More words or texts
# change little.
_FEWEST_TEXTS, _FEWEST_OF_MANY, _MANY = 5, 10, 2_000
_MOST_WORDS, _MOST_TEXTS = 5_000, 20_000
_WINDOW = 2
_DIMENSIONS = 100
# Contexts count by this power of their frequency: rare ones would otherwise look too telling.
_SMOOTHING = 0.75
_NEIGHBOURS = 5
# A word this far away, by cosine distance, is not alike.
_FARTHEST = 0.5
# A replacement that speaks half as much for the class, or less, changes what the text says.
_SPEAKS_FOR_CLASS = 0.5
_ONE_WORD = re.compile(r"(\W*)(\w+)(\W*)")


@dataclass(frozen=True)
class Space:
    """Which words may stand in for which.

    Attributes
    ----------
    words : Index of str
        The words, in lower case and one Unicode form.
    near : array of int, shape (words, neighbours)
        For each the places of its nearest words, nearest first; -1 where there is none near enough.
    shares : array of shape (words, classes)
        The share of a word's texts that are of each class.
    classes : Index
    """

    words: pd.Index
    near: Integers
    shares: Floats
    classes: pd.Index

    def allowed(self, words: Integers, classes: Integers) -> Mask:
        """Which of the nearest words of each word (``near[words]``) fit a text of that class.

        Opposites keep the same company: "good" stands where "bad" does. A neighbour is passed over where it speaks
        much less for the class of the text than the word does.
        """
        near = self.near[words]
        its = self.shares[near, classes[:, np.newaxis]]
        return (near >= 0) & (its > _SPEAKS_FOR_CLASS * self.shares[words, classes][:, np.newaxis])


def learn_space(texts: pd.Series, labels: pd.Series) -> Space:
    """Place words by the words around them.

    Words that stand one or two places before or behind more often than chance would have it are counted (positive
    pointwise mutual information) and brought to a hundred dimensions at most (singular value decomposition). Near in
    them is what fits the same gap.

    Parameters
    ----------
    texts, labels : Series of shape (n,)
        Train examples. Of more than 20,000, every so-and-so-many are read.

    Returns
    -------
    Space
        Of the words that at least five texts have (of 2,000 texts and more, ten), 5,000 at most. It may be empty.

    References
    ----------
    O. Levy, Y. Goldberg, I. Dagan: Improving Distributional Similarity with Lessons Learned from Word Embeddings. TACL
    3, 2015.
    """
    classes = pd.Index(sorted(labels.unique()))
    step = max(1, -(-len(texts) // _MOST_TEXTS))
    texts, labels = texts.iloc[::step], labels.iloc[::step]
    codes, ends, names = tokenise(texts)
    row = np.repeat(np.arange(len(texts)), np.diff(ends))
    occurs = sp.csr_matrix((np.ones(len(codes)), (row, codes)), shape=(len(texts), len(names)))
    occurs.data[:] = 1.0
    in_texts = np.asarray(occurs.sum(axis=0)).ravel()
    # Signs and numbers are no words that others could stand for.
    spelt = np.array([name.isalpha() for name in names], dtype=bool)
    ranked = np.lexsort((np.array(names, dtype=object), -in_texts)) if names else np.array([], dtype=np.intp)
    fewest = _FEWEST_TEXTS if len(texts) < _MANY else _FEWEST_OF_MANY
    kept = ranked[((in_texts >= fewest) & spelt)[ranked]][:_MOST_WORDS]
    words = pd.Index(np.array(names, dtype=object)[kept], dtype="object")
    member = sp.csr_matrix(
        (np.ones(len(texts)), (np.arange(len(texts)), classes.get_indexer(pd.Index(labels)))),
        shape=(len(texts), len(classes)),
    )
    shares = np.asarray((occurs[:, kept].T @ member).todense()) / in_texts[kept, np.newaxis]
    if len(kept) < 3:
        return Space(words, np.full((len(kept), 1), -1, dtype=np.intp), shares, classes)
    place = np.full(len(names), -1, dtype=np.intp)
    place[kept] = np.arange(len(kept))
    vectors = _vectors(_company(place[codes], row, len(kept)))
    near, distances = nearest(vectors, min(_NEIGHBOURS, len(kept) - 1))
    near = np.where((distances <= _FARTHEST) & (np.linalg.norm(vectors, axis=1) > 0)[:, np.newaxis], near, -1)
    return Space(words, near.astype(np.intp), shares, classes)


def _company(places: Integers, row: Integers, width: int) -> sp.csr_matrix:
    """How often each word has each other one at each distance, before and behind: a column for word and distance.

    Told apart by distance, words are near that fit the same gap. Otherwise those would be near that stand together.
    """
    blocks = []
    for distance in range(1, _WINDOW + 1):
        first, second = places[:-distance], places[distance:]
        there = (first >= 0) & (second >= 0) & (row[:-distance] == row[distance:])
        behind = sp.csr_matrix((np.ones(int(there.sum())), (first[there], second[there])), shape=(width, width))
        blocks += [behind, behind.T]
    return sp.hstack(blocks, format="csr")


def _vectors(counts: sp.csr_matrix) -> Floats:
    if not counts.nnz:
        return np.zeros((counts.shape[0], 1))
    own = np.asarray(counts.sum(axis=1)).ravel()
    context = np.asarray(counts.sum(axis=0)).ravel() ** _SMOOTHING
    context = context / context.sum()
    table = counts.tocoo()
    information = np.log(table.data / (own[table.row] * context[table.col]))
    positive = information > 0
    ppmi = sp.csr_matrix((information[positive], (table.row[positive], table.col[positive])), shape=counts.shape)
    dimensions = min(_DIMENSIONS, counts.shape[0] - 1)
    svd = TruncatedSVD(dimensions, random_state=0)
    # Half of the weight of each dimension: the strongest would drown the others.
    with one_thread():
        vectors: Floats = svd.fit_transform(ppmi) / np.sqrt(np.maximum(svd.singular_values_, 1e-12))
    return vectors


def synonyms(space: Space, labels: pd.Series) -> Change:
    """Replace words by one of their nearest, in the same case.

    Parameters
    ----------
    space : Space
    labels : Series of shape (n,)
        Of the examples at which ``origin`` of the pieces points.
    """
    classes = space.classes.get_indexer(pd.Index(labels))

    def candidates(pieces: Pieces) -> tuple[Integers, Integers, Mask]:
        """Places of the words in the space (-1: not there), their nearest ones, and which of those may be taken."""
        codes, distinct = pd.factorize(pieces.words)
        place = space.words.get_indexer(pd.Index([_core(word)[1] for word in distinct], dtype="object"))[codes]
        if not len(space.words):
            return place, np.empty((len(place), 0), dtype=np.intp), np.empty((len(place), 0), dtype=bool)
        may = space.allowed(place, classes[pieces.of_text]) & (place >= 0)[:, np.newaxis]
        return place, space.near[place], may

    def apply(pieces: Pieces, chosen: Mask, rng: np.random.Generator) -> Pieces:
        _, near, may = candidates(pieces)
        pick = np.where(may[chosen], rng.random(may[chosen].shape), -1.0).argmax(axis=1)
        new = space.words[near[chosen][np.arange(len(pick)), pick]]
        words = pieces.words.copy()
        words[chosen] = [_written(old, other) for old, other in zip(words[chosen], new, strict=True)]
        return pieces.put(words)

    return Change(lambda pieces, free: free & candidates(pieces)[2].any(axis=1), apply)


def _core(word: str) -> tuple[str, str, str]:
    """Signs before a word, the word itself as the space has it (empty if it is not one word), and signs behind."""
    found = _ONE_WORD.fullmatch(word)
    return ("", "", "") if found is None else (found[1], unicodedata.normalize("NFKC", found[2]).lower(), found[3])


def _written(old: str, new: str) -> str:
    """Another word between the same signs, with capitals where the old one had them."""
    before, _, behind = _core(old)
    spelt = old[len(before) : len(old) - len(behind)]
    if spelt.isupper() and len(spelt) > 1:
        new = new.upper()
    elif spelt[:1].isupper():
        new = new[:1].upper() + new[1:]
    return f"{before}{new}{behind}"
