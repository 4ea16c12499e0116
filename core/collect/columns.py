"""Columns as they were read become columns to learn from: names are unique, and text turns into what it stands for.

Text becomes numbers, booleans or dates only when every value that is there does, and only when nothing is lost by it:
"007", "1,234" and integers of more than 64 bits stay text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.collect.errors import DIRECTIONS

__all__ = ["MISSING_WORDS", "column_from_arrow", "column_from_text", "column_from_values", "objects", "unique_names"]

# What people write where nothing is known, in lower case.
MISSING_WORDS = frozenset(
    {"n/a", "na", "#n/a", "<na>", "n.a.", "nan", "null", "(null)", "nil", "-", "--", "---", "?", "??", "???"}
    | {"missing", "not available", "#null!", "#ref!", "#value!", "#div/0!"}
)
# Among numbers and dates these say nothing either; among words they may be a value.
_NO_NUMBER = [*MISSING_WORDS, ".", "none", "unknown"]
_EXACT = 2**53
_PROBE = 100
_BOOLEANS = ({"true", "false"}, {"True", "False"}, {"TRUE", "FALSE"})
_DATE = re.compile(r"\d{4}[-/]\d{2}[-/]\d{2}")
# Digits that a float can't give back: leading zeros, and more digits than it holds.
_INEXACT = r"^[+-]?(0[0-9]|[0-9]{16})[0-9]*$"
_DECIMAL_COMMA = r"^[+-]?[0-9]*,[0-9]+([eE][+-]?[0-9]+)?$"
_PLAIN_NUMBER = r"^[+-]?[0-9]+$"
_MAYBE_THOUSANDS = r"^[+-]?[1-9][0-9]{0,2},[0-9]{3}$"
MAX_NAME = 200
_TURNED = re.compile(f"[{DIRECTIONS}]")
_BLANK = re.compile(r"[\x00-\x1f\x7f-\x9f\ufeff\s]+")


def unique_names(names: Sequence[object]) -> tuple[list[str], list[str]]:
    """Make names of columns usable: text without outer blanks, none empty, none twice, none endless.

    Characters that turn the direction of text are taken out: a name that holds one reads as another.

    Returns
    -------
    (list of str, list of str)
        The names, and a note for each that was changed beyond its blanks.
    """
    cleaned = ["" if name is None else _BLANK.sub(" ", _storable(str(name))).strip() for name in names]
    unique, notes = [], []
    for position, name in enumerate(cleaned):
        if len(name) > MAX_NAME or _TURNED.search(name):
            new = cleaned[position] = _TURNED.sub("", name)[:MAX_NAME].strip()
            why = f"of {len(name):,} characters" if len(name) > MAX_NAME else "that turns the direction of text"
            notes.append(f"Column {position + 1} had a name {why}: it is called '{new}'.")
    taken = set(cleaned)
    seen: set[str] = set()
    for position, name in enumerate(cleaned, start=1):
        new = name
        if not name or name in seen:
            base, number = (name, 2) if name else ("column", position)
            while (new := f"{base}_{number}") in taken:
                number += 1
            taken.add(new)
            was = f"other column named '{name}'" if name else f"column {position}, which had no name,"
            notes.append(f"The {was} is called '{new}'.")
        seen.add(new)
        unique.append(new)
    return unique, notes


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
    present = pc.utf8_trim_whitespace(text)
    blank = pc.equal(present, "")
    if pc.any(blank).as_py():
        text, present = pc.if_else(blank, None, text), pc.if_else(blank, None, present)
    first = pc.first(present).as_py()
    if first is None:
        return pd.Series(np.full(len(text), np.nan)), ""
    typed = _as_boolean(present, first)
    if typed is None:
        typed = _as_number_or_date(present)
    note = ""
    if typed is None and decimal_comma:
        typed, note = _as_decimal_comma(present)
    if typed is None and not note:
        typed, note = _without_words(present)
    return _as_text(text) if typed is None else typed, note


def _as_text(text: pa.ChunkedArray) -> pd.Series:
    return pd.Series(pd.array(text, dtype="str"))


def _without_words(present: pa.ChunkedArray) -> tuple[pd.Series | None, str]:
    """Numbers or dates among which some values are words for a missing one. In a column of text "NA" may be Namibia."""
    words = pc.is_in(pc.utf8_lower(present), value_set=pa.array(_NO_NUMBER, present.type))
    count = pc.sum(words).as_py() or 0
    if not 0 < count <= 0.5 * (len(present) - present.null_count):
        return None, ""
    typed = _as_number_or_date(pc.if_else(words, None, present))
    if typed is None:
        return None, ""
    found = ", ".join(f"'{word}'" for word in pc.unique(present.filter(words)).to_pylist())
    return typed, f"{count:,} values ({found}) are read as missing."


def _as_boolean(present: pa.ChunkedArray, first: str) -> pd.Series | None:
    if present.null_count or not any(first in spelling for spelling in _BOOLEANS):
        return None
    values = set(pc.unique(present).to_pylist())
    if not any(values <= spelling for spelling in _BOOLEANS):
        return None
    return pd.Series(pc.equal(pc.utf8_lower(present), "true").to_numpy())


def _as_number_or_date(present: pa.ChunkedArray) -> pd.Series | None:
    for convert in (_as_integer, _as_float, _as_date):
        typed = convert(present)
        if typed is not None:
            return typed
    return None


def _cast(present: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """Cast text, trying the first values alone: pyarrow goes on to the end after a failure, and is slow to fail."""
    pc.cast(present.slice(0, _PROBE), kind)
    return pc.cast(present, kind)


def _as_integer(present: pa.ChunkedArray) -> pd.Series | None:
    try:
        numbers = _cast(present, pa.int64())
        # The way back tells "007" and "0x10", which the cast lets pass.
        if not pc.all(pc.equal(pc.cast(numbers, present.type), present)).as_py():
            return None
        return pd.Series((pc.cast(numbers, pa.float64()) if numbers.null_count else numbers).to_numpy())
    except pa.ArrowInvalid:
        return None


def _as_float(present: pa.ChunkedArray) -> pd.Series | None:
    try:
        numbers = _cast(present, pa.float64())
    except pa.ArrowInvalid:
        return None
    # The pattern is slow, and no number with a point can match it.
    whole = present.filter(pc.invert(pc.match_substring(present, ".")))
    if pc.any(pc.match_substring_regex(whole, _INEXACT)).as_py() or not pc.any(pc.is_finite(numbers)).as_py():
        return None
    return pd.Series(numbers.to_numpy())


def _as_decimal_comma(present: pa.ChunkedArray) -> tuple[pd.Series | None, str]:
    comma = pc.match_substring_regex(present, _DECIMAL_COMMA)
    if not pc.all(pc.or_(comma, pc.match_substring_regex(present, _PLAIN_NUMBER))).as_py():
        return None, ""
    if pc.all(pc.match_substring_regex(present.filter(comma), _MAYBE_THOUSANDS)).as_py():
        return None, "Its commas may stand for thousands or for decimals, so that it stays text."
    return _as_float(pc.replace_substring(present, ",", ".")), ""


def _as_date(present: pa.ChunkedArray) -> pd.Series | None:
    first = pc.first(present).as_py()
    if first is None or not _DATE.match(first):
        return None
    if "/" in first:
        present = pc.replace_substring(present, "/", "-")
    for kind in (pa.timestamp("us"), pa.timestamp("us", "UTC"), pa.timestamp("ns"), pa.timestamp("ns", "UTC")):
        try:
            return _naive(_cast(present, kind))
        except pa.ArrowInvalid:
            continue
    return None


def _naive(stamps: pa.ChunkedArray) -> pd.Series:
    """Dates as datetime64[us], in UTC if they had a time zone."""
    micro = pc.cast(pc.cast(stamps, pa.timestamp("us", stamps.type.tz), safe=False), pa.timestamp("us"))
    return pd.Series(micro.to_numpy()).astype("datetime64[us]")


def column_from_values(values: npt.NDArray[np.object_]) -> tuple[pd.Series, str]:
    """Turn a column of Python values, as JSON and Excel give them, into one dtype.

    Values of several kinds become text, and text becomes what it stands for, as in `column_from_text`.

    Parameters
    ----------
    values : array of shape (n,), dtype object
        Scalars and lists; None and NaN are missing.

    Returns
    -------
    (Series of shape (n,), str)
        The column, and a note, if there is one.
    """
    kind = pd.api.types.infer_dtype(values, skipna=True)
    missing = pd.isna(values)
    if kind == "empty":
        return pd.Series(np.full(len(values), np.nan)), ""
    if kind == "boolean" and not missing.any():
        return pd.Series(values.astype(bool)), ""
    if kind in {"integer", "floating", "mixed-integer-float"}:
        numbers = _numbers(values, missing, kind)
        if numbers is not None:
            return pd.Series(numbers), ""
    if kind in {"date", "datetime", "datetime64"}:
        return pd.Series(pd.to_datetime(pd.Series(values), utc=True)).dt.tz_localize(None).astype("datetime64[us]"), ""
    if kind != "string":
        values = np.array(
            [None if gone else _written(value) for value, gone in zip(values, missing, strict=True)], dtype=object
        )
    return column_from_text(_text_array(values, missing))


def _numbers(
    values: npt.NDArray[np.object_], missing: npt.NDArray[np.bool_], kind: str
) -> npt.NDArray[np.int64] | npt.NDArray[np.float64] | None:
    """Numbers as int64 or float64, or None if that would change an integer."""
    if kind == "integer" and not missing.any():
        try:
            return values.astype(np.int64)
        except OverflowError:
            return None
    if kind != "floating" and max(abs(value) for value in values[~missing] if isinstance(value, int)) > _EXACT:
        return None
    numbers = np.full(len(values), np.nan)
    numbers[~missing] = values[~missing].astype(np.float64)
    return numbers


def _written(value: object) -> str:
    """Write one value of a mixed column as text."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    return str(value)


def _storable(text: str) -> str:
    """Replace lone surrogates, which JSON can write and nothing can store."""
    return text.encode("utf-8", errors="replace").decode("utf-8")


def _text_array(values: npt.NDArray[np.object_], missing: npt.NDArray[np.bool_]) -> pa.ChunkedArray:
    try:
        array = pa.array(values, pa.large_string(), mask=missing)
    except UnicodeEncodeError:
        array = pa.array(
            [None if gone else _storable(value) for value, gone in zip(values, missing, strict=True)], pa.large_string()
        )
    return pa.chunked_array([array])


def column_from_arrow(column: pa.ChunkedArray) -> pd.Series | None:
    """Turn a typed column of Parquet or Arrow into a plain one; structs are not expected here.

    Returns
    -------
    Series of shape (n,) or None
        None if it holds bytes that are no text.
    """
    if isinstance(column.type, pa.BaseExtensionType):
        column = pa.chunked_array([chunk.storage for chunk in column.chunks], column.type.storage_type)
    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    kind = column.type
    is_ = pa.types
    if is_.is_null(kind) or column.null_count == len(column):
        return pd.Series(np.full(len(column), np.nan))
    if is_.is_binary(kind) or is_.is_large_binary(kind) or is_.is_fixed_size_binary(kind) or is_.is_binary_view(kind):
        try:
            column = pc.cast(pc.cast(column, pa.large_binary()), pa.large_string())
        except pa.ArrowInvalid:
            return None
        return _blanks_missing(column)
    if is_.is_string(kind) or is_.is_large_string(kind) or is_.is_string_view(kind):
        return _blanks_missing(pc.cast(column, pa.large_string()))
    if is_.is_timestamp(kind) or is_.is_date(kind):
        return _naive(pc.cast(column, pa.timestamp("us")) if is_.is_date(kind) else column)
    if is_.is_boolean(kind) and not column.null_count:
        return pd.Series(column.to_numpy())
    if is_.is_integer(kind):
        return _integers(column)
    if is_.is_floating(kind) or is_.is_decimal(kind):
        return pd.Series(pc.cast(column, pa.float64(), safe=False).to_numpy())
    return column_from_values(objects(column.to_pylist()))[0]


def _blanks_missing(text: pa.ChunkedArray) -> pd.Series:
    return _as_text(pc.if_else(pc.equal(pc.utf8_trim_whitespace(text), ""), None, text))


def _integers(column: pa.ChunkedArray) -> pd.Series:
    try:
        if not column.null_count:
            return pd.Series(pc.cast(column, pa.int64()).to_numpy())
        return pd.Series(pc.cast(pc.cast(column, pa.int64()), pa.float64()).to_numpy())
    except pa.ArrowInvalid:
        return _as_text(pc.cast(column, pa.large_string()))


def objects(values: Collection[object]) -> npt.NDArray[np.object_]:
    """Make an array of objects, of which none is taken for an inner array."""
    return np.fromiter(values, dtype=object, count=len(values))
