"""The part of the audit that looks at single values: what stands for a missing one, and numbers far out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from core import wording
from core.collect.audited import Audited
from core.collect.columns import MISSING_WORDS
from core.collect.finding import Finding, listed

__all__ = ["check_values", "far_out", "stand_in"]

# A number that stands for a missing one occurs again and again, and far from all others.
REPEATED = 3
# Far out: beyond the bulk by this many times its own spread.
BULK = 0.975
BEYOND = 2.5
SKEWED, TAIL = 3.0, 20.0
# So many may be far out without more ado; so many if nothing lies between them and the bulk.
FAR, MOST_FAR = 0.002, 0.02
APART = 2.0
LEAST_NUMBERS = 50
FEW_NUMBERS = 10


def check_values(audited: Audited) -> Iterator[Finding]:
    """Yield values that are no value, and values far from all others."""
    yield from _hidden_missing(audited)
    yield from _far_out(audited)


def _hidden_missing(audited: Audited) -> Iterator[Finding]:
    places: dict[str, npt.NDArray[np.int64]] = {}
    found: dict[str, list[str]] = {}
    for name in audited.worded:
        coded = audited.coded(name)
        words = _missing_words(coded.values)
        where = coded.where(words)
        if len(where) and not words.all():
            places[name], found[name] = where, [repr(str(word)) for word in coded.values[words]]
    for name in audited.numeric:
        numbers = audited.frame[name].to_numpy(dtype=np.float64)
        alone = stand_in(numbers[~audited.judged])
        if alone is not None:
            places[name], found[name] = np.flatnonzero(numbers == alone), [f"{alone:g}"]
    if not found:
        return
    cells = audited.cells(places)
    most = max(len(where) for where in places.values()) / len(audited)
    phrases = [f"'{name}': {listed(words, 3)}" for name, words in found.items()]
    yield Finding(
        "hidden_missing",
        f"{_what(audited, found)} for missing values in {wording.count(len(found), 'column')}",
        min(0.6, 0.25 + 0.5 * most),
        f"{wording.count(len(cells), 'cell')} in {wording.count(len(found), 'column')} "
        f"{wording.verb(len(cells), 'stands', 'stand')} for a missing value ({listed(phrases)}); at most {most:.1%} "
        "of a column.",
        "Make them missing, so that the model does not take them for a value.",
        ids=cells.ids,
        columns=tuple(found),
        cells=cells,
        values=[None] * len(cells),
        fix="correct",
    )


def _what(audited: Audited, found: Iterable[str]) -> str:
    numbers = [name in audited.numeric for name in found]
    return "Numbers" if all(numbers) else "Words and numbers" if any(numbers) else "Words"


def _missing_words(values: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_]:
    texts = pa.array(values, pa.large_string())
    plain = pc.utf8_lower(pc.utf8_trim_whitespace(texts))
    words = pc.is_in(plain, value_set=pa.array(sorted(MISSING_WORDS), pa.large_string()))
    marked: npt.NDArray[np.bool_] = words.to_numpy(zero_copy_only=False)
    others = texts.filter(pc.invert(words))
    codes = pc.sum(pc.match_substring_regex(others, "^[A-Z]{2}$")).as_py() or 0
    if len(others) and codes >= 0.5 * len(others):
        # Among codes of two letters "NA" is Namibia, or sodium.
        marked &= values != "NA"
    return marked


def stand_in(numbers: npt.NDArray[np.float64]) -> float | None:
    """Find the number that stands for a missing value: -1, or nines (999, -99), repeated and far from all others.

    Parameters
    ----------
    numbers : array of shape (n,)
        NaN where a value is missing.

    Returns
    -------
    float or None
    """
    for extreme in (np.fmax.reduce(numbers, initial=-np.inf), np.fmin.reduce(numbers, initial=np.inf)):
        nines = extreme != 0 and set(f"{abs(extreme):.0f}") == {"9"} and abs(extreme) >= 99
        if not np.isfinite(extreme) or extreme % 1 or not (nines or extreme == -1):
            continue
        others = numbers[(numbers != extreme) & ~np.isnan(numbers)]
        times = int((numbers == extreme).sum())
        if times < REPEATED or len(others) < LEAST_NUMBERS or len(np.unique(others[:10_000])) < FEW_NUMBERS:
            continue
        low, high = others.min(), others.max()
        gap = max(low - extreme, extreme - high)
        if (extreme == -1 and low >= 0) or gap > max(1.0, high - low):
            return float(extreme)
    return None


def far_out(numbers: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Bounds beyond which a number lies far from the bulk.

    A bound lies beyond the outermost 2.5%, by 2.5 times the distance of that from the median. A column that is skewed
    is looked at as logarithms, so that a long tail is no error, and there only the far end counts.

    Parameters
    ----------
    numbers : array of shape (n,)
        Without missing values.

    Returns
    -------
    (float, float)
    """
    low, median, high = map(float, np.quantile(numbers, [1 - BULK, 0.5, BULK]))
    down, up = median - low, high - median
    if SKEWED * min(down, up) >= max(down, up):
        return low - BEYOND * down, high + BEYOND * up
    if low > 0:
        with np.errstate(over="ignore"):
            factor = float(np.power(high / median if up > down else low / median, BEYOND))
        return (0.0, high * factor) if up > down else (low * factor, np.inf)
    # Zeros and a tail: what is far is far from the tail as well.
    far = TAIL * max(down, up)
    return low - far, high + far


def _far_out(audited: Audited) -> Iterator[Finding]:
    """Numbers far from the bulk of their column, if they are few."""
    places: dict[str, npt.NDArray[np.int64]] = {}
    phrases = []
    for name in audited.numeric:
        numbers = audited.frame[name].to_numpy(dtype=np.float64)
        known = numbers[~audited.judged & np.isfinite(numbers)]
        if len(known) < LEAST_NUMBERS:
            continue
        # Quantiles of fifty thousand are those of a million.
        some = known[:: max(1, len(known) // 50_000)]
        low, high = far_out(some)
        where = np.flatnonzero((numbers < low) | (numbers > high))
        alone = stand_in(known) if len(where) >= REPEATED else None
        where = where if alone is None else where[numbers[where] != alone]
        where = _apart(numbers, where, float(np.median(some))) if low < high else where[:0]
        marked = np.zeros(len(audited), dtype=bool)
        marked[where] = True
        # Codes of another place are far out, too, but all rows of that place have them.
        where = np.flatnonzero(marked & ~audited.in_whole_groups(name, marked))
        if not len(where):
            continue
        places[name] = where
        worst = where[np.argsort(-np.abs(numbers[where] - np.median(some)), kind="stable")]
        usual = np.quantile(some, [1 - BULK, BULK])
        values = listed((f"{value:g}" for value in dict.fromkeys(numbers[worst].tolist())), 2)
        phrases.append(f"'{name}' {values}, where 95% lie between {usual[0]:g} and {usual[1]:g}")
    if not places:
        return
    cells = audited.cells(places)
    yield Finding(
        "out_of_range",
        f"Values far from all others in {wording.count(len(places), 'column')}",
        0.3,
        f"{audited.of_examples(len(cells.ids), 'has', 'have')} a number far out: {listed(phrases, 3)}.",
        "Look at them: make those missing that can't be true, and leave those that are only rare.",
        ids=cells.ids,
        columns=tuple(places),
        cells=cells,
        values=[None] * len(cells),
        fix="correct",
    )


def _apart(numbers: npt.NDArray[np.float64], where: npt.NDArray[np.int64], median: float) -> npt.NDArray[np.int64]:
    """Of the numbers far out all, if they are few; else those beyond the widest gap, if there is one."""
    if len(where) <= max(1, FAR * len(numbers)):
        return where
    rest = np.delete(numbers, where)
    reach = np.abs(rest[np.isfinite(rest)] - median).max(initial=0.0)
    # Infinity is as far as any number can be.
    distances = np.nan_to_num(np.abs(numbers[where] - median))
    steps = np.sort(np.append(distances, reach))
    with np.errstate(over="ignore"):
        ratios = steps[1:] / np.maximum(steps[:-1], np.finfo(float).tiny)
    widest = int(ratios.argmax())
    beyond = where[distances > steps[widest]]
    return beyond if ratios[widest] > APART and len(beyond) <= MOST_FAR * len(numbers) else where[:0]
