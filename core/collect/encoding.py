"""Which characters the bytes of a text file stand for.

Guessing libraries fail on short Korean files, so that the order here is: byte order marks, UTF-16 and UTF-32 by the
places of their zero bytes, UTF-8, CP949 when it gives Hangul, Windows-1252 when letters beyond ASCII stand alone, and
only then charset-normalizer.
"""

from __future__ import annotations

import codecs
import re

import numpy as np
from charset_normalizer import from_bytes

from core.collect.errors import ReadError

__all__ = ["find_encoding", "to_utf8"]

SAMPLE_BYTES = 1 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    # The mark of UTF-32-LE begins with the mark of UTF-16-LE.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_NON_ASCII = re.compile(r"[^\x00-\x7f]")
# How Python decodes bytes that are not of an encoding, when it is told to go on.
_ESCAPED = re.compile("[\udc80-\udcff]")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x19\x1c-\x1f\x7f]")
_SAVE_AS_UTF8 = "Open it in the program it came from and save it as UTF-8."


def to_utf8(data: bytes) -> tuple[bytes, str]:
    """Re-encode the bytes of a text file as UTF-8 without a mark.

    Parameters
    ----------
    data : bytes

    Returns
    -------
    (bytes, str)
        The text as UTF-8, and the encoding that was found.

    Raises
    ------
    ReadError
        If the bytes are no text, or bytes of another encoding are mixed in.
    """
    encoding, mark = find_encoding(data)
    text = data[mark:]
    try:
        if encoding != "utf-8":
            text = text.decode(encoding).encode()
        elif not text.isascii():
            # Only to check it: the bytes are what is wanted.
            text.decode()
    except UnicodeError:
        raise _damaged(text, encoding) from None
    text = text.rstrip(b"\x1a")
    if b"\x00" in text:
        line = text.count(b"\n", 0, text.index(b"\x00")) + 1
        raise ReadError(
            f"line {line} holds a NUL byte, which no text has: it is damaged, or no text file",
            "Export it again as CSV, JSON, Parquet or Excel.",
            line=line,
        )
    sample = text[:SAMPLE_BYTES]
    if len(_CONTROL.findall(sample)) > 0.02 * len(sample):
        raise ReadError(
            "its bytes are neither text nor a kind of table that is known here",
            "Bring CSV, TSV, JSON, JSON Lines, Parquet, Arrow or Excel.",
        )
    return text, encoding


def find_encoding(data: bytes) -> tuple[str, int]:
    """Return the encoding and the length of the mark that says so."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding, len(mark)
    wide = _wide_without_mark(data[:SAMPLE_BYTES])
    if wide:
        return wide, 0
    if data.isascii() or _mostly(data, "utf-8"):
        return "utf-8", 0
    if _is_korean(data):
        return "cp949", 0
    return _single_byte(data), 0


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeError:
        return False
    return True


def _wide_without_mark(sample: bytes) -> str | None:
    """Tell UTF-16 and UTF-32 by the places of their zero bytes.

    Those of ASCII characters all stand at odd (LE) or all at even (BE) places, and in UTF-32 three in a row.
    """
    zero = np.frombuffer(sample, dtype=np.uint8) == 0
    if zero.sum() < 0.05 * len(sample) or len(sample) < 4:
        return None
    if zero.mean() > 0.7:
        columns = zero[: len(zero) // 4 * 4].reshape(-1, 4).mean(axis=0) > 0.9
        return {(0, 1, 1, 1): "utf-32-le", (1, 1, 1, 0): "utf-32-be"}.get(tuple(columns.astype(int).tolist()))
    odd = zero[1::2].sum() / zero.sum()
    if odd > 0.9:
        return "utf-16-le"
    return "utf-16-be" if odd < 0.1 else None


def _mostly(data: bytes, encoding: str) -> bool:
    """Say whether nearly all characters beyond ASCII are of an encoding; those that are not are damaged or mixed in."""
    sample = _lines_beyond_ascii(data)
    decoded = sample.decode(encoding, errors="surrogateescape")
    bad = len(_ESCAPED.findall(decoded))
    good = len(_NON_ASCII.findall(decoded)) - bad
    return good > 10 * bad


def _lines_beyond_ascii(data: bytes) -> bytes:
    """Return the first lines that hold bytes beyond ASCII, up to the size of the sample."""
    first = _HIGH_RUN.search(data)
    if first is None:
        return b""
    start = data.rfind(b"\n", 0, first.start()) + 1
    stop = data.rfind(b"\n", start, start + SAMPLE_BYTES)
    return data[start : stop if stop > first.start() else start + SAMPLE_BYTES]


def _is_korean(data: bytes) -> bool:
    """Say whether the letters beyond ASCII are Hangul of KS X 1001, when read as CP949.

    The syllables that CP949 adds to that standard don't count: they are rare in Korean texts, and a letter with an
    accent (or a curly quote of Windows) before an ASCII letter looks like one of them.
    """
    if not _mostly(data, "cp949"):
        return False
    beyond = _NON_ASCII.findall(_lines_beyond_ascii(data).decode("cp949", errors="ignore"))
    pairs = np.frombuffer("".join(beyond).encode("cp949"), dtype=np.uint8).reshape(-1, 2)
    standard = pairs[:, 1] >= 0xA1
    hangul = standard & (pairs[:, 0] >= 0xB0) & (pairs[:, 0] <= 0xC8)
    symbols = standard & (pairs[:, 0] < 0xB0)
    return bool(hangul.sum() > 0.8 * (~symbols).sum())


def _single_byte(data: bytes) -> str:
    sample = _lines_beyond_ascii(data)
    runs = _HIGH_RUN.findall(sample)
    western = "cp1252" if _decodes(data, "cp1252") else "latin-1"
    # In western languages letters with accents stand alone; in Cyrillic, Greek or Chinese they come in runs.
    if sum(map(len, runs)) <= 1.5 * len(runs):
        return western
    guess = from_bytes(sample[: 1 << 16]).best()
    if guess is not None and _decodes(data, guess.encoding):
        return guess.encoding
    return western


def _damaged(data: bytes, encoding: str) -> ReadError:
    title = "CP949" if encoding == "cp949" else encoding.upper()
    try:
        data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        if encoding.startswith(("utf-16", "utf-32")):
            return ReadError(f"it is {title} text, but damaged or cut off at byte {error.start + 1:,}", _SAVE_AS_UTF8)
        return ReadError(
            f"line {line} holds bytes that are not {title}, as the rest of the file is: encodings are mixed",
            _SAVE_AS_UTF8,
            line=line,
        )
    return ReadError(f"its text is not valid {title}", _SAVE_AS_UTF8)
