"""The search where counting everything would take too long: a slice is passed over, exactly, once a bound says so.

Slices are sought by the number of their predicates. A slice has no more rows and no more losses than any slice with one
predicate less (its parents), so that the best score it can have is known before it is counted. Only slices that may
still be among the best are counted; the best ones are tried first, which raises the score to beat. They are counted in
blocks: columns are put together into units of few values, and one pass over the codes of a few units counts the slices
over all their columns. Rows come by falling loss, so that after the first of them most slices are seen to fall short,
and the rest of the rows is left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.evaluate.lattice import Cells, Counter
from core.evaluate.predictions import EvaluationError
from core.evaluate.units import Levels, Rows, Units
from core.progress import Cancel, Progress, Steps

__all__ = ["DECIMALS", "Aim", "search"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Scores that differ by less are ties: sums of the same losses in another order differ by some 1e-15.
DECIMALS = 10
_MARGIN = 2 * 10.0**-DECIMALS
# Candidates that are looked at together, for the memory it takes.
_CANDIDATES_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class Aim:
    """What the search is for, and what a slice is measured against: all rows, their mean and their worst loss."""

    rows: int
    mean: float
    worst: float
    alpha: float
    min_size: int
    top: int

    def score(self, sizes: Floats, errors: Floats) -> Floats:
        scores: Floats = self.alpha * (errors / sizes / self.mean - 1) - (1 - self.alpha) * (self.rows / sizes - 1)
        return scores

    def bound(
        self,
        sizes: Floats,
        errors: Floats,
        *,
        counted: tuple[Floats, Floats] | None = None,
        worst: float | None = None,
    ) -> Floats:
        """Highest score of any slice that has at most these sizes and errors.

        With s rows it has at most min(errors, s * worst) of errors. Up to s = errors / worst the score is monotonous,
        and so it is from there, so that it is highest there or at an end.

        Parameters
        ----------
        sizes, errors : arrays of shape (k,)
        counted : (sizes, errors), optional
            What the slice has for certain; its other rows have a loss of `worst` at most.
        worst : float, optional
            By default the highest loss of all.
        """
        worst = self.worst if worst is None else worst
        least, sure = (np.zeros_like(sizes), np.zeros_like(errors)) if counted is None else counted
        smallest = np.maximum(least, self.min_size)
        possible = sizes >= smallest
        largest = np.where(possible, sizes, smallest)
        rest = np.maximum(errors - sure, 0.0)
        turning = np.clip(least + rest / worst, smallest, largest) if worst > 0 else smallest
        ends = [self.score(at, sure + np.minimum(rest, (at - least) * worst)) for at in (smallest, turning, largest)]
        return np.where(possible, np.maximum.reduce(ends), -np.inf)


@dataclass(frozen=True)
class _Known:
    """Slices of one length, counted: their levels (rising, a row a slice), sizes and errors, in the order of keys."""

    levels: Ints
    sizes: Floats
    errors: Floats
    keys: Ints

    @classmethod
    def of(cls, levels: Ints, sizes: Floats, errors: Floats, base: int) -> _Known:
        keys = _keys(levels, base)
        order = np.argsort(keys)
        return cls(levels[order], sizes[order], errors[order], keys[order])

    def limit(self, keys: Ints, sizes: Floats, errors: Floats) -> None:
        """Lower sizes and errors, in place, to those of the slices of these keys; to 0 where a slice isn't known."""
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        known = self.keys[place] == keys
        np.minimum(sizes, np.where(known, self.sizes[place], 0.0), out=sizes)
        np.minimum(errors, np.where(known, self.errors[place], 0.0), out=errors)


class _Best:
    """The score to beat: that of the last of the best slices so far, and never below 0."""

    def __init__(self, aim: Aim) -> None:
        self._aim = aim
        self._scores = np.zeros(aim.top)

    def add(self, sizes: Floats, errors: Floats) -> None:
        scores = self._aim.score(sizes, errors)
        scores = np.concatenate([self._scores, scores[scores > self.threshold]])
        self._scores = np.sort(scores)[-self._aim.top :]

    @property
    def threshold(self) -> float:
        return float(self._scores[0])

    def within(self, bounds: Floats) -> npt.NDArray[np.bool_]:
        """Which slices may be among the best, ties included."""
        return bounds >= self.threshold - _MARGIN


def search(
    counter: Counter, aim: Aim, max_predicates: int, progress: Progress | None = None, cancel: Cancel | None = None
) -> tuple[list[Cells], int]:
    """Count all slices that may be among the best.

    Returns
    -------
    cells : list of Cells
        By number of columns, then by columns.
    others : int
        How many other slices may be large enough, at most.
    """
    singles = list(counter.count((place,) for place, column in enumerate(counter.columns) if column.frequent))
    singles.sort(key=lambda cells: cells.columns)
    counted = list(singles)
    if not singles:
        return [], 0
    best = _Best(aim)
    for cells in singles:
        best.add(cells.sizes, cells.errors)
    rows = Rows(counter)
    level = Levels.of(counter)
    known = _Known.of(
        np.arange(level.base)[:, np.newaxis],
        np.concatenate([cells.sizes for cells in singles]),
        np.concatenate([cells.errors for cells in singles]),
        level.base,
    )
    longest = min(max_predicates, len(singles))
    for length in range(2, longest + 1):
        found = _Pass(rows, level, aim, best, known, last=length == longest)
        heard = None if progress is None else _part_of(progress, length - 2, longest - 1)
        known = found.run(Steps(1, heard, cancel))
        if not len(known.sizes):
            break
        counted += _by_columns(known, level, counter)
    if progress is not None:
        progress(1.0, "done")
    others = _at_most(singles, aim, longest) - sum(len(cells.sizes) for cells in counted)
    return counted, max(others, 0)


def _part_of(progress: Progress, part: int, parts: int) -> Progress:
    return lambda share, message: progress((part + share) / parts, message)


def _at_most(singles: list[Cells], aim: Aim, longest: int) -> int:
    """How many slices can be large enough, at most, from the sizes of single values alone.

    A slice of s rows has at most s // min_size parts of that size, and no more than the other column has values.
    """
    values = np.array([len(cells.sizes) for cells in singles], dtype=float)
    most = aim.rows // aim.min_size
    # How many pairs each column makes with each other one, as parts of its own values.
    parts = np.array([np.minimum(cells.sizes[:, np.newaxis] // aim.min_size, values).sum(axis=0) for cells in singles])
    bound = np.minimum(np.minimum(parts, parts.T), most)
    total = values.sum()
    if longest > 1:
        total += np.triu(bound, 1).sum()
    # With further columns: those of the pair times the values of the others, and never more than disjoint slices.
    for length in range(3, longest + 1):
        if len(values) > 100 or length > 3:
            total += float(most) * math.comb(len(values), length)
            continue
        for place in range(len(values) - 2):
            later = slice(place + 1, None)
            three = np.minimum(
                np.minimum(
                    bound[place, later, np.newaxis] * values[later],
                    bound[place, np.newaxis, later] * values[later, np.newaxis],
                ),
                np.minimum(bound[later, later] * values[place], most),
            )
            total += np.triu(three, 1).sum()
    return int(total)


def _by_columns(known: _Known, level: Levels, counter: Counter) -> Iterator[Cells]:
    """The slices of one length by the columns they are over."""
    columns = level.column[known.levels]
    order = np.lexsort(tuple(columns.T[::-1]))
    starts = np.flatnonzero(np.append(True, (np.diff(columns[order], axis=0) != 0).any(axis=1)))
    for own in np.split(order, starts[1:]):
        places = tuple(int(place) for place in columns[own[0]])
        values = tuple(counter.values[place] for place in places)
        shape = tuple(map(len, values))
        codes = level.code[known.levels[own]]
        yield Cells(places, values, np.ravel_multi_index(tuple(codes.T), shape), known.sizes[own], known.errors[own])


def _keys(levels: Ints, base: int) -> Ints:
    if base ** levels.shape[1] >= 2**63:
        raise EvaluationError(
            f"Slices of {levels.shape[1]} predicates over {base:,} frequent values can't be numbered. "
            "Group rare values, or raise the smallest size of a slice."
        )
    keys = np.zeros(len(levels), dtype=np.int64)
    for own in levels.T:
        keys = keys * base + own
    return keys


class _Pass:
    """The slices of one length: which may be good, and what is counted of them."""

    def __init__(self, rows: Rows, level: Levels, aim: Aim, best: _Best, parents: _Known, *, last: bool) -> None:
        self.rows, self.level, self.aim, self.best, self.last = rows, level, aim, best, last
        self.levels, self.sizes, self.errors = self._candidates(parents)
        self.length = parents.levels.shape[1] + 1
        self.rests = [rows.rest(stop) for _, stop in rows.pieces]

    def _candidates(self, parents: _Known) -> tuple[Ints, Floats, Floats]:
        """Slices of which all parents are known and whose bound is high enough; the bounds on their size and errors."""
        base = self.level.base
        alive = self.best.within(self.aim.bound(parents.sizes, parents.errors))
        levels, sizes, errors = parents.levels[alive], parents.sizes[alive], parents.errors[alive]
        length = levels.shape[1]
        prefixes = _keys(levels[:, :-1], base)
        # Each is joined with those after it that differ in the last level only.
        ends = np.searchsorted(prefixes, prefixes, side="right")
        partners = ends - np.arange(len(ends)) - 1
        before = np.concatenate([[0], np.cumsum(partners)])
        found = []
        start = 0
        while start < len(levels):
            stop = max(int(np.searchsorted(before, before[start] + _CANDIDATES_AT_ONCE, side="right")) - 1, start + 1)
            left = np.repeat(np.arange(start, stop), partners[start:stop])
            right = left + 1 + np.arange(len(left)) - (before[left] - before[start])
            start = stop
            apart = self.level.column[levels[left, -1]] != self.level.column[levels[right, -1]]
            left, right = left[apart], right[apart]
            joined = np.column_stack([levels[left], levels[right, -1]])
            size, error = np.minimum(sizes[left], sizes[right]), np.minimum(errors[left], errors[right])
            for dropped in range(length - 1):
                parents.limit(_keys(np.delete(joined, dropped, axis=1), base), size, error)
            kept = self.best.within(self.aim.bound(size, error))
            found.append((joined[kept].astype(np.int32), size[kept], error[kept]))
        if not found:
            return np.zeros((0, length + 1), dtype=np.int64), np.zeros(0), np.zeros(0)
        return tuple(np.concatenate(each) for each in zip(*found, strict=True))  # type: ignore[return-value]

    def run(self, steps: Steps) -> _Known:
        """Count the candidates, block by block, the most promising first."""
        bounds = self.aim.bound(self.sizes, self.errors)
        units = Units(self.rows, self.level, self.levels, self.length)
        grouped = _grouped(units.of(self.levels))
        blocks = sorted(((float(bounds[own].max()), own) for own in grouped), key=lambda block: -block[0])
        steps.total = max(1, len(blocks))
        found = [(np.zeros((0, self.length), dtype=np.int64), np.zeros(0), np.zeros(0))]
        for highest, own in blocks:
            steps.start("counting slices")
            if not self.best.within(np.array([highest]))[0]:
                break
            own = own[self.best.within(bounds[own])]
            counts = self._count(units, own)
            if counts is not None:
                sizes, errors = counts
                large = np.flatnonzero(sizes >= self.aim.min_size)
                self.best.add(sizes[large], errors[large])
                found.append((self.levels[own[large]].astype(np.int64), sizes[large], errors[large]))
        levels, all_sizes, all_errors = (np.concatenate(each) for each in zip(*found, strict=True))
        return _Known.of(levels, all_sizes, all_errors, self.level.base)

    def _count(self, units: Units, own: Ints) -> tuple[Floats, Floats] | None:
        """Sizes and errors of these candidates, or None where none of them can be good enough."""
        sizes, errors = np.zeros(len(own)), np.zeros(len(own))
        most, highest = self.sizes[own], self.errors[own]
        table = units.table(self.levels[own])
        for (start, stop), (worst, rest) in zip(self.rows.pieces, self.rests, strict=True):
            more = table.count(start, stop)
            sizes += more[0]
            errors += more[1]
            left = self.aim.rows - stop
            if left:
                ends = np.minimum(most, sizes + left), np.minimum(highest, errors + rest)
                counted = (sizes, errors) if self.last else None
                if not self.best.within(
                    self.aim.bound(*ends, counted=counted, worst=worst if self.last else None)
                ).any():
                    return None
        return sizes, errors


def _grouped(rows: Ints) -> list[Ints]:
    """Places of equal rows."""
    if not len(rows):
        return []
    order = np.lexsort(tuple(rows.T))
    starts = np.flatnonzero((np.diff(rows[order], axis=0) != 0).any(axis=1)) + 1
    return np.split(order, starts)
