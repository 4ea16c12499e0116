"""The worst slices: where, in words an analyst can act on, the model fails more than elsewhere."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.evaluate.lattice import Cells, Counter
from core.evaluate.predictions import EvaluationError
from core.evaluate.pruning import DECIMALS, Aim, search
from core.ids import aligned, differ, is_among
from core.progress import Cancel, Progress, Steps
from core.statistics import benjamini_hochberg, hypergeometric_tail, permutation_tail, wilson_interval

__all__ = ["MISSING", "Slice", "find_slices", "smallest_slice"]

Floats = npt.NDArray[np.float64]

MISSING = "missing"
# Column combinations times rows from which bounds are worth their while; below, counting everything is a matter of
# seconds, and every slice's p-value is known.
_PRUNE_FROM = 10_000_000_000


@dataclass(frozen=True)
class Slice:
    """The examples for which some columns have some values, and how badly the model does on them.

    Attributes
    ----------
    predicates : tuple of (column, value)
    size, share : int, float
        Number of examples, and their share of all.
    error, low, high : float
        Mean loss with its 95% interval (Wilson's for wrong or right). It doesn't know that the slice was sought out.
    lift : float
        Mean loss over that of all examples.
    score : float
        SliceLine's.
    p_value, p_adjusted : float
        Chance that as many examples drawn blindly do as badly; adjusted (Benjamini and Hochberg) for all slices that
        were large enough.
    gain_if_fixed : float
        By how much the mean loss of all would fall if the slice were as good as the rest.
    ids : Index
    """

    predicates: tuple[tuple[str, Any], ...]
    size: int
    share: float
    error: float
    low: float
    high: float
    lift: float
    score: float
    p_value: float
    p_adjusted: float
    gain_if_fixed: float
    ids: pd.Index = field(repr=False, compare=False)

    def __str__(self) -> str:
        return " and ".join(f"{column} is {_said(value)}" for column, value in self.predicates)


def _said(value: Any) -> str:
    """A value as it reads within a sentence."""
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, pd.Interval):
        low, high = _said(value.left), _said(value.right)
        return (
            f"{'from' if value.closed_left else 'above'} {low} {'up to' if value.closed_right else 'to below'} {high}"
        )
    if isinstance(value, pd.Timestamp) and value == value.normalize():
        return f"{value:%Y-%m-%d}"
    if isinstance(value, float):
        return f"{value:.10g}"
    return "empty" if value == "" else str(value)


def smallest_slice(rows: int) -> int:
    """The size from which a slice is worth a look: 1% of the rows, at least 32."""
    return max(32, math.ceil(rows / 100))


def find_slices(
    frame: pd.DataFrame,
    losses: pd.Series | npt.ArrayLike,
    *,
    top: int = 10,
    max_predicates: int = 3,
    min_size: int | None = None,
    alpha: float = 0.95,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> list[Slice]:
    """Find the worst slices, exactly: no conjunction of up to `max_predicates` values has a higher score.

    Parameters
    ----------
    frame : DataFrame of shape (n, columns)
        Every different value of a column counts as a category, and missing as one more, called "missing"; see
        `slice_frame`. The index may repeat itself as long as losses come in the same order.
    losses : Series of shape (n,) indexed as the frame, or array-like in its order
        Loss of each example, 0 or more; 1 and 0 for wrong and right.
    top : int
        How many slices to return at most. Of equal scores those with fewer predicates come first, then those on
        earlier columns and values.
    max_predicates : int
    min_size : int, optional
        Smallest number of examples in a slice; by default 1%, at least 32.
    alpha : float
        Weight of the error against the size, in (0, 1].

    Returns
    -------
    list of Slice
        Best score first; only slices with a score above 0. Their p-values are adjusted for all slices that are large
        enough. Where counting all of them would take too long, those that can't be among the best are passed over:
        they count as p = 1, and of how many there are the most that is possible is taken, so that `p_adjusted` is
        then higher than it need be, never lower.

    Raises
    ------
    EvaluationError
        If a parameter is out of its range, or losses are missing, negative or of other examples.
    Cancelled
        If the caller asked to stop.

    References
    ----------
    Sagadeeva and Boehm (2021), "SliceLine: Fast, Linear-Algebra-based Slice Finding for ML Model Debugging", SIGMOD.

    Examples
    --------
    >>> frame = pd.DataFrame({"plan": ["basic", "plus"] * 200, "region": ["north"] * 200 + ["south"] * 200})
    >>> wrong = ((frame["plan"] == "basic") & (frame["region"] == "north")).astype(float)
    >>> worst = find_slices(frame, wrong)[0]
    >>> str(worst), worst.size, worst.error, worst.lift
    ('plan is basic and region is north', 100, 1.0, 4.0)
    """
    smallest = smallest_slice(len(frame)) if min_size is None else min_size
    _check_parameters(top=top, max_predicates=max_predicates, min_size=smallest, alpha=alpha)
    loss = _losses_of(frame, losses)
    if not loss.any():
        return []
    aim = Aim(len(loss), float(loss.mean()), float(loss.max()), alpha, smallest, top)
    columns = [_coded(column) for _, column in frame.items()]
    counter = Counter([codes for codes, _ in columns], loss, smallest)
    counted, pruned = _search(counter, aim, max_predicates, progress, cancel)
    if not counted:
        return []
    sizes = np.concatenate([cells.sizes for cells in counted])
    errors = np.concatenate([cells.errors for cells in counted])
    p_values, adjusted = _p_values(sizes, errors, loss, len(sizes) + pruned)
    ends = np.cumsum([len(cells.sizes) for cells in counted])
    found = []
    for place in _best(aim.score(sizes, errors), top):
        owner = int(np.searchsorted(ends, place, side="right"))
        cells = counted[owner]
        inside, predicates = np.ones(len(loss), dtype=bool), []
        # A negative place: counted from the end of its combination.
        for column, code in zip(cells.columns, cells.codes(int(place - ends[owner])), strict=True):
            codes, values = columns[column]
            inside &= codes == code
            predicates.append((frame.columns[column], values[code]))
        found.append(
            _slice(tuple(predicates), frame.index[inside], loss[inside], aim, p_values[place], adjusted[place])
        )
    return found


def _check_parameters(*, top: int, max_predicates: int, min_size: int, alpha: float) -> None:
    for name, value in (("top", top), ("max_predicates", max_predicates), ("min_size", min_size)):
        if value < 1:
            raise EvaluationError(f"The '{name}' of a search for slices must be at least 1. Got {value} instead.")
    if not 0 < alpha <= 1:
        raise EvaluationError(f"The 'alpha' of a search for slices must be in (0, 1]. Got {alpha} instead.")


def _losses_of(frame: pd.DataFrame, losses: pd.Series | npt.ArrayLike) -> Floats:
    if isinstance(losses, pd.Series) and not losses.index.equals(frame.index):
        if not differ(losses.index):
            raise EvaluationError("Each example has one loss. Some ids stand in the losses more than once.")
        if len(frame) and not is_among(frame.index, losses.index).any():
            raise EvaluationError(
                "Losses and examples belong together by their ids. None of the losses is of one of the examples: "
                "give both the same index, or give the losses as an array in the order of the examples."
            )
        losses = aligned(losses, frame.index)
    try:
        # An extension array with missing values has no float array but this one.
        loss = losses.to_numpy(float, na_value=np.nan) if isinstance(losses, pd.Series) else np.asarray(losses, float)
    except (TypeError, ValueError) as error:
        raise EvaluationError(f"Losses must be numbers. {str(error).capitalize()}.") from error
    if loss.shape != (len(frame),):
        raise EvaluationError(f"Each of the {len(frame):,} examples needs one loss. Got losses of shape {loss.shape}.")
    wrong = ~(np.isfinite(loss) & (loss >= 0))
    if wrong.any():
        first = np.flatnonzero(wrong)[0]
        raise EvaluationError(
            f"A loss must be a finite number of 0 or more. That of '{frame.index[first]}' is {loss[first]}. "
            "Leave out examples that have no loss."
        )
    return loss


def _coded(column: pd.Series) -> tuple[npt.NDArray[np.integer], list[Any]]:
    """Codes 0 to k - 1 and the k values they stand for, in their order; missing is the last."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        # The array itself: the accessor takes longer than some searches.
        codes, values = column.array.codes, column.array.categories.tolist()
    elif column.dtype == object:
        # Values of several types have no common order but that of their names.
        codes, unique = pd.factorize(column)
        order = sorted(range(len(unique)), key=lambda code: str(unique[code]))
        codes, values = np.append(np.argsort(order), -1)[codes], [unique[code] for code in order]
    else:
        codes, unique = pd.factorize(column, sort=True)
        values = unique.tolist()
    missing = codes < 0
    if missing.any():
        codes, values = np.where(missing, np.int32(len(values)), codes), [*values, MISSING]
    return codes, values


def _search(
    counter: Counter, aim: Aim, max_predicates: int, progress: Progress | None, cancel: Cancel | None
) -> tuple[list[Cells], int]:
    """Count all slices that may be among the best; the second value is how many others may be large enough."""
    places = [place for place, column in enumerate(counter.columns) if column.frequent]
    lengths = range(1, min(max_predicates, len(places)) + 1)
    total = sum(math.comb(len(places), length) for length in lengths)
    if total * counter.rows >= _PRUNE_FROM:
        return search(counter, aim, max_predicates, progress, cancel)
    steps = Steps(total, progress, cancel)
    counted: list[Cells] = []
    for cells in counter.count([own for length in lengths[:2] for own in combinations(places, length)]):
        steps.start("counting slices")
        counted.append(cells)
    if len(lengths) > 2:
        pairs = [cells for cells in counted if len(cells.columns) == 2 and len(cells.cells)]
        large = {cells.columns for cells in pairs}
        # A slice is no larger than its parts: one with a pair of values that is too small needs no count.
        longer = [
            own
            for length in lengths[2:]
            for own in combinations(places, length)
            if all(pair in large for pair in combinations(own, 2))
        ]
        for cells in counter.narrowed(_in_pairs(counter, pairs)).count(longer):
            steps.start("counting slices")
            counted.append(cells)
    counted.sort(key=lambda cells: (len(cells.columns), cells.columns))
    steps.finish()
    return counted, 0


def _in_pairs(counter: Counter, pairs: list[Cells]) -> list[npt.NDArray[np.bool_]]:
    """Which values of each column make large enough pairs with values of two other columns or more."""
    partners = [np.zeros(column.frequent, dtype=np.int64) for column in counter.columns]
    for cells in pairs:
        for column, own in zip(cells.columns, np.divmod(cells.cells, cells.shape[1]), strict=True):
            seen = np.zeros(len(partners[column]), dtype=bool)
            seen[own] = True
            partners[column] += seen
    return [own >= 2 for own in partners]


def _best(scores: Floats, top: int) -> npt.NDArray[np.intp]:
    """Places of the highest positive scores, best first; of ties those that stand first."""
    rounded = np.round(scores, DECIMALS)
    least = np.partition(rounded, -top)[-top] if len(rounded) > top else -np.inf
    candidates = np.flatnonzero((rounded > 0) & (rounded >= least))
    return candidates[np.argsort(-rounded[candidates], kind="stable")][:top]


def _p_values(sizes: Floats, errors: Floats, losses: Floats, tests: int) -> tuple[Floats, Floats]:
    """Chance of as many errors in examples drawn blindly, and the same adjusted for all tests made."""
    worst = losses.max()
    # A slice that is no worse than all examples is no candidate: it counts as p = 1.
    worse = np.flatnonzero(errors / sizes > losses.mean())
    p_values = np.ones(len(sizes))
    adjusted = np.ones(len(sizes))
    if ((losses == 0) | (losses == worst)).all():
        wrong = np.rint(errors[worse] / worst)
        p_values[worse] = hypergeometric_tail(wrong, sizes[worse], int(np.count_nonzero(losses)), len(losses))
    else:
        p_values[worse] = permutation_tail(errors[worse], sizes[worse], losses)
    adjusted[worse] = benjamini_hochberg(p_values[worse], tests)
    return p_values, adjusted


def _slice(
    predicates: tuple[tuple[str, Any], ...],
    ids: pd.Index,
    losses: Floats,
    aim: Aim,
    p_value: float,
    adjusted: float,
) -> Slice:
    size, error = len(losses), float(losses.mean())
    share, lift = size / aim.rows, error / aim.mean
    if ((losses == 0) | (losses == 1)).all():
        low, high = (float(end) for end in wilson_interval(losses.sum(), size))
    else:
        half = 1.96 * float(losses.std(ddof=1)) / math.sqrt(size) if size > 1 else math.inf
        low, high = max(error - half, 0.0), error + half
    # As good as the rest: the mean of all would be that of the rest.
    rest = (aim.mean - share * error) / (1 - share) if size < aim.rows else error
    score = float(aim.score(np.array([size]), np.array([losses.sum()]))[0])
    return Slice(
        predicates, size, share, error, low, high, lift, score, float(p_value), float(adjusted), aim.mean - rest, ids
    )
