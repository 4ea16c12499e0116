from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from core.collect import ReadError
from core.collect.encoding import to_utf8

KOREAN = "이름,분류\n김철수,긍정\n이영희,부정\n"
WESTERN = "name,city\nJosé,São Paulo\nÄrger,Düsseldorf\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp949", "euc-kr"]
)
def test_korean_text_survives_every_encoding(encoding):
    text, _ = to_utf8(KOREAN.encode(encoding))
    assert text.decode() == KOREAN


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252"])
def test_western_text_survives_every_encoding(encoding):
    text, _ = to_utf8(WESTERN.encode(encoding))
    assert text.decode() == WESTERN


@pytest.mark.parametrize(
    "text", ["a,b\nÄrger,1\n", "it’s,1\nwe’re,2\n", "Água,1\n", "“quoted”\n", "5 €\n", "Åse,Øst\n"]
)
def test_short_windows_text_is_not_taken_for_korean(text):
    assert to_utf8(text.encode("cp1252"))[0].decode() == text


@pytest.mark.parametrize("text", ["가", "똠방각하,1\n긍정,2\n", "label\n긍정\n", "김 said ‘네’\n"])
def test_short_korean_text_is_not_taken_for_windows(text):
    assert to_utf8(text.encode("cp949"))[0].decode() == text


def test_cyrillic_text_is_left_to_the_guesser():
    text = "Название,класс\nПолучил деньги быстро и без проблем,хорошо\nНикогда больше не приду сюда,плохо\n" * 20  # noqa: RUF001
    assert to_utf8(text.encode("cp1251"))[0].decode() == text


@pytest.mark.parametrize(("encoding", "title"), [("utf-8", "UTF-8"), ("cp949", "CP949")])
def test_mixed_encodings_name_the_line(encoding, title):
    lines = [line.encode(encoding) for line in KOREAN.splitlines() * 20]
    lines[7] = b"\xff\xff broken"
    with pytest.raises(ReadError, match=rf"line 8 holds bytes that are not {title}") as caught:
        to_utf8(b"\n".join(lines))
    assert caught.value.line == 8


def test_text_that_was_damaged_before_is_utf8():
    text = "caf\ufffd,\ufffd\ufffd\n" * 5
    assert to_utf8(text.encode())[0].decode() == text


def test_nul_byte_names_the_line():
    with pytest.raises(ReadError, match="line 2 holds a NUL byte"):
        to_utf8(b"a,b\n1,\x00\n" + b"3,4\n" * 100)


@given(st.text(alphabet=st.characters(codec="cp949", exclude_categories=["Cc"])))
def test_utf8_is_never_mistaken(text):
    assert to_utf8(text.encode())[0].decode() == text.removeprefix("\ufeff")


@given(st.lists(st.sampled_from("가나다라마바사아자차카타파하긍정부정없음"), min_size=1), st.text("abc,\n0123 "))
def test_cp949_with_any_hangul_is_found(hangul, ascii_text):
    text = "".join(hangul) + ascii_text
    with suppress(UnicodeDecodeError):
        # A lone syllable can be valid UTF-8 by chance.
        text.encode("cp949").decode()
        reject()
    assert to_utf8(text.encode("cp949"))[0].decode() == text
