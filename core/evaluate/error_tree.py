"""A surrogate error tree: where the model fails, told by few questions that each split the errors as well as can be.

Every question is about one category: a column has this value or another one; a number lies below or above the end of
a range. As the examples are categories already, all questions of a node are asked by counting once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import chdtrc

from core.evaluate.predicates import Bins, Predicate
from core.evaluate.regions import Region, measure
from core.evaluate.slices import smallest_slice
from core.ids import aligned

__all__ = ["Node", "error_tree"]

Booleans = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]

_DECIMALS = 10


@dataclass(frozen=True)
class Node:
    """One node of the tree.

    Attributes
    ----------
    number : int
        Its place in the tree, the root is 0; children come behind their parent.
    parent : int or None
    depth : int
    step : Predicate or None
        What tells it from its sibling; None for the root.
    region : Region
        The examples that came here. Its predicates say all steps together, one a column.
    leaf : bool
    """

    number: int
    parent: int | None
    depth: int
    step: Predicate | None
    region: Region
    leaf: bool


@dataclass(frozen=True)
class _Column:
    """One column as the tree asks it: codes, and which of them have an order."""

    name: str
    bins: Bins
    codes: Codes
    ordered: tuple[int, ...]
    single: tuple[int, ...]

    def questions(self) -> Booleans:
        """Which codes are on the first side of each question: an array of shape (questions, codes)."""
        width = len(self.bins.by_name)
        asked = [np.isin(np.arange(width), self.ordered[:cut]) for cut in range(1, len(self.ordered))]
        asked += [np.arange(width) == code for code in self.single]
        return np.array(asked, dtype=bool).reshape(len(asked), width)

    def named(self, allowed: Booleans) -> Predicate:
        names = list(self.bins.by_name)
        return self.bins.union([names[code] for code in np.flatnonzero(allowed)])


def error_tree(
    categories: pd.DataFrame,
    losses: pd.Series,
    bins: Mapping[str, Bins],
    *,
    max_depth: int = 3,
    min_size: int | None = None,
    significance: float = 0.05,
) -> list[Node]:
    """Grow a small tree that tells the examples with many errors from those with few.

    Parameters
    ----------
    categories : DataFrame of shape (n, columns)
        Categoricals, as `slice_frame` makes them.
    losses : Series of shape (n,) indexed as the categories
        1 for wrong and 0 for right.
    bins : mapping of str to Bins
        What the categories stand for, see `bins_of`.
    max_depth : int
        The most questions on the way to a leaf.
    min_size : int, optional
        Fewest examples in a node; by default as for a slice, 1% and at least 32.
    significance : float
        A node is split if chance would make a split this good less often than that, all questions at the node
        considered (chi-square, Bonferroni). With 1 it always is.

    Returns
    -------
    list of Node
        The root first, children behind their parents; the one that does worse is the first of two.

    Notes
    -----
    Of all questions the one is chosen that lowers the sum of squares most, as the regression trees of Breiman,
    Friedman, Olshen and Stone (1984) do; of equal ones the first by column and category.
    """
    smallest = smallest_slice(len(categories)) if min_size is None else min_size
    losses = aligned(losses, categories.index)
    loss = losses.to_numpy(dtype=float)
    columns = [_column(str(name), categories[name], bins[str(name)]) for name in categories.columns]
    everybody = np.ones(len(loss), dtype=bool)
    allowed = [np.ones(len(column.bins.by_name), dtype=bool) for column in columns]
    nodes: list[Node] = []
    waiting: list[tuple[int | None, int, Predicate | None, Booleans, list[Booleans]]]
    waiting = [(None, 0, None, everybody, allowed)]
    while waiting:
        parent, depth, step, inside, allowed = waiting.pop(0)
        # The root allows everything; a column that nobody asked about goes unsaid.
        said = [column.named(own) for column, own in zip(columns, allowed, strict=True) if not own.all()]
        split = _best_split(columns, inside, loss, smallest, significance) if depth < max_depth else None
        nodes.append(Node(len(nodes), parent, depth, step, measure(said, inside, losses), split is None))
        if split is None:
            continue
        place, first = split
        children = []
        for side in (first, ~first):
            own = [each.copy() for each in allowed]
            own[place] &= side
            there = inside & side[columns[place].codes]
            children.append((nodes[-1].number, depth + 1, columns[place].named(own[place]), there, own))
        children.sort(key=lambda child: -loss[child[3]].mean())
        waiting += children
    return nodes


def _column(name: str, category: pd.Series, bins: Bins) -> _Column:
    codes: Codes = category.cat.codes.to_numpy().astype(np.intp)
    every = tuple(range(len(bins.by_name)))
    if not bins.ordered:
        # Of two values either question is the other one.
        return _Column(name, bins, codes, (), every[:1] if len(every) == 2 else every)
    missing = tuple(code for code, own in enumerate(bins.by_name.values()) if own.missing)
    return _Column(name, bins, codes, tuple(code for code in every if code not in missing), missing)


def _best_split(
    columns: list[_Column], inside: Booleans, loss: Floats, smallest: int, significance: float
) -> tuple[int, Booleans] | None:
    """The column and the codes on the first side of the best question; None where none stands out."""
    own = loss[inside]
    rows, total, variance = len(own), float(own.sum()), float(own.var())
    if rows < 2 * smallest or variance == 0:
        return None
    best, asked, chosen = 0.0, 0, None
    for place, column in enumerate(columns):
        questions = column.questions()
        codes = column.codes[inside]
        width = questions.shape[1]
        sizes = questions @ np.bincount(codes, minlength=width).astype(float)
        wrong = questions @ np.bincount(codes, weights=own, minlength=width)
        enough = (sizes >= smallest) & (rows - sizes >= smallest)
        asked += int(enough.sum())
        if not enough.any():
            continue
        n, k = sizes[enough], wrong[enough]
        lowered = np.round(n * (rows - n) / rows * (k / n - (total - k) / (rows - n)) ** 2, _DECIMALS)
        if lowered.max() > best:
            best, chosen = float(lowered.max()), (place, questions[enough][int(lowered.argmax())])
    if chosen is None or (significance < 1 and chdtrc(1, best / variance) * asked >= significance):
        return None
    return chosen
