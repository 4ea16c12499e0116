"""What a turn's gain is made of: split over the groups of edits that went into it, by retraining without some of them.

Edits depend on each other: relabelling an example and excluding its copies may each be worth nothing alone. A group's
share is its Shapley value: what it adds to the headline metric, averaged over all orders in which the groups could have
been applied. The shares sum to the turn's gain, and equal groups get equal shares.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import factorial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.dataset import Dataset
from core.evaluate import Verdict, together
from core.evaluate.predictions import align
from core.evaluate.resampled import resampled
from core.evaluate.scores import CELL_METRICS, SMALLER_IS_BETTER
from core.flywheel import log
from core.flywheel.edits import Decide, Edit, Exclude, replay
from core.flywheel.errors import ProjectError
from core.flywheel.fits import Fit, fit_once, kept_fit
from core.ids import is_among, looked_up
from core.progress import Cancel, Progress, Steps
from core.statistics import paired_error, paired_interval

if TYPE_CHECKING:
    from core.flywheel.project import Project
    from core.flywheel.turn import Turn

__all__ = ["EXACT", "PERMUTATIONS", "Attribution", "EditGroup", "Share", "attribute", "groups_of", "known_attribution"]

Floats = npt.NDArray[np.float64]

# Up to so many groups every subset is trained on, 2 to their power; beyond, orders are drawn.
EXACT = 6
# Orders that are drawn, each together with its reverse.
PERMUTATIONS = 12
_RESAMPLES = 2000


@dataclass(frozen=True)
class EditGroup:
    """Edits of one kind, for one reason, that one turn took in.

    Attributes
    ----------
    title : str
        What was done, and why, in words.
    entries : tuple of int
        Entries of the log.
    size : int
        Examples, cells or columns that they changed.
    taken_back : bool
        Whether they were in force in the turn before and are no longer.
    """

    title: str
    entries: tuple[int, ...]
    size: int
    taken_back: bool = False


@dataclass(frozen=True)
class Share:
    """What one group is worth.

    Attributes
    ----------
    group : EditGroup
    verdict : Verdict
        Its share of the gain as ``delta``, positive is better, with an interval that is corrected for all groups
        (Holm). It covers the luck of the test sample and, where orders were drawn, that of the draw.
    sampling_error : float
        Standard error of the share from having drawn some orders only; 0 where all subsets were trained on.
    """

    group: EditGroup
    verdict: Verdict
    sampling_error: float = 0.0


@dataclass(frozen=True)
class Attribution:
    """A turn's gain, split.

    Attributes
    ----------
    turn : int
    gain : float
        In the headline metric against the turn before, positive is better: the sum of the shares.
    shares : tuple of Share
        The largest first.
    fits : int
        Subsets that the locked model was trained on for this; what was known already is not counted.
    orders : int
        Orders that were drawn; 0 where the shares are exact.
    """

    turn: int
    gain: float
    shares: tuple[Share, ...]
    fits: int
    orders: int = 0


def groups_of(project: Project, number: int) -> tuple[EditGroup, ...]:
    """The groups of edits between a turn and the one before, in the order in which they began.

    Edits that change no data are left out, and so are those of test examples alone: both turns are scored on the test
    set as it is now.

    Raises
    ------
    ProjectError
        If there is no such turn, or it is turn 0.
    """
    before, after = _two(project, number)
    entries = project.log
    old = {entry.seq: entry for entry in log.active(entries, until=before.revision)}
    new = {entry.seq: entry for entry in log.active(entries, until=after.revision)}
    split = project.versions.split
    judged = split.index[split.isin(["test", "sealed"]).to_numpy()]
    found: dict[tuple[str, bool], list[tuple[int, int]]] = {}
    for seq in sorted(old.keys() ^ new.keys()):
        edit = log.to_edit(project.store, old.get(seq) or new[seq])
        size = _size(edit)
        if not size or _of_test_alone(edit, judged):
            continue
        found.setdefault((_titled(edit), seq in old), []).append((seq, size))
    return tuple(
        EditGroup(
            f"taken back: {title}" if taken_back else title,
            tuple(seq for seq, _ in members),
            sum(size for _, size in members),
            taken_back,
        )
        for (title, taken_back), members in found.items()
    )


def attribute(
    project: Project, number: int | None = None, *, progress: Progress | None = None, cancel: Cancel | None = None
) -> Attribution:
    """Split the gain of one turn over its groups of edits.

    The locked model is trained on the data with each subset of the groups (up to `EXACT` groups), or along
    `PERMUTATIONS` orders of them and their reverses; no data set is fitted twice.

    Parameters
    ----------
    project : Project
    number : int, optional
        The turn; by default the last.
    progress, cancel
        See `core.progress`.

    Returns
    -------
    Attribution
        On the test set as it is now. Without groups it has no shares.

    Raises
    ------
    ProjectError
        If there is no such turn, or it is turn 0.
    TrainError
        If the data can't be trained on without some of the edits.
    Cancelled
        If the caller asked to stop; fits that were finished are kept.

    References
    ----------
    Shapley (1953), "A value for n-person games". Castro, Gomez and Tejada (2009), "Polynomial calculation of the
    Shapley value based on sampling", Computers and Operations Research 36. Mitchell et al. (2022), "Sampling
    permutations for Shapley value estimation", JMLR 23 (each order with its reverse).
    """
    turns = project.turns
    number = turns[-1].number if number is None and turns else number
    before, after = _two(project, number)
    groups = groups_of(project, after.number)
    orders, subsets = _subsets(len(groups), seed=after.number)
    fitted, fits = _fit(project, before, after, groups, subsets, progress, cancel)
    values, draws = _scored(project, fitted, subsets)
    place = {mask: at for at, mask in enumerate(subsets)}
    weights = _exact_weights(len(groups)) if not orders else _mean_weights(orders, len(groups), place)
    errors = np.zeros(len(groups)) if not orders else _sampling_errors(values, orders, len(groups), place)
    verdicts = []
    for row, missed in zip(weights, errors, strict=True):
        delta = float(row @ values)
        error = float(np.hypot(paired_error(row @ draws), missed))
        low, high = paired_interval(delta, error)
        verdicts.append(
            Verdict(
                project.headline,
                float(values[0]),
                float(values[0]) + delta,
                delta,
                low,
                high,
                draws.shape[1],
                error=error,
            )
        )
    shares = [
        Share(group, verdict, float(missed))
        for group, verdict, missed in zip(groups, together(verdicts), errors, strict=True)
    ]
    shares.sort(key=lambda share: -abs(share.verdict.delta))
    return Attribution(after.number, float(values[-1] - values[0]), tuple(shares), fits, len(orders))


def known_attribution(project: Project, number: int) -> Attribution | None:
    """The gain of a turn, split, if that takes no fit because all it rests on is known; otherwise None.

    Raises
    ------
    ProjectError
        If there is no such turn, or it is turn 0.
    """
    before, after = _two(project, number)
    groups = groups_of(project, after.number)
    old, new = (log.active(project.log, until=turn.revision) for turn in (before, after))
    edits = {entry.seq: log.to_edit(project.store, entry) for entry in [*old, *new]}
    brought, fingerprint = project.dataset_at(0), project.model.fingerprint
    for mask in _subsets(len(groups), seed=after.number)[1]:
        if mask not in (0, 2 ** len(groups) - 1):
            dataset = _with(brought, {entry.seq for entry in old}, groups, mask, edits)
            if kept_fit(project.store, dataset.version, fingerprint) is None:
                return None
    return attribute(project, number) if groups else None


def _two(project: Project, number: int | None) -> tuple[Turn, Turn]:
    """The turn before and the turn itself."""
    turns = project.turns
    if number is None or not 0 < number < len(turns):
        last = f"the last is turn {turns[-1].number}" if turns else "there is none yet"
        raise ProjectError(
            f"The gain of a turn is split against the turn before it, from turn 1 on; {last}. "
            f"Got {'no turn' if number is None else f'turn {number}'} instead."
        )
    return turns[number - 1], turns[number]


# --- the groups -----------------------------------------------------------------------------------------------------


def _titled(edit: Edit) -> str:
    done = {
        "relabel": "relabelled",
        "exclude": "excluded",
        "correct": "corrected cells",
        "drop_column": "dropped a column",
        "collect": "collected",
        "generate": "generated",
    }.get(edit.kind, edit.kind)
    if isinstance(edit, Decide):
        done = "relabelled" if not edit.exclusions else "excluded" if not edit.labels else "relabelled and excluded"
        done = f"{done} {'in bulk' if edit.bulk else 'in review'}"
    return f"{done}: {edit.reason}" if edit.reason else done


def _size(edit: Edit) -> int:
    """How many examples, cells or columns an edit changes."""
    if isinstance(edit, Decide):
        return len(edit.labels) + len(edit.exclusions)
    if not edit.changes_data:
        return 0
    content = edit.payload()
    for key in ("labels", "examples", "cells"):
        if key in content:
            return len(content[key])
    return int(content.get("count", 1))


def _of_test_alone(edit: Edit, judged: pd.Index) -> bool:
    return isinstance(edit, Decide | Exclude) and bool(is_among(pd.Index(edit.ids), judged).all())


# --- the subsets ----------------------------------------------------------------------------------------------------


def _subsets(groups: int, seed: int) -> tuple[list[list[int]], list[int]]:
    """The orders that are drawn, none where every subset is trained on; and the subsets, as masks."""
    orders = [] if groups <= EXACT else _drawn_orders(groups, seed)
    return orders, sorted({*range(2**groups)} if not orders else {mask for order in orders for mask in order})


def _fit(
    project: Project,
    before: Turn,
    after: Turn,
    groups: Sequence[EditGroup],
    subsets: Sequence[int],
    progress: Progress | None,
    cancel: Cancel | None,
) -> tuple[list[Fit], int]:
    """What the model says after training on each subset, and how many of them had to be fitted."""
    store, model = project.store, project.model
    old, new = (log.active(project.log, until=turn.revision) for turn in (before, after))
    edits = {entry.seq: log.to_edit(store, entry) for entry in [*old, *new]}
    brought = project.dataset_at(0)
    everything = 2 ** len(groups) - 1
    steps = Steps(len(subsets), progress, cancel)
    found, fits = [], 0
    for mask in subsets:
        steps.start(f"training on {mask.bit_count()} of {len(groups)} groups of edits")
        if mask in (0, everything):
            # The turns themselves; with no group at all they are the same data.
            turn = before if mask == 0 else after
            found.append(Fit(turn.test_probabilities, turn.threshold))
            continue
        dataset = _with(brought, {entry.seq for entry in old}, groups, mask, edits)
        known = kept_fit(store, dataset.version, model.fingerprint)
        fits += known is None
        found.append(known or fit_once(store, model, dataset, brought, cancel=cancel))
    steps.finish()
    return found, fits


def _with(
    brought: Dataset, old: Iterable[int], groups: Sequence[EditGroup], mask: int, edits: Mapping[int, Edit]
) -> Dataset:
    """The data of the turn before with the edits of some groups, in the order of the log."""
    force = set(old)
    for place, group in enumerate(groups):
        if mask >> place & 1:
            force = force - set(group.entries) if group.taken_back else force | set(group.entries)
    return replay(brought, [edits[seq] for seq in sorted(force)])


def _scored(project: Project, fitted: Sequence[Fit], subsets: Sequence[int]) -> tuple[Floats, Floats]:
    """The headline metric after each subset, larger is better: in the test set, and in resamples of it."""
    labels = project.dataset.labels_of("test").sort_index()
    model, decided_alone = project.model, project.headline in CELL_METRICS
    probabilities = [looked_up(fit.test_probabilities, labels.index) for fit in fitted]
    predicted = [model.decide(own, fit.threshold) for own, fit in zip(probabilities, fitted, strict=True)]
    judged = align(labels, [None] * len(fitted) if decided_alone else probabilities, predicted)
    # Classes count as in the verdict of the turn, so that the shares sum to its change.
    scores = resampled(judged, project.headline, _RESAMPLES, np.random.default_rng(0), counted=(0, len(subsets) - 1))
    sign = -1.0 if project.headline in SMALLER_IS_BETTER else 1.0
    return sign * scores.values, sign * scores.draws


# --- the shares -----------------------------------------------------------------------------------------------------


def _exact_weights(groups: int) -> Floats:
    """Shapley values as weights of the subsets' values: array of shape (groups, 2 ** groups)."""
    weights = np.zeros((groups, 2**groups))
    for mask in range(2**groups):
        size = mask.bit_count()
        for group in range(groups):
            if not mask >> group & 1:
                weight = factorial(size) * factorial(groups - size - 1) / factorial(groups)
                weights[group, mask | 1 << group] += weight
                weights[group, mask] -= weight
    return weights


def _drawn_orders(groups: int, seed: int) -> list[list[int]]:
    """Orders of the groups, each followed by its reverse, as the subsets that they pass through."""
    rng = np.random.default_rng(seed)
    orders = []
    for _ in range(PERMUTATIONS):
        order = rng.permutation(groups)
        orders += [[0, *np.cumsum(1 << own).tolist()] for own in (order, order[::-1])]
    return orders


def _mean_weights(orders: Sequence[Sequence[int]], groups: int, place: Mapping[int, int]) -> Floats:
    """What each group adds, averaged over some orders, as weights of the subsets' values."""
    weights = np.zeros((groups, len(place)))
    for order in orders:
        for less, more in pairwise(order):
            group = (more ^ less).bit_length() - 1
            weights[group, place[more]] += 1 / len(orders)
            weights[group, place[less]] -= 1 / len(orders)
    return weights


def _sampling_errors(values: Floats, orders: Sequence[Sequence[int]], groups: int, place: Mapping[int, int]) -> Floats:
    """Standard error of each share from the draw of orders; an order and its reverse are one draw."""
    pairs = [orders[at : at + 2] for at in range(0, len(orders), 2)]
    added = np.array([_mean_weights(pair, groups, place) @ values for pair in pairs])
    errors: Floats = added.std(axis=0, ddof=1) / np.sqrt(len(pairs))
    return errors
