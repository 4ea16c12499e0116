"""What text stands for: numbers, booleans or dates, if every value that is there does, and nothing is lost by it.

"007", "1,234" and integers of more than 64 bits stay text. A column is read whole (`column_from_text`), or block by
block where it is too large for that: then `settle` says first how all of it is to be read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["MISSING_WORDS", "Reading", "as_text", "column_from_text", "naive", "settle"]

# What people write where nothing is known, in lower case.
MISSING_WORDS = frozenset(
    {"n/a", "na", "#n/a", "<na>", "n.a.", "nan", "null", "(null)", "nil", "-", "--", "---", "?", "??", "???"}
    | {"missing", "not available", "#null!", "#ref!", "#value!", "#div/0!"}
)
# Among numbers and dates these say nothing either; among words they may be a value.
_NO_NUMBER = [*MISSING_WORDS, ".", "none", "unknown"]
_PROBE = 100
_BOOLEANS = ({"true", "false"}, {"True", "False"}, {"TRUE", "FALSE"})
_DATE = re.compile(r"\d{4}[-/]\d{2}[-/]\d{2}")
_STAMPS = (pa.timestamp("us"), pa.timestamp("us", "UTC"), pa.timestamp("ns"), pa.timestamp("ns", "UTC"))
# Digits that a float can't give back: leading zeros, and more digits than it holds.
_INEXACT = r"^[+-]?(0[0-9]|[0-9]{16})[0-9]*$"
_DECIMAL_COMMA = r"^[+-]?[0-9]*,[0-9]+([eE][+-]?[0-9]+)?$"
_PLAIN_NUMBER = r"^[+-]?[0-9]+$"
_MAYBE_THOUSANDS = r"^[+-]?[1-9][0-9]{0,2},[0-9]{3}$"
_THOUSANDS_NOTE = "Its commas may stand for thousands or for decimals, so that it stays text."

# One way to read the values that are there: None if one of them is not of that kind. The flag says whether they speak
# for it: infinities alone make no column of numbers.
_Candidate = Callable[[pa.ChunkedArray], "tuple[pd.Series, bool] | None"]


def column_from_text(text: pa.ChunkedArray, *, decimal_comma: bool = False) -> tuple[pd.Series, str]:
    """Turn a column of text into numbers, booleans or dates if all of it is that.

    Parameters
    ----------
    text : ChunkedArray of strings, shape (n,)
    decimal_comma : bool
        Whether "1,5" may be a number.

    Returns
    -------
    (Series of shape (n,), str)
        int64, float64, bool, datetime64[us] or str; blank values are missing. And a note, if there is one.
    """
    text, present = _without_blanks(text)
    first = pc.first(present).as_py()
    if first is None:
        return pd.Series(np.full(len(text), np.nan)), ""
    typed = _first_that_reads(_candidates(first), present)
    if typed is not None:
        return typed, ""
    if decimal_comma and _has_commas(present):
        if _may_be_thousands(present):
            return as_text(text), _THOUSANDS_NOTE
        typed = _first_that_reads([_as_decimal_comma], present)
        return (as_text(text) if typed is None else typed), ""
    words = _count_words([present])
    if words.may_be_missing and words.first is not None:
        typed = _first_that_reads(_numbers_and_dates(words.first), _without_words(present))
        if typed is not None:
            return typed, words.note
    return as_text(text), ""


def as_text(text: pa.ChunkedArray) -> pd.Series:
    """Text that stays text."""
    return pd.Series(pd.array(text, dtype="str"))


@dataclass(frozen=True)
class Reading:
    """How a column is read, block by block.

    Parameters
    ----------
    kind : str
        The dtype of all blocks: int64, float64, bool, datetime64[us] or str.
    note : str
        What an analyst should know of it, if anything.
    """

    kind: str
    note: str = ""
    _convert: _Candidate | None = None
    _words: bool = False

    def __call__(self, text: pa.ChunkedArray) -> pd.Series:
        """Read one block."""
        text, present = _without_blanks(text)
        if self._convert is None:
            return as_text(text) if self.kind == "str" else pd.Series(np.full(len(text), np.nan))
        read = self._convert(_without_words(present) if self._words else present)
        assert read is not None
        # Where another block has missing values, integers are floats here, too.
        return read[0].astype("float64") if self.kind == "float64" else read[0]


def settle(blocks: Callable[[], Iterable[pa.ChunkedArray]], *, decimal_comma: bool = False) -> Reading:
    """Say how a column is read, from all its blocks, as `column_from_text` says it of the whole.

    Parameters
    ----------
    blocks : callable
        Gives the blocks of text from the first on; called once for each kind that is tried.
    decimal_comma : bool
        Whether "1,5" may be a number.
    """

    def present() -> Iterable[pa.ChunkedArray]:
        return (_without_blanks(block)[1] for block in blocks())

    first = _first(present())
    if first is None:
        return Reading("float64")
    for candidate in _candidates(first):
        kind = _kind(candidate, present())
        if kind:
            return Reading(kind, "", candidate)
    if decimal_comma and all(map(_has_commas, present())):
        if all(map(_may_be_thousands, present())):
            return Reading("str", _THOUSANDS_NOTE)
        kind = _kind(_as_decimal_comma, present())
        return Reading(kind, "", _as_decimal_comma) if kind else Reading("str")
    words = _count_words(present())
    if words.may_be_missing and words.first is not None:
        for candidate in _numbers_and_dates(words.first):
            kind = _kind(candidate, map(_without_words, present()))
            if kind:
                return Reading(kind, words.note, candidate, _words=True)
    return Reading("str")


def _first(blocks: Iterable[pa.ChunkedArray]) -> str | None:
    return next((value for block in blocks if (value := pc.first(block).as_py()) is not None), None)


def _kind(candidate: _Candidate, blocks: Iterable[pa.ChunkedArray]) -> str:
    """The dtype that all blocks have in one reading, or "" if one of them can't be read so or none speaks for it."""
    kinds, speaks = set(), False
    for block in blocks:
        read = candidate(block)
        if read is None:
            return ""
        kinds.add(str(read[0].dtype))
        speaks |= read[1]
    return max(kinds, key=["bool", "int64", "float64", "datetime64[us]"].index) if speaks else ""


def _without_blanks(text: pa.ChunkedArray) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """Make blank values missing; the text as it stands, and without blanks round it."""
    present = pc.utf8_trim_whitespace(text)
    blank = pc.equal(present, "")
    if pc.any(blank).as_py():
        return pc.if_else(blank, None, text), pc.if_else(blank, None, present)
    return text, present


def _first_that_reads(candidates: Sequence[_Candidate], present: pa.ChunkedArray) -> pd.Series | None:
    for candidate in candidates:
        read = candidate(present)
        if read is not None and read[1]:
            return read[0]
    return None


def _candidates(first: str) -> list[_Candidate]:
    """The ways in which a column may be read whose first value is this one, in the order of trust."""
    booleans: list[_Candidate] = [partial(_as_boolean, spelling=each) for each in _BOOLEANS if first in each]
    return [*booleans, *_numbers_and_dates(first)]


def _numbers_and_dates(first: str) -> list[_Candidate]:
    dates: list[_Candidate] = []
    if _DATE.match(first):
        dates = [partial(_as_date, kind=kind, slashes="/" in first) for kind in _STAMPS]
    return [_as_integer, _as_float, *dates]


# --- words for a missing value --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Words:
    """How many values are words for a missing one, which, and the first value that is none."""

    count: int
    present: int
    found: tuple[str, ...]
    first: str | None

    @property
    def may_be_missing(self) -> bool:
        """Whether they are few enough; in a column of text "NA" may be Namibia."""
        return 0 < self.count <= 0.5 * self.present

    @property
    def note(self) -> str:
        return f"{self.count:,} values ({', '.join(map(repr, self.found))}) are read as missing."


def _are_words(present: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.is_in(pc.utf8_lower(present), value_set=pa.array(_NO_NUMBER, present.type))


def _without_words(present: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(_are_words(present), None, present)


def _count_words(blocks: Iterable[pa.ChunkedArray]) -> _Words:
    count = there = 0
    found: dict[str, None] = {}
    first = None
    for present in blocks:
        words = _are_words(present)
        count += pc.sum(words).as_py() or 0
        there += len(present) - present.null_count
        found |= dict.fromkeys(pc.unique(present.filter(words)).to_pylist())
        if first is None:
            first = pc.first(present.filter(pc.invert(words))).as_py()
    return _Words(count, there, tuple(found), first)


# --- the kinds ------------------------------------------------------------------------------------------------------


def _as_boolean(present: pa.ChunkedArray, *, spelling: set[str]) -> tuple[pd.Series, bool] | None:
    if present.null_count or not set(pc.unique(present).to_pylist()) <= spelling:
        return None
    return pd.Series(pc.equal(pc.utf8_lower(present), "true").to_numpy()), True


def _cast(present: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """Cast text, trying the first values alone: pyarrow goes on to the end after a failure, and is slow to fail."""
    pc.cast(present.slice(0, _PROBE), kind)
    return pc.cast(present, kind)


def _as_integer(present: pa.ChunkedArray) -> tuple[pd.Series, bool] | None:
    try:
        numbers = _cast(present, pa.int64())
        # The way back tells "007" and "0x10", which the cast lets pass.
        if not pc.all(pc.equal(pc.cast(numbers, present.type), present), min_count=0).as_py():
            return None
        return pd.Series((pc.cast(numbers, pa.float64()) if numbers.null_count else numbers).to_numpy()), True
    except pa.ArrowInvalid:
        return None


def _as_float(present: pa.ChunkedArray) -> tuple[pd.Series, bool] | None:
    try:
        numbers = _cast(present, pa.float64())
    except pa.ArrowInvalid:
        return None
    # The pattern is slow, and no number with a point can match it.
    whole = present.filter(pc.invert(pc.match_substring(present, ".")))
    if pc.any(pc.match_substring_regex(whole, _INEXACT)).as_py():
        return None
    return pd.Series(numbers.to_numpy()), bool(pc.any(pc.is_finite(numbers)).as_py())


def _has_commas(present: pa.ChunkedArray) -> bool:
    """Whether all values are numbers if a comma may stand before decimals."""
    comma = pc.match_substring_regex(present, _DECIMAL_COMMA)
    return bool(pc.all(pc.or_(comma, pc.match_substring_regex(present, _PLAIN_NUMBER)), min_count=0).as_py())


def _may_be_thousands(present: pa.ChunkedArray) -> bool:
    comma = pc.match_substring_regex(present, _DECIMAL_COMMA)
    return bool(pc.all(pc.match_substring_regex(present.filter(comma), _MAYBE_THOUSANDS), min_count=0).as_py())


def _as_decimal_comma(present: pa.ChunkedArray) -> tuple[pd.Series, bool] | None:
    return _as_float(pc.replace_substring(present, ",", "."))


def _as_date(present: pa.ChunkedArray, *, kind: pa.DataType, slashes: bool) -> tuple[pd.Series, bool] | None:
    try:
        return naive(_cast(pc.replace_substring(present, "/", "-") if slashes else present, kind)), True
    except pa.ArrowInvalid:
        return None


def naive(stamps: pa.ChunkedArray) -> pd.Series:
    """Dates as datetime64[us], in UTC if they had a time zone."""
    micro = pc.cast(pc.cast(stamps, pa.timestamp("us", stamps.type.tz), safe=False), pa.timestamp("us"))
    return pd.Series(micro.to_numpy()).astype("datetime64[us]")
