"""Slips: of the finger on a keyboard, of a machine that reads print, and of case and punctuation.

A Hangul syllable is typed and read letter by letter: it is taken apart (Unicode NFD) and put together again (NFC).
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Callable, Mapping
from itertools import chain

import numpy as np
import pandas as pd

from core.generate.pieces import Mask, Pieces, glued
from core.generate.words import Change

__all__ = ["KEYS", "SHAPES", "case_and_punctuation", "keyboard_slips", "reading_slips"]

_QWERTY = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
# The 2-beolsik layout: consonants to the left, vowels to the right.
_BEOLSIK = ("ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔ", "ㅁㄴㅇㄹㅎㅗㅓㅏㅣ", "ㅋㅌㅊㅍㅠㅜㅡ")
# How far each row of keys stands to the right, and how far a neighbouring key is away at most; in keys.
_INDENT = (0.0, 0.25, 0.75)
_NEXT = 1.3
# Letters of compatibility (as keys show them) by their places in the blocks of initials, vowels and finals.
_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINALS = "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_BLOCKS = ((0x1100, _INITIALS), (0x1161, _VOWELS), (0x11A8, _FINALS))
# Typed without the shift key.
_UNSHIFTED = {"ㄲ": "ㄱ", "ㄸ": "ㄷ", "ㅃ": "ㅂ", "ㅆ": "ㅅ", "ㅉ": "ㅈ", "ㅒ": "ㅐ", "ㅖ": "ㅔ"}
# Shapes that are taken for each other in print, both ways.
_ALIKE = (
    *("0 O", "0 o", "1 l", "1 I", "l I", "l i", "5 S", "5 s", "8 B", "2 Z", "2 z", "6 b", "9 g", "9 q", "e c", "h b"),
    *("u v", "n h", "f t", "i j", "g q", "m rn", "d cl", "w vv", "h li", "n ri", "C G", "E F", "P R", "U V", "Q O"),
)
_ALIKE_HANGUL = (
    *(
        "ㅁ ㅇ",
        "ㅇ ㅎ",
        "ㅈ ㅊ",
        "ㅈ ㅅ",
        "ㄱ ㅋ",
        "ㄷ ㅌ",
        "ㄷ ㄹ",
        "ㅂ ㅍ",
        "ㅏ ㅑ",
        "ㅓ ㅕ",
        "ㅗ ㅛ",
        "ㅜ ㅠ",
        "ㅐ ㅔ",
    ),
    *("ㅒ ㅖ", "ㅏ ㅣ", "ㅗ ㅡ", "ㅜ ㅡ", "ㅐ ㅒ", "ㅔ ㅖ"),
)
_HANGUL = re.compile("[가-힣]+")
_PUNCTUATION = re.compile(r"[^\w\s]+")
_ENDS = (".", "!", "...", "")


def _keyboard(rows: tuple[str, ...]) -> dict[str, list[str]]:
    """The keys that stand next to each key."""
    keys = {key: (place + indent, row) for row, indent in enumerate(_INDENT) for place, key in enumerate(rows[row])}
    return {
        key: [other for other, (x, y) in keys.items() if other != key and np.hypot(x - place, y - row) <= _NEXT]
        for key, (place, row) in keys.items()
    }


def _in_syllables(letters: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """A table over letters of compatibility as one over the parts of syllables: each stays initial, vowel or final."""
    table: dict[str, list[str]] = {}
    for start, block in _BLOCKS:
        part = {letter: chr(start + place) for place, letter in enumerate(block)}
        table |= {
            part[letter]: found
            for letter, others in letters.items()
            if letter in part and (found := [part[other] for other in others if other in part])
        }
    return table


def _alike(pairs: tuple[str, ...]) -> dict[str, list[str]]:
    table: dict[str, list[str]] = {}
    for one, other in (pair.split() for pair in pairs):
        table.setdefault(one, []).append(other)
        table.setdefault(other, []).append(one)
    return table


def _keys() -> dict[str, list[str]]:
    latin = _keyboard(_QWERTY)
    hangul = _keyboard(_BEOLSIK) | {letter: [plain] for letter, plain in _UNSHIFTED.items()}
    upper = {key.upper(): [other.upper() for other in others] for key, others in latin.items()}
    return latin | upper | _in_syllables(hangul)


# Letter to what may come of it. Of more than one letter: two that are read as one, or one as two.
KEYS: Mapping[str, list[str]] = _keys()
SHAPES: Mapping[str, list[str]] = _alike(_ALIKE) | _in_syllables(_alike(_ALIKE_HANGUL))


def keyboard_slips() -> Change:
    """Hit the key beside the right one, once in each chosen word: QWERTY, and 2-beolsik for Hangul.

    References
    ----------
    Y. Belinkov, Y. Bisk: Synthetic and Natural Noise Both Break Neural Machine Translation. ICLR 2018.
    """
    return _slips(KEYS)


def reading_slips() -> Change:
    """Take a letter for one of a similar shape, once in each chosen word: what optical character recognition does."""
    return _slips(SHAPES)


def _slips(table: Mapping[str, list[str]]) -> Change:
    # The longest first: "rn" before "r". A letter with an accent of its own is another letter.
    known = "|".join(sorted(map(re.escape, table), key=len, reverse=True))
    letters = re.compile(rf"(?:{known})(?![\u0300-\u036f])|.", re.DOTALL)
    names = {letter: number for number, letter in enumerate(table)}
    sizes = np.array([len(others) for others in table.values()])
    starts = np.cumsum(sizes) - sizes
    others = np.array(list(chain.from_iterable(table.values())), dtype=object)

    def apply(pieces: Pieces, chosen: Mask, rng: np.random.Generator) -> Pieces:
        cut = [letters.findall(_apart(word)) for word in pieces.words[chosen].tolist()]
        flat = np.array(list(chain.from_iterable(cut)), dtype=object)
        owner = np.repeat(np.arange(len(cut)), [len(each) for each in cut])
        code = np.array([names.get(letter, -1) for letter in flat.tolist()], dtype=np.intp)
        # One letter of each word: the known one with the smallest chance number.
        there = np.flatnonzero(code >= 0)
        there = there[np.lexsort((rng.random(len(there)), owner[there]))]
        hit = there[np.append(True, owner[there][1:] != owner[there][:-1])] if len(there) else there
        flat[hit] = others[starts[code[hit]] + np.floor(rng.random(len(hit)) * sizes[code[hit]]).astype(np.intp)]
        words = pieces.words.copy()
        words[chosen] = glued(flat, np.bincount(owner, minlength=len(cut))).str.normalize("NFC").to_numpy(dtype=object)
        return pieces.put(words)

    # One look at each distinct word: which of them have a letter that can slip.
    inside = re.compile(rf"(?:{known})(?![\u0300-\u036f])")

    def may(pieces: Pieces, free: Mask) -> Mask:
        codes, distinct = pd.factorize(pieces.words)
        slips = np.array([inside.search(_apart(word)) is not None for word in distinct], dtype=bool)
        can: Mask = free & slips[codes]
        return can

    return Change(may, apply)


def _apart(word: str) -> str:
    """Hangul syllables as letters, everything else in its composed form."""
    if word.isascii():
        return word
    return _HANGUL.sub(lambda found: unicodedata.normalize("NFD", found.group()), unicodedata.normalize("NFC", word))


def case_and_punctuation() -> Change:
    """Write a text in small or in capital letters, without punctuation, or with another sign at its end."""
    return Change(lambda pieces, free: free & _varies(pieces), _write_otherwise, share=1.0)


_WAYS: tuple[Callable[[pd.Series], pd.Series], ...] = (
    lambda words: words.str.lower(),
    lambda words: words.str.upper(),
    lambda words: words.str.replace(_PUNCTUATION, "", regex=True),
)


def _varies(pieces: Pieces) -> Mask:
    """Words that some way of writing changes; the last one of a text can always get another sign at its end."""
    words = pd.Series(pieces.words, dtype="str")
    differs = np.zeros(len(words), dtype=bool)
    for way in _WAYS:
        differs |= (way(words) != words).to_numpy()
    can: Mask = (differs | _last(pieces)) & (pieces.words != "")
    return can


def _last(pieces: Pieces) -> Mask:
    return np.append(pieces.row[1:] != pieces.row[:-1], True)[: len(pieces.row)]


def _write_otherwise(pieces: Pieces, chosen: Mask, rng: np.random.Generator) -> Pieces:
    """Draw for each text one of the ways that change it."""
    words = pd.Series(pieces.words, dtype="str")
    bare = words.str.rstrip(string.punctuation + "…。！？")  # noqa: RUF001
    ends = np.array(_ENDS, dtype=object)[rng.integers(len(_ENDS), size=len(pieces.origin))][pieces.row]
    ways = [*(way(words).to_numpy(dtype=object) for way in _WAYS)]
    ways.append(np.where(_last(pieces), (bare + pd.Series(ends, dtype="str")).to_numpy(dtype=object), pieces.words))
    # Nothing is left of a word of signs alone: it stays.
    written = np.array([np.where(chosen & (way != ""), way, pieces.words) for way in ways])
    works = np.array([pieces.any_of_text(way != pieces.words) for way in written])
    way_of_text = np.where(works, rng.random(works.shape), -1.0).argmax(axis=0)
    return pieces.put(written[way_of_text[pieces.row], np.arange(len(words))])
