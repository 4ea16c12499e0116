from __future__ import annotations

import unicodedata
from itertools import pairwise

import pandas as pd

from core.train.encoder import tokenise


def test_tokens_are_words_and_signs_of_any_script():
    codes, ends, names = tokenise(pd.Series(["Das IST gut!!! :)", None, "환불 요청 환불", ""]))

    assert [[names[code] for code in codes[start:end]] for start, end in pairwise(ends)] == [
        ["das", "ist", "gut", "!!!", ":)"],
        [],
        ["환불", "요청", "환불"],
        [],
    ]


def test_decomposed_hangul_is_the_same_word():
    written = "환불해 주세요"

    codes, ends, _ = tokenise(pd.Series([written, unicodedata.normalize("NFD", written)]))

    assert codes[: ends[1]].tolist() == codes[ends[1] :].tolist()
