"""Words that are typical of a class: in how many of its texts they occur, and in how many of the others."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.feature_extraction.text import CountVectorizer

from core.collect.distributions import Labels
from core.collect.topics import WORD, without_particles
from core.statistics import benjamini_hochberg, hypergeometric_tail

__all__ = ["typical_words"]

Floats = npt.NDArray[np.float64]

# More texts change which words are typical of a class no more.
MOST_TEXTS = 50_000
_MOST_WORDS = 20_000
_FEWEST_TEXTS = 5
_EACH = 12
# Of the words named at most so large a share is typical by chance alone.
_FALSE = 0.05


def typical_words(texts: pd.Series, labels: Labels, *, each: int = _EACH) -> pd.DataFrame:
    """Find the words that occur in more texts of a class than chance would make it.

    Parameters
    ----------
    texts : Series of shape (n,)
        Strings; missing ones count as empty. Of more than 50,000 every so-and-so-many is read.
    labels : Labels
        Of the same texts.
    each : int
        Words a class, at most.

    Returns
    -------
    DataFrame, class after class, the most telling word first
        ``label``, ``word`` (Korean particles are taken off), ``texts`` (of the class with the word), ``share`` of the
        texts of the class, ``elsewhere``, the share of the other texts, ``phi`` (correlation of word and class) and
        ``p_adjusted`` (Benjamini-Hochberg over all words and classes; below 0.05).
    """
    step = -(-len(texts) // MOST_TEXTS) or 1
    texts, codes = texts.iloc[::step], labels.codes[::step]
    counter = CountVectorizer(
        binary=True,
        min_df=_FEWEST_TEXTS,
        max_features=_MOST_WORDS,
        token_pattern=WORD,
        preprocessor=without_particles,
        dtype=np.float64,
    )
    try:
        found = counter.fit_transform(texts.astype("str").fillna("")) if len(texts) >= _FEWEST_TEXTS else None
    except ValueError:
        # No word is in enough texts.
        found = None
    if found is None:
        return _table([], [], np.zeros((5, 0)))
    n, classes = len(texts), len(labels.classes)
    members = np.zeros((n, classes))
    members[np.arange(n), codes] = 1.0
    both = np.asarray(found.T @ members)
    holding = np.broadcast_to(np.asarray(found.sum(axis=0)).ravel()[:, np.newaxis], both.shape)
    size = np.broadcast_to(members.sum(axis=0)[np.newaxis, :], both.shape)
    p = np.column_stack(
        [hypergeometric_tail(both[:, place], holding[:, place], int(size[0, place]), n) for place in range(classes)]
    )
    adjusted = benjamini_hochberg(p.ravel()).reshape(p.shape)
    spread = np.sqrt(holding * (n - holding) * size * (n - size))
    phi = np.divide(both * n - holding * size, spread, out=np.zeros_like(both), where=spread > 0)
    share = np.divide(both, size, out=np.zeros_like(both), where=size > 0)
    elsewhere = np.divide(holding - both, n - size, out=np.zeros_like(both), where=size < n)
    order = np.argsort(-phi, axis=0, kind="stable")[:each]
    words, of_class = order.T.ravel(), np.repeat(np.arange(classes), len(order))
    kept = (adjusted[words, of_class] < _FALSE) & (phi[words, of_class] > 0)
    words, of_class = words[kept], of_class[kept]
    values = np.stack([each[words, of_class] for each in (both, share, elsewhere, phi, adjusted)])
    names = counter.get_feature_names_out()
    return _table([labels.classes[place] for place in of_class], list(names[words]), values)


def _table(classes: list[str], words: list[str], values: Floats) -> pd.DataFrame:
    texts, share, elsewhere, phi, adjusted = values
    return pd.DataFrame(
        {
            "label": pd.array(classes, dtype="str"),
            "word": pd.array(words, dtype="str"),
            "texts": texts.astype(np.int64),
            "share": share,
            "elsewhere": elsewhere,
            "phi": phi,
            "p_adjusted": adjusted,
        }
    )
