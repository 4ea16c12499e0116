from __future__ import annotations

import unicodedata

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from core.collect import describe
from core.collect.describe import describe_texts
from core.dataset import Dataset


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_counts_against_one_text_at_a_time(texts):
    described = describe_texts(pd.Series(texts, dtype="str"))
    for text, row in zip(texts, described.itertuples(), strict=True):
        plane = [character for character in text if ord(character) < 0x10000]
        letters = [character for character in plane if unicodedata.category(character)[0] == "L"]
        assert row.characters == len(text)
        assert row.words == len(text.split())
        if text:
            assert row.digits_share == sum(unicodedata.category(c) == "Nd" for c in plane) / len(text)
            assert row.punctuation_share == sum(unicodedata.category(c)[0] in "PS" for c in plane) / len(text)
        if letters:
            assert row.upper_share == sum(unicodedata.category(c) in {"Lu", "Lt"} for c in letters) / len(letters)
        assert (row.script == "none") == (not letters)


def test_scripts_and_addresses():
    texts = ["Hello", "안녕하세요 TV", "배송 order 문의", "Привет", "123 !?", None, "see WWW.x.org", "배송"]
    described = describe_texts(pd.Series(texts, index=list("abcdefgh")))
    assert described["script"].tolist() == ["latin", "mixed", "mixed", "other", "none", "none", "latin", "hangul"]
    assert described["has_url"].tolist() == [False] * 6 + [True, False]
    assert described.loc["f", "characters"] == 0
    assert described["digits_share"].isna().tolist() == [False] * 5 + [True, False, False]


def test_many_texts_are_described_in_chunks():
    texts = pd.Series(["ab 1", "", "가"] * 7_000)
    described = describe_texts(texts)
    assert described["words"].tolist() == [2, 0, 1] * 7_000


def test_texts_with_columns_and_tables():
    frame = pd.DataFrame(
        {"text": ["a b", "c"] * 10, "words": range(20), "city": ["x", "y"] * 10, "label": ["u", "v"] * 10}
    )
    described = describe(Dataset.from_frame(frame, label="label", text="text", features=["words", "city"]))
    assert list(described.columns)[:3] == ["characters", "text words", "script"]
    assert list(described.columns)[-2:] == ["words", "city"]
    assert len(described) == 20
    table = Dataset.from_frame(frame, label="label", features=["words", "city"])
    assert list(describe(table).columns) == ["words", "city"]
    assert describe(table).index.equals(table.frame.index)
