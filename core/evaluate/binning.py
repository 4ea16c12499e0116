"""From columns as they are to the few readable categories that slices are made of.

Numbers become ranges, dates become periods, rare values become "other", missing is a value of its own. A column that
has no groups of some size is left out, with the reason.

Cuts that are placed by the losses and then tested on the same losses would make noise look significant. So a cut is
learned on one half of the examples and kept only if the other half confirms it, and the other way round.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.tree import DecisionTreeRegressor

from core.evaluate.slices import MISSING, smallest_slice
from core.ids import aligned

__all__ = ["OTHER", "slice_frame"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]

OTHER = "a rarer value"
_RANGES = 6
_MOST_NAMES = 40
_MOST_DIGITS = 12
# A cut by losses leaves a twentieth of the examples on either side, and must explain as much as this chi-square with
# one degree of freedom in the half that it is learned on: about p = 0.05 for the best of all places to cut. The other
# half must show a change of the same sign at that one place with this chi-square: p = 0.01. By chance that happens in
# about one of a thousand columns.
_SMALLEST_LEAF = 20
_CHI_SQUARE = 10.0
_CONFIRMED = 5.41
_FEWEST_PERIODS, _MOST_PERIODS = 3, 12


def slice_frame(
    frame: pd.DataFrame, losses: pd.Series | None = None, *, min_size: int | None = None
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Turn columns into categories whose names read as part of a sentence: "age is 18 to 25".

    Parameters
    ----------
    frame : DataFrame of shape (n, columns)
        Numbers, dates, booleans and strings.
    losses : Series of shape (n,) indexed as the frame, optional
        Numbers are then cut where the losses change, too: by a small regression tree on one half of the examples, if
        the other half confirms the cut. That keeps p-values honest that are calculated from the same losses: where
        losses have nothing to do with a column, hardly ever is a cut confirmed. Which half an example is in depends
        on its id.
    min_size : int, optional
        Values with fewer examples are grouped; by default those that `find_slices` would pass over.

    Returns
    -------
    categories : DataFrame of shape (n, kept columns)
        Ordered categoricals.
    left_out : dict
        Column to the reason why slices don't look at it.
    """
    rare = smallest_slice(len(frame)) if min_size is None else min_size
    loss = None if losses is None else aligned(losses, frame.index).to_numpy(dtype=float)
    halves = pd.util.hash_pandas_object(frame.index, index=False).to_numpy() % 2 == 1
    kept: dict[str, pd.Categorical] = {}
    left_out: dict[str, str] = {}
    for place, name in enumerate(map(str, frame.columns)):
        column = frame.iloc[:, place]
        codes, names = _merged(*_grouped(column, rare, None if loss is None else _Losses(loss, halves)))
        if (codes < 0).any():
            codes, names = _filled(codes, names, MISSING)
        if len(names) < 2:
            left_out[name] = _reason(column, rare)
        else:
            kept[name] = pd.Categorical.from_codes(codes, pd.Index(names, dtype="str"), ordered=True)
    return pd.DataFrame(kept, index=frame.index), left_out


@dataclass(frozen=True)
class _Losses:
    """Losses, NaN where there is none, and the half that each example is in."""

    values: Floats
    half: npt.NDArray[np.bool_]

    def of(self, chosen: npt.NDArray[np.bool_]) -> _Losses:
        return _Losses(self.values[chosen], self.half[chosen])


def _reason(column: pd.Series, rare: int) -> str:
    different = column.nunique()
    if different < 2:
        return "all values are missing" if different == 0 else "it has one value only"
    return f"it has {different:,} different values, which make no two groups of {rare:,} examples"


def _grouped(column: pd.Series, rare: int, losses: _Losses | None) -> tuple[Codes, list[str]]:
    """Code of each example's group, -1 for missing, and the names of the groups in order."""
    dates = pd.api.types.is_datetime64_any_dtype(column.dtype)
    flags = pd.api.types.is_bool_dtype(column.dtype)
    numbers = pd.api.types.is_numeric_dtype(column.dtype) and not flags
    present = column.notna().to_numpy()
    if numbers:
        present = np.isfinite(column.to_numpy(dtype=float, na_value=np.nan))
    codes = np.full(len(column), -1, dtype=np.intp)
    own = None if losses is None else losses.of(present)
    if dates:
        codes[present], names = _periods(column[present], rare, own)
    elif numbers:
        codes[present], names = _ranges(column[present].to_numpy(dtype=float), rare, own)
    elif flags:
        codes[present], names = _frequent(column[present].map({False: "no", True: "yes"}), 0)
    else:
        codes[present], names = _frequent(column[present], rare)
    return codes, names


def _frequent(column: pd.Series, rare: int) -> tuple[Codes, list[str]]:
    """The values that are frequent, in their own order if they have one; the others together."""
    values = column.astype("str")
    sizes = values.value_counts()
    frequent = sizes[sizes >= rare].index[:_MOST_NAMES]
    ordered = isinstance(column.dtype, pd.CategoricalDtype) and column.cat.ordered
    names = [name for name in map(str, column.cat.categories) if name in frequent] if ordered else sorted(frequent)
    codes = pd.Index(names, dtype="str").get_indexer(pd.Index(values))
    if (codes < 0).any():
        return _filled(codes, names, OTHER)
    return codes, names


def _merged(codes: Codes, names: list[str]) -> tuple[Codes, list[str]]:
    """One group a name: 0.3 and 0.1 + 0.2 are one value to a reader."""
    different = list(dict.fromkeys(names))
    if len(different) == len(names):
        return codes, names
    return np.append(pd.Index(different).get_indexer(pd.Index(names)), -1)[codes], different


def _filled(codes: Codes, names: list[str], name: str) -> tuple[Codes, list[str]]:
    """Give the examples without a group one of that name, the last unless the data has it already."""
    names = names if name in names else [*names, name]
    return np.where(codes < 0, names.index(name), codes), names


def _periods(dates: pd.Series, rare: int, losses: _Losses | None) -> tuple[Codes, list[str]]:
    """The longest periods of which there are a few; ranges of years where there are many."""
    year, quarter, month, day = (
        getattr(dates.dt, unit).to_numpy(dtype=np.float64) for unit in ("year", "quarter", "month", "day")
    )
    # Periods are told apart as numbers, and only those that differ are written.
    kinds: tuple[tuple[Floats, Callable[[int], str]], ...] = (
        (year, lambda number: f"{number:04d}"),
        (10 * year + quarter, lambda number: f"{number // 10:04d} Q{number % 10}"),
        (100 * year + month, lambda number: f"{number // 100:04d}-{number % 100:02d}"),
        (
            10_000 * year + 100 * month + day,
            lambda number: f"{number // 10_000:04d}-{number // 100 % 100:02d}-{number % 100:02d}",
        ),
    )
    for periods, written in kinds:
        codes, different = pd.factorize(periods, sort=True)
        if len(different) > _MOST_PERIODS:
            break
        if len(different) >= _FEWEST_PERIODS:
            return codes, [written(int(number)) for number in different]
    return _ranges(year, rare, losses)


def _ranges(values: Floats, rare: int, losses: _Losses | None) -> tuple[Codes, list[str]]:
    different = np.unique(values)
    if len(different) <= _RANGES:
        return np.searchsorted(different, values), [_written(value) for value in different]
    strong = np.array([]) if losses is None else _cuts_by_loss(values, rare, losses)
    part_of = np.searchsorted(strong, values, side="right")
    parts = [values[part_of == part] for part in range(len(strong) + 1)]
    cuts = [strong, *(_cuts_by_size(part, round(_RANGES * len(part) / len(values))) for part in parts)]
    kept = _far_enough(np.unique(np.concatenate(cuts)), values, rare)
    return np.searchsorted(kept, values, side="right"), _range_names(kept, different)


def _cuts_by_size(values: Floats, pieces: int) -> Floats:
    """Lower ends of equally full ranges; a value that fills one by itself stands alone."""
    if pieces < 2:
        return np.array([])
    ordered = np.sort(values)
    cuts = np.unique(ordered[len(ordered) * np.arange(1, pieces) // pieces])
    heavy = [value for value in cuts if np.count_nonzero(values == value) >= len(values) / pieces]
    after = [ordered[min(np.searchsorted(ordered, value, side="right"), len(ordered) - 1)] for value in heavy]
    return np.concatenate([_rounded(np.setdiff1d(cuts, heavy), ordered), heavy, after])


def _cuts_by_loss(values: Floats, rare: int, losses: _Losses) -> Floats:
    """Where the mean loss changes: cuts that either half of the examples proposes and the other one confirms."""
    known = np.isfinite(losses.values)
    values, losses = values[known], losses.of(known)
    leaf = max(rare, len(values) // _SMALLEST_LEAF)
    confirmed = []
    for half in (losses.half, ~losses.half):
        own, other = (values[half], losses.values[half]), (values[~half], losses.values[~half])
        confirmed.append(_confirmed(_proposed(*own, max(leaf // 2, 1)), own, other))
    cuts = np.unique(np.concatenate(confirmed))
    if not len(cuts):
        return cuts
    cuts = np.unique(np.ceil(cuts)) if (values == np.rint(values)).all() else _rounded(cuts, np.sort(values))
    # Where both halves place one a little apart, the first is enough.
    return _far_enough(cuts, values, leaf)


def _proposed(values: Floats, losses: Floats, leaf: int) -> Floats:
    """Where a small tree cuts, as far as a step stands out from noise."""
    if len(values) < 2 * leaf or not losses.var() > 0:
        return np.array([])
    tree = DecisionTreeRegressor(
        max_leaf_nodes=_RANGES,
        min_samples_leaf=leaf,
        min_impurity_decrease=_CHI_SQUARE * float(losses.var()) / len(losses),
        random_state=0,
    ).fit(values[:, np.newaxis], losses)
    cuts: Floats = np.unique(tree.tree_.threshold[tree.tree_.children_left >= 0])
    return cuts


def _confirmed(cuts: Floats, own: tuple[Floats, Floats], other: tuple[Floats, Floats]) -> Floats:
    """Cuts across which examples that had no say in them differ in the same direction, by more than chance."""
    learned, seen = (_steps(cuts, *half) for half in (own, other))
    kept: Floats = cuts[(learned * seen > 0) & (seen**2 >= _CONFIRMED)]
    return kept


def _steps(cuts: Floats, values: Floats, losses: Floats) -> Floats:
    """By how many standard errors the mean loss changes at each cut, from one range to the next."""
    part_of = np.searchsorted(cuts, values, side="right")
    sizes = np.maximum(np.bincount(part_of, minlength=len(cuts) + 1), 1)
    means = np.bincount(part_of, losses, minlength=len(cuts) + 1) / sizes
    spread = np.sqrt(losses.var() * (1 / sizes[1:] + 1 / sizes[:-1])) if len(losses) else np.zeros(len(cuts))
    steps: Floats = np.divide(np.diff(means), spread, out=np.zeros(len(cuts)), where=spread > 0)
    return steps


def _rounded(cuts: Floats, ordered: Floats) -> Floats:
    """Cuts with no more digits than it takes to tell them apart well."""
    if not len(cuts):
        return cuts
    ends = ordered[len(ordered) // 100], ordered[-1 - len(ordered) // 100]
    gaps = np.diff(np.unique([ends[0], *cuts, ends[1]]))
    digits = min(-int(np.floor(np.log10(gaps.min() / 5))), _MOST_DIGITS) if len(gaps) else 0
    if (ordered == np.rint(ordered)).all():
        digits = min(digits, 0)
    return np.unique(np.round(cuts, digits))


def _far_enough(cuts: Floats, values: Floats, rare: int) -> Floats:
    """Cuts between which there are enough examples for a slice, or at least one where there is room for none."""
    ordered = np.sort(values)
    kept, start = [], 0
    for cut in cuts:
        place = int(np.searchsorted(ordered, cut))
        if min(place - start, len(ordered) - place) >= rare:
            kept.append(cut)
            start = place
    return np.array(kept)


def _range_names(cuts: Floats, different: Floats) -> list[str]:
    whole = bool((different == np.rint(different)).all())
    names = []
    for low, high in zip([-np.inf, *cuts], [*cuts, np.inf], strict=True):
        inside = different[(different >= low) & (different < high)]
        if len(inside) == 1:
            names.append(_written(inside[0]))
        elif low == -np.inf:
            names.append(f"below {_written(high)}")
        elif high == np.inf:
            names.append(f"{_written(low)} or more")
        else:
            names.append(f"{_written(low)} to {_written(high - 1 if whole else high)}")
    return names


def _written(value: float) -> str:
    return f"{value:,.10g}" if abs(value) >= 10_000 else f"{value:.10g}"
