"""Columns that describe examples: of a text its length, script and make-up; of a table row the row itself.

They are what error slices are sought over, and what a look at the data shows.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.collect.topics import describe_by_train
from core.dataset import Dataset
from core.ids import aligned

__all__ = ["describe", "describe_texts"]

# Texts that are looked at together: enough to be fast, few enough to keep the arrays of characters small.
_CHUNK = 10_000
_URL = r"https?://|www\."
_MOSTLY = 0.9
_LATIN, _HANGUL, _LETTER, _UPPER, _DIGIT, _SIGN, _SPACE = 1, 2, 4, 8, 16, 32, 64


def describe(dataset: Dataset, *, topics: bool = False) -> pd.DataFrame:
    """Describe each example by columns that people can name.

    Parameters
    ----------
    dataset : Dataset
    topics : bool
        Describe texts by what is learned from those of train, too: the columns of `describe_by_train`. That takes
        some seconds for 50,000 texts; the rest takes a tenth of it.

    Returns
    -------
    DataFrame
        Indexed by example id, all parts. For texts the columns of `describe_texts`, then the features of the data set;
        a derived column whose name is taken is called after the text column, as in "text words".
    """
    frame = dataset.frame
    features = frame[list(dataset.schema.features)]
    text = dataset.schema.text
    if text is None:
        return features
    derived = describe_texts(frame[text])
    if topics:
        train = aligned(dataset.split, frame.index) == "train"
        derived = derived.join(describe_by_train(frame[text], train))
    taken = {name: f"{text} {name}" for name in derived.columns.intersection(features.columns)}
    return pd.concat([derived.rename(columns=taken), features], axis=1)


def describe_texts(texts: pd.Series) -> pd.DataFrame:
    """Describe texts.

    Parameters
    ----------
    texts : Series of shape (n,)
        Strings; missing ones count as empty.

    Returns
    -------
    DataFrame of shape (n, 7), indexed like `texts`
        ``characters`` and ``words`` (separated by blanks), ``script`` ("latin", "hangul" or "other" if nine of ten
        letters are of it, otherwise "mixed"; "none" without letters), ``digits_share`` and ``punctuation_share`` of the
        characters, ``upper_share`` of the letters (missing where there are none), ``has_url``.
    """
    filled = texts.astype("str").fillna("")
    values = filled.to_numpy(dtype=object)
    chunks = [_counts(values[start : start + _CHUNK]) for start in range(0, len(values), _CHUNK)]
    counts = np.concatenate(chunks) if chunks else np.zeros((0, 8), dtype=np.int64)
    characters, words, latin, hangul, letters, upper, digits, signs = counts.T
    with np.errstate(invalid="ignore"):
        described = {
            "characters": characters,
            "words": words,
            "script": _script(latin, hangul, letters),
            "digits_share": digits / characters,
            "upper_share": upper / letters,
            "punctuation_share": signs / characters,
            "has_url": filled.str.contains(_URL, case=False).to_numpy(dtype=bool),
        }
    return pd.DataFrame(described, index=texts.index).astype({"script": "str"})


def _script(
    latin: npt.NDArray[np.int64], hangul: npt.NDArray[np.int64], letters: npt.NDArray[np.int64]
) -> npt.NDArray[np.str_]:
    enough = _MOSTLY * letters
    return np.select(
        [letters == 0, latin >= enough, hangul >= enough, letters - latin - hangul >= enough],
        ["none", "latin", "hangul", "other"],
        "mixed",
    )


def _counts(texts: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Count the characters of each kind in each text, as an array of shape (texts, 8)."""
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    ends = np.cumsum(lengths)
    starts = ends - lengths
    codes = np.frombuffer("".join(texts).encode("utf-32-le", errors="surrogatepass"), dtype=np.uint32)
    kinds = _kinds()[np.minimum(codes, 0xFFFF)]
    space = (kinds & _SPACE) > 0
    # A word begins at a character that is no blank, after a blank or at the start of a text.
    begins = ~space
    begins[1:] &= space[:-1]
    first = starts[lengths > 0]
    begins[first] = ~space[first]

    def per_text(marked: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        running = np.concatenate([[0], np.cumsum(marked, dtype=np.int64)])
        return np.asarray(running[ends] - running[starts])

    marks = [(kinds & kind) > 0 for kind in (_LATIN, _HANGUL, _LETTER, _UPPER, _DIGIT, _SIGN)]
    return np.column_stack([lengths, per_text(begins), *map(per_text, marks)])


@cache
def _kinds() -> npt.NDArray[np.uint8]:
    """Kinds of the characters of the basic plane. Those beyond it count as the last of it, which is of no kind."""
    return np.array([_kind(chr(code)) for code in range(0x10000)], dtype=np.uint8)


def _kind(character: str) -> int:
    category = unicodedata.category(character)
    kind = _SPACE if character.isspace() else 0
    if category[0] == "L":
        kind |= _LETTER | (_UPPER if category in {"Lu", "Lt"} else 0)
        code = ord(character)
        if code < 0x250 or 0x1E00 <= code <= 0x1EFF or 0xFF21 <= code <= 0xFF5A:
            kind |= _LATIN
        elif 0xAC00 <= code <= 0xD7A3 or 0x1100 <= code <= 0x11FF or 0x3130 <= code <= 0x318F:
            kind |= _HANGUL
    elif category == "Nd":
        kind |= _DIGIT
    elif category[0] in "PS":
        kind |= _SIGN
    return kind
