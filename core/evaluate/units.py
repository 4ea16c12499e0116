"""Slices counted in blocks of units: columns put together, so that one pass over the rows serves many combinations.

Counts of single slices, not of all that a combination of columns has, and piece by piece: rows come by falling loss, so
that after the first of them most slices are seen to fall short, and the rest of the rows is left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
import numpy.typing as npt

from core.evaluate.lattice import Counter
from core.evaluate.predictions import EvaluationError

__all__ = ["Levels", "Rows", "Table", "Units"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Cells that a block of units has at most; blocks of wide columns may have more, up to the second number, and beyond it
# only the cells asked for are counted. The second is never below the first.
_CELLS, _MOST_CELLS = 1 << 17, 1 << 22
_ROWS_AT_ONCE = 1 << 17
# Where a pass stops to see whether what it counts may still be among the best: shares of the rows.
_STOPS = (0.04, 0.12, 0.3, 0.6)
# Rows of equal loss are taken in strides, so that the first of them are like the rest however the data is sorted.
_STRIDE = 16


@dataclass(frozen=True)
class Levels:
    """All frequent values of all columns, numbered: the column and the code of each."""

    column: Ints
    code: Ints
    frequent: list[int]

    @classmethod
    def of(cls, counter: Counter) -> Levels:
        frequent = [column.frequent for column in counter.columns]
        return cls(
            np.repeat(np.arange(len(frequent)), frequent),
            np.concatenate([np.arange(some) for some in frequent]).astype(np.int64),
            frequent,
        )

    @property
    def base(self) -> int:
        return len(self.column)


class Rows:
    """The rows by falling loss, and the pieces of them that are counted one after the other."""

    def __init__(self, counter: Counter) -> None:
        self.columns = counter.columns
        losses, rows = counter.losses, counter.rows
        without = np.arange(len(losses), rows)
        if counter.same:
            with_loss = np.arange(len(losses))
            self.losses = losses
        else:
            with_loss = np.argsort(-losses, kind="stable")
            self.losses = losses[with_loss]
        strides = [without[start::_STRIDE] for start in range(_STRIDE)]
        self.order = np.concatenate([with_loss, *strides])
        self.same = float(losses[0]) if counter.same else None
        stops = {int(share * rows) for share in _STOPS} | {rows}
        # With one loss for all that have one, its end is the best place to look.
        edges = sorted({0, len(losses)} | {stop for stop in stops if stop > len(losses) or not counter.same})
        self.pieces = list(pairwise(edges))

    def rest(self, stop: int) -> tuple[float, float]:
        """Worst and summed loss of the rows from this one."""
        left = self.losses[stop:]
        return (float(left[0]), float(left.sum())) if len(left) else (0.0, 0.0)


class Units:
    """Columns put together until a unit has as many cells as a block allows: few passes serve many combinations.

    Only levels that candidates have keep a code of their own. A slice with two columns of one unit is counted with the
    columns by themselves.
    """

    def __init__(self, rows: Rows, level: Levels, levels: Ints, length: int) -> None:
        self._rows, self._level = rows, level
        used = np.unique(levels)
        # The place of a level within its column, among those used.
        self.columns = np.unique(level.column[used])
        self._own = {int(column): used[level.column[used] == column] for column in self.columns}
        self.widths = {
            column: len(own) + int(len(own) < rows.columns[column].width) for column, own in self._own.items()
        }
        self.place = np.full(level.base, -1, dtype=np.int64)
        for own in self._own.values():
            self.place[own] = np.arange(len(own))
        most = int(_CELLS ** (1 / length) + 1e-9)
        self.members: list[tuple[int, ...]] = []
        unit_of = np.full(int(level.column.max(initial=0)) + 1, -1, dtype=np.int64)
        for column in sorted(self.widths, key=lambda column: (-self.widths[column], column)):
            for unit, members in enumerate(self.members):
                if math.prod(self.widths[own] for own in members) * self.widths[column] <= most:
                    self.members[unit] = (*members, column)
                    unit_of[column] = unit
                    break
            else:
                unit_of[column] = len(self.members)
                self.members.append((column,))
        self._unit_of = unit_of
        self._wide = {column for column, width in self.widths.items() if width > most}
        self._codes: dict[tuple[int, ...], npt.NDArray[np.integer]] = {}

    def of(self, levels: Ints) -> Ints:
        """Unit of each level: that of its column, or past those the column by itself."""
        columns = self._level.column[levels]
        units = self._unit_of[columns]
        single = np.zeros(units.shape, dtype=bool)
        for one, other in combinations(range(units.shape[1]), 2):
            same = units[:, one] == units[:, other]
            single[:, one] |= same
            single[:, other] |= same
        single |= np.isin(columns, list(self._wide)).any(axis=1, keepdims=True)
        return np.sort(np.where(single, len(self.members) + columns, units), axis=1)

    def table(self, levels: Ints) -> Table:
        """What counts the slices of these levels, which are all of the same units."""
        chosen = self.of(levels[:1])[0]
        members = [
            self.members[unit] if unit < len(self.members) else (int(unit) - len(self.members),) for unit in chosen
        ]
        members.sort(key=lambda columns: math.prod(self.widths[column] for column in columns))
        # Each slice's level in each unit: exactly one of its columns is there.
        columns = self._level.column[levels]
        own = [levels[np.isin(columns, list(unit))] for unit in members]
        return Table(self, members, own)

    def codes(self, unit: tuple[int, ...]) -> npt.NDArray[np.integer]:
        """Code of each row's cell in a unit, in the order of falling loss."""
        if unit not in self._codes:
            numbers = np.zeros(len(self._rows.order), dtype=np.int64)
            for column in unit:
                source = self._rows.columns[column]
                narrow = np.full(source.width + 1, len(self._own[column]), dtype=np.int64)
                narrow[self._level.code[self._own[column]]] = np.arange(len(self._own[column]))
                numbers *= self.widths[column]
                numbers += narrow[source.codes]
            width = math.prod(self.widths[column] for column in unit)
            self._codes[unit] = numbers.astype(np.min_scalar_type(width))[self._rows.order]
        return self._codes[unit]

    def indicator(self, unit: tuple[int, ...], levels: Ints) -> Floats:
        """Which of a unit's cells belong to each level: array of shape (cells, levels)."""
        shape = tuple(self.widths[column] for column in unit)
        codes = np.indices(shape).reshape(len(shape), -1)
        axis = np.array([unit.index(int(column)) for column in self._level.column[levels]])
        belongs: Floats = (codes[axis] == self.place[levels][:, np.newaxis]).T.astype(float)
        return belongs

    def losses(self, start: int, stop: int) -> tuple[Floats, float | None]:
        return self._rows.losses[start:stop], self._rows.same


class Table:
    """Counts slices over a few units, piece by piece of the rows."""

    def __init__(self, units: Units, members: list[tuple[int, ...]], levels: list[Ints]) -> None:
        self._units, self._members = units, members
        self._widths = [math.prod(units.widths[column] for column in unit) for unit in members]
        self._cells = math.prod(self._widths)
        if self._cells > _MOST_CELLS:
            self._wanted, self._of = np.unique(
                self._numbered([units.place[own] for own in levels]), return_inverse=True
            )
            return
        different = [np.unique(own, return_inverse=True) for own in levels]
        self._indicators = [units.indicator(unit, own) for unit, (own, _) in zip(members, different, strict=True)]
        self._picked = tuple(place for _, place in different)

    def _numbered(self, codes: list[npt.NDArray[np.integer]]) -> Ints:
        if self._cells >= 2**63:
            raise EvaluationError(
                f"Slices over columns with {self._widths} frequent values can't be numbered. "
                "Group rare values, or raise the smallest size of a slice."
            )
        numbers = codes[0].astype(np.int64)
        for own, width in zip(codes[1:], self._widths[1:], strict=True):
            numbers *= width
            numbers += own
        return numbers

    def count(self, start: int, stop: int) -> tuple[Floats, Floats]:
        """Rows and losses of each slice among these rows."""
        sparse = self._cells > _MOST_CELLS
        cells = len(self._wanted) + 1 if sparse else self._cells
        sizes, errors = np.zeros(cells), np.zeros(cells)
        codes = [self._units.codes(unit) for unit in self._members]
        weighted = False
        for first in range(start, stop, _ROWS_AT_ONCE):
            last = min(first + _ROWS_AT_ONCE, stop)
            numbers = self._numbered([own[first:last] for own in codes])
            if sparse:
                place = np.minimum(np.searchsorted(self._wanted, numbers), cells - 2)
                numbers = np.where(self._wanted[place] == numbers, place, cells - 1)
            counted = np.bincount(numbers, minlength=cells)
            sizes += counted
            losses, same = self._units.losses(first, last)
            if len(losses) and same is not None and len(losses) == len(numbers):
                errors += counted * same
            elif len(losses):
                errors += np.bincount(numbers[: len(losses)], losses, minlength=cells)
            weighted |= bool(len(losses))
        return self._of_slices(sizes), self._of_slices(errors) if weighted else np.zeros(1)

    def _of_slices(self, counted: Floats) -> Floats:
        if self._cells > _MOST_CELLS:
            return counted[self._of]
        # Contracts the first axis and puts the levels last, once for each unit.
        for width, indicator in zip(self._widths, self._indicators, strict=True):
            counted = counted.reshape(width, -1).T @ indicator
        return counted.reshape([indicator.shape[1] for indicator in self._indicators])[self._picked]
