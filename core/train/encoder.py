"""Step 1 of a recipe: values become numbers, once for all the folds that learn from them.

All an `Encoder` knows is which category has which code and which term which column. What is learned from some of the
rows only, such as which of these are rare, is step 2 (`core.train.learner`). A dictionary that lists more than the rows
of step 2 hold changes nothing: what does not occur in them is left out. So a fold fitted on shared encoding has, bit
for bit, the numbers of a model that never saw the other rows.

An exported project carries the source of this file: of this project it imports nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

__all__ = ["TOKEN", "Encoded", "Encoder", "Terms", "frequent_terms", "median", "selection", "tokenise"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_DATE_PARTS = {
    "days": lambda dates: (dates - pd.Timestamp(0)) / pd.Timedelta(days=1),
    "month": lambda dates: dates.dt.month,
    "weekday": lambda dates: dates.dt.day_of_week,
    "hour": lambda dates: dates.dt.hour,
}
_LARGEST = float(np.finfo(np.float32).max)
# A word of any script, or a run of other signs: "!!!" and emojis say much about a text.
TOKEN = re.compile(r"\w+|[^\w\s]+")


def median(column: Floats) -> float:
    """The median of the values that are there; 0 if none is."""
    present = column[~np.isnan(column)]
    return float(np.median(present)) if len(present) else 0.0


@dataclass(frozen=True)
class Encoded:
    """Rows as numbers.

    Attributes
    ----------
    numbers : array of shape (n, p)
        Numeric columns and the parts of dates; NaN where missing.
    codes : array of shape (n, q)
        Categories by their place in the dictionary; -1 where missing, the dictionary's length where unknown.
    terms : tuple of sparse matrices of shape (n, terms)
        Damped term frequencies of words and of characters.
    """

    numbers: Floats
    codes: Integers
    terms: tuple[Any, ...]

    def __len__(self) -> int:
        return len(self.numbers)

    def typical(self) -> tuple[Floats, Integers]:
        """The median of each number, 0 if all are missing, and the most frequent code of each category, -1 included."""
        codes = [int(np.bincount(column + 1).argmax()) - 1 for column in self.codes.T]
        return np.array([median(column) for column in self.numbers.T]), np.array(codes, dtype=np.int64)

    @property
    def nbytes(self) -> int:
        """The memory that the rows take, in bytes."""
        return sum(part.nbytes for part in self.content())

    def content(self) -> Iterator[Any]:
        """All that makes one set of rows another, as arrays."""
        yield from (self.numbers, self.codes)
        for block in self.terms:
            yield from (block.data, block.indices, block.indptr)

    def take(self, rows: npt.NDArray[Any]) -> Encoded:
        """Some of the rows, by mask or position."""
        return Encoded(self.numbers[rows], self.codes[rows], tuple(block[rows] for block in self.terms))

    def append(self, other: Encoded) -> Encoded:
        """These rows, then the other's."""
        return Encoded(
            np.concatenate([self.numbers, other.numbers]),
            np.concatenate([self.codes, other.codes]),
            tuple(sp.vstack(pair, format="csr") for pair in zip(self.terms, other.terms, strict=True)),
        )


class Encoder:
    """The dictionaries of one training set, and the way from a frame to `Encoded` rows.

    Parameters
    ----------
    steps : mapping
        The steps of a recipe.
    frame : DataFrame of shape (n, columns)
        The training rows. They are encoded as ``encoder.encoded``.
    kinds : mapping
        Column to ``"numeric"``, ``"categorical"`` or ``"datetime"``.
    text : str, optional
        The text column.
    """

    def __init__(
        self, steps: Mapping[str, Any], frame: pd.DataFrame, kinds: Mapping[str, str], text: str | None
    ) -> None:
        self.numeric = [name for name, kind in kinds.items() if kind == "numeric"]
        self.dates = [name for name, kind in kinds.items() if kind == "datetime"]
        self.categorical = [name for name, kind in kinds.items() if kind not in {"numeric", "datetime"}]
        self.parts: list[str] = list(steps["columns"]["dates"])
        factorised = [pd.factorize(_strings(frame[name])) for name in self.categorical]
        self.categories = [pd.Index(sorted(values), dtype="object") for _, values in factorised]
        self.text = text if "text" in steps else None
        terms: tuple[Any, ...] = ()
        if self.text is not None:
            self.terms = Terms(steps["text"])
            terms = self.terms.learn(frame[self.text])
        self.encoded = Encoded(self._numbers(frame), self._codes(factorised, len(frame)), terms)

    @property
    def inputs(self) -> list[str]:
        """The columns that are read."""
        return self.columns + ([] if self.text is None else [self.text])

    @property
    def columns(self) -> list[str]:
        """The columns that are read, but for the text."""
        return self.numeric + self.dates + self.categorical

    @property
    def sizes(self) -> list[int]:
        """The number of categories of each categorical column."""
        return [len(categories) for categories in self.categories]

    @property
    def number_columns(self) -> list[str]:
        """The column behind each column of ``Encoded.numbers``."""
        return self.numeric + [name for name in self.dates for _ in self.parts]

    def encode(self, frame: pd.DataFrame) -> Encoded:
        """Encode rows with the dictionaries of the training set."""
        terms = () if self.text is None else self.terms.encode(frame[self.text])
        factorised = [pd.factorize(_strings(frame[name])) for name in self.categorical]
        return Encoded(self._numbers(frame), self._codes(factorised, len(frame)), terms)

    def _numbers(self, frame: pd.DataFrame) -> Floats:
        columns = [_as_numbers(frame[name]).to_numpy(np.float64, na_value=np.nan) for name in self.numeric]
        for name in self.dates:
            dates = pd.to_datetime(frame[name], errors="coerce")
            columns += [_DATE_PARTS[part](dates).to_numpy(np.float64, na_value=np.nan) for part in self.parts]
        numbers = np.column_stack(columns) if columns else np.empty((len(frame), 0))
        # Infinity has no place on a scale; and forests count in 32 bits.
        return np.clip(np.where(np.isinf(numbers), np.nan, numbers), -_LARGEST, _LARGEST)

    def _codes(self, factorised: Sequence[tuple[Any, Any]], rows: int) -> Integers:
        """Places in the dictionaries from places among the values of these rows."""
        codes = np.empty((rows, len(factorised)), dtype=np.int64)
        for column, ((own, values), categories) in enumerate(zip(factorised, self.categories, strict=True)):
            places = categories.get_indexer(pd.Index(values, dtype="object"))
            # The last place is read for -1, a missing value.
            codes[:, column] = np.append(np.where(places < 0, len(categories), places), -1)[own]
        return codes


def _as_numbers(column: pd.Series) -> pd.Series:
    """A column of numbers as numbers; what is none, is missing."""
    # Generated rows come by the dozen in a trial: what is a number already is not read again.
    return column if column.dtype.kind in "iuf" else pd.to_numeric(column, errors="coerce")


def _strings(column: pd.Series) -> pd.Series:
    """A column of categories as str; missing values stay missing."""
    return column if isinstance(column.dtype, pd.StringDtype) else column.map(str, na_action="ignore").astype("str")


class Terms:
    """Which term of a text has which column: words, pairs of words, and runs of characters inside words.

    Runs of characters are cut from each distinct word once: words by text times runs by word is runs by text, several
    times faster than cutting every text, and it keeps which word a run came from.

    Parameters
    ----------
    settings : mapping
        ``characters`` (shortest and longest run), ``min_texts`` (in how many texts a term must occur) and, for hashed
        columns in place of dictionaries, ``hash_bits``.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.shortest, self.longest = settings["characters"]
        self.fewest: int = settings.get("min_texts", 1)
        self.bits: int | None = settings.get("hash_bits")
        self.words = pd.Index([], dtype="object")
        # A pair of words is one number: place of the first x number of words + place of the second. Sorted.
        self.pairs: Integers = np.array([], dtype=np.int64)
        self.runs: dict[str, int] = {}

    def learn(self, column: pd.Series) -> tuple[Any, ...]:
        """Set up the dictionaries from the training texts, and count them.

        Terms too rare in all of the training texts are too rare in any part of them: they get no column. The columns
        are in alphabetical order, so that a part of the texts has the same order.
        """
        tokens = tokenise(column)
        if self.bits is not None:
            return self._hashed(*tokens)
        codes, ends, names = tokens
        words = _count(_rows(ends), codes, (len(ends) - 1, len(names)))
        frequent = np.flatnonzero(self._frequent(words))
        kept = frequent[np.argsort(np.array(names, dtype=object)[frequent], kind="stable")]
        self.words = pd.Index([names[place] for place in kept], dtype="object")
        known = np.full(len(names), -1, dtype=np.int64)
        known[kept] = np.arange(len(kept))

        rows, pairs = _pairs(known[codes], ends, len(kept))
        self.pairs, places = np.unique(pairs, return_inverse=True)
        paired = _count(rows, places, (len(ends) - 1, len(self.pairs)))
        often = self._frequent(paired)
        self.pairs = self.pairs[often]

        runs: dict[str, int] = {}
        characters = words @ _runs_by_word(names, self.shortest, self.longest, runs, grow=True)
        chosen = np.flatnonzero(self._frequent(characters))
        chosen = chosen[np.argsort(np.array(list(runs), dtype=object)[chosen], kind="stable")]
        run_names = list(runs)
        self.runs = {run_names[place]: column for column, place in enumerate(chosen)}
        return _damped(sp.hstack([words[:, kept], paired[:, often]], format="csr")), _damped(characters[:, chosen])

    def encode(self, column: pd.Series) -> tuple[Any, ...]:
        """Count the terms of other texts."""
        tokens = tokenise(column)
        if self.bits is not None:
            return self._hashed(*tokens)
        codes, ends, names = tokens
        texts, width = len(ends) - 1, len(self.words)
        words = _count(_rows(ends), codes, (texts, len(names)))
        known = self.words.get_indexer(pd.Index(names, dtype="object"))
        rows, pairs = _pairs(known[codes], ends, width)
        places = np.searchsorted(self.pairs, pairs)
        there = places < len(self.pairs)
        there[there] = self.pairs[places[there]] == pairs[there]
        paired = _count(rows[there], places[there], (texts, len(self.pairs)))
        characters = words @ _runs_by_word(names, self.shortest, self.longest, self.runs, grow=False)
        return _damped(sp.hstack([words @ selection(known, width), paired], format="csr")), _damped(characters)

    def _hashed(self, codes: Integers, ends: Integers, names: list[str]) -> tuple[Any, ...]:
        """Count with the hash of a term for its column: nothing to remember, whatever the number of texts."""
        assert self.bits is not None
        width = 1 << self.bits
        texts = len(ends) - 1
        rows, pairs = _pairs(codes, ends, len(names))
        distinct, places = np.unique(pairs, return_inverse=True)
        first, second = np.divmod(distinct, max(1, len(names)))
        hashes = _hash(names)
        # Another mix for each kind of term, so that "ab" as a word and as a run of characters differ.
        paired = (hashes[first] * np.uint64(0x9E3779B97F4A7C15) + hashes[second]) >> np.uint64(64 - self.bits)
        runs: dict[str, int] = {}
        by_word = _runs_by_word(names, self.shortest, self.longest, runs, grow=True)
        run_columns = _hash(list(runs)) >> np.uint64(64 - self.bits)
        words = _count(_rows(ends), codes, (texts, len(names)))
        counted = words @ selection((hashes & np.uint64(width - 1)).astype(np.int64), width)
        counted = counted + _count(rows, paired.astype(np.int64)[places], (texts, width))
        characters = words @ (by_word @ selection(run_columns.astype(np.int64), width))
        return _damped(counted), _damped(characters)

    def _frequent(self, counts: Any) -> npt.NDArray[np.bool_]:
        return frequent_terms(counts, self.fewest)


def tokenise(column: pd.Series) -> tuple[Integers, Integers, list[str]]:
    """Cut texts into words and signs, in lower case and in one Unicode form (Hangul may come decomposed).

    Parameters
    ----------
    column : Series of shape (n,)
        Texts; a missing one is empty.

    Returns
    -------
    codes : array of shape (tokens,)
        Token after token, text after text, as places in `names`.
    ends : array of shape (n + 1,)
        Text i has the tokens ``codes[ends[i]:ends[i + 1]]``.
    names : list of str
        The distinct tokens.
    """
    places: dict[str, int] = {}
    codes: list[int] = []
    ends = [0]
    for text in _strings(column).fillna("").tolist():
        plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
        codes += [places.setdefault(token, len(places)) for token in TOKEN.findall(plain.lower())]
        ends.append(len(codes))
    return np.array(codes, dtype=np.int64), np.array(ends, dtype=np.int64), list(places)


def frequent_terms(counts: Any, fewest: int) -> npt.NDArray[np.bool_]:
    """Which columns occur in enough rows; in any, if that leaves none (a handful of texts)."""
    rows = np.bincount(counts.indices, minlength=counts.shape[1])
    often = rows >= fewest
    return often if often.any() else rows > 0


def _rows(ends: Integers) -> Integers:
    return np.repeat(np.arange(len(ends) - 1), np.diff(ends))


def _count(rows: Integers, columns: Integers, shape: tuple[int, int]) -> Any:
    counts = sp.csr_matrix((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=shape)
    counts.sum_duplicates()
    return counts


def selection(columns: Integers, width: int) -> Any:
    """Matrix that sends item i to column ``columns[i]``, and to none where that is -1."""
    rows = np.flatnonzero(columns >= 0)
    return _count(rows, columns[rows], (len(columns), width))


def _pairs(places: Integers, ends: Integers, width: int) -> tuple[Integers, Integers]:
    """Text and number of each pair of neighbouring tokens of which both are known (not -1)."""
    rows = _rows(ends)
    there = (places[:-1] >= 0) & (places[1:] >= 0) & (rows[:-1] == rows[1:])
    return rows[:-1][there], places[:-1][there] * width + places[1:][there]


def _runs_by_word(names: list[str], shortest: int, longest: int, runs: dict[str, int], *, grow: bool) -> Any:
    """Count the runs of characters in each word, its ends marked by a space; new runs get a column if `grow`."""
    columns: list[int] = []
    ends = [0]
    for name in names:
        marked = f" {name} "
        cut = [
            marked[start : start + size]
            for size in range(shortest, min(longest, len(marked)) + 1)
            for start in range(len(marked) - size + 1)
        ]
        if grow:
            columns += [runs.setdefault(run, len(runs)) for run in cut]
        else:
            columns += [runs[run] for run in cut if run in runs]
        ends.append(len(columns))
    return _count(_rows(np.array(ends)), np.array(columns, dtype=np.int64), (len(names), len(runs)))


def _hash(names: list[str]) -> npt.NDArray[np.uint64]:
    return pd.util.hash_array(np.array(names, dtype=object), categorize=False)


def _damped(counts: Any) -> Any:
    """Term frequencies 1 + log(count): the tenth "free" says less than the first."""
    counts.sort_indices()
    counts.data = 1 + np.log(counts.data)
    return counts
