from __future__ import annotations

import unicodedata

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.generate.pieces import Pieces, drawn
from core.generate.slips import KEYS, SHAPES, case_and_punctuation, keyboard_slips, reading_slips

LATIN = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ", min_size=1, max_size=8)
HANGUL = st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=1, max_size=6)
MIXED = st.text("aeZ가한é0.!中😀", min_size=1, max_size=8)


def changed(change, words, seed=0, share=1.0):
    """The words of one text a word, after the change, and whether it could be made."""
    rng = np.random.default_rng(seed)
    pieces = Pieces.of(pd.Series(words, dtype="str"))
    may = change.may(pieces, np.ones(len(pieces.words), dtype=bool))
    after = change.apply(pieces, drawn(pieces, may, share, rng), rng)
    return after.words.tolist(), pieces.any_of_text(may)


def typed(text: str) -> list[str]:
    return list(unicodedata.normalize("NFD", text))


@pytest.mark.parametrize(
    ("key", "beside"),
    [
        ("q", set("wa")),
        ("g", set("fhtyvb")),
        ("M", set("NJK")),
        ("ᄀ", set("ᄃᄉᄅᄋ")),  # initial ㄱ: on the key of r
        ("ᆨ", set("ᆮᆺᆯᆼ")),  # final ㄱ
        ("ᄒ", set("ᄅᄉᄑ")),  # ㅎ stands beside vowels, which are no initials
        ("ᅡ", set("ᅥᅵᅣᅢᅳ")),
        ("ᄁ", {"ᄀ"}),
    ],
)
def test_a_finger_hits_a_key_beside(key, beside):
    assert set(KEYS[key]) == beside


def test_keys_are_beside_each_other_both_ways_unless_shift_was_missed():
    doubled = set("ᄁᄄᄈᄊᄍᆩᆻᅤᅨ")
    assert all(key in KEYS[other] for key, others in KEYS.items() if key not in doubled for other in others)
    assert all(shape in SHAPES[other] for shape, others in SHAPES.items() for other in others)


@given(st.lists(LATIN, min_size=1, max_size=5), st.integers(0, 99))
def test_one_letter_of_a_word_is_hit_beside(words, seed):
    after, able = changed(keyboard_slips(), words, seed)
    assert able.all()
    for word, slip in zip(words, after, strict=True):
        (differs,) = [(one, other) for one, other in zip(word, slip, strict=True) if one != other]
        assert differs[1] in KEYS[differs[0]]


@given(st.lists(HANGUL, min_size=1, max_size=5), st.integers(0, 99), st.sampled_from([keyboard_slips, reading_slips]))
def test_hangul_stays_whole_syllables_with_one_other_letter(words, seed, slips):
    after, able = changed(slips(), words, seed)
    for word, slip, can in zip(words, after, able, strict=True):
        assert len(word) == len(slip)
        assert all("가" <= syllable <= "힣" for syllable in slip)
        differ = [one != other for one, other in zip(typed(word), typed(slip), strict=True)]
        assert sum(differ) == can


def test_decomposed_hangul_slips_like_composed():
    composed, decomposed = "환불해", unicodedata.normalize("NFD", "환불해")
    assert changed(keyboard_slips(), [composed])[0] == changed(keyboard_slips(), [decomposed])[0]


@given(st.lists(MIXED, min_size=1, max_size=6), st.integers(0, 99), st.sampled_from([keyboard_slips, reading_slips]))
def test_a_word_changes_if_and_only_if_a_letter_of_it_can_slip(words, seed, slips):
    after, able = changed(slips(), words, seed)
    for word, slip, can in zip(words, after, able, strict=True):
        assert (unicodedata.normalize("NFC", word) != slip) == can
    known = KEYS if slips is keyboard_slips else SHAPES
    plain = [
        [letter for syllable in word for letter in (typed(syllable) if syllable >= "가" else syllable)]
        for word in words
    ]
    assert able.tolist() == [any(letter in known for letter in letters) for letters in plain]


@pytest.mark.parametrize(
    ("word", "read"), [("rn", {"m"}), ("m", {"rn"}), ("é", {"é"}), ("8", {"B"}), ("망", {"앙", "맘", "맣", "먕", "밍"})]
)
def test_letters_are_taken_for_others_of_like_shape(word, read):
    assert {changed(reading_slips(), [word], seed)[0][0] for seed in range(60)} == read


def test_small_words_are_written_in_some_other_way_and_keep_their_letters():
    words = ["Hello, World", "plain", "ALL CAPS!", "배송이 늦어요", "...", "no. stops. here."]
    seen = {word: set() for word in words}
    for seed in range(60):
        rng = np.random.default_rng(seed)
        pieces = Pieces.of(pd.Series(words, dtype="str"))
        change = case_and_punctuation()
        may = change.may(pieces, np.ones(len(pieces.words), dtype=bool))
        after = change.apply(pieces, drawn(pieces, may, change.share, rng), rng).join()
        for word, made in zip(words, after, strict=True):
            seen[word].add(made)
            assert [c for c in made.lower() if c.isalnum()] == [c for c in word.lower() if c.isalnum()]
    assert {"hello, world", "HELLO, WORLD", "Hello World", "Hello, World!"} <= seen["Hello, World"]
    assert {"배송이 늦어요.", "배송이 늦어요!"} <= seen["배송이 늦어요"]
    assert "no stops here" in seen["no. stops. here."]
