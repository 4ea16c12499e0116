"""Predicates: what "age is 18 to 25" means, so that it can be asked of any version of the data and of other rows.

The categories of `slice_frame` are names. A predicate holds what a name stands for: a range of numbers or dates, some
values, all but some values, or that the value is missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.evaluate.binning import OTHER

__all__ = ["Bins", "Predicate", "bins_of", "holds", "joined", "sentence"]

Booleans = npt.NDArray[np.bool_]

_NUMBER = r"(-?[\d,]*\.?\d+(?:e[+-]?\d+)?)"
_BELOW, _FROM, _BETWEEN = (
    re.compile(pattern) for pattern in (rf"below {_NUMBER}", rf"{_NUMBER} or more", rf"{_NUMBER} to {_NUMBER}")
)
_NAMED = 3


@dataclass(frozen=True)
class Predicate:
    """One condition on one column. ``str`` of it is a piece of a sentence.

    Attributes
    ----------
    column : str
    words : str
        What the value is, in words: ``18 to 25``, ``basic``, ``not basic``.
    low, high : float, str or None
        Ends of a range, the upper one outside; None where it is open. Dates as ISO 8601.
    values : tuple of float or str
        Single values that meet it.
    other_than : tuple of str or None
        Every value but these meets it.
    missing : bool
        A missing value meets it.
    """

    column: str
    words: str
    low: float | str | None = None
    high: float | str | None = None
    values: tuple[float | str, ...] = ()
    other_than: tuple[str, ...] | None = None
    missing: bool = False

    def __str__(self) -> str:
        return f"{self.column} is {self.words}"

    def holds(self, column: pd.Series) -> Booleans:
        """Say for each value of a column whether it meets the predicate."""
        values, there = _readable(column)
        met = np.zeros(len(column), dtype=bool)
        if self.low is not None or self.high is not None:
            inside = there.copy()
            if self.low is not None:
                inside &= np.asarray(values >= _end(self.low, values))
            if self.high is not None:
                inside &= np.asarray(values < _end(self.high, values))
            met |= inside
        if self.values:
            met |= there & np.isin(values, np.array([_end(value, values) for value in self.values], values.dtype))
        if self.other_than is not None:
            met |= there & ~np.isin(values, np.array(self.other_than, dtype=object))
        return met | ~there if self.missing else met

    def to_dict(self) -> dict[str, Any]:
        """Write the predicate as JSON can hold it: only what it says."""
        written: dict[str, Any] = {"column": self.column, "is": self.words}
        written |= {end: value for end in ("low", "high") if (value := getattr(self, end)) is not None}
        if self.values:
            written["values"] = list(self.values)
        if self.other_than is not None:
            written["other_than"] = list(self.other_than)
        return written | {"missing": self.missing}

    @classmethod
    def from_dict(cls, written: Mapping[str, Any]) -> Predicate:
        """Read what `to_dict` wrote."""
        other_than = written.get("other_than")
        return cls(
            written["column"],
            written["is"],
            written.get("low"),
            written.get("high"),
            tuple(written.get("values", ())),
            None if other_than is None else tuple(other_than),
            bool(written.get("missing", False)),
        )


@dataclass(frozen=True)
class Bins:
    """The categories of one column, as predicates.

    Attributes
    ----------
    by_name : mapping of str to Predicate
        In the order of the categories.
    ordered : bool
        Whether neighbours are neighbours in the data: ranges of numbers, periods.
    whole : bool
        Whether its numbers are whole.
    """

    by_name: Mapping[str, Predicate]
    ordered: bool = False
    whole: bool = False

    def union(self, names: Sequence[str]) -> Predicate:
        """The predicate that some of the categories meet, in as few words as possible.

        Parameters
        ----------
        names : sequence of str
            In the order of the categories; of an ordered column a run of them, with or without missing.
        """
        parts = [self.by_name[name] for name in names]
        if len(parts) == 1:
            return parts[0]
        column, missing = parts[0].column, any(part.missing for part in parts)
        if self.ordered:
            run = [part for part in parts if not part.missing]
            return self._run(column, run, missing)
        left = [name for name in self.by_name if name not in set(names)]
        if left and len(left) < len(names) and OTHER not in left:
            words = f"not {left[0]}" if len(left) == 1 else f"neither {' nor '.join(left)}"
            but = tuple(str(value) for name in left for value in self.by_name[name].values)
            return Predicate(column, words, other_than=but, missing=missing)
        values = tuple(value for part in parts for value in part.values)
        open_end = next((part.other_than for part in parts if part.other_than is not None), None)
        if open_end is not None:
            open_end, values = tuple(value for value in open_end if value not in set(values)), ()
        return Predicate(column, _listed(list(names)), values=values, other_than=open_end, missing=missing)

    def _run(self, column: str, run: Sequence[Predicate], missing: bool) -> Predicate:
        """Neighbouring ranges as one; its ends are where the neighbours that stay outside begin."""
        known = [part for part in self.by_name.values() if not part.missing]
        first, last = known.index(run[0]), known.index(run[-1])
        low = None if first == 0 else _begin(run[0])
        high = None if last == len(known) - 1 else _begin(known[last + 1])
        if len(run) == 1:
            words = run[0].words
        elif low is None and high is None:
            return Predicate(column, "anything" if missing else "not missing", other_than=(), missing=missing)
        elif low is None:
            words = f"below {_written(high)}"
        elif high is None:
            words = f"{_written(low)} or more"
        else:
            top = high - 1 if self.whole and isinstance(high, float | int) else high
            words = f"{_written(low)} to {_written(top)}"
        if len(run) == 1:
            return Predicate(column, f"{words} or missing", run[0].low, run[0].high, run[0].values, None, True)
        return Predicate(column, f"{words} or missing" if missing else words, low, high, missing=missing)


def sentence(predicates: Iterable[Predicate]) -> str:
    """Say what all of some predicates together mean."""
    return " and ".join(map(str, predicates))


def holds(predicates: Iterable[Predicate], columns: pd.DataFrame) -> Booleans:
    """Say for each row whether it meets all predicates; where a column is not there, no row does.

    Parameters
    ----------
    predicates : iterable of Predicate
    columns : DataFrame of shape (n, columns)
    """
    met = np.ones(len(columns), dtype=bool)
    for predicate in predicates:
        met &= predicate.holds(columns[predicate.column]) if predicate.column in columns else False
    return met


def joined(predicates: Sequence[tuple[str, Any]], bins: Mapping[str, Bins]) -> tuple[Predicate, ...]:
    """The predicates of a slice, whose own are pairs of column and category."""
    return tuple(bins[column].by_name[str(value)] for column, value in predicates)


def bins_of(columns: pd.DataFrame, categories: pd.DataFrame) -> dict[str, Bins]:
    """Find what each category of `slice_frame` stands for.

    The ends of a range are those that its name says. Where that is not what the examples say (a name holds ten digits
    only), a range begins at its lowest value.

    Parameters
    ----------
    columns : DataFrame of shape (n, any columns)
        What the categories were made of.
    categories : DataFrame of shape (n, kept columns)
        Categoricals.

    Returns
    -------
    dict
        Column to its bins. On these rows each predicate holds for the examples of its category and for no other.
    """
    return {str(name): _bins(str(name), columns[name], categories[name]) for name in categories.columns}


def _bins(name: str, column: pd.Series, category: pd.Series) -> Bins:
    values, there = _readable(column)
    codes, names = category.cat.codes.to_numpy(), [str(each) for each in category.cat.categories]
    if values.dtype == object:
        seen = [pd.unique(values[there & (codes == code)]).tolist() for code in range(len(names))]
        found = {}
        for code, own in enumerate(names):
            missing = bool((~there & (codes == code)).any())
            if own == OTHER and seen[code] != [OTHER]:
                named = tuple(value for other, kept in enumerate(seen) if other != code for value in kept)
                found[own] = Predicate(name, own, other_than=named, missing=missing)
            else:
                found[own] = Predicate(name, own, values=tuple(seen[code]), missing=missing)
        return Bins(found)
    dates = values.dtype.kind == "M"
    known = values[there]
    whole = not dates and bool((known == np.rint(known)).all())
    found = {}
    for code, own in enumerate(names):
        mine = codes == code
        if not (mine & there).any():
            found[own] = Predicate(name, own, missing=True)
            continue
        found[own] = _range(name, own, values, there, mine, whole=whole)
    return Bins(found, ordered=True, whole=whole)


def _range(name: str, own: str, values: npt.NDArray[Any], there: Booleans, mine: Booleans, *, whole: bool) -> Predicate:
    """The range that a category is, by its name if that holds for the examples."""
    inside = values[mine & there]
    plain: Callable[[Any], float | str] = str if values.dtype.kind == "M" else float
    said = _said(own, dates=values.dtype.kind == "M", whole=whole)
    missing = bool((mine & ~there).any())
    if said is None and values.dtype.kind != "M":
        # A name that is no range is a value.
        return Predicate(name, own, values=tuple(float(value) for value in np.unique(inside)), missing=missing)
    if said is not None:
        predicate = Predicate(name, own, *said, missing=missing)
        if (predicate.holds(pd.Series(values).where(pd.Series(there))) == mine).all():
            return predicate
    above = values[there & (values > inside.max())]
    low = plain(inside.min()) if (values[there] < inside.min()).any() else None
    high = plain(above.min()) if len(above) else None
    return Predicate(name, own, low, high, missing=missing)


def _said(own: str, *, dates: bool, whole: bool) -> tuple[float | str | None, float | str | None] | None:
    """The ends that a category's name speaks of; None if it is no range."""
    low: float | None
    high: float | None
    if dates and (period := _period(own)) is not None:
        return period.start_time.isoformat(), (period + 1).start_time.isoformat()
    if found := _BELOW.fullmatch(own):
        low, high = None, _read(found[1])
    elif found := _FROM.fullmatch(own):
        low, high = _read(found[1]), None
    elif found := _BETWEEN.fullmatch(own):
        low, high = _read(found[1]), _read(found[2]) + (1 if whole or dates else 0)
    else:
        return None
    if dates:
        # Ranges of years.
        return tuple(None if year is None else f"{int(year):04}-01-01T00:00:00" for year in (low, high))  # type: ignore[return-value]
    return low, high


def _period(own: str) -> pd.Period | None:
    for pattern, frequency in (
        (r"\d{4}", "Y"),
        (r"\d{4} Q[1-4]", "Q"),
        (r"\d{4}-\d\d", "M"),
        (r"\d{4}-\d\d-\d\d", "D"),
    ):
        if re.fullmatch(pattern, own):
            return pd.Period(own.replace(" ", ""), freq=frequency)
    return None


def _read(number: str) -> float:
    return float(number.replace(",", ""))


def _readable(column: pd.Series) -> tuple[npt.NDArray[Any], Booleans]:
    """A column as floats, dates or texts, as `slice_frame` takes it, and which values are there."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        plain = column.dt.tz_localize(None) if column.dt.tz is not None else column
        return plain.to_numpy(dtype="datetime64[us]"), column.notna().to_numpy()
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
        numbers = column.to_numpy(dtype=float, na_value=np.nan)
        return numbers, np.isfinite(numbers)
    there = column.notna().to_numpy(dtype=bool)
    return column.astype("str").where(column.notna(), "").to_numpy(dtype=object), there


def _end(value: float | str, values: npt.NDArray[Any]) -> Any:
    """A value of a predicate as the column has its values."""
    if values.dtype.kind == "M":
        return pd.Timestamp(value).to_datetime64().astype("datetime64[us]")
    return value if values.dtype == object else float(value)


def _begin(predicate: Predicate) -> float | str | None:
    return predicate.low if predicate.low is not None or not predicate.values else min(predicate.values)


def _written(value: float | str | None) -> str:
    if not isinstance(value, float | int):
        return str(value).removesuffix("T00:00:00")
    return f"{value:,.10g}" if abs(value) >= 10_000 else f"{value:.10g}"


def _listed(names: list[str]) -> str:
    if len(names) > _NAMED + 1:
        names = [*names[:_NAMED], f"{len(names) - _NAMED} others"]
    return f"{', '.join(names[:-1])} or {names[-1]}"
