"""New texts: words of a text left out and swapped."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["FEWEST_WORDS", "count_words", "drop_and_swap"]

FEWEST_WORDS = 3
_DROPPED = 0.1


def count_words(texts: pd.Series) -> pd.Series:
    """Number of words by text, as white space separates them; none in a missing one."""
    return texts.str.count(r"\S+").fillna(0).astype("int64")


def drop_and_swap(texts: pd.Series, seed: int) -> pd.Series:
    """Leave out a tenth of the words of each text, at least one, and swap two neighbours among those that stay.

    Parameters
    ----------
    texts : Series of shape (n,)
        Each with at least `FEWEST_WORDS` words.
    seed : int

    Returns
    -------
    Series of shape (n,)
        Indexed like `texts`, with single spaces between the words.

    References
    ----------
    J. Wei, K. Zou: EDA: Easy Data Augmentation Techniques for Boosting Performance on Text Classification Tasks. EMNLP
    2019.
    """
    rng = np.random.default_rng(seed)
    words = texts.reset_index(drop=True).str.split().explode()
    row = words.index.to_numpy()
    sizes = np.bincount(row, minlength=len(texts))
    drop = np.maximum(1, np.rint(_DROPPED * sizes)).astype(int)
    # A random order within each text: its first words go.
    chance = pd.Series(rng.random(len(words))).groupby(row).rank(method="first").to_numpy()
    stays = chance > drop[row]
    words, row = words[stays], row[stays]
    place = np.arange(len(row), dtype=float)
    first = np.searchsorted(row, np.arange(len(texts)))
    swapped = first + np.floor(rng.random(len(texts)) * (sizes - drop - 1)).astype(int)
    place[swapped] += 1.5
    words = words.iloc[np.argsort(place, kind="stable")]
    ends = np.append(first, len(row)).astype(np.int32)
    lists = pa.ListArray.from_arrays(pa.array(ends), pa.array(words, type=pa.string()))
    return pd.Series(pc.binary_join(lists, " ").to_pylist(), index=texts.index, dtype="str")
