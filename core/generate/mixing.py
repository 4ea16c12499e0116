"""Sentences of a text in another order, and two texts of one class as one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.generate.pieces import SENTENCES, WORDS, Pieces

__all__ = ["has_halves", "has_sentences", "mixed", "partners", "shuffled"]

Integers = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]


def has_sentences(texts: pd.Series) -> Mask:
    """Texts of at least two different sentences; a line counts as one."""
    cut = Pieces.of(texts, SENTENCES)
    first = cut.words[np.searchsorted(cut.row, np.arange(len(cut.origin)))]
    return cut.any_of_text(cut.words != first[cut.row])


def shuffled(texts: pd.Series, rng: np.random.Generator) -> pd.Series:
    """Put the sentences of each text in another order.

    Parameters
    ----------
    texts : Series of shape (n,)
        Each with at least two sentences; see `has_sentences`.

    Returns
    -------
    Series of shape (n,)
        Indexed from 0. White space stays where it was.
    """
    cut = Pieces.of(texts, SENTENCES)
    sizes = cut.sizes
    starts = np.cumsum(sizes) - sizes
    order = np.lexsort((rng.random(len(cut.row)), cut.row))
    same = ~cut.any_of_text(cut.words[order] != cut.words)
    # Chance left it as it was: the last sentence comes first.
    within = np.arange(len(order)) - starts[cut.row]
    turned = starts[cut.row] + (within - 1) % sizes[cut.row]
    return cut.put(cut.words[np.where(same[cut.row], turned, order)]).join()


def has_halves(texts: pd.Series) -> Mask:
    """Texts of at least two words, so that there are two halves."""
    return Pieces.of(texts, WORDS).sizes > 1


def partners(labels: pd.Series, can: Mask, base: Integers, rng: np.random.Generator) -> Integers:
    """Draw for each text another one of its class.

    Parameters
    ----------
    labels : Series of shape (n,)
    can : array of bool, shape (n,)
        Which texts may be drawn. Each class of `base` has at least two.
    base : array of shape (m,)
        Positions of the texts.

    Returns
    -------
    array of shape (m,)
        Positions.
    """
    codes, _ = pd.factorize(labels)
    members = np.flatnonzero(can)
    members = members[np.argsort(codes[members], kind="stable")]
    counts = np.bincount(codes[members], minlength=codes.max() + 1)
    starts = np.cumsum(counts) - counts
    rank = np.empty(len(labels), dtype=np.intp)
    rank[members] = np.arange(len(members)) - starts[codes[members]]
    kind = codes[base]
    step = 1 + np.floor(rng.random(len(base)) * (counts[kind] - 1)).astype(np.intp)
    return members[starts[kind] + (rank[base] + step) % counts[kind]]


def mixed(texts: pd.Series, others: pd.Series) -> pd.Series:
    """Join the first half of each text and the second half of another one.

    Halves are of whole sentences where both texts have several, else of words.

    Parameters
    ----------
    texts, others : Series of shape (n,)
        See `has_halves`.

    Returns
    -------
    Series of shape (n,)
        Indexed from 0.
    """
    sides = (texts.reset_index(drop=True), others.reset_index(drop=True))
    by_sentence = has_sentences(sides[0]) & has_sentences(sides[1])
    made = np.empty(len(sides[0]), dtype=object)
    for between, which in ((SENTENCES, by_sentence), (WORDS, ~by_sentence)):
        if which.any():
            head, tail = (Pieces.of(side[which], between) for side in sides)
            first = _half(head, first=True).join()
            made[which] = (first + " " + _half(tail, first=False).join()).to_numpy(dtype=object)
    return pd.Series(made, dtype="str")


def _half(pieces: Pieces, *, first: bool) -> Pieces:
    """The first half of the pieces of each text, the middle one with it; or the rest."""
    sizes = pieces.sizes
    within = np.arange(len(pieces.row)) - (np.cumsum(sizes) - sizes)[pieces.row]
    before = within < -(-sizes[pieces.row] // 2)
    return pieces.keep(before if first else ~before)
