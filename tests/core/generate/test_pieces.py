from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.generate.pieces import SENTENCES, WORDS, Pieces, drawn, glued

TEXTS = st.lists(st.text("abc가나.!? \n\t。", max_size=30), min_size=1, max_size=6)


@given(TEXTS, st.sampled_from([WORDS, SENTENCES]))
def test_texts_come_back_as_they_were_but_for_their_ends(texts, between):
    column = pd.Series(texts, dtype="str")
    assert Pieces.of(column, between).join().tolist() == [text.strip() for text in texts]


@given(TEXTS)
def test_words_are_what_stands_between_white_space(texts):
    cut = Pieces.of(pd.Series(texts, dtype="str"))
    found = [cut.words[cut.row == number].tolist() for number in range(len(texts))]
    assert found == [text.split() or [""] for text in texts]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("No stop here", ["No stop here"]),
        ("Version 2.5 is out... Try it", ["Version 2.5 is out...", "Try it"]),
        ("first line\n second line\n\nthird", ["first line", "second line", "third"]),
        ("늦었어요. 환불해 주세요.", ["늦었어요.", "환불해 주세요."]),
        ("晚了。请退款。", ["晚了。", "请退款。"]),
    ],
)
def test_sentences_end_with_a_stop_or_a_line(text, sentences):
    assert Pieces.of(pd.Series([text]), SENTENCES).words.tolist() == sentences


@given(TEXTS, st.integers(0, 99))
def test_texts_can_be_taken_in_any_order_and_again(texts, seed):
    cut = Pieces.of(pd.Series(texts, dtype="str"))
    which = np.random.default_rng(seed).integers(0, len(texts), 7)
    taken = cut.take(which)
    assert taken.join().tolist() == [texts[number].strip() for number in which]
    assert taken.origin.tolist() == which.tolist()
    assert (cut.words[cut.places(which)] == taken.words).all()


@given(TEXTS, st.floats(0, 0.5), st.integers(0, 99))
def test_a_share_of_each_text_is_drawn_and_at_least_one(texts, share, seed):
    cut = Pieces.of(pd.Series(texts, dtype="str"))
    rng = np.random.default_rng(seed)
    among = rng.random(len(cut.words)) < 0.6
    chosen = drawn(cut, among, share, rng)
    assert not (chosen & ~among).any()
    for number in range(len(texts)):
        size, able = (cut.row == number).sum(), among[cut.row == number].sum()
        assert chosen[cut.row == number].sum() == min(able, max(1, np.rint(share * size)))


def test_each_word_is_drawn_as_often_as_another():
    cut = Pieces.of(pd.Series(["a b c d"])).take(np.zeros(4000, dtype=np.intp))
    chosen = drawn(cut, np.ones(len(cut.words), dtype=bool), 0.0, np.random.default_rng(0))
    counts = pd.Series(cut.words[chosen]).value_counts()
    assert counts.between(900, 1100).all()


def test_parts_are_glued_by_their_numbers():
    assert glued(np.array(["a", "b", "c"], dtype=object), np.array([2, 0, 1])).tolist() == ["ab", "", "c"]
