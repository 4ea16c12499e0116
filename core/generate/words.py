"""Words of a text moved, left out and put in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.generate.pieces import WORDS, Mask, Pieces, Strings

__all__ = ["FEWEST_WORDS", "Change", "count_words", "deletes", "inserts", "swaps"]

Integers = npt.NDArray[np.intp]

# A text of two words of which one is left out says something else.
FEWEST_WORDS = 3
# How many of the words of a text change.
SHARE = 0.1


@dataclass(frozen=True)
class Change:
    """A way to change words.

    Attributes
    ----------
    may : callable
        ``(pieces, free)`` to a mask of the words that can be chosen; those that are not free must stay as they are.
    apply : callable
        ``(pieces, chosen, rng)`` to the changed pieces.
    share : float
        How many of the words of a text are chosen, at least one.
    """

    may: Callable[[Pieces, Mask], Mask]
    apply: Callable[[Pieces, Mask, np.random.Generator], Pieces]
    share: float = SHARE


def count_words(texts: pd.Series) -> pd.Series:
    """Number of words by text, as white space separates them; none in a missing one."""
    return texts.str.count(r"\S+").fillna(0).astype("int64")


def swaps() -> Change:
    """Swap words with the one behind.

    References
    ----------
    J. Wei, K. Zou: EDA: Easy Data Augmentation Techniques for Boosting Performance on Text Classification Tasks. EMNLP
    2019 (so for `deletes`).
    """
    return Change(_may_swap, _swap)


def _may_swap(pieces: Pieces, free: Mask) -> Mask:
    """Words with another one behind, both free."""
    may = np.zeros(len(free), dtype=bool)
    may[:-1] = free[:-1] & free[1:] & (pieces.row[:-1] == pieces.row[1:]) & (pieces.words[:-1] != pieces.words[1:])
    return may


def _swap(pieces: Pieces, chosen: Mask, rng: np.random.Generator) -> Pieces:
    # A word that was chosen together with the one before it would move twice.
    first = np.flatnonzero(chosen[:-1] & ~np.append(False, chosen[:-2]))
    words = pieces.words.copy()
    words[first], words[first + 1] = pieces.words[first + 1], pieces.words[first]
    return pieces.put(words)


def deletes() -> Change:
    """Leave words out, of texts of at least `FEWEST_WORDS`."""
    return Change(
        lambda pieces, free: free & (pieces.sizes >= FEWEST_WORDS)[pieces.row],
        lambda pieces, chosen, rng: pieces.keep(~chosen),
    )


def inserts(texts: pd.Series, labels: pd.Series) -> Change:
    """Put words in that other texts of the class have, the more often the likelier.

    Parameters
    ----------
    texts, labels : Series of shape (n,)
        The examples that words are drawn from. A pieces' ``origin`` are places among them.

    References
    ----------
    Z. Xie et al.: Data Noising as Smoothing in Neural Network Language Models. ICLR 2017 (unigram noising).
    """
    found = Pieces.of(texts, WORDS)
    plain = pd.Series(found.words, dtype="str").str.extract(r"^\W*(\w(?:.*\w)?)\W*$")[0].to_numpy(dtype=object)
    named = ~pd.isna(plain)
    codes, _ = pd.factorize(labels)
    # The words of one class after those of the other: drawn by place.
    order = np.argsort(codes[found.row[named]], kind="stable")
    pool: Strings = plain[named][order]
    counts = np.bincount(codes[found.row[named]], minlength=codes.max(initial=-1) + 1)
    starts = np.cumsum(counts) - counts

    def insert(pieces: Pieces, chosen: Mask, rng: np.random.Generator) -> Pieces:
        after = np.flatnonzero(chosen)
        kind = codes[pieces.of_text[after]]
        new = pool[starts[kind] + np.floor(rng.random(len(after)) * counts[kind]).astype(np.intp)]
        gaps = np.where(pieces.gaps == "", " ", pieces.gaps) if len(pieces.gaps) else pieces.gaps
        return Pieces(
            np.insert(pieces.words, after + 1, new),
            np.insert(gaps, after + 1, " "),
            np.insert(pieces.row, after + 1, pieces.row[after]),
            pieces.origin,
        )

    def may(pieces: Pieces, free: Mask) -> Mask:
        # Behind the last word a text is over, unless there is no other place.
        last = np.append(pieces.row[1:] != pieces.row[:-1], True)[: len(pieces.row)]
        inside = ~last | (pieces.sizes == 1)[pieces.row]
        can: Mask = inside & (counts[codes[pieces.of_text]] > 0) & (pieces.words != "")
        return can

    return Change(may, insert)
