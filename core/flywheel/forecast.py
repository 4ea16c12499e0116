"""What an action would be worth: small counterfactual fits of the locked model, inside train only.

What is there is taken away, or made worse, and what that costs says what more of it would bring: labels are made wrong
on purpose as a reviewer is expected to correct them, a class is halved. What is known to the letter, such as a column
that goes, is done as it is. The locked model is fitted on the changed folds and scored on the held-out examples. The
test set gives nothing but its size.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from core.dataset import Dataset
from core.errors import FlywheelError
from core.evaluate import compare
from core.flywheel.action import Estimate
from core.flywheel.belief import Belief
from core.flywheel.candidates import Candidate
from core.flywheel.ledger import part_of
from core.flywheel.usual import Piece
from core.generate import focus_on, trial_report
from core.ids import is_among, present
from core.progress import Cancel, Progress, Steps
from core.train import FOLDS, LockedModel
from core.train.changes import out_of_fold_under
from core.train.fit import Change
from core.train.lock import choose_threshold

__all__ = ["Start", "estimates"]

# Labels that are made wrong on purpose: at least such a share of train, so that the effect stands out, in so many
# draws, and at most such a share of a class.
_LEVER = 0.08
_DRAWS = 2
_SPOILT = 0.4
# Error falls with the number of examples to this power.
_POWER = 0.5
# How long the fits of each kind take, in fits of all folds.
_WORK = {"review": 2.0, "settle": 1.0, "collect": 3.0, "generate": 1.5, "drop": 1.0, "mend": 1.0}


@dataclass(frozen=True, eq=False)
class Start:
    """From where forecasts are made.

    Attributes
    ----------
    dataset : Dataset
    model : LockedModel
    out_of_fold : DataFrame of shape (train, classes)
    belief : Belief
    suspects : DataFrame
        Of the turn.
    metric : str
    share : float
        Of train that ``dataset`` holds: counts of actions are scaled by it.
    """

    dataset: Dataset
    model: LockedModel
    out_of_fold: pd.DataFrame
    belief: Belief
    suspects: pd.DataFrame
    metric: str
    share: float = 1.0
    test_size: int = 0
    seed: int = 0
    # The refitter of labels, made when first asked for: its encoding is shared.
    _kept: dict[str, Any] = field(default_factory=dict)

    @property
    def real(self) -> pd.Index:
        """The train examples that are scored: generated ones are not."""
        ids = self.out_of_fold.index
        return ids[~is_among(ids, self.dataset.generated)]

    def refit(self) -> Callable[..., pd.DataFrame]:
        if "refit" not in self._kept:
            self._kept["refit"] = self.model.refitter(self.dataset)
        found: Callable[..., pd.DataFrame] = self._kept["refit"]
        return found

    def scaled(self, count: int) -> int:
        """So many of train, as a number of the part that is looked at."""
        return max(1, round(count * self.share))


def estimates(
    start: Start, candidates: Sequence[Candidate], progress: Progress | None = None, cancel: Cancel | None = None
) -> list[Piece | None]:
    """Play actions through.

    Parameters
    ----------
    start : Start
    candidates : sequence of Candidate
        As `find_candidates` gives them.
    progress, cancel
        See `core.progress`.

    Returns
    -------
    list of Piece or None
        In the order of the candidates; None where the model can't be fitted so, for example without any example of a
        class.

    Raises
    ------
    Cancelled
        If the caller asked to stop.
    """
    done, total = 0.0, sum(_WORK[each.action.kind] for each in candidates)
    found: list[Piece | None] = []
    for candidate in candidates:
        own = _WORK[candidate.action.kind]
        said = part_of(progress, done, total, own, f"{candidate.action.title}: ")
        raw = _estimate(start, candidate, said, cancel)
        part = bool(candidate.action.setup.keys() & {"label", "predicates"})
        amount = _amount(start, candidate)
        found.append(None if raw is None else Piece(candidate.action.kind, part, amount, raw))
        done += own
    return found


def _estimate(start: Start, candidate: Candidate, progress: Progress | None, cancel: Cancel | None) -> Estimate | None:
    play = {
        "review": _review,
        "settle": _settle,
        "collect": _collect,
        "generate": _generate,
        "drop": _edit,
        "mend": _edit,
    }[candidate.action.kind]
    try:
        return play(start, candidate, progress, cancel)
    except FlywheelError:
        return None


def _amount(start: Start, candidate: Candidate) -> float:
    """How much an action does: labels that are expected to be corrected, rows that are collected."""
    if candidate.action.kind == "collect":
        return float(candidate.action.count)
    if candidate.action.kind == "review":
        return start.belief.wrong(present(start.suspects["score"].reindex(candidate.ids)))[0]
    return 1.0


# --- labels ---------------------------------------------------------------------------------------------------------


def _review(start: Start, candidate: Candidate, progress: Progress | None, cancel: Cancel | None) -> Estimate:
    """How much the score suffers when as many more labels are made wrong as the reviewer is expected to correct.

    Which labels are truly wrong is not known, and labels that are drawn as true are no more learnable than chance. But
    labels that are most likely right can be made wrong on purpose, of the same classes and into the same classes as the
    suspects: what that costs is measured by labels as they are. Correcting as many should bring about as much.
    """
    ids = start.out_of_fold.index
    given = start.dataset.labels.loc[ids]
    cards = candidate.ids[is_among(candidate.ids, ids)]
    known = start.suspects.loc[cards]
    pairs = pd.DataFrame({"from": known["suggested"].astype("str"), "to": known["given"].astype("str")})
    chances = start.belief.chances(known["score"])
    believed = float(chances.sum())
    inject = max(believed, _LEVER * len(start.real))
    steps = Steps(_DRAWS, progress, cancel)
    # For each label that is made wrong.
    found = []
    for draw in range(_DRAWS):
        steps.start(f"making labels wrong on purpose, {draw + 1} of {_DRAWS}")
        labels = _spoilt(start, given, pairs, chances * inject / believed, draw)
        made = int((labels != given).sum())
        if made:
            after = start.refit()(labels=labels, cancel=cancel)
            found.append((made, *_compared(start, after, start.out_of_fold, labels, given)))
    steps.finish()
    if not found:
        return Estimate(0.0, 0.0, 0.0, 0.0, 0)
    each = float(np.mean([gain / made for made, gain, _ in found]))
    error = math.sqrt(sum((error / made) ** 2 for made, _, error in found)) / len(found)
    # Of two models that differ by fewer labels the predictions differ less.
    paired = float(np.mean([error * math.sqrt(min(1.0, believed / made)) for made, _, error in found]))
    wrong, spread = start.belief.wrong(known["score"])
    return Estimate(each * wrong, abs(each) * spread, error * wrong, _on_test(start, paired), FOLDS * len(found))


def _spoilt(start: Start, given: pd.Series, pairs: pd.DataFrame, shares: Any, draw: int) -> pd.Series:
    """Labels of which some that nobody doubts were made wrong, as often from one class to another as expected."""
    rng = np.random.default_rng([start.seed, draw])
    doubted = start.suspects.index[start.suspects["flagged"].to_numpy(dtype=bool)]
    sound = given[~is_among(given.index, doubted) & ~is_among(given.index, start.dataset.generated)].sort_index()
    spoilt = given.copy()
    taken: set[str] = set()
    counts = pd.Series(np.asarray(shares), index=pairs.index).groupby([pairs["from"], pairs["to"]]).sum()
    wanted = zip(counts.index.tolist(), counts.tolist(), strict=True)
    for (old, new), count in wanted:
        there = sound.index[(sound == old).to_numpy() & ~sound.index.isin(list(taken))]
        most = int(_SPOILT * (sound == old).sum())
        number = min(int(count + rng.random()), most, len(there))
        chosen = there[rng.permutation(len(there))[:number]]
        taken.update(chosen)
        spoilt.loc[chosen] = new
    return spoilt


def _settle(start: Start, candidate: Candidate, progress: Progress | None, cancel: Cancel | None) -> Estimate:
    """What is there is worth without the cases: equal examples with different labels teach nothing."""
    ids = start.out_of_fold.index
    case = is_among(ids, candidate.ids)
    after = start.refit()(keep=~case, progress=progress, cancel=cancel)
    given = start.dataset.labels.loc[ids]
    others = start.real[~is_among(start.real, candidate.ids)]
    gain, error = _compared(start, start.out_of_fold, after, given, given.where(~case), among=others)
    return Estimate(gain, 0.0, error, _on_test(start, error), FOLDS)


# --- examples -------------------------------------------------------------------------------------------------------


def _collect(start: Start, candidate: Candidate, progress: Progress | None, cancel: Cancel | None) -> Estimate:
    """What twice as few examples of the part cost, continued by a power law; and what its greater weight does.

    The part is halved by whole units, both halves are tried. Where the part is not all of train, the examples that are
    there are repeated to the weight that it is to have, so that the halves differ in what they know only.
    """
    ids = start.out_of_fold.index
    own = candidate.ids[is_among(candidate.ids, ids)]
    more = start.scaled(candidate.action.count)
    everything = len(own) == len(start.real)
    half = start.dataset.folds(2, division=11).reindex(own).to_numpy()
    target = len(own) + more

    def weighted(without: pd.Index | None) -> Callable[[pd.Index], Change]:
        def change(inside: pd.Index) -> Change:
            there = own[is_among(own, inside)]
            left = there if without is None else there[~is_among(there, without)]
            wanted = round(target * len(there) / max(1, len(own))) - len(left)
            return Change(without, None if everything else _repeated(start.dataset, left, wanted, start.seed))

        return change

    changes = {f"without half {number + 1}": weighted(own[half == number]) for number in (0, 1)}
    if not everything:
        changes["as many as there are to be"] = weighted(None)
    outcomes = out_of_fold_under(start.model, start.dataset, changes, progress=progress, cancel=cancel)
    found = [each.probabilities for each in outcomes if each.probabilities is not None]
    if len(found) < len(outcomes):
        raise FlywheelError(next(each.problem for each in outcomes if each.probabilities is None))
    halves, full = found[:2], start.out_of_fold if everything else found[2]
    grown = (1 - (target / len(own)) ** -_POWER) / (2**_POWER - 1)
    given = start.dataset.labels.loc[ids]
    parts = [_compared(start, before, full, given, given) for before in halves]
    gain = grown * sum(each for each, _ in parts) / len(parts)
    error = grown * math.sqrt(sum(each**2 for _, each in parts)) / len(parts)
    paired = math.sqrt(sum(each**2 for _, each in parts) / len(parts))
    if not everything:
        heavier, its_error = _compared(start, start.out_of_fold, full, given, given)
        gain, error = gain + heavier, math.hypot(error, its_error)
    return Estimate(gain, 0.0, error, _on_test(start, paired), FOLDS * len(changes))


def _repeated(dataset: Dataset, ids: pd.Index, count: int, seed: int) -> pd.DataFrame | None:
    """Some examples again, each about as often as the others."""
    if count <= 0 or not len(ids):
        return None
    order = ids[np.random.default_rng(seed).permutation(len(ids))]
    chosen = order[np.arange(count) % len(order)]
    return dataset.frame.loc[chosen].assign(parent=chosen.to_numpy(), other_parent=None)


def _generate(start: Start, candidate: Candidate, progress: Progress | None, cancel: Cancel | None) -> Estimate:
    """The trial of the method, as on Generate; it is judged by the labels as they were given."""
    setup = candidate.action.setup
    own = candidate.ids[is_among(candidate.ids, start.out_of_fold.index)]
    target: Any = {setup["label"]: len(own)} if "label" in setup else focus_on(start.dataset, own, words="a slice")
    found = trial_report(
        start.dataset,
        start.model,
        method=setup["method"],
        target=target,
        seed=start.seed,
        metric=start.metric,
        before=start.out_of_fold,
        progress=progress,
        cancel=cancel,
    ).verdict
    error = 0.0 if math.isnan(found.error) else found.error
    return Estimate(found.delta, 0.0, error, _on_test(start, error), FOLDS)


# --- an edit that is known to the letter ----------------------------------------------------------------------------


def _edit(start: Start, candidate: Candidate, progress: Progress | None, cancel: Cancel | None) -> Estimate | None:
    if candidate.edit is None:
        return None
    changed = candidate.edit.apply(start.dataset)
    after = start.model.out_of_fold(changed, progress=progress, cancel=cancel)
    both = start.real[is_among(start.real, after.index)]
    given, new = start.dataset.labels.loc[start.out_of_fold.index], changed.labels.loc[after.index]
    gain, error = _compared(start, start.out_of_fold, after, given, new, among=both)
    return Estimate(gain, 0.0, error, _on_test(start, error), FOLDS)


# --- scoring --------------------------------------------------------------------------------------------------------


def _compared(
    start: Start,
    before: pd.DataFrame,
    after: pd.DataFrame,
    labels_before: pd.Series,
    labels_after: pd.Series,
    *,
    among: pd.Index | None = None,
) -> tuple[float, float]:
    """How much better the second out-of-fold predictions are by the labels as they are, and the standard error.

    A threshold is chosen as a turn would, on the labels that each was trained on.
    """
    scored = start.real if among is None else among
    found = compare(
        start.dataset.labels.loc[scored],
        before,
        after,
        metric=start.metric,
        predicted_before=_decided(start, before, labels_before),
        predicted_after=_decided(start, after, labels_after),
    )
    return found.delta, 0.0 if math.isnan(found.error) else found.error


def _on_test(start: Start, error: float) -> float:
    """The standard error of a difference on the test set, from that on train."""
    return error * math.sqrt(len(start.real) / max(1, start.test_size))


def _decided(start: Start, probabilities: pd.DataFrame, labels: pd.Series) -> pd.Series:
    threshold = None
    if start.model.recipe.decision == "threshold":
        real = probabilities.index[~is_among(probabilities.index, start.dataset.generated)]
        known = real[labels.loc[real].notna()]
        threshold = choose_threshold(labels.loc[known], probabilities.loc[known])
    return start.model.decide(probabilities, threshold)
