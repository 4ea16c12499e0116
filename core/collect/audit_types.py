"""The part of the audit that looks at mixed types: numbers with units, words among numbers, dates in two formats.

Each different value is read once. A value is offered only where it is certain what was meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.collect.audited import Audited, Coded
from core.collect.finding import Finding, examples_of, listed

__all__ = ["check_types", "check_words"]

_NUMBER = (
    r"^\s*(?P<sign>[-+−]?)\s*(?P<before>[$€£¥₩]|USD|EUR|GBP|KRW)?\s*"
    r"(?P<number>[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:[.,][0-9]+)?|\.[0-9]+)"
    r"(?P<power>[eE][-+]?[0-9]+)?\s*(?P<after>[^0-9\s,.;:_/+-][^0-9]*)?$"
)
_UNITS = (
    ("oz", "ounce", "ounces", "ozs"),
    ("lb", "lbs", "pound", "pounds"),
    ("kg", "kgs", "kilo", "kilos", "kilogram", "kilograms"),
    ("g", "gr", "gram", "grams"),
    ("mg", "milligram", "milligrams"),
    ("l", "liter", "liters", "litre", "litres"),
    ("ml", "milliliter", "milliliters", "millilitre"),
    ("cm", "centimeter", "centimeters", "centimetre"),
    ("mm", "millimeter", "millimeters", "millimetre"),
    ("m", "meter", "meters", "metre", "metres"),
    ("km", "kilometer", "kilometers", "kilometre", "kilometres"),
    ("mi", "mile", "miles"),
    ("ft", "feet", "foot"),
    ("in", "inch", "inches"),
    ("min", "mins", "minute", "minutes"),
    ("h", "hr", "hrs", "hour", "hours"),
    ("s", "sec", "secs", "second", "seconds"),
    ("d", "day", "days"),
    ("y", "yr", "yrs", "year", "years"),
    ("%", "percent", "pct", "percentage"),
    ("$", "usd", "dollar", "dollars"),
    ("€", "eur", "euro", "euros"),
    ("₩", "krw", "won", "원"),
)
_UNIT = {word: words[0] for words in _UNITS for word in words}

PLAIN = 0.5
READABLE = 0.9
ONE_UNIT = 0.9
LEAST_ROWS = 20
MOST_VALUES = 200_000
MOST_WORDS = 0.05

# How each format looks, and how it is read and written. Where day and month may be swapped, both ways stand.
_DATES = (
    (r"^\d{4}-\d{1,2}-\d{1,2}$", ("%Y-%m-%d",)),
    (r"^\d{4}/\d{1,2}/\d{1,2}$", ("%Y/%m/%d",)),
    (r"^\d{4}\.\s?\d{1,2}\.\s?\d{1,2}\.?$", ("%Y.%m.%d",)),
    (r"^\d{4}년\s?\d{1,2}월\s?\d{1,2}일$", ("%Y년 %m월 %d일",)),
    (r"^\d{1,2}/\d{1,2}/\d{4}$", ("%d/%m/%Y", "%m/%d/%Y")),
    (r"^\d{1,2}-\d{1,2}-\d{4}$", ("%d-%m-%Y", "%m-%d-%Y")),
    (r"^\d{1,2}\.\d{1,2}\.\d{4}$", ("%d.%m.%Y",)),
    (r"^\d{1,2} [A-Za-z]{3} \d{4}$", ("%d %b %Y",)),
    (r"^\d{1,2} [A-Za-z]{4,9} \d{4}$", ("%d %B %Y",)),
    (r"^[A-Za-z]{3} \d{1,2}, \d{4}$", ("%b %d, %Y",)),
    (r"^[A-Za-z]{4,9} \d{1,2}, \d{4}$", ("%B %d, %Y",)),
)


@dataclass(frozen=True)
class _Numbers:
    """The different values of a column of text, read as numbers."""

    # Whether each is a number at all, and a bare one.
    read: npt.NDArray[np.bool_]
    plain: npt.NDArray[np.bool_]
    value: npt.NDArray[np.float64]
    # What stands after it, as it is and as the name of a unit.
    after: npt.NDArray[np.object_]
    unit: npt.NDArray[np.object_]
    # Whether bare ones are the rule.
    mostly_plain: bool


def check_types(audited: Audited) -> Iterator[Finding]:
    """Yield columns of text in which numbers or dates are written in several ways."""
    for name in audited.worded:
        coded = audited.coded(name)
        numbers = _read(coded)
        if numbers is not None and numbers.mostly_plain:
            yield from _in_other_dress(audited, coded, numbers)
        elif numbers is not None and _one_unit_in_many_ways(coded, numbers):
            title = f"'{coded.name}' writes one unit in several ways"
            yield _as_numbers(audited, coded, numbers.read, numbers.value, title, 0.4)
        if _looked_at(coded) and _mostly(coded, r"[0-9]"):
            yield from _dates(audited, coded)


def check_words(audited: Audited) -> Iterator[Finding]:
    """Yield words in columns of numbers, but for those whose value is known by now."""
    for name in audited.worded:
        coded = audited.coded(name)
        numbers = _read(coded)
        if numbers is None or not numbers.mostly_plain:
            continue
        where = audited.unsettled(name, coded.where(~numbers.read))
        if not len(where) or len(where) > MOST_WORDS * coded.present:
            continue
        cells = audited.cells({name: where})
        words = dict.fromkeys(coded.values[coded.codes[where]].tolist())
        yield Finding(
            "mixed_types",
            f"'{name}' has words among numbers",
            0.4,
            f"{audited.of_examples(len(where), 'has', 'have')} no number in '{name}', where nearly all others have "
            f"one: {listed(repr(str(word)) for word in words)}.",
            "Correct them where you know the number, or make them missing.",
            ids=cells.ids,
            columns=(name,),
            cells=cells,
            values=[None] * len(cells),
            fix="correct",
        )


def _looked_at(coded: Coded) -> bool:
    return 2 <= len(coded.values) <= MOST_VALUES and coded.present >= LEAST_ROWS


def _mostly(coded: Coded, pattern: str) -> bool:
    """Whether half of the first thousand values match."""
    first = pa.array(coded.values[:1_000], pa.large_string())
    return bool((pc.sum(pc.match_substring_regex(first, pattern)).as_py() or 0) >= 0.5 * len(first))


def _read(coded: Coded) -> _Numbers | None:
    """Read the values as numbers; None if too few are."""
    if not _looked_at(coded) or not _mostly(coded, r"^[^A-Za-z]{0,4}[0-9]"):
        return None
    parts = pc.extract_regex(pa.array(coded.values, pa.large_string()), _NUMBER)
    read = parts.is_valid().to_numpy(zero_copy_only=False)
    shares = coded.everywhere / coded.present
    if shares[read].sum() < READABLE:
        return None
    field = {name: _column(parts, name) for name in ("sign", "before", "number", "power", "after")}
    unit = np.array([_unit_of(b, a) for b, a in zip(field["before"], field["after"], strict=True)], dtype=object)
    commas = np.array(["," in number for number in field["number"]])
    plain = read & (unit == "") & ~commas
    value = np.full(len(read), np.nan)
    value[read] = [_value(*each) for each in zip(*(field[name][read] for name in _PARTS), strict=True)]
    return _Numbers(read, plain, value, field["after"], unit, bool(shares[plain].sum() >= PLAIN))


_PARTS = ("sign", "number", "power")


def _column(parts: pa.StructArray, name: str) -> npt.NDArray[np.object_]:
    values: npt.NDArray[np.object_] = pc.fill_null(parts.field(name), "").to_numpy(zero_copy_only=False)
    return values


def _unit_of(before: str, after: str) -> str:
    words = (before or after).lower().split()
    word = words[0].strip(".()[]") if words else ""
    return _UNIT.get(word, word)


def _value(sign: str, number: str, power: str) -> float:
    whole, comma, rest = number.partition(",")
    decimal = comma and len(rest) != 3 and "," not in rest and "." not in rest
    value = float((f"{whole}.{rest}" if decimal else number.replace(",", "")) + power)
    return -value if sign in ("-", "−") else value


def _written(number: float) -> str:
    """A number in its shortest form: 12, not 12.0, and 0.057, not 0.056999999999999995."""
    return f"{number:.12g}" if abs(number) < 1e12 else repr(number)


def _one_unit_in_many_ways(coded: Coded, numbers: _Numbers) -> bool:
    """Whether nearly all have one unit, but written in several ways: "12 oz" and "12 ounces"."""
    shares = coded.everywhere / coded.present
    names, places = np.unique(numbers.unit.astype(str), return_inverse=True)
    by_unit = np.bincount(places, weights=shares)
    main = int(by_unit.argmax())
    if by_unit[main] < ONE_UNIT or names[main] not in _UNIT:
        return False
    ways = pd.Series(shares[places == main]).groupby(numbers.after[places == main]).sum()
    return bool((ways >= 0.01).sum() > 1)


def _in_other_dress(audited: Audited, coded: Coded, numbers: _Numbers) -> Iterator[Finding]:
    """Numbers with a unit, a sign or a comma in a column of bare numbers."""
    dressed = numbers.read & ~numbers.plain
    units = set(numbers.unit[dressed]) - {""}
    if not dressed.any() or len(units) > 1:
        return
    # A number with a unit means what the bare ones mean if it lies among them.
    value = numbers.value
    low, high = np.quantile(value[numbers.plain], [0, 1])
    fits = (value >= low) & (value <= high)
    if units == {"%"} and fits[dressed].mean() < 0.5:
        value = np.where(dressed, value / 100, value)
        fits = (value >= low) & (value <= high)
    if fits[dressed].mean() >= 0.5:
        title = f"'{coded.name}' mixes plain numbers with others"
        yield _as_numbers(audited, coded, dressed, value, title, 0.35)


def _as_numbers(
    audited: Audited,
    coded: Coded,
    marked: npt.NDArray[np.bool_],
    numbers: npt.NDArray[np.float64],
    title: str,
    severity: float,
) -> Finding:
    instead = np.full(len(marked), None, dtype=object)
    instead[marked] = [_written(number) for number in numbers[marked]]
    where = coded.where(marked)
    cells = audited.cells({coded.name: where})
    places = np.flatnonzero(marked)
    return Finding(
        "mixed_types",
        title,
        severity,
        f"{audited.of_examples(len(where), 'has', 'have')} a number of '{coded.name}' with a unit or a comma: "
        f"{examples_of(((coded.values[i], instead[i]) for i in places), 3)}.",
        "Write them all as plain numbers.",
        ids=cells.ids,
        columns=(coded.name,),
        cells=cells,
        values=instead[coded.codes[where]].tolist(),
        fix="correct",
    )


def _dates(audited: Audited, coded: Coded) -> Iterator[Finding]:
    """Dates in two formats, of which the rarer ones are written like the most frequent one."""
    texts = pa.array(coded.values, pa.large_string())
    of_format = np.full(len(coded.values), -1)
    for number, (pattern, _) in enumerate(_DATES):
        of_format[pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False) & (of_format < 0)] = number
    rows = np.bincount(of_format[of_format >= 0], coded.everywhere[of_format >= 0], minlength=len(_DATES))
    shares = rows / coded.present
    if shares.sum() < READABLE or (shares > 0).sum() < 2:
        return
    dates = np.full(len(coded.values), np.datetime64("NaT", "us"))
    certain, written = True, ""
    for number in np.flatnonzero(shares).tolist():
        inside = of_format == number
        ways = [_parsed(coded.values[inside], way) for way in _DATES[number][1]]
        valid = [np.isnat(way).sum() == 0 for way in ways]
        certain &= sum(valid) == 1
        best = valid.index(True) if any(valid) else 0
        dates[inside] = ways[best]
        if number == shares.argmax():
            written = _DATES[number][1][best]
    other = (of_format >= 0) & (of_format != shares.argmax())
    certain &= not np.isnat(dates[other]).any()
    where = coded.where(other)
    cells = audited.cells({coded.name: where})
    instead = np.full(len(other), None, dtype=object)
    instead[other] = pd.Series(dates[other]).dt.strftime(written).to_numpy(dtype=object)
    shown = np.flatnonzero(other)[:3]
    example = (
        examples_of((coded.values[i], instead[i]) for i in shown)
        if certain
        else listed((repr(str(coded.values[i])) for i in shown), 3) + "; they do not tell which number is the day"
    )
    yield Finding(
        "mixed_types",
        f"'{coded.name}' has dates in several formats",
        0.4,
        f"{audited.of_examples(len(where), 'writes', 'write')} '{coded.name}' otherwise than the rest: {example}.",
        "Write them all in one format."
        if certain
        else "Find out which number is the day, then write them in one format.",
        ids=cells.ids,
        columns=(coded.name,),
        cells=cells,
        values=instead[coded.codes[where]].tolist() if certain else [],
        fix="correct" if certain else None,
    )


def _parsed(texts: npt.NDArray[np.generic], way: str) -> npt.NDArray[np.datetime64]:
    plain = pd.Series(texts, dtype="str")
    if way == "%Y.%m.%d":
        plain = plain.str.replace(" ", "").str.rstrip(".")
    if way == "%Y년 %m월 %d일":
        plain = plain.str.replace(" ", "").str.replace("년", "년 ").str.replace("월", "월 ")
    return pd.to_datetime(plain, format=way, errors="coerce").to_numpy().astype("datetime64[us]")
