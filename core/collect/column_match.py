"""Columns of a new file against those of the data: the same name, another name for the same thing, or not there."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import linear_sum_assignment

from core.collect.errors import ReadError
from core.content import canonicalise

__all__ = ["MISSING", "RENAMED", "SAME", "ColumnMatch", "match_columns", "take_columns"]

SAME, RENAMED, MISSING = "same name", "renamed", "missing"

# Below it a column is called missing rather than renamed: values alone reach it if they are nearly the same.
_LEAST = 0.45
# Content is looked at in so many rows, evenly spaced.
_ROWS = 2_000
_SHOWN = 3


@dataclass(frozen=True)
class ColumnMatch:
    """Where one column of the data is in a file.

    Attributes
    ----------
    column : str
        Of the data.
    source : str or None
        The file's column that is proposed for it.
    how : str
        ``"same name"``, ``"renamed"`` or ``"missing"``.
    name, content : float
        How alike names and values are, from 0 to 1; of the best that was not taken if it is missing.
    reason : str
        What speaks for it, in words.
    """

    column: str
    source: str | None
    how: str
    name: float
    content: float
    reason: str


def match_columns(reference: pd.DataFrame, batch: pd.DataFrame) -> tuple[ColumnMatch, ...]:
    """Propose for each column of the data the column of a file that holds it.

    Columns of equal names are the same. The others are assigned so that names and contents agree best overall (a
    column of the file is proposed once), if they agree by nearly half: the mean of how alike the names are (letters in
    order, words in common, whatever case and punctuation) and the contents (one minus the Kolmogorov-Smirnov distance
    of numbers and dates, the overlap of the shares of categories, lengths and words of texts).

    Parameters
    ----------
    reference : DataFrame of shape (n, columns)
    batch : DataFrame of shape (m, columns)

    Returns
    -------
    tuple of ColumnMatch
        One a column of the reference, in its order.

    Raises
    ------
    ReadError
        If two columns of the file have one name.
    """
    given = [str(name) for name in batch.columns]
    if len(set(given)) < len(given):
        raise ReadError("its column names must differ, and two are equal", "Rename one of them.", source="The file")
    batch = batch.set_axis(pd.Index(given), axis=1)
    known = [str(name) for name in reference.columns]
    lacking = [name for name in known if name not in set(given)]
    free = [name for name in given if name not in set(known)]
    proposed = _assign(reference, batch, lacking, free) if lacking and free else {}
    return tuple(
        proposed.get(name, ColumnMatch(name, None, MISSING, 0.0, 0.0, "no column of the file is like it"))
        if name in set(lacking)
        else ColumnMatch(name, name, SAME, 1.0, 1.0, "")
        for name in known
    )


def take_columns(batch: pd.DataFrame, sources: Mapping[str, str | None]) -> pd.DataFrame:
    """Give a file the columns of the data.

    Parameters
    ----------
    batch : DataFrame
    sources : mapping of str to str or None
        By column of the data, the column of the file; None where it has none. Columns of the file that are no source
        are left out.

    Raises
    ------
    ReadError
        If a column of the file is not there, or is to be two columns of the data.
    """
    taken = {column: source for column, source in sources.items() if source is not None}
    names = [str(name) for name in batch.columns]
    for source in taken.values():
        twice = [column for column, other in taken.items() if other == source]
        if len(twice) > 1:
            raise ReadError(
                f"its column '{source}' can be one column of the data, and it is named for {' and '.join(twice)}",
                "Choose another one for one of them.",
                source="The file",
            )
        if source not in names:
            raise ReadError(f"it must have the column '{source}'", "Choose another column.", source="The file")
    places = [names.index(source) for source in taken.values()]
    return batch.iloc[:, places].set_axis(pd.Index(list(taken), dtype="str"), axis=1)


def _assign(
    reference: pd.DataFrame, batch: pd.DataFrame, lacking: list[str], free: list[str]
) -> dict[str, ColumnMatch]:
    by_name = np.array([[_names_alike(one, other) for other in free] for one in lacking])
    old = [_seen(reference[name]) for name in lacking]
    new = [_seen(batch[name]) for name in free]
    by_content = np.array([[_contents_alike(one, other) for other in new] for one in old])
    together = (by_name + by_content) / 2
    rows, columns = linear_sum_assignment(-together)
    found = {}
    for row, column in zip(rows, columns, strict=True):
        alike = (float(by_name[row, column]), float(by_content[row, column]))
        taken = together[row, column] >= _LEAST
        found[lacking[row]] = ColumnMatch(
            lacking[row],
            free[column] if taken else None,
            RENAMED if taken else MISSING,
            *alike,
            _reason(*alike, new[column]) if taken else f"'{free[column]}' comes nearest, but is too unlike it",
        )
    return found


def _reason(name: float, content: float, new: pd.Series) -> str:
    said = []
    if name >= 0.6:
        said.append("a similar name")
    if content >= 0.6:
        said.append("similar values")
    some = ", ".join(f"{value:g}" if isinstance(value, float) else str(value) for value in new.dropna().head(_SHOWN))
    return " and ".join(said or ["name and values agree in part"]) + (f" ({some}, …)" if some else "")


# --- how alike two columns are --------------------------------------------------------------------------------------


def _names_alike(one: str, other: str) -> float:
    a, b = _name_words(one), _name_words(other)
    letters = SequenceMatcher(None, "".join(a), "".join(b), autojunk=False).ratio()
    words = len(set(a) & set(b)) / max(1, min(len(set(a)), len(set(b))))
    return max(letters, 0.9 * words)


def _name_words(name: str) -> list[str]:
    """The words of a name: ``monthlyCharges``, ``Monthly Charges`` and ``monthly_charges`` have the same."""
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", unicodedata.normalize("NFKC", name)).casefold()
    return re.findall(r"[^\W_]+", plain) or [plain]


def _seen(column: pd.Series) -> pd.Series:
    """Some rows of a column as numbers or dates in numbers where it reads as such, else as text."""
    some = (
        column.iloc[np.unique(np.linspace(0, max(0, len(column) - 1), _ROWS).astype(np.int64))]
        if len(column)
        else column
    )
    values = canonicalise(some.to_frame("seen"))["seen"]
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values.astype("float64")
    if not pd.api.types.is_datetime64_any_dtype(values.dtype):
        there = values.dropna()
        numbers = pd.to_numeric(there.str.strip(), errors="coerce")
        if len(there) and numbers.notna().all():
            return pd.to_numeric(values.str.strip(), errors="coerce").astype("float64")
    return values


def _contents_alike(old: pd.Series, new: pd.Series) -> float:
    old, new = old.dropna(), new.dropna()
    if not len(old) or not len(new) or old.dtype.kind != new.dtype.kind:
        return 0.0
    if old.dtype.kind in "fM":
        return 1 - _distance(old.to_numpy().astype(np.float64), new.to_numpy().astype(np.float64))
    shares = [side.str.strip().str.casefold().value_counts(normalize=True) for side in (old, new)]
    every = shares[0].index.union(shares[1].index)
    first, second = (each.reindex(every, fill_value=0.0).to_numpy(dtype=np.float64) for each in shares)
    overlap = float(np.minimum(first, second).sum())
    if all(len(each) <= max(20, len(side) // 2) for each, side in zip(shares, (old, new), strict=True)):
        return overlap
    # Values that hardly repeat: how long they are, and which words they have in common.
    ours, theirs = (side.str.len().to_numpy().astype(np.float64) for side in (old, new))
    words = [set(side.head(500).str.casefold().str.findall(r"\w+").explode().dropna()) for side in (old, new)]
    shared = len(words[0] & words[1]) / max(1, min(map(len, words)))
    return max(overlap, (1 - _distance(ours, theirs) + shared) / 2)


def _distance(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> float:
    """The Kolmogorov-Smirnov distance of two samples."""
    a, b = np.sort(a), np.sort(b)
    every = np.concatenate([a, b])
    below = [np.searchsorted(side, every, side="right") / len(side) for side in (a, b)]
    return float(np.abs(below[0] - below[1]).max())
