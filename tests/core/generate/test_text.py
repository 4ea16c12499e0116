from __future__ import annotations

from collections import Counter

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from core.generate.text import count_words, drop_and_swap

WORDS = st.lists(st.text("abc가나다😀.", min_size=1, max_size=4), min_size=3, max_size=40)


@settings(max_examples=50, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=6), st.integers(0, 1000), st.sampled_from([" ", "\n", " \t "]))
def test_a_tenth_of_the_words_goes_and_two_neighbours_swap(texts, seed, space):
    column = pd.Series([space.join(words) for words in texts], index=[f"t{i}" for i in range(len(texts))], dtype="str")
    made = drop_and_swap(column, seed)
    assert (made.index == column.index).all()
    assert made.dtype == column.dtype
    for words, text in zip(texts, made, strict=True):
        kept = text.split()
        dropped = max(1, round(0.1 * len(words)))
        assert len(kept) == len(words) - dropped
        assert not Counter(kept) - Counter(words)
        # Taking the swap back leaves the words in their order.
        undone = [[*kept[:i], kept[i + 1], kept[i], *kept[i + 2 :]] for i in range(len(kept) - 1)]
        assert any(_in_order(attempt, words) for attempt in undone)


def _in_order(some: list[str], words: list[str]) -> bool:
    rest = iter(words)
    return all(word in rest for word in some)


def test_seeds_repeat_and_differ():
    column = pd.Series(["one two three four five six seven"] * 5, dtype="str")
    assert drop_and_swap(column, 1).equals(drop_and_swap(column, 1))
    assert not drop_and_swap(column, 1).equals(drop_and_swap(column, 2))
    assert drop_and_swap(column, 1).nunique() > 1


def test_words_are_what_stands_between_spaces():
    column = pd.Series(["", "  ", "one", "a b\nc", None, "안녕 하세요"], dtype="str")
    assert count_words(column).tolist() == [0, 0, 1, 3, 0, 2]
