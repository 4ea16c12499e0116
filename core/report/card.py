"""One example as people read it: its columns and values as text, and which of the values are unusual.

What is usual is learnt once from the train examples; a card is then made from one row without touching the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.ids import positions
from core.schema import Schema
from core.wording import percent

__all__ = ["Field", "Usual", "card", "differences", "records", "usual", "written"]

RARE_SHARE = 0.01
TAIL = 0.01
_MAX_CATEGORIES = 2_000


@dataclass(frozen=True)
class Usual:
    """What values are usual: the range of each number, the share of each category, and how often a value is missing."""

    ranges: Mapping[str, tuple[float, float]]
    shares: Mapping[str, Mapping[str, float]]
    missing: Mapping[str, float]


@dataclass(frozen=True)
class Field:
    """One column of one example: its name, its value as text and, if the value is unusual, in what way."""

    name: str
    value: str
    unusual: str | None = None


def usual(frame: pd.DataFrame, schema: Schema, *, rows: npt.NDArray[np.bool_] | None = None) -> Usual:
    """Learn what is usual in the features of `frame`.

    Parameters
    ----------
    frame : DataFrame
        Examples.
    schema : Schema
        Says which of its columns are numbers and which are categories.
    rows : ndarray of bool, shape (n,), optional
        Those to learn from, the train examples; all by default.

    Returns
    -------
    Usual
        Numbers between their 1st and 99th percentile and categories held by at least 1% of the rows are usual.
    """
    ranges: dict[str, tuple[float, float]] = {}
    shares: dict[str, dict[str, float]] = {}
    missing: dict[str, float] = {}
    for name in schema.features:
        # Looked at without ids, among which pandas would look for names of its own, and column by column: all of them
        # at once would be a second copy of the data.
        column = frame[name].set_axis(pd.RangeIndex(len(frame)))
        column = column if rows is None else column[rows]
        missing[name] = float(column.isna().mean()) if len(column) else 0.0
        if name in schema.numeric:
            values = column.dropna().to_numpy(dtype=float)
            if len(values):
                low, high = np.quantile(values, [TAIL, 1.0 - TAIL])
                ranges[name] = (float(low), float(high))
        elif name in schema.categorical and column.nunique() <= _MAX_CATEGORIES:
            held = column.astype(str).where(column.notna()).value_counts(normalize=True)
            shares[name] = {str(value): float(share) for value, share in held.items()}
    return Usual(ranges, shares, missing)


def card(row: pd.Series | Mapping[str, object], known: Usual | None = None) -> list[Field]:
    """Write one example as fields, in the order of `row`.

    Parameters
    ----------
    row : Series or mapping
        The values to show by column name.
    known : Usual, optional
        Without it nothing is called unusual.
    """
    return [Field(str(name), written(value), _unusual(str(name), value, known)) for name, value in row.items()]


def records(frame: pd.DataFrame, ids: Iterable[str], columns: Iterable[str]) -> list[dict[str, object]]:
    """Take some cells of a few rows out of a frame as plain values by column name.

    Parameters
    ----------
    frame : DataFrame
        Indexed by id.
    ids : iterable of str
        All of them in the frame.
    columns : iterable of str
    """
    places = positions(pd.Index(list(ids)), frame.index)
    # Column by column: a row of a frame with columns of several kinds costs far more.
    values = {name: frame[name].array.take(places).tolist() for name in columns}
    return [{name: column[number] for name, column in values.items()} for number in range(len(places))]


def differences(row: Mapping[str, object], other: Mapping[str, object], known: Usual | None = None) -> list[Field]:
    """The columns in which another example differs from one, with the other's values; the greatest difference first.

    Parameters
    ----------
    row, other : mapping
        The two examples: the same column names to values.
    known : Usual, optional
        Sets differences of numbers against the usual range of their column. A number that left it, another category
        and a value that is missing on one side differ the most.
    """
    found: list[tuple[float, Field]] = []
    for name, value in row.items():
        its = other[name]
        if written(value) != written(its):
            found.append((_distance(name, value, its, known), Field(name, written(its))))
    return [field for _, field in sorted(found, key=lambda pair: -pair[0])]


def _distance(name: str, one: object, other: object, known: Usual | None) -> float:
    """How far two different values are apart, in (0, 1]."""
    numbers = (int, float, np.integer, np.floating)
    if known is None or name not in known.ranges or not (isinstance(one, numbers) and isinstance(other, numbers)):
        return 1.0
    low, high = known.ranges[name]
    apart = abs(float(one) - float(other))
    return min(1.0, apart / (high - low)) if high > low and np.isfinite(apart) else 1.0


def written(value: object) -> str:
    """Write one value of a table the way a person would: no trailing zeros, dates without midnight, ``missing``.

    Examples
    --------
    >>> written(12.50), written(1234567.0), written(pd.Timestamp("2024-03-01")), written(None)
    ('12.5', '1,234,567', '2024-03-01', 'missing')
    """
    if _is_missing(value):
        return "missing"
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | float | np.integer | np.floating):
        plain = float(value)
        return f"{int(plain):,}" if plain.is_integer() and abs(plain) < 1e15 else f"{plain:,.6g}"
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%d") if value == value.normalize() else value.strftime("%Y-%m-%d %H:%M:%S")
    return str(value)


def _unusual(name: str, value: object, known: Usual | None) -> str | None:
    if known is None or name not in known.missing:
        return None
    if _is_missing(value):
        share = known.missing[name]
        return f"missing in {percent(share)} of train" if share < RARE_SHARE else None
    if name in known.ranges and isinstance(value, int | float | np.integer | np.floating):
        low, high = known.ranges[name]
        if float(value) < low:
            return f"lower than 99% of train (from {written(low)})"
        return f"higher than 99% of train (up to {written(high)})" if float(value) > high else None
    if name in known.shares:
        share = known.shares[name].get(str(value), 0.0)
        if share == 0.0:
            return "not seen in train"
        return f"rare: {percent(share)} of train" if share < RARE_SHARE and len(known.shares[name]) > 1 else None
    return None


def _is_missing(value: object) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value))
