"""Conditions of rules: what a rule looks for in one column, as plain data that is written and evaluated.

Regular expressions run in RE2, whose time grows with the length of the text only, never exponentially.
"""

from __future__ import annotations

import math
import numbers
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.annotate.column_reader import ColumnReader, RuleError, check_pattern, search

__all__ = ["OPERATORS", "Compares", "Condition", "Contains", "Matches", "Missing", "encodable", "shown"]

Booleans = npt.NDArray[np.bool_]

OPERATORS = {
    "<": "is below",
    "<=": "is at most",
    ">": "is above",
    ">=": "is at least",
    "between": "lies between",
    "equals": "is",
    "one of": "is one of",
}
_MOST_WORDS = 500
_LONGEST_WORD = 200
_LONGEST_PATTERN = 1_000
_MOST_VALUES = 1_000
_LETTER = re.compile(r"\w")


class Condition(ABC):
    """What an example has to meet. ``str`` of it is the condition in words."""

    kind: ClassVar[str] = ""

    @abstractmethod
    def mask(self, columns: ColumnReader) -> Booleans:
        """Say for each row whether it meets the condition; a missing value meets none but `Missing`."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Write the condition as JSON can hold it."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        return (self.column,) if isinstance(self, (Contains, Matches, Compares, Missing)) else ()


@dataclass(frozen=True)
class Contains(Condition):
    """A text holds one of some words, or all of them.

    Parameters
    ----------
    column : str
    words : tuple of str
        Words or phrases.
    every : bool
        All of them, not any.
    whole_words : bool
        "cat" is not found in "category".
    match_case : bool
        "Cat" is another word than "cat".
    """

    kind: ClassVar[str] = "contains"
    column: str
    words: tuple[str, ...]
    every: bool = False
    whole_words: bool = False
    match_case: bool = False

    def __post_init__(self) -> None:
        _named(self.column)
        _flags(self.every, self.whole_words, self.match_case)
        if not 0 < len(self.words) <= _MOST_WORDS:
            raise RuleError(
                f"A rule that looks for words in '{self.column}' must have 1 to {_MOST_WORDS} of them. "
                f"Got {len(self.words)} instead."
            )
        words: tuple[Any, ...] = self.words
        for word in words:
            if not isinstance(word, str) or not word.strip() or len(word) > _LONGEST_WORD:
                raise RuleError(
                    f"A word to look for in '{self.column}' must be a text of 1 to {_LONGEST_WORD} characters, not "
                    f"only spaces. Got {shown(word)} instead."
                )
            encodable(word)

    def mask(self, columns: ColumnReader) -> Booleans:
        if self.every:
            return np.asarray(np.logical_and.reduce([self._found(columns, (word,)) for word in self.words]))
        return self._found(columns, self.words)

    def _found(self, columns: ColumnReader, words: tuple[str, ...]) -> Booleans:
        pattern = "|".join("".join(map(_quoted, word)) for word in words)
        said = ", ".join(words)
        found = search(columns, self.column, self._cased(pattern), words=True, said=said)
        if self.whole_words and found.any():
            # Where a word ends in every script is slow to say: only the texts that hold the words are asked.
            some = columns.some(self.column, found)
            bounded = "|".join(map(_bounded, words))
            found[found] = search(some, self.column, self._cased(bounded), words=True, said=said)
        return found

    @property
    def expression(self) -> str:
        """A regular expression for the words, to mark them; word ends are those of ASCII."""
        edge = [
            (r"\b" if self.whole_words and word.isascii() and _LETTER.match(letter) else "")
            for word in self.words
            for letter in (word[0], word[-1])
        ]
        quoted = ["".join(map(_quoted, word)) for word in self.words]
        words = (f"{edge[2 * place]}{word}{edge[2 * place + 1]}" for place, word in enumerate(quoted))
        return self._cased("|".join(words))

    def _cased(self, pattern: str) -> str:
        return pattern if self.match_case else f"(?i){pattern}"

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "column": self.column,
            "words": list(self.words),
            "every": self.every,
            "whole_words": self.whole_words,
            "match_case": self.match_case,
        }

    def __str__(self) -> str:
        words = (" and " if self.every else " or ").join(f"'{word}'" for word in self.words)
        extras = ["whole words"] * self.whole_words + ["matching case"] * self.match_case
        return f"{self.column} contains {words}" + (f" ({', '.join(extras)})" if extras else "")


@dataclass(frozen=True)
class Matches(Condition):
    """A text matches a regular expression in RE2's syntax, anywhere in it."""

    kind: ClassVar[str] = "matches"
    column: str
    pattern: str
    match_case: bool = False

    def __post_init__(self) -> None:
        _named(self.column)
        _flags(self.match_case)
        pattern: Any = self.pattern
        if not isinstance(pattern, str) or not 0 < len(pattern) <= _LONGEST_PATTERN:
            raise RuleError(
                f"A regular expression for '{self.column}' must have 1 to {_LONGEST_PATTERN:,} characters. "
                f"Got {shown(self.pattern)} instead."
            )
        encodable(self.pattern)
        # Refused here and not once all texts were read.
        check_pattern(self.pattern)
        check_pattern(self.expression)

    @property
    def expression(self) -> str:
        """The pattern as it is handed to RE2."""
        return self.pattern if self.match_case else f"(?i){self.pattern}"

    def mask(self, columns: ColumnReader) -> Booleans:
        return search(columns, self.column, self.expression, said=self.pattern)

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "column": self.column, "pattern": self.pattern, "match_case": self.match_case}

    def __str__(self) -> str:
        return f"{self.column} matches {self.pattern}" + (" (matching case)" if self.match_case else "")


@dataclass(frozen=True)
class Compares(Condition):
    """A number, a date or a text compared with one or several values.

    Parameters
    ----------
    column : str
    operator : str
        See `OPERATORS`.
    values : tuple
        One value; two for ``between`` (both ends belong to it); any number for ``one of``. Numbers for a column of
        numbers, dates as ISO 8601 for a column of dates, texts otherwise; a text takes only ``equals`` and ``one of``.
    """

    kind: ClassVar[str] = "compares"
    column: str
    operator: str
    values: tuple[float | str | bool, ...]

    def __post_init__(self) -> None:
        _named(self.column)
        operator: Any = self.operator
        if not isinstance(operator, str) or operator not in OPERATORS:
            raise RuleError(
                f"A comparison with '{self.column}' must be one of {', '.join(OPERATORS)}. "
                f"Got {shown(self.operator)} instead."
            )
        most = {"between": 2, "one of": _MOST_VALUES}.get(self.operator, 1)
        fewest = 2 if self.operator == "between" else 1
        if not fewest <= len(self.values) <= most:
            wanted = f"{fewest} to {most:,} values" if fewest < most else "1 value" if most == 1 else f"{most} values"
            raise RuleError(
                f"The comparison '{self.operator}' with '{self.column}' takes {wanted}. Got {len(self.values)} instead."
            )
        for value in self.values:
            if not isinstance(value, (str, bool, numbers.Real)):
                raise RuleError(
                    f"'{self.column}' can be compared with numbers, dates and texts. Got {shown(value)} instead."
                )
            if isinstance(value, str):
                encodable(value)

    def mask(self, columns: ColumnReader) -> Booleans:
        kind = columns.kind(self.column)
        if kind == "text":
            return self._among_texts(columns)
        if kind == "date":
            values, there = columns.dates(self.column)
            wanted = np.array([_date(value, self.column) for value in self.values], dtype="datetime64[us]")
            return self._compared(values, wanted) & there
        numeric, there = columns.numbers(self.column)
        return self._compared(numeric, np.array([_number(value, self.column) for value in self.values])) & there

    def _compared(self, values: npt.NDArray[Any], wanted: npt.NDArray[Any]) -> Booleans:
        if self.operator == "between":
            if wanted[0] > wanted[1]:
                raise RuleError(
                    f"'{self.column}' can lie between two values of which the first is the smaller one. "
                    f"Got {self.values[0]} and {self.values[1]}. Swap them."
                )
            return np.asarray((values >= wanted[0]) & (values <= wanted[1]))
        if self.operator == "one of":
            return np.isin(values, wanted)
        compare = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "equals": np.equal}
        return np.asarray(compare[self.operator](values, wanted[0]))

    def _among_texts(self, columns: ColumnReader) -> Booleans:
        if self.operator not in ("equals", "one of"):
            raise RuleError(
                f"'{self.operator}' compares numbers or dates. The column '{self.column}' holds texts. "
                "Use 'is', 'is one of', words or a regular expression."
            )
        wanted = [value if isinstance(value, str) else _written(value) for value in self.values]
        return np.asarray(columns.series(self.column).isin(wanted), dtype=bool)

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "column": self.column,
            "operator": self.operator,
            "values": [value if isinstance(value, (str, bool, int)) else float(value) for value in self.values],
        }

    def __str__(self) -> str:
        shown = [f"'{value}'" if isinstance(value, str) else _written(value) for value in self.values]
        joined = " and ".join(shown) if self.operator == "between" else " or ".join(shown)
        return f"{self.column} {OPERATORS[self.operator]} {joined}"


@dataclass(frozen=True)
class Missing(Condition):
    """There is no value."""

    kind: ClassVar[str] = "missing"
    column: str

    def __post_init__(self) -> None:
        _named(self.column)

    def mask(self, columns: ColumnReader) -> Booleans:
        return np.asarray(columns.series(self.column).isna(), dtype=bool)

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "column": self.column}

    def __str__(self) -> str:
        return f"{self.column} is missing"


def _named(column: Any) -> None:
    if not isinstance(column, str) or not column:
        raise RuleError(f"A condition must name its column. Got {shown(column)} instead.")
    encodable(column)


def _flags(*values: Any) -> None:
    for value in values:
        if not isinstance(value, bool):
            raise RuleError(f"A switch of a condition must be true or false. Got {shown(value)} instead.")


def encodable(text: str) -> None:
    """Refuse a text with half a character in it, which neither file nor screen can hold."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise RuleError(
            f"A text in a rule must be made of whole characters. {shown(text)} holds half of one. Type it again."
        ) from None


def _quoted(letter: str) -> str:
    """One character as RE2 takes it literally."""
    if letter == "\0":
        return r"\x00"
    return f"\\{letter}" if letter.isascii() and not (letter.isalnum() or letter == "_") else letter


def _bounded(word: str) -> str:
    """A word between characters that belong to none: RE2's own mark of a word's end knows ASCII only."""
    start, end = (r"(?:^|[^\pL\pN_])", r"(?:$|[^\pL\pN_])")
    quoted = "".join(map(_quoted, word))
    return (start if _LETTER.match(word[0]) else "") + quoted + (end if _LETTER.match(word[-1]) else "")


def _number(value: Any, column: str) -> float:
    try:
        if isinstance(value, str):
            said = value.strip().lower()
            number = {"true": 1.0, "false": 0.0}[said] if said in ("true", "false") else float(value)
        else:
            number = float(value)
    except (ValueError, OverflowError):
        number = math.nan
    if math.isnan(number):
        raise RuleError(f"The column '{column}' holds numbers and must be compared with one. Got {shown(value)}.")
    return number


def _date(value: Any, column: str) -> np.datetime64:
    found: Any = pd.NaT
    if isinstance(value, str):
        try:
            found = pd.Timestamp(value)
            if not pd.isna(found):
                found = found.tz_convert("UTC").tz_localize(None) if found.tzinfo is not None else found
                return np.datetime64(found.as_unit("us").to_datetime64(), "us")
        except (ValueError, OverflowError, TypeError):
            found = pd.NaT
    raise RuleError(
        f"The column '{column}' holds dates and must be compared with one such as 2026-01-31. Got {shown(value)}."
    )


def _written(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else str(value)


def shown(value: Any) -> str:
    """A value in a message: short, and never a half character that no screen can show."""
    said = repr(value)
    said = said if len(said) <= 60 else f"{said[:59]}…"
    return said.encode("utf-8", "replace").decode("utf-8")
