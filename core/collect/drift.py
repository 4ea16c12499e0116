"""Has the data moved? Every column of a batch beside the same column of a reference: one p-value, one effect, one word.

A column has drifted if chance does not explain the difference (adjusted p below 0.05) *and* the difference is large
enough to matter (population stability index of 0.1): with many rows anything is significant, with few everything is
large.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import kstwo

from core.collect.compared import Shares, compare_counts, compare_missing, compare_values, stability
from core.collect.describe import describe_texts
from core.content import canonicalise
from core.errors import FlywheelError
from core.schema import infer_schema
from core.statistics import holm

__all__ = ["EFFECT", "SIGNIFICANT", "DriftError", "drift"]

# From here on an adjusted p-value is no chance, and a stability index is a change that matters.
SIGNIFICANT = 0.05
EFFECT = 0.1
# Numbers of so few different values are compared value by value: the Kolmogorov-Smirnov test is blunt among ties.
FEW_VALUES = 20
_BINS = 10
_LEAST_IN_BIN = 5
_PARALLEL = 100_000
_WORDS, _CHARACTERS = 4, 60

Floats = npt.NDArray[np.float64]


class DriftError(FlywheelError):
    """Two sets of rows that can't be compared."""


@dataclass(frozen=True)
class _Row:
    """What is said of one column."""

    kind: str
    test: str
    statistic: float
    p: float
    effect: float
    detail: str


@dataclass(frozen=True)
class _LeftOut:
    """Why nothing is said of a column."""

    reason: str


def drift(reference: pd.DataFrame, batch: pd.DataFrame) -> pd.DataFrame:
    """Compare each column of a batch with the same column of a reference.

    Missing is a value like the others: a rise of it is drift. Identifiers and columns with another value in each row
    are left out. Columns are compared by content: what is written as text on one side and as numbers on the other is
    the same if it reads the same.

    Parameters
    ----------
    reference : DataFrame of shape (n, columns)
    batch : DataFrame of shape (m, columns)
        Any dtypes; columns in any order.

    Returns
    -------
    DataFrame, a row a column that both have, in the order of the reference
        ``kind`` (numbers, dates, categories, text), ``test``, ``statistic`` (Kolmogorov-Smirnov distance, or Pearson's
        chi-square), ``p``, ``p_adjusted`` (Holm over the columns), ``effect`` (population stability index, corrected
        for what it is by chance alone), ``drifted`` (adjusted p below 0.05 and effect of 0.1 or more) and ``detail``,
        a phrase that says what moved. Of a text the derived column that moved most speaks. ``attrs`` has
        ``only_reference`` and ``only_batch`` (lists of columns) and ``left_out`` (column to reason).

    Raises
    ------
    DriftError
        If either side has no rows, column names repeat, or no column is shared.

    Notes
    -----
    Holm and not Benjamini-Hochberg: an alarm names columns, somebody looks into each, and the chance of even one false
    name is at most 5%, whatever else has moved and however the columns hang together. What is lost in power is not
    missed: an effect of 0.1 in a few hundred rows has a p-value far below any correction.

    References
    ----------
    Siddiqi (2006), "Credit Risk Scorecards" (the stability index and its thresholds of 0.1 and 0.25); Yurdakul and
    Naranjo (2020), "Statistical properties of the population stability index", Journal of Risk Model Validation 14
    (what it is by chance).
    """
    for name, frame in (("reference", reference), ("batch", batch)):
        if not len(frame):
            raise DriftError(f"The {name} must have rows to be compared. It has none. Choose another one.")
        if len(set(map(str, frame.columns))) < frame.shape[1]:
            raise DriftError(f"Column names of the {name} must differ. Two have one name. Rename one of them.")
    before = {str(name): place for place, name in enumerate(reference.columns)}
    after = {str(name): place for place, name in enumerate(batch.columns)}
    shared = [name for name in before if name in after]
    if not shared:
        raise DriftError(
            f"Reference and batch must share columns. The reference has {_some(before)}, the batch {_some(after)}. "
            "Rename the columns of the batch."
        )

    def one(name: str) -> _Row | _LeftOut:
        return _compare(name, reference.iloc[:, before[name]], batch.iloc[:, after[name]])

    rows = dict(zip(shared, _each(one, shared, len(reference) + len(batch)), strict=True))
    found = {name: row for name, row in rows.items() if isinstance(row, _Row)}
    table = pd.DataFrame(
        {
            "kind": pd.array([row.kind for row in found.values()], dtype="str"),
            "test": pd.array([row.test for row in found.values()], dtype="str"),
            **{
                field: np.array([getattr(row, field) for row in found.values()], dtype=float)
                for field in ("statistic", "p", "effect")
            },
            "detail": pd.array([row.detail for row in found.values()], dtype="str"),
        },
        index=pd.Index(list(found), dtype="str", name="column"),
    )
    table["p_adjusted"] = holm(table["p"])
    table["drifted"] = (table["p_adjusted"] < SIGNIFICANT) & (table["effect"] >= EFFECT)
    table = table[["kind", "test", "statistic", "p", "p_adjusted", "effect", "drifted", "detail"]]
    table.attrs = {
        "only_reference": [name for name in before if name not in after],
        "only_batch": [name for name in after if name not in before],
        "left_out": {name: row.reason for name, row in rows.items() if isinstance(row, _LeftOut)},
    }
    return table


def _some(names: dict[str, int]) -> str:
    shown = ", ".join(f"'{name}'" for name in list(names)[:3])
    return shown + (f" and {len(names) - 3} more" if len(names) > 3 else "") if names else "no columns"


def _each(one: Callable[[str], _Row | _LeftOut], names: list[str], rows: int) -> list[_Row | _LeftOut]:
    """Ask for each column, several at once where there is much to sort: NumPy lets go of the interpreter meanwhile."""
    workers = min(4, os.cpu_count() or 1, len(names))
    if rows < _PARALLEL or workers == 1:
        return [one(name) for name in names]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(one, names))


def _compare(name: str, before: pd.Series, after: pd.Series) -> _Row | _LeftOut:
    old, new = (canonicalise(column.to_frame(name)).iloc[:, 0] for column in (before, after))
    old, new, note = _of_one_kind(old, new)
    if not old.notna().any() and not new.notna().any():
        return _Row("categories", "none", 0.0, 1.0, 0.0, "all values are missing on both sides")
    if pd.api.types.is_datetime64_any_dtype(old.dtype):
        found = _dates(old, new)
    elif pd.api.types.is_numeric_dtype(old.dtype):
        if _names_rows(name, old) and _names_rows(name, new):
            return _LeftOut("names the row: every value is another one")
        found = _numbers(_floats(old), _floats(new))
    else:
        of_text = _texts(name, old, new)
        if isinstance(of_text, _LeftOut):
            return of_text
        found = of_text
    return replace(found, detail=f"{note}; {found.detail}" if note else found.detail)


# --- columns of one kind --------------------------------------------------------------------------------------------


def _of_one_kind(old: pd.Series, new: pd.Series) -> tuple[pd.Series, pd.Series, str]:
    """Two canonical columns as one kind of value: text that reads as numbers or dates becomes that."""
    kinds = [_kind(column) for column in (old, new)]
    if kinds[0] == kinds[1]:
        return old, new, ""
    if "" in kinds:
        # Nothing is there on one side: it is missing in whatever kind the other has.
        kind = next(kind for kind in kinds if kind)
        empty = {"numbers": "float64", "dates": "datetime64[us]", "text": "str"}[kind]
        dtype = pd.api.types.pandas_dtype(empty)
        blank = [pd.Series(np.nan, index=column.index).astype(dtype) for column in (old, new)]
        return (blank[0], new, "") if kinds[0] == "" else (old, blank[1], "")
    sides = [old, new]
    if "text" in kinds:
        place = kinds.index("text")
        read = _read(sides[place], kinds[1 - place])
        if read is not None:
            sides[place] = read
            return sides[0], sides[1], ""
    return _as_text(old), _as_text(new), f"{kinds[0]} in the reference, {kinds[1]} in the batch"


def _kind(column: pd.Series) -> str:
    if not column.notna().any():
        return ""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return "dates"
    return "numbers" if pd.api.types.is_numeric_dtype(column.dtype) else "text"


def _read(texts: pd.Series, kind: str) -> pd.Series | None:
    """Texts as numbers or dates, or None if one of them is none."""
    read: pd.Series
    if kind == "numbers":
        read = pd.to_numeric(texts.str.strip(), errors="coerce").astype("float64")
    else:
        dates = pd.to_datetime(texts, errors="coerce", utc=True, format="mixed")
        read = dates.dt.tz_localize(None).astype("datetime64[us]")
    return None if (read.isna() & texts.notna()).any() else read


def _as_text(column: pd.Series) -> pd.Series:
    if not pd.api.types.is_numeric_dtype(column.dtype):
        return column.astype("str")
    codes, values = pd.factorize(_floats(column))
    written = np.array([*(f"{value:g}" for value in values), None], dtype=object)
    return pd.Series(written[codes], index=column.index, dtype="str")


def _floats(column: pd.Series) -> Floats:
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def _names_rows(name: str, column: pd.Series) -> bool:
    """Whether a column is an identifier: named like one, and another whole number or word in each row."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        values = _floats(column)
        if np.isnan(values).any() or len(np.unique(values[:1000])) < min(1000, len(values)):
            return False
        if not np.isfinite(values).all() or (values % 1 != 0).any():
            return False
    return infer_schema(column.to_frame(name)).columns[0].role == "id"


# --- the tests ------------------------------------------------------------------------------------------------------


def _dates(old: pd.Series, new: pd.Series) -> _Row:
    found = _numbers(*(_floats_of_dates(column) for column in (old, new)), dates=True)
    return replace(found, kind="dates")


def _floats_of_dates(column: pd.Series) -> Floats:
    values = column.to_numpy().astype("datetime64[us]").astype(np.int64).astype(np.float64)
    values[column.isna().to_numpy()] = np.nan
    return values


def _numbers(old: Floats, new: Floats, *, dates: bool = False) -> _Row:
    missing = (int(np.isnan(old).sum()), int(np.isnan(new).sum()))
    # NaN is sorted behind everything.
    a, b = (np.sort(values)[: len(values) - gone] for values, gone in zip((old, new), missing, strict=True))
    few = None if dates else _few(a, b)
    if few is not None:
        counts = [np.diff(np.searchsorted(side, few, side="right"), prepend=0) for side in (a, b)]
        names = [f"{value:g}" for value in few]
        shares = Shares.of(
            pd.Series(counts[0], index=names), pd.Series(counts[1], index=names), missing, (len(old), len(new))
        )
        return _Row("numbers", *compare_counts(shares), shares.said())
    distance, p = compare_values(a, b, kstwo.sf) if len(a) and len(b) else (0.0, 1.0)
    if any(missing):
        p = min(1.0, 2 * min(p, compare_missing(missing, (len(old), len(new)))))
    return _Row(
        "numbers", "Kolmogorov-Smirnov", distance, p, _binned(a, b, missing), _moved(a, b, missing, dates=dates)
    )


def _few(a: Floats, b: Floats) -> Floats | None:
    """The different values of two sorted arrays if they are few: found by leaps, not by a walk."""
    seen: list[float] = []
    for side in (a, b):
        place = 0
        own = 0
        while place < len(side):
            seen.append(float(side[place]))
            own += 1
            if own > FEW_VALUES:
                return None
            place = int(np.searchsorted(side, side[place], side="right"))
    values = np.unique(seen)
    return values if len(values) <= FEW_VALUES else None


def _binned(a: Floats, b: Floats, missing: tuple[int, int]) -> float:
    """Stability index over the deciles of the reference, missing values as a bin of their own."""
    bins = int(np.clip(min(len(a), len(b)) // _LEAST_IN_BIN, 2, _BINS))
    ranks = (np.arange(1, bins) * len(a)) // bins
    edges = np.unique(a[ranks]) if len(a) else np.array([])
    counts = [
        np.append(np.diff(np.searchsorted(side, edges, side="right"), prepend=0, append=len(side)), gone)
        for side, gone in zip((a, b), missing, strict=True)
    ]
    return stability(counts[0], counts[1])


def _moved(a: Floats, b: Floats, missing: tuple[int, int], *, dates: bool) -> str:
    phrases = []
    if len(a) and len(b):
        middle = [float(side[len(side) // 2]) for side in (a, b)]
        said = [str(np.datetime64(int(each), "us"))[:10] if dates else f"{each:.4g}" for each in middle]
        phrases.append(f"median {said[0]} to {said[1]}" if said[0] != said[1] else f"median {said[0]} on both sides")
    totals = (len(a) + missing[0], len(b) + missing[1])
    shares = [gone / total for gone, total in zip(missing, totals, strict=True)]
    if any(missing):
        phrases.append(f"missing {shares[0]:.1%} to {shares[1]:.1%}")
    return ", ".join(phrases)


def _texts(name: str, old: pd.Series, new: pd.Series) -> _Row | _LeftOut:
    counts = [column.value_counts() for column in (old, new)]
    missing = (int(old.isna().sum()), int(new.isna().sum()))
    if all(_differ(own, len(column)) for own, column in zip(counts, (old, new), strict=True)):
        sample = counts[0].index[:2000].to_series()
        wordy = float(sample.str.count(r"\S+").mean()) >= _WORDS or float(sample.str.len().mean()) >= _CHARACTERS
        if wordy:
            return _written(old, new)
        return _LeftOut("another value in nearly every row")
    if _names_rows(name, old) and _names_rows(name, new):
        return _LeftOut("names the row: every value is another one")
    shares = Shares.of(counts[0], counts[1], missing, (len(old), len(new)))
    return _Row("categories", *compare_counts(shares), shares.said())


def _differ(counts: pd.Series, rows: int) -> bool:
    """Whether the values of a column hardly repeat."""
    return len(counts) > max(20, 0.5 * rows)


def _written(old: pd.Series, new: pd.Series) -> _Row:
    """Free text, by what describes it: the derived column that moved most speaks, corrected for there being several."""
    sides = [describe_texts(column) for column in (old, new)]
    parts = [(str(name), _part(sides[0][name], sides[1][name])) for name in sides[0].columns]
    gone = [pd.Series(np.where(column.isna(), "missing", "there"), dtype="str") for column in (old, new)]
    parts.append(("missing", _part(*gone)))
    moved = [part for part in parts if part[1].p * len(parts) < SIGNIFICANT]
    if moved:
        name, most = max(moved, key=lambda part: part[1].effect)
    else:
        name, most = min(parts, key=lambda part: part[1].p)
    return replace(
        most, kind="text", p=min(1.0, most.p * len(parts)), detail=f"{name.replace('_', ' ')}: {most.detail}"
    )


def _part(old: pd.Series, new: pd.Series) -> _Row:
    if pd.api.types.is_numeric_dtype(old.dtype):
        return _numbers(_floats(old), _floats(new))
    shares = Shares.of(old.value_counts(), new.value_counts(), (0, 0), (len(old), len(new)))
    return _Row("categories", *compare_counts(shares), shares.said())
