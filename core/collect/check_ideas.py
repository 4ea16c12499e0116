"""Ideas for checks: what holds of nearly all examples of train and pool, for the analyst to accept one by one."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from core.collect.checks import Check, Compared, HasPattern, InRange, OneOf, Present, Unique
from core.dataset import Dataset
from core.ids import present

__all__ = ["suggest_checks"]

# Fewer values say nothing of what must hold.
FEWEST = 20
# So many of the values must be so.
NEARLY_ALL = 0.95
_MOST_VALUES = 20
_LONGEST_SHAPE = 30
_MOST_PAIRED = 30
_ROWS_OF_PAIRS = 5_000
_MOST_ROWS = 50_000
_ORDER = ("compare", "pattern", "set", "range", "unique", "present")
_SIGNS = {"A": "[A-Z]", "a": "[a-z]", "9": "[0-9]"}


def suggest_checks(dataset: Dataset) -> list[Check]:
    """Propose checks that nearly all examples meet.

    Test and sealed examples play no part; of very many others a sample speaks, so that a few may break what it says.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    list of Check
        What says most first: order of columns, patterns, sets, ranges, repeats, presence.
    """
    # Who is in which part is known; the rows themselves are read only where they are looked at.
    ids = dataset.ids("train").append(dataset.ids("pool"))
    if len(ids) > _MOST_ROWS:
        ids = ids[np.sort(np.random.default_rng(0).choice(len(ids), _MOST_ROWS, replace=False))]
    frame = dataset.frame[list(dataset.schema.features)].loc[ids]
    found = [*_orders(frame), *itertools.chain.from_iterable(_of_column(frame[name]) for name in frame.columns)]
    return sorted(found, key=lambda check: _ORDER.index(check.kind))


def _of_column(column: pd.Series) -> Iterator[Check]:
    name, values = str(column.name), present(column)
    if len(values) < FEWEST:
        return
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        yield InRange(name, _date(values.min()), _date(values.max()))
    elif pd.api.types.is_bool_dtype(values.dtype):
        pass
    elif pd.api.types.is_numeric_dtype(values.dtype):
        finite = values[np.isfinite(values.to_numpy(dtype=np.float64))]
        if finite.nunique() > 1:
            yield InRange(name, _number(finite.min()), _number(finite.max()))
    else:
        yield from _of_texts(name, values)
    if len(values) == len(column):
        yield Present(name)


def _of_texts(name: str, values: pd.Series) -> Iterator[Check]:
    counts = values.value_counts()
    if counts.iloc[0] == 1:
        yield Unique((name,))
    frequent = counts[counts >= max(2, len(values) // 500)]
    if 1 < len(frequent) <= _MOST_VALUES and frequent.sum() >= NEARLY_ALL * len(values):
        yield OneOf(name, tuple(map(str, frequent.index)))
    elif (pattern := _pattern(counts)) is not None:
        yield HasPattern(name, pattern)


def _pattern(counts: pd.Series) -> str | None:
    """The pattern of the shape that nearly all values have; only a shape with digits says something."""
    texts = pd.Series(counts.index, dtype="str")
    short = (texts.str.len() <= _LONGEST_SHAPE).to_numpy()
    shapes = texts[short].str.replace("[A-Z]", "A", regex=True).str.replace("[a-z]", "a", regex=True)
    shapes = shapes.str.replace("[0-9]", "9", regex=True)
    weights = pd.Series(counts.to_numpy()[short])
    for collapsed in (False, True):
        found = shapes
        for sign in _SIGNS if collapsed else ():
            found = found.str.replace(f"{sign}+", sign, regex=True)
        totals = weights.groupby(found.to_numpy()).sum()
        if len(totals) and totals.max() >= NEARLY_ALL * counts.sum() and "9" in str(totals.idxmax()):
            return _written(str(totals.idxmax()), collapsed)
    return None


def _written(shape: str, collapsed: bool) -> str:
    """A shape as a regular expression: "AA-99" is ``[A-Z]{2}-[0-9]{2}``."""
    parts = []
    for sign, run in itertools.groupby(shape):
        length = len(list(run))
        if sign not in _SIGNS:
            parts.append(re.escape(sign) * length if sign.isascii() else sign * length)
        else:
            parts.append(_SIGNS[sign] + ("+" if collapsed else "" if length == 1 else f"{{{length}}}"))
    return "".join(parts)


def _orders(frame: pd.DataFrame) -> Iterator[Check]:
    """Pairs of columns of which one never lies above the other, though their values overlap."""
    for numeric in (False, True):
        kind = pd.api.types.is_numeric_dtype if numeric else pd.api.types.is_datetime64_any_dtype
        names = [name for name in frame.columns if kind(frame[name].dtype) and frame[name].dtype != "bool"]
        if not 1 < len(names) <= _MOST_PAIRED:
            continue
        rows = frame[names].iloc[:_ROWS_OF_PAIRS]
        for left, right in itertools.permutations(names, 2):
            both = rows[[left, right]].dropna()
            if len(both) < FEWEST or (both[left] == both[right]).all():
                continue
            # Columns of which one lies wholly below the other are no pair.
            overlap = (both[left] > both[right].min()).mean() >= 0.5 and (both[right] < both[left].max()).mean() >= 0.5
            if overlap and (both[left] <= both[right]).mean() >= (1.0 if numeric else NEARLY_ALL):
                yield Compared(str(left), "<=", str(right))


def _number(value: float) -> float:
    number = float(value)
    return int(number) if number.is_integer() and abs(number) < 1e15 else number


def _date(value: pd.Timestamp) -> str:
    return str(value.date() if value == value.normalize() else value)
