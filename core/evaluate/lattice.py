"""Every conjunction of values counted exactly: sizes and summed losses of all slices of up to a few columns.

All slices over one combination of columns are counted in a single pass: the columns' codes are combined into one cell
number a row, and the rows and losses of each cell are summed. One pass serves many combinations, since the counts over
fewer columns are sums of the counts over more: a few blocks of columns are chosen so that each combination lies in one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from core.evaluate.predictions import EvaluationError

__all__ = ["Cells", "CodedColumn", "Counter"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.integer]
Combination = tuple[int, ...]
Counts = npt.NDArray[Any]

# Rows whose cell numbers are held at once: they stay in the processor's cache.
_ROWS_AT_ONCE = 1 << 16
# A block of columns may have as many cells as this share of the rows, within bounds: more cells make the sums dearer
# than the passes they save.
_ROWS_PER_CELL = 2
_FEWEST_CELLS, _MOST_CELLS = 1 << 12, 1 << 17

# A size and a number of losses in one integer, the size above: half the sums. Either half holds the rows of any table.
_BITS = 31
_LOSSES = (1 << _BITS) - 1


@dataclass(frozen=True)
class CodedColumn:
    """One column as whole numbers: its frequent values are 0 to `frequent` - 1, all others `frequent`."""

    codes: Codes
    frequent: int
    width: int


class Cells(NamedTuple):
    """The slices over one combination of columns that are large enough.

    Attributes
    ----------
    columns : tuple of int
    values : tuple of arrays
        The codes that each column's slices may have.
    cells : array of shape (k,)
        Place of each slice in an array with an axis for the values of each column, flattened.
    sizes, errors : arrays of shape (k,)
        Rows and summed losses.
    """

    columns: Combination
    values: tuple[npt.NDArray[np.intp], ...]
    cells: npt.NDArray[np.intp]
    sizes: Floats
    errors: Floats

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of values of each column."""
        return tuple(map(len, self.values))

    def codes(self, place: int) -> tuple[int, ...]:
        """Code of each column's value in one of the slices."""
        places = np.unravel_index(self.cells[place], self.shape)
        return tuple(int(own[at]) for own, at in zip(self.values, places, strict=True))


class Counter:
    """Counts rows and losses of cells over any combination of columns.

    Parameters
    ----------
    columns : list of arrays of shape (n,)
        Codes 0 to k - 1, k the number of values.
    losses : array of shape (n,)
        Not negative.
    min_size : int
        Smaller slices aren't reported.

    Attributes
    ----------
    columns : list of CodedColumn
        Rows with a loss come first.
    losses : array
        The losses of those.
    same : bool
        Whether they are all equal.
    values : list of arrays
        For each column the codes of its frequent values.
    """

    def __init__(self, columns: list[Codes], losses: Floats, min_size: int) -> None:
        self.min_size = min_size
        self.rows = len(losses)
        # Rows without a loss come last: only the first ones' losses need to be summed.
        order = np.concatenate([np.flatnonzero(losses), np.flatnonzero(losses == 0)])
        self.losses = losses[order][: np.count_nonzero(losses)]
        self.same = bool((self.losses == self.losses[:1]).all())
        self.values: list[npt.NDArray[np.intp]] = []
        self.columns: list[CodedColumn] = []
        for codes in columns:
            sizes = np.bincount(codes, minlength=1)
            frequent = np.flatnonzero(sizes >= min_size)
            self.values.append(frequent)
            rest = bool(np.count_nonzero(sizes) > len(frequent))
            self.columns.append(_column(codes[order], frequent, len(sizes), rest=rest))

    def narrowed(self, kept: list[npt.NDArray[np.bool_]]) -> Counter:
        """A counter of the same rows that knows these of the frequent values of each column only."""
        other = copy(self)
        other.values = [values[own] for values, own in zip(self.values, kept, strict=True)]
        other.columns = []
        for column, own in zip(self.columns, kept, strict=True):
            if own.all():
                other.columns.append(column)
                continue
            other.columns.append(_column(column.codes, np.flatnonzero(own), column.frequent + 1, rest=True))
        return other

    def count(self, wanted: Iterable[Combination]) -> Iterator[Cells]:
        """Count all slices over the wanted combinations of columns; the order is that of the passes."""
        widths = [column.width for column in self.columns]
        most = min(max(self.rows // _ROWS_PER_CELL, _FEWEST_CELLS), _MOST_CELLS)
        for block, covered in _blocks(list(wanted), widths, most):
            shape = tuple(widths[place] for place in block)
            if math.prod(shape) > _MOST_CELLS:
                yield from map(self._count_sparsely, covered)
                continue
            sums = {block: self._count_block(block).reshape(-1, *shape)}
            yield from self._large_enough(covered, [self._sum(block, own, sums) for own in covered])

    def _sum(self, block: Combination, combination: Combination, sums: dict[Combination, Counts]) -> Counts:
        """Sum a block's counts over the columns that are not in the combination, one by one: others share the steps."""
        now = block
        for place in reversed(block):
            if place not in combination:
                axis = now.index(place)
                before, now = now, now[:axis] + now[axis + 1 :]
                if now not in sums:
                    sums[now] = np.add.reduce(sums[before], axis=axis + 1)
        return sums[now]

    def _large_enough(self, covered: list[Combination], counted: list[Counts]) -> Iterator[Cells]:
        # Without the last value, that of all rare ones, in each column.
        known = [slice(column.frequent) for column in self.columns]
        least = self.min_size << _BITS if self.same else self.min_size
        cells, picked = [], []
        for own, counts in zip(covered, counted, strict=True):
            counts = counts[(slice(None), *[known[place] for place in own])]
            large = counts[0] >= least
            cells.append(large.ravel().nonzero()[0])
            picked.append(counts[:, large])
        sizes, errors = self._unpacked(np.concatenate(picked, axis=1))
        first = 0
        for own, some in zip(covered, cells, strict=True):
            last = first + len(some)
            yield Cells(own, tuple([self.values[place] for place in own]), some, sizes[first:last], errors[first:last])
            first = last

    def _unpacked(self, counts: Counts) -> tuple[Floats, Floats]:
        if not self.same:
            return counts[0], counts[1]
        return (counts[0] >> _BITS).astype(float), (counts[0] & _LOSSES) * self.losses[:1].sum()

    def _cell_numbers(self, block: Combination, start: int, stop: int, cells: int) -> Counts:
        first, *others = block
        # Short numbers: several are calculated at once.
        kind = np.uint16 if cells <= 1 << 16 else np.uint32
        numbers: Counts = self.columns[first].codes[start:stop].astype(kind)
        for place in others:
            numbers *= self.columns[place].width
            numbers += self.columns[place].codes[start:stop]
        return numbers

    def _count_block(self, block: Combination) -> Counts:
        """Sizes and errors of a block's cells, of shape (2, cells).

        Where all losses are equal, of shape (1, cells): sizes and numbers of losses in the two halves of an integer.
        """
        cells = math.prod(self.columns[place].width for place in block)
        counted: Counts = np.zeros((1, cells), dtype=np.int64) if self.same else np.zeros((2, cells))
        for start in range(0, self.rows, _ROWS_AT_ONCE):
            numbers = self._cell_numbers(block, start, min(start + _ROWS_AT_ONCE, self.rows), cells)
            sizes = np.bincount(numbers, minlength=cells)
            counted[0] += sizes << _BITS if self.same else sizes
            losses = self.losses[start : start + _ROWS_AT_ONCE]
            if len(losses) and self.same:
                counted[0] += np.bincount(numbers[: len(losses)], minlength=cells)
            elif len(losses):
                counted[1] += np.bincount(numbers[: len(losses)], losses, minlength=cells)
        return counted

    def _count_sparsely(self, combination: Combination) -> Cells:
        """Count a combination that has far more cells than rows: by sorting, only the cells that occur."""
        shape = tuple(self.columns[place].frequent for place in combination)
        if math.prod(shape) >= 2**63:
            raise EvaluationError(
                f"Slices over {len(combination)} columns with {shape} frequent values can't be numbered. "
                "Group rare values, or raise the smallest size of a slice."
            )
        codes = [self.columns[place].codes for place in combination]
        large = np.flatnonzero(np.all([own < frequent for own, frequent in zip(codes, shape, strict=True)], axis=0))
        numbers = np.zeros(len(large), dtype=np.int64)
        for own, frequent in zip(codes, shape, strict=True):
            numbers = numbers * frequent + own[large]
        cells, of_row, sizes = np.unique(numbers, return_inverse=True, return_counts=True)
        with_loss = np.searchsorted(large, len(self.losses))
        errors = np.bincount(of_row[:with_loss], self.losses[large[:with_loss]], minlength=len(cells))
        kept = np.flatnonzero(sizes >= self.min_size)
        values = tuple(self.values[place] for place in combination)
        return Cells(combination, values, cells[kept], sizes[kept].astype(float), errors[kept].astype(float))


def _column(codes: Codes, frequent: Codes, values: int, *, rest: bool) -> CodedColumn:
    """Give the frequent values codes from 0, and all others together the next one."""
    width = len(frequent) + int(rest)
    kind = np.uint16 if width < 1 << 16 else np.uint32
    if len(frequent) == values:
        return CodedColumn(codes.astype(kind), len(frequent), width)
    recoded: Codes = np.full(values, len(frequent)).astype(kind)
    recoded[frequent] = np.arange(len(frequent))
    return CodedColumn(recoded[codes], len(frequent), width)


def _blocks(wanted: list[Combination], widths: list[int], most: int) -> Iterator[tuple[Combination, list[Combination]]]:
    """Cover all wanted combinations by blocks of columns with at most so many cells, greedily.

    A block starts from a combination not yet covered and takes in the column that covers most others, as long as it
    fits. Yields the block and the combinations it is the first to cover.
    """
    masks = {combination: sum([1 << place for place in combination]) for combination in wanted}
    left = set(masks.values())
    longest = max(map(len, wanted), default=0)
    narrow_first = sorted(range(len(widths)), key=lambda place: (widths[place], place))
    for start in sorted(wanted, key=lambda combination: (-len(combination), combination)):
        if masks[start] not in left:
            continue
        block, cells = start, math.prod(widths[place] for place in start)
        while len(start) == longest:
            subsets = [sum([1 << place for place in subset]) for subset in combinations(block, longest - 1)]
            best = gain = 0
            for place in narrow_first:
                if cells * widths[place] > most:
                    break
                if place not in block:
                    covers = sum([(subset | 1 << place) in left for subset in subsets])
                    if covers > gain:
                        best, gain = place, covers
            if not gain:
                break
            block, cells = tuple(sorted((*block, best))), cells * widths[best]
        # Too many cells to sum over: the parts are cheaper counted on their own.
        lengths = range(1, longest + 1) if cells <= most else [len(block)]
        covered = [own for length in lengths for own in combinations(block, length) if masks.get(own) in left]
        left.difference_update([masks[own] for own in covered])
        yield block, covered
