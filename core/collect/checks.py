"""Checks: what the analyst knows must hold of the data, stated without code and asked of every version and batch.

A missing value breaks no check but `Present`. Patterns run in RE2, whose time grows with the text only, never
exponentially.
"""

from __future__ import annotations

import contextlib
import math
import operator
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.errors import FlywheelError

__all__ = [
    "COMPARISONS",
    "Check",
    "CheckError",
    "Compared",
    "HasPattern",
    "IfThen",
    "InRange",
    "OneOf",
    "Present",
    "Unique",
    "allowed_values",
    "kind_of",
    "read_checks",
    "said",
]

Booleans = npt.NDArray[np.bool_]

COMPARISONS = {
    "<": ("is below", operator.lt),
    "<=": ("is at most", operator.le),
    "==": ("equals", operator.eq),
    "!=": ("differs from", operator.ne),
    ">=": ("is at least", operator.ge),
    ">": ("is above", operator.gt),
}
_MOST_VALUES = 1_000
_LONGEST_PATTERN = 500
_DTYPES: dict[str, Any] = {"number": "float64", "date": "datetime64[us]", "text": "str"}


class CheckError(FlywheelError):
    """A check that can't be what it says, or does not fit the data."""


@dataclass(frozen=True)
class Check(ABC):
    """Something that must hold. ``str`` of it is the check in words.

    Parameters
    ----------
    severe : bool
        Whether what breaks it is an error; otherwise it is worth knowing only.
    """

    kind: ClassVar[str] = ""
    severe: bool = field(default=True, kw_only=True)

    @property
    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """The columns it reads; what breaks it is marked in the last one, or in all where it is about all."""

    @abstractmethod
    def broken(self, frame: pd.DataFrame) -> Booleans:
        """Say for each row whether it breaks the check.

        Raises
        ------
        CheckError
            If a column is missing or of another kind.
        """

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Write the check as JSON can hold it."""


@dataclass(frozen=True)
class InRange(Check):
    """Numbers or dates (ISO 8601) lie between two ends, which belong to the range; None is no end."""

    kind: ClassVar[str] = "range"
    column: str
    low: float | str | None = None
    high: float | str | None = None

    def __post_init__(self) -> None:
        _named(self.column)
        ends = [end for end in (self.low, self.high) if end is not None]
        if not ends:
            raise CheckError(f"A range of '{self.column}' must have a lower or an upper end. It has none.")
        values = [_end(end, self.column) for end in ends]
        if len({type(value) for value in values}) > 1:
            raise CheckError(f"The ends of a range must both be numbers or both dates. Got {ends[0]} and {ends[1]}.")
        if len(values) == 2 and values[0] > values[1]:
            raise CheckError(
                f"The lower end of a range must not lie above the upper one. Got {ends[0]} and {ends[1]} for "
                f"'{self.column}'. Swap them."
            )

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    @property
    def of_dates(self) -> bool:
        """Whether it is about dates."""
        return isinstance(self.low if self.low is not None else self.high, str)

    def broken(self, frame: pd.DataFrame) -> Booleans:
        values = _column(frame, self.column, "date" if self.of_dates else "number")
        out = np.zeros(len(values), dtype=bool)
        if self.low is not None:
            out |= (values < _end(self.low, self.column)).to_numpy(dtype=bool)
        if self.high is not None:
            out |= (values > _end(self.high, self.column)).to_numpy(dtype=bool)
        return out

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "column": self.column, "low": self.low, "high": self.high, "severe": self.severe}

    def __str__(self) -> str:
        if self.low is None:
            return f"'{self.column}' is at most {said(self.high)}"
        if self.high is None:
            return f"'{self.column}' is at least {said(self.low)}"
        return f"'{self.column}' lies between {said(self.low)} and {said(self.high)}"


@dataclass(frozen=True)
class OneOf(Check):
    """Values are some that are known."""

    kind: ClassVar[str] = "set"
    column: str
    values: tuple[str | float, ...]

    def __post_init__(self) -> None:
        _named(self.column)
        if not 0 < len(self.values) <= _MOST_VALUES:
            raise CheckError(
                f"A set for '{self.column}' must have 1 to {_MOST_VALUES:,} values. Got {len(self.values):,} instead."
            )

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    def broken(self, frame: pd.DataFrame) -> Booleans:
        values = _column(frame, self.column)
        allowed = allowed_values(self, values)
        return np.asarray(values.notna() & ~values.isin(allowed), dtype=bool)

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "column": self.column, "values": list(self.values), "severe": self.severe}

    def __str__(self) -> str:
        shown = ", ".join(map(said, self.values[:5]))
        more = f" or {len(self.values) - 5} more" if len(self.values) > 5 else ""
        return f"'{self.column}' is one of {shown}{more}"


@dataclass(frozen=True)
class HasPattern(Check):
    """Each text matches a regular expression of RE2 as a whole."""

    kind: ClassVar[str] = "pattern"
    column: str
    pattern: str

    def __post_init__(self) -> None:
        _named(self.column)
        if not 0 < len(self.pattern) <= _LONGEST_PATTERN:
            raise CheckError(
                f"A pattern for '{self.column}' must have 1 to {_LONGEST_PATTERN} characters. "
                f"Got {len(self.pattern):,} instead."
            )
        _matches(pa.array([""], type=pa.large_string()), self.pattern)

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    def broken(self, frame: pd.DataFrame) -> Booleans:
        codes, values = pd.factorize(_column(frame, self.column, "text"))
        matched = _matches(pa.array(values, type=pa.large_string()), self.pattern)
        # The last one is for missing values, whose code is -1.
        return np.asarray(~np.append(matched, True)[codes])

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "column": self.column, "pattern": self.pattern, "severe": self.severe}

    def __str__(self) -> str:
        return f"'{self.column}' matches {self.pattern}"


@dataclass(frozen=True)
class Unique(Check):
    """No two rows have the same values in some columns; rows with a missing one are passed over."""

    kind: ClassVar[str] = "unique"
    together: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.together:
            raise CheckError("What must be unique needs a column. Name one or several.")
        for name in self.together:
            _named(name)

    @property
    def columns(self) -> tuple[str, ...]:
        return self.together

    def broken(self, frame: pd.DataFrame) -> Booleans:
        values = pd.DataFrame({name: _column(frame, name) for name in self.together})
        there = values.notna().all(axis=1).to_numpy()
        repeated = np.zeros(len(values), dtype=bool)
        repeated[there] = values[there].duplicated().to_numpy()
        return repeated

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "columns": list(self.together), "severe": self.severe}

    def __str__(self) -> str:
        named = ", ".join(f"'{name}'" for name in self.together)
        return f"{named} {'does' if len(self.together) == 1 else 'together do'} not repeat"


@dataclass(frozen=True)
class Present(Check):
    """There is a value."""

    kind: ClassVar[str] = "present"
    column: str

    def __post_init__(self) -> None:
        _named(self.column)

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    def broken(self, frame: pd.DataFrame) -> Booleans:
        return np.asarray(_column(frame, self.column).isna(), dtype=bool)

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "column": self.column, "severe": self.severe}

    def __str__(self) -> str:
        return f"'{self.column}' is not missing"


@dataclass(frozen=True)
class Compared(Check):
    """One column stands to another as `COMPARISONS` says; both hold numbers, or dates, or texts (equal or not)."""

    kind: ClassVar[str] = "compare"
    column: str
    operator: str
    other: str

    def __post_init__(self) -> None:
        _named(self.column)
        _named(self.other)
        if self.operator not in COMPARISONS:
            raise CheckError(f"Columns are compared by one of {' '.join(COMPARISONS)}. Got {self.operator!r} instead.")
        if self.column == self.other:
            raise CheckError(f"'{self.column}' must be compared with another column. Choose one.")

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column, self.other)

    def broken(self, frame: pd.DataFrame) -> Booleans:
        left, right = (_column(frame, name) for name in self.columns)
        kinds = [kind_of(values) for values in (left, right)]
        if kinds[0] != kinds[1] or (kinds[0] == "text" and self.operator not in ("==", "!=")):
            raise CheckError(
                f"Two columns are compared as numbers or as dates, texts only for being equal. '{self.column}' holds "
                f"{kinds[0]}s, '{self.other}' {kinds[1]}s. Choose other columns."
            )
        there = np.asarray(left.notna() & right.notna(), dtype=bool)
        holds = np.asarray(COMPARISONS[self.operator][1](left.to_numpy(), right.to_numpy()), dtype=bool)
        return np.asarray(there & ~holds)

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "column": self.column,
            "operator": self.operator,
            "other": self.other,
            "severe": self.severe,
        }

    def __str__(self) -> str:
        return f"'{self.column}' {COMPARISONS[self.operator][0]} '{self.other}'"


@dataclass(frozen=True)
class IfThen(Check):
    """Where a column has one of some values, a check of another column must hold."""

    kind: ClassVar[str] = "if"
    column: str
    values: tuple[str | float, ...]
    then: Check

    def __post_init__(self) -> None:
        OneOf(self.column, self.values)
        if not isinstance(self.then, (InRange, OneOf, HasPattern, Present)):
            raise CheckError("What follows from a value must be a check of one column. Choose another one.")

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column, *self.then.columns)

    def broken(self, frame: pd.DataFrame) -> Booleans:
        values = _column(frame, self.column)
        asked = np.asarray(values.isin(allowed_values(OneOf(self.column, self.values), values)), dtype=bool)
        return asked & self.then.broken(frame)

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "column": self.column,
            "values": list(self.values),
            "then": self.then.to_dict(),
            "severe": self.severe,
        }

    def __str__(self) -> str:
        return f"if {str(OneOf(self.column, self.values)).replace(' is one of ', ' is ')}, then {self.then}"


def read_checks(written: Iterable[Mapping[str, Any]]) -> tuple[Check, ...]:
    """Make checks again of what `Check.to_dict` wrote.

    Raises
    ------
    CheckError
        If one is of a kind that is not known, or lacks something.
    """
    return tuple(_read(each) for each in written)


def _read(written: Mapping[str, Any]) -> Check:
    severe = bool(written.get("severe", True))
    try:
        match written["kind"]:
            case "range":
                return InRange(written["column"], written["low"], written["high"], severe=severe)
            case "set":
                return OneOf(written["column"], tuple(written["values"]), severe=severe)
            case "pattern":
                return HasPattern(written["column"], written["pattern"], severe=severe)
            case "unique":
                return Unique(tuple(written["columns"]), severe=severe)
            case "present":
                return Present(written["column"], severe=severe)
            case "compare":
                return Compared(written["column"], written["operator"], written["other"], severe=severe)
            case "if":
                return IfThen(written["column"], tuple(written["values"]), _read(written["then"]), severe=severe)
    except (KeyError, TypeError) as error:
        raise CheckError(f"A check lacks what it needs ({error}). Write it anew.") from None
    raise CheckError(
        f"There is no check of the kind '{written['kind']}'. It was written by a newer version of the app."
    )


# --- columns --------------------------------------------------------------------------------------------------------


def _named(column: Any) -> None:
    if not isinstance(column, str) or not column:
        raise CheckError(f"A check must name its column. Got {column!r} instead.")


def kind_of(values: pd.Series) -> str:
    """Whether a column holds a ``"number"``, a ``"date"`` or a ``"text"`` in each row."""
    if pd.api.types.is_numeric_dtype(values.dtype):
        return "number"
    return "date" if pd.api.types.is_datetime64_any_dtype(values.dtype) else "text"


def _column(frame: pd.DataFrame, name: str, kind: str | None = None) -> pd.Series:
    if name not in frame.columns:
        raise CheckError(f"A check must name a column of the data. There is none called '{name}'.")
    values: pd.Series = frame[name]
    if kind is not None and kind_of(values) != kind and values.notna().any():
        raise CheckError(
            f"The check asks for {kind}s. The column '{name}' holds {kind_of(values)}s. Use another check."
        )
    if kind is not None and kind_of(values) != kind:
        # Without any value it is of every kind.
        return pd.Series(index=values.index, dtype=_DTYPES[kind])
    return values


def allowed_values(check: OneOf, values: pd.Series) -> list[Any]:
    """The values of a set as a column holds them: texts for texts, numbers for numbers.

    Raises
    ------
    CheckError
        If they are of another kind, or the column holds dates.
    """
    kind = kind_of(values)
    if kind == "date":
        raise CheckError(f"The column '{check.column}' holds dates. Use a range of dates instead of a set.")
    odd = [each for each in check.values if isinstance(each, str) != (kind == "text")]
    if odd and values.notna().any():
        raise CheckError(f"The column '{check.column}' holds {kind}s. {said(odd[0])} is none. Correct the set.")
    return list(check.values)


def _end(value: Any, column: str) -> Any:
    if isinstance(value, str):
        found: Any = pd.NaT
        with contextlib.suppress(ValueError, OverflowError):
            found = pd.Timestamp(value)
        if pd.isna(found):
            raise CheckError(
                f"An end of the range of '{column}' must be a number or a date such as 2026-01-31. Got '{value}'."
            )
        return found.tz_convert("UTC").tz_localize(None) if found.tzinfo is not None else found
    if not isinstance(value, (int, float)) or math.isnan(value):
        raise CheckError(f"An end of the range of '{column}' must be a number or a date. Got {value!r} instead.")
    return float(value)


def _matches(texts: pa.Array, pattern: str) -> Booleans:
    try:
        found = pc.match_substring_regex(texts, pattern=f"^(?:{pattern})$")
    except pa.ArrowInvalid as error:
        told = str(error).removeprefix("Invalid regular expression: ")
        raise CheckError(
            f"A pattern must be a regular expression that RE2 knows. '{pattern[:60]}' is not: {told[:80]}. "
            "Look-around and back-references are not supported; write \\ before a sign that is meant itself."
        ) from None
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)


def said(value: Any) -> str:
    """A value in a sentence: texts in quotes, whole numbers without a point, dates without midnight."""
    if value is None or pd.isna(value):
        return "missing"
    if isinstance(value, str):
        return f"'{value}'" if len(value) <= 40 else f"'{value[:39]}…'"
    if isinstance(value, pd.Timestamp):
        return str(value.date() if value == value.normalize() else value)
    number = float(value)
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else f"{number:g}"
