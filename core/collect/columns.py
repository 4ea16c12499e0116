"""Columns as they were read become columns to learn from: names are unique, each kind of value has one dtype."""

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
from core.collect.readings import MISSING_WORDS, as_text, column_from_text, naive

__all__ = ["MISSING_WORDS", "column_from_arrow", "column_from_text", "column_from_values", "objects", "unique_names"]

_EXACT = 2**53
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
        return naive(pc.cast(column, pa.timestamp("us")) if is_.is_date(kind) else column)
    if is_.is_boolean(kind) and not column.null_count:
        return pd.Series(column.to_numpy())
    if is_.is_integer(kind):
        return _integers(column)
    if is_.is_floating(kind) or is_.is_decimal(kind):
        return pd.Series(pc.cast(column, pa.float64(), safe=False).to_numpy())
    return column_from_values(objects(column.to_pylist()))[0]


def _blanks_missing(text: pa.ChunkedArray) -> pd.Series:
    return as_text(pc.if_else(pc.equal(pc.utf8_trim_whitespace(text), ""), None, text))


def _integers(column: pa.ChunkedArray) -> pd.Series:
    try:
        if not column.null_count:
            return pd.Series(pc.cast(column, pa.int64()).to_numpy())
        return pd.Series(pc.cast(pc.cast(column, pa.int64()), pa.float64()).to_numpy())
    except pa.ArrowInvalid:
        return as_text(pc.cast(column, pa.large_string()))


def objects(values: Collection[object]) -> npt.NDArray[np.object_]:
    """Make an array of objects, of which none is taken for an inner array."""
    return np.fromiter(values, dtype=object, count=len(values))
