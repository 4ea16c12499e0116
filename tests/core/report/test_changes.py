from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from core.report import NEW, stayed, traced

TEXTS = st.lists(st.sampled_from(["a", "b", "c", "가", "<i>"]), max_size=12).map(" ".join)


@given(TEXTS, st.lists(TEXTS, max_size=2))
def test_words_come_back_in_their_order_and_come_from_where_it_is_said(text, parents):
    pieces = traced(text, parents)
    assert " ".join(piece for piece, _ in pieces) == text
    assert all(before != after for (_, before), (_, after) in pairwise(pieces))
    for place, parent in enumerate(parents):
        rest = iter(parent.split())
        assert all(word in rest for piece, source in pieces if source == place for word in piece.split())


@given(TEXTS, TEXTS)
def test_what_stayed_is_as_much_on_both_sides(parent, text):
    kept = [piece for piece, stays in stayed(parent, text) if stays]
    own = [piece for piece, source in traced(text, [parent]) if source == 0]
    assert " ".join(kept) == " ".join(own)


@given(TEXTS)
def test_a_copy_is_all_of_its_parent(text):
    assert traced(text, [text]) == ([(text, 0)] if text else [])


def test_a_mix_is_told_apart_by_parent():
    assert traced("one two tres nuevo", ["one two three", "uno dos tres"]) == [
        ("one two", 0),
        ("tres", 1),
        ("nuevo", NEW),
    ]
