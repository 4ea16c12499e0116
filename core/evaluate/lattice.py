"""Every conjunction of values counted exactly: sizes and summed losses of all slices of up to a few columns.

All slices over one combination of columns are counted in a single pass: the columns' codes are combined into one cell
number a row, and the rows and losses of each cell are summed. One pass serves many combinations, since the counts over
fewer columns are sums of the counts over more: a few blocks of columns are chosen so that each combination lies in one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from core.evaluate.predictions import EvaluationError

__all__ = ["Cells", "CodedColumn", "Counter"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.integer]
Combination = tuple[int, ...]

# Rows whose cell numbers are held at once: they stay in the processor's cache.
_ROWS_AT_ONCE = 1 << 16
# A block of columns may have as many cells as this share of the rows, within bounds: more cells make the sums dearer
# than the passes they save.
_ROWS_PER_CELL = 8
_FEWEST_CELLS, _MOST_CELLS = 1 << 12, 1 << 17


@dataclass(frozen=True)
class CodedColumn:
    """One column as whole numbers: its frequent values are 0 to `frequent` - 1, all others `frequent`."""

    codes: Codes
    frequent: int
    width: int


@dataclass(frozen=True)
class Cells:
    """The slices over one combination of columns that are large enough.

    Attributes
    ----------
    columns : tuple of int
    shape : tuple of int
        Frequent values of each column.
    cells : array of shape (k,)
        Place of each slice in an array of that shape, flattened.
    sizes, errors : arrays of shape (k,)
        Rows and summed losses.
    """

    columns: Combination
    shape: tuple[int, ...]
    cells: npt.NDArray[np.intp]
    sizes: Floats
    errors: Floats

    def codes(self, place: int) -> tuple[int, ...]:
        """Code of each column's value in one of the slices."""
        return tuple(int(code) for code in np.unravel_index(self.cells[place], self.shape))

    def dense(self) -> Floats:
        """Sizes and errors as an array of shape (2, *shape), 0 for slices that are too small."""
        full = np.zeros((2, math.prod(self.shape)))
        full[0, self.cells] = self.sizes
        full[1, self.cells] = self.errors
        return full.reshape(2, *self.shape)


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
            width = len(frequent) + int(len(frequent) < np.count_nonzero(sizes))
            recoded = np.full(len(sizes), len(frequent), dtype=np.min_scalar_type(width))
            recoded[frequent] = np.arange(len(frequent))
            self.columns.append(CodedColumn(recoded[codes][order], len(frequent), width))

    def count(self, wanted: Iterable[Combination]) -> Iterator[Cells]:
        """Count all slices over the wanted combinations of columns; the order is that of the passes."""
        widths = [column.width for column in self.columns]
        most = min(max(self.rows // _ROWS_PER_CELL, _FEWEST_CELLS), _MOST_CELLS)
        for block, covered in _blocks(list(wanted), widths, most):
            shape = tuple(widths[place] for place in block)
            if math.prod(shape) > _MOST_CELLS:
                yield from map(self._count_sparsely, covered)
                continue
            counted = self._count_block(block).reshape(2, *shape)
            for combination in covered:
                apart = tuple(axis for axis, place in enumerate(block, start=1) if place not in combination)
                yield self._large_enough(combination, counted.sum(axis=apart) if apart else counted)

    def _large_enough(self, combination: Combination, counted: Floats) -> Cells:
        shape = tuple(self.columns[place].frequent for place in combination)
        sizes, errors = counted[(slice(None), *(slice(frequent) for frequent in shape))].reshape(2, -1)
        cells = np.flatnonzero(sizes >= self.min_size)
        return Cells(combination, shape, cells, sizes[cells], errors[cells])

    def _cell_numbers(self, block: Combination, start: int, stop: int) -> npt.NDArray[np.int64]:
        first, *others = block
        numbers = self.columns[first].codes[start:stop].astype(np.int64)
        for place in others:
            numbers *= self.columns[place].width
            numbers += self.columns[place].codes[start:stop]
        return numbers

    def _count_block(self, block: Combination) -> Floats:
        cells = math.prod(self.columns[place].width for place in block)
        counted = np.zeros((2, cells))
        for start in range(0, self.rows, _ROWS_AT_ONCE):
            numbers = self._cell_numbers(block, start, min(start + _ROWS_AT_ONCE, self.rows))
            counted[0] += np.bincount(numbers, minlength=cells)
            losses = self.losses[start : start + _ROWS_AT_ONCE]
            if len(losses) and self.same:
                counted[1] += np.bincount(numbers[: len(losses)], minlength=cells)
            elif len(losses):
                counted[1] += np.bincount(numbers[: len(losses)], losses, minlength=cells)
        if self.same and len(self.losses):
            counted[1] *= self.losses[0]
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
        return Cells(combination, shape, cells[kept], sizes[kept].astype(float), errors[kept].astype(float))


def _blocks(wanted: list[Combination], widths: list[int], most: int) -> Iterator[tuple[Combination, list[Combination]]]:
    """Cover all wanted combinations by blocks of columns with at most so many cells, greedily.

    A block starts from a combination not yet covered and takes in the column that covers most others, as long as it
    fits. Yields the block and the combinations it is the first to cover.
    """
    left = set(wanted)
    longest = max(map(len, wanted), default=0)
    for start in sorted(wanted, key=lambda combination: (-len(combination), combination)):
        if start not in left:
            continue
        block, cells = start, math.prod(widths[place] for place in start)
        while len(start) == longest:
            subsets = list(combinations(block, longest - 1))
            gains = [
                (sum(tuple(sorted((*subset, place))) in left for subset in subsets), -widths[place], -place)
                for place in range(len(widths))
                if place not in block and cells * widths[place] <= most
            ]
            gain, width, place = max(gains, default=(0, 0, 0))
            if not gain:
                break
            block, cells = tuple(sorted((*block, -place))), cells * -width
        # Too many cells to sum over: the parts are cheaper counted on their own.
        lengths = range(1, longest + 1) if cells <= most else [len(block)]
        covered = [own for length in lengths for own in combinations(block, length) if own in left]
        left.difference_update(covered)
        yield block, covered
