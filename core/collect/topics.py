"""What the words of a text say next to those of train: how many of them are unknown there, and which topic it is near.

Both are learned from train alone; test and pool are described by it. Nothing here looks at a label.
"""

from __future__ import annotations

import re
import warnings

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from sklearn.decomposition import NMF
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer, TfidfTransformer

__all__ = ["WORD", "describe_by_train", "without_particles"]

Floats = npt.NDArray[np.float64]

WORD = r"(?u)\b\w\w+\b"
# A Korean noun carries its particle; without it 배송이, 배송은 and 배송 are one word.
_PARTICLE = re.compile(
    "(?<=[가-힣]{2})(?:에서는|에서|에게|으로|부터|까지|처럼|보다|이나|은|는|이|가|을|를|에|로|와|과|도|만|의)(?![가-힣])"
)
# Topics are learned from at most so many texts and words: more changes neither the topics nor their names.
_MOST_TEXTS, _MOST_WORDS = 20_000, 3_000
_MOST_TOPICS, _TEXTS_PER_TOPIC = 12, 50
# Words of a topic must be in so many texts, and in no more than this share of them: the rest are everywhere.
_FEWEST_TEXTS, _LARGEST_SHARE = 5, 0.3
# A name has so many words at most, and none that weighs less than this share of the topic's first.
_WORDS_OF_NAME, _TYPICAL = 3, 0.1
NO_TOPIC = "none"


def describe_by_train(texts: pd.Series, train: pd.Series) -> pd.DataFrame:
    """Describe texts by the words of train.

    Parameters
    ----------
    texts : Series of shape (n,)
        Strings; missing ones count as empty.
    train : Series of bool, indexed as `texts`
        Which of them are in train.

    Returns
    -------
    DataFrame indexed like `texts`
        ``unknown_words_share``: share of a text's words, repeated ones counted, that occur in no other text of train;
        missing where there is no word. ``topic``: the nearest of at most twelve topics, named by its most typical
        words, or "none" for a text without any of their words; left out where train has fewer than a hundred texts or
        no words in common. A word has at least two letters or digits, upper and lower case alike; Korean particles are
        taken off. The same texts give the same topics.

    References
    ----------
    Lee and Seung (1999), "Learning the parts of objects by non-negative matrix factorization", Nature 401.
    """
    vectorizer = CountVectorizer(token_pattern=WORD, preprocessor=without_particles, dtype=np.int32)
    known = train.to_numpy(dtype=bool)
    try:
        counts = vectorizer.fit_transform(texts.astype("str").fillna("")).tocsr()
    except ValueError:
        # Not one word in any text.
        return pd.DataFrame({"unknown_words_share": np.full(len(texts), np.nan)}, index=texts.index)
    described = pd.DataFrame({"unknown_words_share": _unknown(counts, known)}, index=texts.index)
    topics = _topics(counts, vectorizer.get_feature_names_out(), known)
    return described if topics is None else described.assign(topic=pd.Series(topics, index=texts.index, dtype="str"))


def without_particles(text: str) -> str:
    """A text in lower case, its Korean nouns without their particles."""
    return _PARTICLE.sub("", text.lower())


def _unknown(counts: sparse.csr_matrix, known: npt.NDArray[np.bool_]) -> Floats:
    """Share of each text's words that are in no text of train but itself."""
    in_texts = np.bincount(counts[known].indices, minlength=counts.shape[1])
    row_of = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    others = in_texts[counts.indices] - known[row_of]
    unknown = np.bincount(row_of, counts.data * (others == 0), minlength=counts.shape[0])
    words = np.bincount(row_of, counts.data, minlength=counts.shape[0])
    share: Floats = np.divide(unknown, words, out=np.full(len(words), np.nan), where=words > 0)
    return share


def _topics(
    counts: sparse.csr_matrix, words: npt.NDArray[np.str_], known: npt.NDArray[np.bool_]
) -> npt.NDArray[np.str_] | None:
    """Name of the topic of each text; None where train is too small for topics."""
    learned = np.flatnonzero(known)
    number = min(_MOST_TOPICS, len(learned) // _TEXTS_PER_TOPIC)
    if number < 2:
        return None
    # Every so-and-so-many text: the first ones may be of one kind.
    learned = learned[:: -(-len(learned) // _MOST_TEXTS)]
    in_texts = np.bincount(counts[learned].indices, minlength=counts.shape[1])
    common = (in_texts >= _FEWEST_TEXTS) & (in_texts <= _LARGEST_SHARE * len(learned))
    common &= ~np.isin(words, list(ENGLISH_STOP_WORDS)) & ~np.char.isdigit(words.astype(str))
    chosen = np.sort(np.argsort(-np.where(common, in_texts, 0), kind="stable")[: min(_MOST_WORDS, int(common.sum()))])
    if len(chosen) <= number:
        return None
    weighting = TfidfTransformer(sublinear_tf=True).fit(counts[learned][:, chosen])
    weights = weighting.transform(counts[:, chosen])
    with warnings.catch_warnings():
        # Topics that still move a little after so many rounds are as good.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = NMF(number, init="nndsvd", tol=1e-3, max_iter=400, random_state=0).fit(weights[learned])
    # A topic whose words weigh little has large shares: what counts is what it contributes to the text.
    nearness = model.transform(weights) * np.linalg.norm(model.components_, axis=1)
    names = np.array([*_names(model.components_, words[chosen]), NO_TOPIC])
    return names[np.where(nearness.max(axis=1) > 0, nearness.argmax(axis=1), number)]


def _names(components: Floats, words: npt.NDArray[np.str_]) -> list[str]:
    """The words that weigh most in each topic; some more where two topics would share a name."""
    ordered = np.argsort(-components, axis=1, kind="stable")
    names: list[str] = []
    for row, weights in zip(ordered, components, strict=True):
        typical = int(np.count_nonzero(weights >= _TYPICAL * weights.max()))
        length = min(_WORDS_OF_NAME, typical)
        while (name := ", ".join(words[row[:length]])) in names and length < len(row):
            length += 1
        names.append(name)
    return names
