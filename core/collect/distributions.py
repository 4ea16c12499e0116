"""How the values of a column are spread, class by class: shares in shared bins, quantiles, and how many are missing.

Bins are the same for all classes, so that they can be laid over each other. They are made of the values alone; labels
are counted afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["MISSING", "OTHERS", "QUANTILES", "Distribution", "Labels", "distribution"]

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Codes = npt.NDArray[np.intp]

OTHERS = "other values"
MISSING = "missing"
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
# Up to so many different numbers stand for themselves.
FEW_VALUES = 20
# Of the values of a category so many are drawn, and so many take part when the relation to the label is measured.
_DRAWN, _COUNTED = 20, 50
# Between the 1st and the 99th percentile lie at most so many bins; what is beyond shares one at either end.
_MOST_BINS = 20
_TAIL = 0.01
_GROUPS = 10
# The smallest value stands alone if more than this share of the examples have it.
_ALONE = 0.1
_DAY = 24 * 60
# Lengths of periods in the unit that numpy counts in, from short to long.
_PERIODS = (
    ("m", 1),
    ("m", 10),
    ("m", 60),
    ("m", 6 * 60),
    ("D", 1),
    ("D", 7),
    ("M", 1),
    ("M", 3),
    ("Y", 1),
    ("Y", 5),
    ("Y", 10),
    ("Y", 50),
)
# Days are counted from a Thursday; weeks begin on Monday.
_MONDAY = 3


@dataclass(frozen=True)
class Labels:
    """The labels of some examples as codes, made once for all columns.

    Attributes
    ----------
    codes : array of shape (n,)
    classes : tuple of str
        Sorted.
    """

    codes: Codes
    classes: tuple[str, ...]

    @classmethod
    def of(cls, labels: pd.Series) -> Labels:
        """Code the labels of examples that all have one."""
        codes, classes = pd.factorize(labels, sort=True)
        return cls(codes, tuple(map(str, classes)))

    def count(self, places: Codes, rows: int) -> Counts:
        """Count how many examples of each class are in each of so many places, as an array of shape (rows, classes)."""
        cells = places * len(self.classes) + self.codes
        return np.bincount(cells, minlength=rows * len(self.classes)).reshape(rows, len(self.classes))


@dataclass(frozen=True)
class Distribution:
    """How the values of one column are spread, by class.

    Attributes
    ----------
    column : str
    kind : str
        ``numbers``, ``dates`` or ``categories``.
    counts : DataFrame of shape (bins, classes)
        Examples by bin, in the order of the values; categories by size, the rare ones together as the last.
    missing : Series of shape (classes,)
        Examples without a value.
    borders : tuple of str
        What separates a bin from the next, where bins are ranges; else empty.
    quantiles : DataFrame of shape (classes + 1, quantiles) or None
        Of numbers and dates: 5%, 25%, 50%, 75% and 95% of all examples (row "") and of each class.
    different : int
        Different values.
    groups : array of shape (groups, classes)
        Counts of what the relation to the label is measured on: ten groups of numbers of about one size, the 50 most
        frequent categories, the other ones together, and missing values. None is empty.
    """

    column: str
    kind: str
    counts: pd.DataFrame
    missing: pd.Series
    borders: tuple[str, ...]
    quantiles: pd.DataFrame | None
    different: int
    groups: Counts

    @property
    def sizes(self) -> pd.Series:
        """Examples of each class, those without a value included."""
        return self.counts.sum() + self.missing

    @property
    def rows(self) -> int:
        """Examples in all."""
        return int(self.sizes.sum())

    @property
    def missing_share(self) -> float:
        """Share of the examples without a value."""
        return float(self.missing.sum() / max(1, self.rows))


def distribution(column: pd.Series, labels: Labels) -> Distribution:
    """Spread the values of a column out by class.

    Parameters
    ----------
    column : Series of shape (n,)
        Numbers, dates, booleans or strings.
    labels : Labels
        Of the same examples.

    Returns
    -------
    Distribution
    """
    numbers = pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype)
    if numbers or pd.api.types.is_datetime64_any_dtype(column.dtype):
        return _along(column, labels, dates=not numbers)
    return _categories(column, labels)


def _along(column: pd.Series, labels: Labels, *, dates: bool) -> Distribution:
    """Values that have an order: sorted once, with the labels beside them; all that follows is quick."""
    present = column.notna().to_numpy()
    values = column.to_numpy()[present]
    values = values.astype("datetime64[us]").astype(np.int64) if dates else values.astype(np.float64)
    order = np.argsort(values)
    ordered = values[order]
    own = Labels(labels.codes[present][order], labels.classes)
    absent = np.bincount(labels.codes[~present], minlength=len(labels.classes))
    different = ordered[np.append(True, ordered[1:] != ordered[:-1])] if len(ordered) else ordered
    few = len(different) <= FEW_VALUES
    places = np.searchsorted(different, ordered) if few else np.searchsorted(_cuts(ordered), ordered, side="right")
    borders: list[str] = []
    if dates:
        bins, names, borders = _periods(ordered)
    elif few:
        bins, names = places, [_written(value) for value in different]
    else:
        bins, names, borders = _ranges(ordered.astype(np.float64))
    quantiles = _quantiles(ordered, own)
    return Distribution(
        str(column.name),
        "dates" if dates else "numbers",
        _frame(own.count(bins, len(names)), names, labels.classes),
        pd.Series(absent, index=list(labels.classes)),
        tuple(borders),
        quantiles.astype("datetime64[us]") if dates else quantiles,
        len(different),
        _filled(np.vstack([own.count(places, int(places.max(initial=-1)) + 1), absent])),
    )


def _categories(column: pd.Series, labels: Labels) -> Distribution:
    codes, values = pd.factorize(column)
    if pd.api.types.is_bool_dtype(column.dtype):
        names = ["yes" if value else "no" for value in values]
    else:
        names = [str(value) for value in values]
    # Alone in its value nobody is a group: names and texts are other values, all of them.
    sizes = np.bincount(codes[codes >= 0], minlength=len(names))
    frequent = np.argsort(-sizes, kind="stable")[:_COUNTED]
    frequent = frequent[sizes[frequent] > 1] if len(names) > _DRAWN else frequent
    places = np.full(len(names) + 1, len(frequent), dtype=np.intp)
    places[frequent] = np.arange(len(frequent))
    # The last place is that of code -1.
    places[-1] = len(frequent) + 1
    counted = labels.count(places[codes], len(frequent) + 2)
    drawn = min(_DRAWN, len(frequent))
    counts, rest = counted[:drawn], counted[drawn:-1].sum(axis=0)
    shown = [names[place] for place in frequent[:drawn]]
    if rest.any():
        counts, shown = np.vstack([counts, rest]), [*shown, OTHERS]
    return Distribution(
        str(column.name),
        "categories",
        _frame(counts, shown, labels.classes),
        pd.Series(counted[-1], index=list(labels.classes)),
        (),
        None,
        len(names),
        _filled(counted),
    )


def _frame(counts: Counts, names: list[str], classes: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(counts, index=pd.Index(names, dtype="str"), columns=list(classes))


def _filled(counts: Counts) -> Counts:
    return counts[counts.any(axis=1)]


def _quantiles(ordered: npt.NDArray[np.generic], labels: Labels) -> pd.DataFrame:
    """Values that at least such a share is not above, of all and of each class; missing where there is nobody."""
    codes, classes = labels.codes, labels.classes
    # Integers of 16 bits are sorted without comparing.
    by_class = ordered[np.argsort(codes.astype(np.int16 if len(classes) < 2**15 else np.int64), kind="stable")]
    sizes = np.bincount(codes, minlength=len(classes))
    starts = np.cumsum(sizes) - sizes
    within = np.maximum(np.ceil(np.outer(sizes, QUANTILES)).astype(np.int64) - 1, 0)
    places = np.minimum(starts[:, np.newaxis] + within, max(0, len(ordered) - 1))
    overall = np.maximum(np.ceil(len(ordered) * np.array(QUANTILES)).astype(np.int64) - 1, 0)
    found = np.full((len(classes) + 1, len(QUANTILES)), np.nan)
    if len(ordered):
        found[0], found[1:] = ordered[overall], by_class[places]
        found[1:][sizes == 0] = np.nan
    return pd.DataFrame(found, index=["", *classes], columns=list(QUANTILES))


def _cuts(ordered: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """Lower ends of groups of about one size; a value that would fill one by itself stands alone."""
    cuts, times = np.unique(ordered[len(ordered) * np.arange(1, _GROUPS) // _GROUPS], return_counts=True)
    heavy = cuts[times > 1]
    after = heavy + 1 if heavy.dtype.kind == "i" else np.nextafter(heavy, np.inf)
    return np.unique(np.concatenate([cuts, after]))


def _ranges(ordered: Floats) -> tuple[Codes, list[str], list[str]]:
    """Bins of equal width between round numbers: the bin of each value, their names and their borders.

    A smallest value that many have, such as the 0 of who never paid, is a bin of its own.
    """
    finite = ordered[np.isfinite(ordered)]
    whole = bool((finite == np.rint(finite)).all())
    smallest = int(np.searchsorted(finite, finite[0], side="right"))
    alone = smallest > _ALONE * len(finite) and finite[0] == ordered[0]
    edges = _edges(ordered[smallest:] if alone else ordered, whole=whole)
    written = [_written(edge) for edge in edges]
    names = [
        f"below {written[0]}",
        *(_between(below, above, whole=whole) for below, above in pairwise(edges)),
        f"{written[-1]} or more",
    ]
    bins = np.searchsorted(edges, ordered, side="right")
    if not alone:
        return bins, names, written
    value = float(finite[0])
    names[0] = _between(value + 1, float(edges[0]), whole=True) if whole else f"above {_written(value)}, {names[0]}"
    return np.where(ordered == value, 0, bins + 1), [_written(value), *names], [f"> {_written(value)}", *written]


def _edges(ordered: Floats, *, whole: bool) -> Floats:
    """Round numbers at equal distances: at most 20 between the 1st and the 99th percentile, and what ends the rest."""
    finite = ordered[np.isfinite(ordered)]
    last = len(finite) - 1
    low, high = float(finite[int(_TAIL * last)]), float(finite[last - int(_TAIL * last)])
    if low == high:
        low, high = float(finite[0]), float(finite[-1])
    step = _round_step((high - low) / _MOST_BINS)
    if whole:
        step = max(1.0, step)
    first = np.floor(low / step)
    # Multiples of the step, not sums: 0.1 + 0.2 is no border.
    edges = (first + np.arange(int(np.floor(high / step) - first) + 2)) * step
    digits = max(0, -int(np.floor(np.log10(step) + 1e-9))) + 1
    edges = np.unique(np.round(edges, digits))
    # What lies beyond shares an open bin at either end; where nothing does, the bins at the ends are open.
    inner: Floats = edges[int(ordered[0] >= edges[0]) : len(edges) - int(ordered[-1] < edges[-1])]
    return inner


def _between(below: float, above: float, *, whole: bool) -> str:
    if whole and above - below <= 1:
        return _written(below)
    return f"{_written(below)} to {_written(above - 1 if whole else above)}"


def _round_step(width: float) -> float:
    """The next of 1, 2, 5, 10, 20, … that is at least as wide."""
    scale = 10.0 ** np.floor(np.log10(width))
    return float(next(each * scale for each in (1, 2, 5, 10) if each * scale >= width * (1 - 1e-9)))


def _periods(ordered: Counts) -> tuple[Codes, list[str], list[str]]:
    """Periods of equal length: the one of each moment (in microseconds), their names and their borders."""
    if not len(ordered):
        return np.zeros(0, dtype=np.intp), [], []
    moments, last = ordered.view("datetime64[us]"), len(ordered) - 1
    ends = moments[[int(_TAIL * last), last - int(_TAIL * last)]]
    unit, step = next(
        (period for period in _PERIODS if np.diff(_numbered(ends, *period))[0] < _MOST_BINS), _PERIODS[-1]
    )
    numbers = _numbered(moments, unit, step)
    low, high = (int(number) for number in _numbered(ends, unit, step))
    first, last = min(low, low - (numbers[0] < low)), max(high, high + (numbers[-1] > high))
    names = [_named(number, unit, step) for number in range(low, high + 1)]
    if first < low:
        names.insert(0, f"before {_starts(low, unit, step)}")
    if last > high:
        names.append(f"{_starts(last, unit, step)} or later")
    borders = [_starts(number, unit, step) for number in range(first + 1, last + 1)]
    return np.clip(numbers, first, last) - first, names, borders


def _numbered(moments: npt.NDArray[np.datetime64], unit: str, step: int) -> Counts:
    """Number of the period that each moment lies in."""
    counted: Counts = moments.astype(f"datetime64[{unit}]").astype(np.int64)
    return (counted + (_MONDAY if (unit, step) == ("D", 7) else 0)) // step


def _starts(number: int, unit: str, step: int) -> str:
    """First moment of a period, as far as it is counted."""
    shift = _MONDAY if (unit, step) == ("D", 7) else 0
    return str(np.int64(number * step - shift).astype(f"datetime64[{unit}]")).replace("T", " ")


def _named(number: int, unit: str, step: int) -> str:
    start = _starts(number, unit, step)
    if (unit, step) == ("M", 3):
        return f"{start[:4]} Q{(int(start[5:7]) + 2) // 3}"
    if unit == "Y" and step > 1:
        return f"{start} to {int(start) + step - 1}"
    return f"week of {start}" if (unit, step) == ("D", 7) else start


def _written(value: float) -> str:
    return f"{value:,.10g}" if abs(value) >= 10_000 else f"{value:.10g}"
