"""Columns as rules read them: numbers, dates or texts, each prepared once, and the search through texts in RE2."""

from __future__ import annotations

import time

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.content import canonicalise, written
from core.errors import FlywheelError

__all__ = ["ColumnReader", "RuleError", "check_pattern", "marked", "search"]

Booleans = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

# Seconds that one rule may take.
BUDGET = 5.0
# Characters searched at once: nothing can stop a search within a piece, so the clock is looked at between two.
_FIRST_PIECE = 1_000
_LARGEST_PIECE = 200_000
# Plain words are found so quickly that only compiling them again and again would be felt.
_LARGEST_PIECE_OF_WORDS = 5_000_000
# A piece should take about this long, in seconds.
_BEAT = 0.1
_KINDS = {"number": "numbers", "date": "dates", "text": "texts"}
# What RE2 says, and what an analyst can do about it.
_LACKS = (
    ("invalid perl operator: (?P", "Back-references such as (?P=name) are not supported. Write out what is repeated."),
    ("invalid perl operator: (?(", "Conditions such as '(?(1)…)' are not supported. Use 'and' and 'or' of conditions."),
    ("invalid perl operator: (?=", "Look-ahead '(?=' is not supported. Use two conditions joined by 'and'."),
    ("invalid perl operator: (?!", "Look-ahead '(?!' is not supported. Use a condition that is turned to 'not'."),
    ("invalid perl operator: (?<", "Look-behind is not supported. Use two conditions joined by 'and'."),
    ("invalid named capture", "Look-behind and unusual group names are not supported. Use plain groups, '(…)'."),
    ("invalid perl operator", "Look-around and atomic groups are not supported. Use plain groups, '(…)'."),
    ("bad repetition operator", "Possessive and doubled repetitions such as '*+' are not supported. Use one of * + ?."),
    ("invalid repetition size", "A repetition may count to 1,000, nested ones together. Use * or +."),
    ("pattern too large", "It is too large. Use * or + for counted repetitions, or make several rules."),
    ("no argument for repetition", "There is nothing before a repetition. Write \\* for a star itself."),
    ("missing ]", "A '[' is not closed. Close it, or write \\[ for the character itself."),
    ("missing )", "A '(' is not closed. Close it, or write \\( for the character itself."),
    ("unexpected )", "A ')' closes nothing. Remove it, or write \\) for the character itself."),
    ("trailing \\", "It ends in a single backslash. Write \\\\ for the character itself."),
)


class RuleError(FlywheelError):
    """A rule that can't be what it says, or does not fit the data."""


class ColumnReader:
    """The columns of a frame, each brought into the form that conditions ask of it once.

    Parameters
    ----------
    frame : DataFrame of shape (n, columns)
    rows : ndarray of int, optional
        Positions of the rows to read; all by default. Only columns that are asked for are taken.
    budget : float
        Seconds that one rule may take from `restart` on.
    """

    def __init__(
        self, frame: pd.DataFrame, *, rows: npt.NDArray[np.intp] | None = None, budget: float | None = None
    ) -> None:
        # Columns are read without ids, among which pandas would look for names of its own.
        self._frame = frame.set_axis(pd.RangeIndex(len(frame)))
        self._rows = rows
        self._series: dict[str, pd.Series] = {}
        self._texts: dict[str, tuple[pa.Array, npt.NDArray[np.int64]]] = {}
        self.budget = BUDGET if budget is None else budget
        self.restart()

    def restart(self) -> None:
        """Give the next rule its time."""
        self.deadline = time.monotonic() + self.budget

    def __len__(self) -> int:
        return len(self._frame) if self._rows is None else len(self._rows)

    def series(self, name: str) -> pd.Series:
        """One column in its canonical form.

        Raises
        ------
        RuleError
            If there is no such column, or two of the name.
        """
        if name not in self._series:
            places = np.flatnonzero([str(each) == name for each in self._frame.columns])
            if len(places) != 1:
                known = ", ".join(f"'{each}'" for each in self._frame.columns[:12])
                raise RuleError(
                    f"A rule must name a column of the data. There {'is none' if not len(places) else 'are two'} "
                    f"called '{name}'. Choose one of {known}."
                )
            column = self._frame.iloc[:, [int(places[0])]]
            self._series[name] = _canonical(column if self._rows is None else column.iloc[self._rows])
        return self._series[name]

    def kind(self, name: str) -> str:
        """Whether a column holds ``"number"``, ``"date"`` or ``"text"``; one without any value is of numbers."""
        dtype = self.series(name).dtype
        if pd.api.types.is_numeric_dtype(dtype):
            return "number"
        return "date" if pd.api.types.is_datetime64_any_dtype(dtype) else "text"

    def numbers(self, name: str) -> tuple[Floats, Booleans]:
        """The numbers of a column, and where there is one."""
        column = self.series(name)
        return column.to_numpy(dtype=np.float64), np.asarray(column.notna(), dtype=bool)

    def dates(self, name: str) -> tuple[npt.NDArray[np.datetime64], Booleans]:
        """The dates of a column, and where there is one."""
        column = self.series(name)
        return column.to_numpy(dtype="datetime64[us]"), np.asarray(column.notna(), dtype=bool)

    def texts(self, name: str) -> tuple[pa.Array, npt.NDArray[np.int64]]:
        """The texts of a column, and how many bytes come before each and in all.

        Raises
        ------
        RuleError
            If the column holds numbers or dates.
        """
        if name not in self._texts:
            column = self.series(name)
            if self.kind(name) != "text" and column.notna().any():
                raise RuleError(
                    f"Words and regular expressions are sought in texts. The column '{name}' holds "
                    f"{_KINDS[self.kind(name)]}. Use a comparison."
                )
            array = pa.array(column.astype("str"), type=pa.large_string())
            array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
            lengths = pc.fill_null(pc.binary_length(array), 0).to_numpy(zero_copy_only=False)
            self._texts[name] = array, np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        return self._texts[name]

    def some(self, name: str, rows: Booleans) -> ColumnReader:
        """Give one column of texts in some of the rows; it shares the time that is left."""
        texts, _ = self.texts(name)
        part = ColumnReader(pd.DataFrame({name: pd.Series(texts.filter(pa.array(rows)), dtype="str")}))
        part.budget, part.deadline = self.budget, self.deadline
        return part


def search(columns: ColumnReader, name: str, pattern: str, *, words: bool = False, said: str | None = None) -> Booleans:
    """Say for each text of a column whether a regular expression is found in it, in RE2 and within the budget.

    RE2 needs time in proportion to text times pattern, so no pattern hangs; one that is large and meets many texts
    can still be slow. The texts are taken in pieces, and the clock is looked at between two.

    Parameters
    ----------
    columns : ColumnReader
    name : str
    pattern : str
    words : bool
        The pattern is made of plain words.
    said : str, optional
        How to name the pattern in a message.

    Raises
    ------
    RuleError
        If the pattern is none that RE2 knows, or the search takes too long.
    """
    texts, before = columns.texts(name)
    said = pattern if said is None else said
    found = np.zeros(len(texts), dtype=bool)
    largest = _LARGEST_PIECE_OF_WORDS if words else _LARGEST_PIECE
    size, place = largest if words else _FIRST_PIECE, 0
    while place < len(texts):
        stop = max(place + 1, int(np.searchsorted(before, before[place] + size, side="right")) - 1)
        length = int(before[stop] - before[place])
        expected = _expected(texts.slice(place, 1), length, size, pattern, said) if length > 2 * size else 0.0
        if time.monotonic() + expected > columns.deadline:
            raise RuleError(
                f"A rule may take {columns.budget:g} seconds. Looking for '{_short(said)}' in '{name}' takes longer: "
                f"{place:,} of {len(texts):,} texts were searched by then. Use fewer or smaller counted repetitions "
                "such as {500}, or look for words."
            )
        start = time.monotonic()
        found[place:stop] = _run(texts.slice(place, stop - place), pattern, said)
        speed = max(length, 1) / max(time.monotonic() - start, 1e-6)
        size = int(min(max(speed * _BEAT, _FIRST_PIECE), 4 * size, largest))
        place = stop
    return found


def check_pattern(pattern: str) -> None:
    """Refuse a regular expression that RE2 does not know.

    Raises
    ------
    RuleError
        With what RE2 lacks and what to write instead.
    """
    _run(pa.array([""], type=pa.large_string()), pattern, pattern)


def marked(text: str, pattern: str) -> list[tuple[str, bool]]:
    """Cut a text where a regular expression is found: pieces, each with whether it was found.

    Raises
    ------
    RuleError
        If the pattern is none that RE2 knows.
    """
    # Two characters that a text can't hold otherwise stand for the ends of what was found.
    clean = text.replace("\x02", " ").replace("\x03", " ")
    try:
        replaced = pc.replace_substring_regex(
            pa.array([clean], type=pa.large_string()), pattern=pattern, replacement="\x02\\0\x03"
        )[0].as_py()
    except pa.ArrowInvalid as error:
        raise _unknown(pattern, error) from None
    pieces: list[tuple[str, bool]] = []
    for piece in replaced.split("\x02"):
        found, closed, rest = piece.partition("\x03")
        pieces += [(found, bool(closed))] * bool(found) + [(rest, False)] * bool(rest)
    return pieces


def _canonical(frame: pd.DataFrame) -> pd.Series:
    """The one column of a frame in canonical form; what can't be a text of whole characters is made one."""
    try:
        return canonicalise(frame).iloc[:, 0]
    except (ValueError, TypeError, OverflowError, ArithmeticError, pa.ArrowException):
        # Values of several kinds that have no form in common are read as they are written.
        return frame.iloc[:, 0].map(written, na_action="ignore").astype("str")


def _run(texts: pa.Array, pattern: str, said: str) -> Booleans:
    try:
        found = pc.match_substring_regex(texts, pattern)
    except pa.ArrowInvalid as error:
        raise _unknown(said, error) from None
    return np.asarray(pc.fill_null(found, False).to_numpy(zero_copy_only=False), dtype=bool)


def _expected(text: pa.Array, length: int, size: int, pattern: str, said: str) -> float:
    """Seconds that one long text would take, told by its beginning, and by more of it where that is quick."""
    while True:
        start = time.monotonic()
        _run(pc.utf8_slice_codeunits(text, 0, size), pattern, said)
        took = time.monotonic() - start
        if took > _BEAT or 8 * size > length:
            return took * length / size
        size *= 8


def _unknown(pattern: str, error: Exception) -> RuleError:
    said = str(error).removeprefix("Invalid regular expression: ")
    remedy = next((words for sign, words in _LACKS if said.startswith(sign) or sign in said), None)
    if remedy is None and said.startswith("invalid escape sequence") and said[-1:].isdigit():
        remedy = "Back-references such as \\1 are not supported. Write out what is to be repeated."
    return RuleError(
        f"A regular expression must be one that RE2 knows. '{_short(pattern)}' is not: {_short(said, 80)}. "
        f"{remedy or 'Correct it, or look for words instead.'}"
    )


def _short(text: str, width: int = 60) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
