"""From a frame of inputs, the kinds of its columns, a text column and labels to a fitted model and probabilities.

Everything that decides a probability stands here, and only here, save for pipelines that analysts bring
(`core.train.pipelines`): `core.train.fit` uses it for folds, and an exported project carries the source of both files
so that its numbers can be made again. So nothing but the standard library, numpy, pandas, scipy and scikit-learn (with
threadpoolctl, which scikit-learn itself requires) is imported.

Two steps, so that folds can share the first:

1. `Encoder` turns values into numbers. All it knows is which category has which code and which term which column.
2. `Fit` learns from some of the encoded rows: medians, spreads, which categories are rare, in how many texts a
   term occurs, and the classifier. Rows that are not given to it have no say in any of this.

A dictionary that lists more than the rows of step 2 hold changes nothing: what does not occur in them is left out. So
a fold fitted on shared encoding has, bit for bit, the numbers of a model that never saw the other rows.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.preprocessing import normalize
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from core.train.pipelines import Frames, PipelineFit

__all__ = [
    "TOKEN",
    "Averaged",
    "Codes",
    "Encoded",
    "Encoder",
    "Fit",
    "Linear",
    "Model",
    "draws_random",
    "encoder_for",
    "fit_encoded",
    "fit_recipe",
    "median",
    "one_thread",
    "row_order",
    "tokenise",
]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_CLASSIFIERS = {
    "HistGradientBoostingClassifier": HistGradientBoostingClassifier,
    "LogisticRegression": LogisticRegression,
    "RandomForestClassifier": RandomForestClassifier,
    "SGDClassifier": SGDClassifier,
}
_DATE_PARTS = {
    "days": lambda dates: (dates - pd.Timestamp(0)) / pd.Timedelta(days=1),
    "month": lambda dates: dates.dt.month,
    "weekday": lambda dates: dates.dt.day_of_week,
    "hour": lambda dates: dates.dt.hour,
}
# Gradient boosting makes its bins of so many rows, drawn where there are more.
_BINNED_ROWS = 200_000
_LARGEST = float(np.finfo(np.float32).max)
# A word of any script, or a run of other signs: "!!!" and emojis say much about a text.
TOKEN = re.compile(r"\w+|[^\w\s]+")


# --- step 1: encoding -------------------------------------------------------------------------------------------


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

    def without_texts(self) -> Encoded:
        """Numbers and codes alone: what is typical of a column is read from them."""
        return Encoded(self.numbers, self.codes, ())

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
        return _damped(sp.hstack([words @ _selection(known, width), paired], format="csr")), _damped(characters)

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
        counted = words @ _selection((hashes & np.uint64(width - 1)).astype(np.int64), width)
        counted = counted + _count(rows, paired.astype(np.int64)[places], (texts, width))
        characters = words @ (by_word @ _selection(run_columns.astype(np.int64), width))
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


def _selection(columns: Integers, width: int) -> Any:
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


# --- step 2: learning from encoded rows -------------------------------------------------------------------------


class Codes:
    """Columns for trees: numbers as they are, categories as codes, missing values left missing.

    The most frequent categories keep a code; the others share one, which an unknown category then has too.
    """

    def __init__(self, steps: Mapping[str, Any], rows: Encoded, sizes: Sequence[int]) -> None:
        most = steps["columns"]["most"]
        self.tables = []
        for codes, size in zip(rows.codes.T, sizes, strict=True):
            kept, other = _kept_categories(codes, size, most, 1)
            table = np.full(size + 2, float(len(kept)) if other else np.nan)
            table[kept] = np.arange(len(kept))
            # Code -1, a missing value, reads the last place.
            table[-1] = np.nan
            self.tables.append(table)
        # Binning stumbles over a column without any value; a constant one is passed over.
        self.empty = np.append(np.isnan(rows.numbers).all(axis=0), (rows.codes < 0).all(axis=0))

    def transform(self, rows: Encoded) -> Floats:
        """Numbers, then categories."""
        columns = [table[codes] for table, codes in zip(self.tables, rows.codes.T, strict=True)]
        design = np.column_stack([rows.numbers, *columns])
        design[:, self.empty] = 0.0
        return design


class Linear:
    """Columns and terms for linear models and distances, as one sparse matrix.

    Numbers: missing ones take the median and are marked, then scale to mean 0 and spread 1, cut off far outside.
    Categories: a column each, the rare ones share one. Terms: weighted by how few texts they occur in (TF-IDF), each
    text of length 1.
    """

    def __init__(self, steps: Mapping[str, Any], rows: Encoded, sizes: Sequence[int]) -> None:
        settings = steps["columns"]
        self.limit: float = settings["limit"]
        missing = np.isnan(rows.numbers)
        self.marked = np.flatnonzero(missing.any(axis=0))
        self.medians = np.array([median(column) for column in rows.numbers.T])
        filled = np.where(missing, self.medians, rows.numbers)
        self.means, spreads = filled.mean(axis=0), filled.std(axis=0)
        self.spreads = np.where(spreads > 0, spreads, 1.0)
        self.tables = [_one_hot(codes, size, settings) for codes, size in zip(rows.codes.T, sizes, strict=True)]
        self.terms = [Weights(block, steps["text"]) for block in rows.terms]

    def transform(self, rows: Encoded) -> Any:
        """Numbers, marks of missing ones, categories, words, characters: CSR matrix."""
        missing = np.isnan(rows.numbers)
        scaled = (np.where(missing, self.medians, rows.numbers) - self.means) / self.spreads
        blocks = [sp.csr_matrix(np.clip(scaled, -self.limit, self.limit))]
        blocks.append(sp.csr_matrix(missing[:, self.marked].astype(np.float64)))
        for (table, width), codes in zip(self.tables, rows.codes.T, strict=True):
            blocks.append(_selection(table[codes], width).astype(np.float64))
        blocks += [weights.transform(block) for weights, block in zip(self.terms, rows.terms, strict=True)]
        return sp.hstack(blocks, format="csr")


class Weights:
    """Inverse document frequencies of one block of terms, and which of its terms occur often enough."""

    def __init__(self, block: Any, settings: Mapping[str, Any]) -> None:
        self.columns: Integers | None = None
        self.idf: Floats | None = None
        if "hash_bits" not in settings:
            self.columns = np.flatnonzero(frequent_terms(block, settings["min_texts"]))
            texts = np.bincount(block.indices, minlength=block.shape[1])[self.columns]
            self.idf = np.log((1 + block.shape[0]) / (1 + texts)) + 1

    def transform(self, block: Any) -> Any:
        """Weight the terms, and bring each text to length 1."""
        weighted = block.astype(np.float64)
        if not block.shape[1]:
            return weighted
        if self.columns is not None and self.idf is not None:
            weighted = weighted[:, self.columns]
            weighted.data *= self.idf[weighted.indices]
        return normalize(weighted, copy=False)


def _kept_categories(codes: Integers, size: int, most: int, fewest: int) -> tuple[Integers, bool]:
    """The categories that occur often enough, by code, and whether others occur."""
    counts = np.bincount(codes[codes >= 0], minlength=size)[:size]
    ranked = np.argsort(-counts, kind="stable")[:most]
    kept = np.sort(ranked[counts[ranked] >= fewest])
    return kept, bool(counts.sum() > counts[kept].sum())


def _one_hot(codes: Integers, size: int, settings: Mapping[str, Any]) -> tuple[Integers, int]:
    """Table from code to column, -1 for none, and the number of columns."""
    kept, other = _kept_categories(codes, size, settings["most"], settings["fewest"])
    table = np.full(size + 2, len(kept) if other else -1)
    table[kept] = np.arange(len(kept))
    width = len(kept) + other
    missing = bool((codes < 0).any())
    table[-1] = width if missing else -1
    return table, width + missing


def median(column: Floats) -> float:
    """The median of the values that are there; 0 if none is."""
    present = column[~np.isnan(column)]
    return float(np.median(present)) if len(present) else 0.0


_threads = ThreadpoolController()
_blas_lock = threading.Lock()
_blas_users = 0
_blas_limit: Any = None


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread.

    Sums then have one order, so that numbers do not depend on how many cores there are. It is no slower: folds are
    fitted side by side, and threads that share the work on one small fit mostly wait for each other (on a busy machine
    a hundred times as long as they work).
    """
    global _blas_users, _blas_limit
    # OpenMP counts threads by calling thread, BLAS by process: the last of several fits at a time lifts its limit.
    with _threads.limit(limits=1, user_api="openmp"):
        with _blas_lock:
            _blas_users += 1
            if _blas_users == 1:
                _blas_limit = _threads.limit(limits=1, user_api="blas")
        try:
            yield
        finally:
            with _blas_lock:
                _blas_users -= 1
                if _blas_users == 0:
                    _blas_limit.restore_original_limits()


class Prior:
    """Predicts the shares of the classes: for training rows of one class, or without any input left."""

    def fit(self, _: Any, labels: Integers) -> Prior:
        self.classes_, counts = np.unique(labels, return_counts=True)
        self.shares = counts / counts.sum()
        return self

    def predict_proba(self, rows: Any) -> Floats:
        return np.tile(self.shares, (rows.shape[0], 1))


class Averaged:
    """One classifier fitted with several seeds: their mean probabilities, so that the luck of one seed counts for less.

    Parameters
    ----------
    members : sequence of classifiers
        Unfitted, of different seeds.
    """

    def __init__(self, members: Sequence[Any]) -> None:
        self.members = members

    def fit(self, design: Any, labels: Integers) -> Averaged:
        for member in self.members:
            member.fit(design, labels)
        self.classes_ = self.members[0].classes_
        return self

    def predict_proba(self, design: Any) -> Floats:
        total = self.members[0].predict_proba(design)
        for member in self.members[1:]:
            total = total + member.predict_proba(design)
        mean: Floats = total / len(self.members)
        return mean


class Fit:
    """What was learned from encoded rows: their design (`Codes` or `Linear`) and a classifier.

    Parameters
    ----------
    recipe : mapping
        Parsed JSON of a recipe.
    rows : Encoded
    labels : array of shape (n,)
        Classes as numbers from 0 to `classes` - 1; not all need to occur.
    classes : int
    sizes : sequence of int
        Number of categories in each dictionary.
    """

    def __init__(
        self, recipe: Mapping[str, Any], rows: Encoded, labels: Integers, classes: int, sizes: Sequence[int]
    ) -> None:
        steps = recipe["steps"]
        self.classes = classes
        self.design = (Codes if steps["columns"]["categories"] == "codes" else Linear)(steps, rows, sizes)
        design = self.design.transform(rows)
        one_class = len(labels) == 0 or (labels == labels[0]).all()
        if one_class or design.shape[1] == 0:
            self.classifier: Any = Prior()
        else:
            self.classifier = classifier(recipe, rows.numbers.shape[1], design.shape[1], len(labels))
        with one_thread():
            self.classifier.fit(design, labels)

    def predict_proba(self, rows: Encoded) -> Floats:
        """Probabilities of shape (n, classes); 0 for classes that were not among the labels."""
        probabilities = np.zeros((len(rows), self.classes))
        if len(rows):
            with one_thread():
                found = self.classifier.predict_proba(self.design.transform(rows))
            probabilities[:, self.classifier.classes_] = found
        return probabilities


def classifier(recipe: Mapping[str, Any], numbers: int, columns: int, rows: int) -> Any:
    """Make the unfitted classifier of a recipe, for a design of which the first columns are numbers.

    Where it draws random numbers for so many rows, it is as many classifiers as the recipe has ``seeds``, the first of
    which is ``seed``. A recipe that does not say how many was written before there could be several.
    """
    settings = dict(recipe["steps"]["classifier"])
    seeds = recipe.get("seeds", 1) if draws_random(settings, rows) else 1
    name = settings.pop("name")
    if name == "HistGradientBoostingClassifier":
        settings["categorical_features"] = np.arange(columns) >= numbers if columns > numbers else None
    made = [_CLASSIFIERS[name](random_state=recipe["seed"] + number, **settings) for number in range(seeds)]
    return made[0] if len(made) == 1 else Averaged(made)


def draws_random(settings: Mapping[str, Any], rows: int = 0) -> bool:
    """Whether a classifier with these settings draws random numbers, so that another seed gives another model.

    Parameters
    ----------
    settings : mapping
        The step ``classifier`` of a recipe: ``name`` and arguments.
    rows : int
        Training rows. Gradient boosting makes its bins of a draw of them where they are more than 200,000.
    """
    name = settings.get("name")
    if name == "HistGradientBoostingClassifier":
        stops = settings.get("early_stopping", "auto") is not False
        return stops or settings.get("max_features", 1.0) != 1.0 or rows > _BINNED_ROWS
    if name == "LogisticRegression":
        return settings.get("solver", "lbfgs") in {"liblinear", "sag", "saga"}
    return name is not None


class Model:
    """A fitted recipe: from a frame of inputs to probabilities."""

    def __init__(self, encoder: Encoder | Frames, fit: Fit | PipelineFit, classes: Sequence[str]) -> None:
        self.encoder = encoder
        self.fit = fit
        self.classes = tuple(classes)

    def predict_proba(self, frame: pd.DataFrame) -> Floats:
        """Probabilities of shape (n, classes), in the order of `classes`."""
        rows: Any = self.encoder.encode(frame)
        return self.fit.predict_proba(rows)


def row_order(ids: pd.Index) -> Integers:
    """Order in which rows are fitted: by id, so that the numbers do not depend on the order of the data."""
    return np.asarray(ids.argsort(), dtype=np.int64)


def fit_recipe(
    recipe: Mapping[str, Any], frame: pd.DataFrame, kinds: Mapping[str, str], text: str | None, labels: pd.Series
) -> Model:
    """Fit a recipe.

    Parameters
    ----------
    recipe : mapping
        Parsed JSON of a recipe.
    frame : DataFrame of shape (n, columns)
        The training rows, indexed by id.
    kinds : mapping
        Column to ``"numeric"``, ``"categorical"`` or ``"datetime"``.
    text : str or None
        The text column.
    labels : Series of shape (n,)
        Aligned with `frame`.

    Returns
    -------
    Model
        Its classes are those among the labels, sorted.
    """
    order = row_order(frame.index)
    encoder = encoder_for(recipe["steps"], frame.iloc[order], kinds, text)
    classes, codes = np.unique(np.asarray(labels, dtype=object)[order], return_inverse=True)
    return Model(encoder, fit_encoded(recipe, encoder, encoder.encoded, codes, classes.tolist()), classes.tolist())


def encoder_for(
    steps: Mapping[str, Any], frame: pd.DataFrame, kinds: Mapping[str, str], text: str | None
) -> Encoder | Frames:
    """Step 1 of a recipe; of a recipe that is a pipeline, the frame as it reads it."""
    return Frames(frame, kinds, text) if "pipeline" in steps else Encoder(steps, frame, kinds, text)


def fit_encoded(
    recipe: Mapping[str, Any],
    encoder: Encoder | Frames,
    rows: Any,
    labels: Integers,
    classes: Sequence[str],
    refuse: type[Exception] = ValueError,
) -> Fit | PipelineFit:
    """Step 2 of a recipe, on some of the rows that the encoder encoded.

    Parameters
    ----------
    labels : array of shape (n,)
        Classes as places among `classes`.
    refuse : type of Exception
        What a pipeline that can't learn raises.
    """
    if isinstance(encoder, Frames):
        with one_thread():
            return PipelineFit(recipe, rows, labels, classes, refuse)
    return Fit(recipe, rows, labels, len(classes), encoder.sizes)
