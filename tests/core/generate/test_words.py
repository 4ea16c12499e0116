from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.generate.pieces import Pieces, drawn
from core.generate.words import Change, count_words, deletes, inserts, swaps

WORDS = st.lists(st.text("abc가나다😀.", min_size=1, max_size=3), min_size=1, max_size=25)
TEXTS = st.lists(WORDS, min_size=1, max_size=6)


def changed(change: Change, texts: list[list[str]], seed: int, free=None, share: float | None = None):
    """Words before and after by text, and whether anything could be chosen."""
    rng = np.random.default_rng(seed)
    pieces = Pieces.of(pd.Series([" ".join(words) for words in texts], dtype="str"))
    free = np.ones(len(pieces.words), dtype=bool) if free is None else free(pieces)
    may = change.may(pieces, free)
    after = change.apply(pieces, drawn(pieces, may, change.share if share is None else share, rng), rng)
    return [text.split() for text in after.join()], pieces.any_of_text(may)


@given(TEXTS, st.integers(0, 99), st.sampled_from([0.1, 0.5]))
def test_swapped_words_stay_the_same_words_one_place_on(texts, seed, share):
    after, able = changed(swaps(), texts, seed, share=share)
    for words, found, can in zip(texts, after, able, strict=True):
        assert Counter(words) == Counter(found)
        assert (words != found) == can
        # Nobody moves further than to the next place.
        assert all(word in words[max(0, place - 1) : place + 2] for place, word in enumerate(found))


@given(TEXTS, st.integers(0, 99))
def test_a_tenth_of_the_words_goes(texts, seed):
    after, able = changed(deletes(), texts, seed)
    for words, found, can in zip(texts, after, able, strict=True):
        assert can == (len(words) >= 3)
        assert len(found) == len(words) - (max(1, round(0.1 * len(words))) if can else 0)
        rest = iter(words)
        assert all(word in rest for word in found)


@given(TEXTS, st.integers(0, 99))
def test_words_that_are_put_in_are_of_the_class(texts, seed):
    column = pd.Series([" ".join(words) for words in texts], dtype="str")
    labels = pd.Series([f"class {number % 2}" for number in range(len(texts))])
    after, able = changed(inserts(column, labels), texts, seed)
    bare = [{word.strip(".😀") for word in words} for words in texts]
    for number, (words, found) in enumerate(zip(texts, after, strict=True)):
        new = Counter(found) - Counter(words)
        assert new.total() == len(found) - len(words) == (max(1, round(0.1 * len(words))) if able[number] else 0)
        assert set(new) <= set().union(*bare[number % 2 :: 2])
        rest = iter(found)
        assert all(word in rest for word in words)


def test_words_are_put_in_by_how_often_the_class_has_them():
    texts = pd.Series(["red red red blue", "green"], dtype="str")
    labels = pd.Series(["a", "b"])
    change = inserts(texts, labels)
    rng = np.random.default_rng(0)
    pieces = Pieces.of(texts).take(np.zeros(4000, dtype=np.intp))
    may = change.may(pieces, np.ones(len(pieces.words), dtype=bool))
    after = change.apply(pieces, drawn(pieces, may, 0.1, rng), rng)
    counts = pd.Series(after.words).value_counts()
    assert "green" not in counts
    assert counts["blue"] - 4000 == pytest.approx(1000, abs=150)


@given(TEXTS, st.integers(0, 99), st.sampled_from([swaps, deletes]))
def test_words_that_are_not_free_stay_where_they_are(texts, seed, change):
    kept = "a"
    after, _ = changed(change(), texts, seed, free=lambda pieces: pieces.words != kept, share=0.5)
    for words, found in zip(texts, after, strict=True):
        assert words.count(kept) == found.count(kept)
        if len(words) == len(found):
            assert [word == kept for word in words] == [word == kept for word in found]


def test_words_are_counted_as_white_space_separates_them():
    column = pd.Series(["", "  ", "one", "a b\nc", None, "안녕 하세요"], dtype="str")
    assert count_words(column).tolist() == [0, 0, 1, 3, 0, 2]
