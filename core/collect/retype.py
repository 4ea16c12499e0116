"""Columns read in another way than they were: as another kind, or with more words taken for a missing value."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from core.collect.errors import ReadError, shown
from core.collect.readings import column_from_text
from core.schema import KINDS

__all__ = ["retype"]

# How people write dates, besides ISO 8601. The first of those that read most values is taken.
_DATES = ("%Y%m%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y.%m.%d", "%d %b %Y", "%b %d, %Y", "%Y-%m", "%Y")
_REMEDY = "Leave its kind as it is, or mend the values first."


def retype(
    frame: pd.DataFrame, kinds: Mapping[str, str] | None = None, *, missing: Collection[str] = ()
) -> tuple[pd.DataFrame, list[str]]:
    """Read columns of a frame in another way.

    Parameters
    ----------
    frame : DataFrame of shape (n, columns)
        As `read_table` returns it.
    kinds : mapping of str to str, optional
        Kind by column: ``numeric``, ``categorical``, ``datetime`` or ``text``. The others stay as they are.
    missing : collection of str
        Values that stand for a missing one in every column, whatever their case; a column of text that holds numbers or
        dates without them becomes one.

    Returns
    -------
    (DataFrame of shape (n, columns), list of str)
        The frame with the same rows, and what was changed, in sentences.

    Raises
    ------
    ReadError
        If more than half of the values of a column are not of the kind that is asked for.
    """
    columns, notes = {}, []
    words = {word.strip().casefold() for word in missing} - {""}
    for name in frame.columns:
        column = frame[name]
        if words:
            column, note = _without(column, words)
            notes += [f"Column '{name}': {note}"] if note else []
        kind = (kinds or {}).get(name)
        if kind is not None:
            column, note = _as_kind(column, kind, str(name))
            notes += [f"Column '{name}': {note}"] if note else []
        columns[name] = column
    return pd.DataFrame(columns, index=frame.index), notes


def _without(column: pd.Series, words: set[str]) -> tuple[pd.Series, str]:
    if pd.api.types.is_float_dtype(column.dtype) or pd.api.types.is_integer_dtype(column.dtype):
        gone = column.isin(pd.to_numeric(pd.Series(sorted(words)), errors="coerce").dropna().to_numpy())
    else:
        gone = _text(column).str.strip().str.casefold().isin(words)
    if not gone.any():
        return column, ""
    note = f"{gone.sum():,} {'value is' if gone.sum() == 1 else 'values are'} read as missing."
    if pd.api.types.is_string_dtype(column.dtype):
        return _typed(column.mask(gone)), note
    if pd.api.types.is_integer_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype):
        column = column.astype("float64")
    return column.mask(gone), note


def _typed(text: pd.Series) -> pd.Series:
    read, _ = column_from_text(pa.chunked_array([pa.Array.from_pandas(text, type=pa.large_string())]))
    return read.set_axis(text.index)


def _as_kind(column: pd.Series, kind: str, name: str) -> tuple[pd.Series, str]:
    if kind not in KINDS:
        raise ReadError(
            f"the kind of a column must be one of {', '.join(KINDS)}, not '{shown(kind)}'",
            "Choose one of them.",
            source=f"Column '{shown(name)}'",
        )
    if kind in {"categorical", "text"}:
        return _text(column), ""
    if kind == "numeric":
        read = _numbers(column)
        return read, _lost(column, read, "numbers", name)
    read, how = _dates(column)
    lost = _lost(column, read, "dates", name)
    return read, " ".join(filter(None, [how, lost]))


def _lost(column: pd.Series, read: pd.Series, what: str, name: str) -> str:
    """Say how many values are missing in another reading."""
    there = column.notna()
    lost = there & read.isna()
    if not lost.any():
        return ""
    first = shown(column[lost].iloc[0], 40)
    if lost.sum() > 0.5 * there.sum():
        raise ReadError(
            f"{lost.sum():,} of its {there.sum():,} values are no {what}, the first is '{first}'",
            _REMEDY,
            source=f"Column '{shown(name)}' as {what}",
        )
    several = "values are" if lost.sum() > 1 else "value is"
    return f"{lost.sum():,} {several} read as missing, being no {what}; the first is '{first}'."


def _text(column: pd.Series) -> pd.Series:
    """Values as text: whole numbers without a point, days without a time."""
    if pd.api.types.is_string_dtype(column.dtype):
        return column
    if pd.api.types.is_float_dtype(column.dtype) and bool((column.dropna() % 1 == 0).all()):
        column = column.astype("Int64")
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        days = bool((column.dropna().dt.normalize() == column.dropna()).all())
        written: pd.Series = column.dt.strftime("%Y-%m-%d" if days else "%Y-%m-%d %H:%M:%S")
        return written.astype("str")
    return column.astype("str").where(column.notna()).astype("str")


def _numbers(column: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return pd.Series(np.nan, index=column.index)
    numbers: pd.Series = pd.to_numeric(column, errors="coerce")
    return numbers.astype("float64") if numbers.hasnans or pd.api.types.is_bool_dtype(column.dtype) else numbers


def _dates(column: pd.Series) -> tuple[pd.Series, str]:
    """Read dates in the one form that reads most of the values, and say which if there was a choice."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column, ""
    text = _text(column).str.strip()
    read = {"ISO 8601": pd.to_datetime(text, format="ISO8601", errors="coerce", utc=True).dt.tz_localize(None)}
    read |= {form: pd.to_datetime(text, format=form, errors="coerce") for form in _DATES}
    counts = {form: int(dates.notna().sum()) for form, dates in read.items()}
    best = max(counts, key=counts.__getitem__)
    dates = read[best].astype("datetime64[us]")
    if best == "ISO 8601" or not counts[best]:
        return dates, ""
    note = f"Dates are read as {best.replace('%', '')}."
    if best == "%d/%m/%Y" and counts["%m/%d/%Y"] == counts[best]:
        note = "Dates are read with the day before the month; no value says which comes first."
    return dates, note
