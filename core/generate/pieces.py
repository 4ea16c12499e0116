"""Texts cut into words or sentences, as flat arrays: piece after piece, text after text, white space kept as it was."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["SENTENCES", "WORDS", "Mask", "Pieces", "Strings", "drawn", "glued"]

Integers = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]
Strings = npt.NDArray[np.object_]

# What stands between two words; and between two sentences: space after a full stop, nothing after an ideographic one.
WORDS = re.compile(r"(\s+)")
SENTENCES = re.compile(r"((?<=[.!?…])\s+|(?<=[。！？])\s*(?=\S)|\s*\n\s*)")  # noqa: RUF001


@dataclass(frozen=True)
class Pieces:
    """Texts in pieces.

    Attributes
    ----------
    words : array of str, shape (pieces,)
        The words, or sentences.
    gaps : array of str, shape (pieces,)
        The white space behind each; empty behind the last of a text.
    row : array of int, shape (pieces,)
        The place of its text, ascending.
    origin : array of int, shape (texts,)
        Where each text stands in the column that was cut.
    """

    words: Strings
    gaps: Strings
    row: Integers
    origin: Integers

    @classmethod
    def of(cls, texts: pd.Series, between: re.Pattern[str] = WORDS) -> Pieces:
        """Cut texts at what stands `between` two pieces (one group around all of it); an empty text has one piece."""
        # A cut text alternates between pieces and gaps, from piece to piece; the last gap is added.
        cut = [[*between.split(text.strip()), ""] for text in texts.astype("str").fillna("").tolist()]
        flat = np.array(list(chain.from_iterable(cut)), dtype=object)
        row = np.repeat(np.arange(len(cut)), [len(each) // 2 for each in cut])
        return cls(flat[::2], flat[1::2], row, np.arange(len(cut)))

    @property
    def sizes(self) -> Integers:
        """The number of pieces of each text."""
        return np.bincount(self.row, minlength=len(self.origin))

    @property
    def of_text(self) -> Integers:
        """The place in the column of the text that each piece is of."""
        return self.origin[self.row]

    def places(self, texts: Integers) -> Integers:
        """Where the pieces of some of the texts are, in that order, any of them several times."""
        sizes = self.sizes
        counts = sizes[texts]
        before = np.cumsum(counts) - counts
        return np.repeat((np.cumsum(sizes) - sizes)[texts] - before, counts) + np.arange(counts.sum())

    def take(self, texts: Integers) -> Pieces:
        """Some of the texts, as `places` has them."""
        place = self.places(texts)
        row = np.repeat(np.arange(len(texts)), self.sizes[texts])
        return Pieces(self.words[place], self.gaps[place], row, self.origin[texts])

    def keep(self, stays: Mask) -> Pieces:
        """Only those pieces; a gap goes with the piece before it."""
        return Pieces(self.words[stays], self.gaps[stays], self.row[stays], self.origin)

    def put(self, words: Strings) -> Pieces:
        """Other words in the same places."""
        return Pieces(words, self.gaps, self.row, self.origin)

    def any_of_text(self, which: Mask) -> Mask:
        """The texts that have such a piece."""
        return np.bincount(self.row[which], minlength=len(self.origin)) > 0

    def join(self) -> pd.Series:
        """The texts in one piece again, indexed from 0, without white space at their ends."""
        flat: Any = np.empty(2 * len(self.words), dtype=object)
        flat[::2], flat[1::2] = self.words, self.gaps
        return glued(flat, 2 * self.sizes).str.strip()


def glued(parts: Strings, sizes: Integers) -> pd.Series:
    """Put parts together: the first ``sizes[0]`` become one string, the next ``sizes[1]`` another."""
    ends = np.append(0, np.cumsum(sizes))
    lists = pa.ListArray.from_arrays(pa.array(ends, pa.int32()), pa.array(parts, pa.string()))
    return pd.Series(pc.binary_join(lists, "").to_pylist(), dtype="str")


def drawn(pieces: Pieces, among: Mask, share: float, rng: np.random.Generator) -> Mask:
    """Draw a share of the pieces of each text, at least one, from those that may be drawn.

    Parameters
    ----------
    pieces : Pieces
    among : array of bool, shape (pieces,)
        Those that may be drawn. Of a text that has fewer than its share asks for, all are.
    share : float
        Of all pieces of a text, rounded.
    rng : Generator

    Returns
    -------
    array of bool, shape (pieces,)
    """
    sizes = pieces.sizes
    chance = np.where(among, rng.random(len(among)), np.inf)
    order = np.lexsort((chance, pieces.row))
    rank = np.empty(len(order), dtype=np.intp)
    rank[order] = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    wanted = np.maximum(1, np.rint(share * sizes)).astype(np.intp)
    chosen: Mask = among & (rank < wanted[pieces.row])
    return chosen
