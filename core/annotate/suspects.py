"""Suspects: examples whose label is probably wrong, by many models and what flipped labels teach of them."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from cleanlab.filter import find_label_issues
from scipy.optimize import brentq
from scipy.special import expit

from core.annotate.evidence import EVIDENCE
from core.annotate.injection import doubt, pooled
from core.annotate.judged import Judged, LabelsError, judge
from core.annotate.opinions import Opinions
from core.ids import aligned
from core.progress import Cancel, Progress, Steps

__all__ = ["find_suspects"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Refit = Callable[..., pd.DataFrame]

# The score of a label that the model never learned: it can say neither right nor wrong.
_UNDECIDED = 0.5
_PERCENT = np.array([f"{share}%" for share in range(101)] + ["under 1%", "over 99%"], dtype=object)
# cleanlab hands the probabilities to its workers in a global: two threads must not be in there at once.
_CLEANLAB = threading.Lock()


def find_suspects(
    labels: pd.Series,
    probabilities: pd.DataFrame,
    *,
    features: Any = None,
    refit: Refit | None = None,
    content: npt.ArrayLike | None = None,
    evidence: Mapping[str, pd.Series] | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> pd.DataFrame:
    """Rank examples by how probably their label is wrong.

    With the probabilities alone the score is one minus the probability of the given label (cleanlab's self-confidence);
    with a refit but no features, the mean of that over two rounds. With features several models judge each label, none
    of which saw the example: the locked model, quick learners of other kinds, and all of them once more without the
    examples that the first round doubts. How far each is to be trusted on this data is learned from labels flipped on
    purpose, without any truth; see `core.annotate.injection`.

    Parameters
    ----------
    labels : Series of shape (n,), str
        The given labels by example id.
    probabilities : DataFrame of shape (at least n, classes)
        Out-of-fold probabilities by id; classes without a label and labels without a class are both allowed.
    features : array or sparse matrix of shape (n, columns), optional
        The rows of `labels` as numbers, as ``LockedModel.features`` makes them.
    refit : callable, optional
        ``refit(labels, keep=None)`` gives out-of-fold probabilities of the locked model when it learns only from the
        examples for which the Series ``keep`` is true, as ``LockedModel.refitter`` makes it. It is called once.
    content : array of shape (n,), optional
        A number for each row of `labels`, the same for equal content.
    evidence : mapping of str to Series, optional
        What others say against each label, by a name of `core.annotate.evidence.EVIDENCE`: by id, in [0, 1].
    progress, cancel
        See `core.progress`.

    Returns
    -------
    DataFrame
        Indexed by id, worst first: ``given``, ``suggested`` (the most probable other class; missing if there is none),
        ``score`` in [0, 1] (1: surely wrong; 0.5 where the model never learned the label), ``flagged``, ``reasons``,
        then a column for each piece of evidence there is (``model`` always, ``neighbours`` with features,
        ``same_content`` with content, and those of `evidence`), in [0, 1], NaN where it is silent. Equal scores are
        ordered by the probability of the suggested class, then as in `labels`.

    Raises
    ------
    LabelsError
        If an example has no label or no probabilities, ids repeat, a probability is missing or outside [0, 1], or the
        features don't fit the labels.
    Cancelled
        If the caller asked to stop.

    References
    ----------
    C. Northcutt, L. Jiang, I. Chuang: Confident Learning: Estimating Uncertainty in Dataset Labels. JAIR 70, 2021.

    Examples
    --------
    >>> labels = pd.Series({"a": "cat", "b": "cat", "c": "dog", "d": "dog"})
    >>> cat = pd.Series({"a": 0.9, "b": 0.1, "c": 0.2, "d": 0.3})
    >>> find_suspects(labels, pd.DataFrame({"cat": cat, "dog": 1 - cat}))[["given", "suggested", "score"]].head(2)
      given suggested  score
    b   cat       dog    0.9
    d   dog       cat    0.3
    """
    judged = judge(labels, probabilities)
    parts = _Evidence(judged, content, evidence or {})
    comparable = len(np.unique(judged.given[judged.can_judge])) >= 2
    if features is not None and 0 in features.shape:
        features = None
    if features is None or not comparable:
        together = judged if refit is None or not comparable else _mean_of_two_rounds(judged, labels, refit)
        scores = np.where(judged.can_judge, 1.0 - together.of_given, _UNDECIDED)
        return _ranked(judged, together, scores, _issues(together, "prune_by_noise_rate"), parts)
    steps = Steps(5, progress, cancel)
    opinions = _opinions(judged, features, steps)
    views = _two_rounds(judged, labels, opinions, refit, steps)
    steps.start("learning from labels flipped on purpose which evidence to trust")
    together = judged.judged_by(pooled(views))
    doubts = doubt(views, judged.among_learned().given)
    # As many as confident learning counts, but those that all evidence together doubts most.
    count = int(_issues(together, "prune_by_noise_rate").sum())
    scores = np.full(len(judged.given), _UNDECIDED)
    scores[judged.can_judge] = _chances(doubts, count)
    flags = np.zeros(len(judged.given), dtype=bool)
    flags[np.flatnonzero(judged.can_judge)[np.argsort(-doubts, kind="stable")[:count]]] = True
    parts.add("neighbours", 1.0 - opinions.votes_for(judged.among_learned().given), judged.can_judge)
    found = _ranked(judged, together, scores, flags, parts)
    steps.finish()
    return found


class _Evidence:
    """The columns of evidence, in the order of the labels."""

    def __init__(self, judged: Judged, content: npt.ArrayLike | None, others: Mapping[str, pd.Series]) -> None:
        self.columns: dict[str, Floats] = {}
        self.add("model", 1.0 - judged.of_given[judged.can_judge], judged.can_judge)
        if content is not None:
            self.columns["same_content"] = _equals_disagree(np.asarray(content), judged.given)
        for name, scores in others.items():
            if name not in EVIDENCE:
                raise LabelsError(f"Evidence must be one of {', '.join(EVIDENCE)}. Got '{name}' instead.")
            self.columns[name] = aligned(scores, judged.ids).to_numpy(dtype=np.float64)

    def add(self, name: str, scores: Floats, where: npt.NDArray[np.bool_]) -> None:
        column = np.full(len(where), np.nan)
        column[where] = scores
        self.columns[name] = column


def _ranked(
    judged: Judged, together: Judged, scores: Floats, flags: npt.NDArray[np.bool_], parts: _Evidence
) -> pd.DataFrame:
    """Everything that is said of each example, worst first; suggested is what all models together take it for."""
    suggested, support = _suggest(together)
    frame = pd.DataFrame(
        {
            "given": pd.Series(judged.classes.take(judged.given), dtype="str"),
            "suggested": pd.Series(judged.classes.take(suggested.clip(0)), dtype="str").where(suggested >= 0),
            "score": scores,
            "flagged": flags,
        }
    )
    said = np.where(suggested < 0, 0.0, judged.probabilities[np.arange(len(suggested)), suggested.clip(0)])
    frame["reasons"] = _reasons(frame, judged, suggested, said)
    for name in EVIDENCE:
        if name in parts.columns:
            frame[name] = parts.columns[name]
    order = np.lexsort((-support, -scores))
    return frame.set_axis(judged.ids, axis="index").iloc[order]


def _mean_of_two_rounds(judged: Judged, labels: pd.Series, refit: Refit) -> Judged:
    """The locked model's probabilities, averaged with those of a second round that learns from the undoubted labels."""
    keep = pd.Series(~_issues(judged, "confident_learning"), index=judged.ids)
    second = judge(labels, refit(labels, keep=keep).reindex(columns=judged.classes, fill_value=0.0))
    return Judged(judged.ids, judged.classes, judged.given, (judged.probabilities + second.probabilities) / 2)


def _opinions(judged: Judged, features: Any, steps: Steps) -> Opinions:
    """The quick learners on the features of the examples that can be judged."""
    steps.start("making a space in which examples are near each other")
    if features.shape[0] != len(judged.given):
        raise LabelsError(
            f"Features must have a row for each label, in the same order. Got {features.shape[0]:,} rows for "
            f"{len(judged.given):,} labels."
        )
    return Opinions(features if judged.can_judge.all() else features[np.flatnonzero(judged.can_judge)])


def _two_rounds(
    judged: Judged, labels: pd.Series, opinions: Opinions, refit: Refit | None, steps: Steps
) -> list[Floats]:
    """What each model says of the examples that can be judged: having learned from all labels, then from the better."""
    part = judged.among_learned()
    classes = len(part.classes)
    steps.start("asking learners of other kinds")
    views = [part.probabilities, *opinions.ask(part.given, classes, check=steps.check)]
    keep = _kept(part, views)
    steps.start("training the locked model without the labels that are doubted")
    if refit is not None:
        kept = pd.Series(True, index=judged.ids)
        kept[part.ids] = keep
        second = judge(labels, refit(labels, keep=kept).reindex(columns=judged.classes, fill_value=0.0))
        views.append(second.probabilities[np.ix_(judged.can_judge, judged.learned)])
    steps.start("asking the other learners without them")
    return views + opinions.ask(part.given, classes, keep, check=steps.check)


def _kept(part: Judged, views: list[Floats]) -> npt.NDArray[np.bool_]:
    """What a second round may learn from: not what the first doubts most, but at least half of each class."""
    count = int(_issues(Judged(part.ids, part.classes, part.given, pooled(views)), "prune_by_noise_rate").sum())
    doubts = doubt(views, part.given)
    doubted = np.zeros(len(doubts), dtype=bool)
    doubted[np.argsort(-doubts, kind="stable")[: max(count, 1)]] = True
    order = np.lexsort((-doubts, part.given))
    held = np.bincount(part.given, minlength=len(part.classes))
    start = np.concatenate([[0], held.cumsum()[:-1]])
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order)) - start[part.given[order]]
    return np.asarray(~doubted | (rank >= held[part.given] // 2))


def _chances(doubts: Floats, count: int) -> Floats:
    """Log odds as probabilities, shifted so that they add up to the number of wrong labels that are expected."""
    expected = min(max(count, 1), len(doubts) - 0.5)
    low, high = -50.0 - doubts.max(), 50.0 - doubts.min()
    shift = brentq(lambda by: float(expit(doubts + by).sum() - expected), low, high)
    return np.asarray(expit(doubts + shift))


def _equals_disagree(content: npt.NDArray[Any], given: Integers) -> Floats:
    """The share of the other examples with equal content that carry another label; NaN without any."""
    _, group = np.unique(content, return_inverse=True)
    total = np.bincount(group)[group] - 1
    _, pair = np.unique(group * (int(given.max(initial=0)) + 1) + given, return_inverse=True)
    same = np.bincount(pair)[pair] - 1
    return np.where(total > 0, 1.0 - same / np.maximum(total, 1), np.nan)


def _suggest(judged: Judged) -> tuple[Integers, Floats]:
    """The most probable class other than the given one, -1 if there is none, and its probability."""
    others = judged.probabilities.copy()
    others[:, ~judged.learned] = -1.0
    others[np.arange(len(others)), judged.given] = -1.0
    if not others.size:
        return np.full(len(others), -1), np.zeros(len(others))
    suggested = others.argmax(axis=1)
    support = others.max(axis=1)
    return np.where(support < 0, -1, suggested), support.clip(0.0)


def _issues(judged: Judged, filter_by: str) -> npt.NDArray[np.bool_]:
    """Confident learning over the labels that the model learned; without two such classes it finds nothing."""
    issues = np.zeros(len(judged.given), dtype=bool)
    part = judged.among_learned()
    if len(np.unique(part.given)) >= 2:
        with _CLEANLAB, warnings.catch_warnings():
            warnings.filterwarnings("ignore", "May not flag all label issues", UserWarning)
            # One process: starting several takes longer than the work.
            issues[judged.can_judge] = find_label_issues(part.given, part.probabilities, filter_by=filter_by, n_jobs=1)
    return issues


def _reasons(frame: pd.DataFrame, judged: Judged, suggested: Integers, support: Floats) -> pd.Series:
    """Say of each example in words what its numbers say; a sentence that many share is made once."""
    percent_given, percent_suggested = _percent(judged.of_given), _percent(support)
    flagged = frame["flagged"].to_numpy(dtype=bool)
    signs = np.packbits(np.array([flagged, judged.can_judge, support > judged.of_given]), axis=0)[0]
    pairs = judged.given * (len(judged.classes) + 1) + suggested + 1
    sentences = ((pairs * len(_PERCENT) + percent_given) * len(_PERCENT) + percent_suggested) * 256 + signs
    _, first, again = np.unique(sentences, return_index=True, return_inverse=True)

    one = frame.iloc[first].reset_index(drop=True)
    name, other = "'" + one["given"] + "'", "'" + one["suggested"].fillna("") + "'"
    name_percent = name + " " + pd.Series(_PERCENT[percent_given[first]], dtype="str")
    differs = "the model gives " + other + " " + pd.Series(_PERCENT[percent_suggested[first]], dtype="str")
    differs += " and " + name_percent
    reasons = ("the model agrees: " + name_percent).mask(pd.Series((support > judged.of_given)[first]), differs)
    reasons = reasons.mask(one["flagged"], reasons + "; among the labels of " + name + " estimated to be wrong")
    reasons = reasons.where(
        pd.Series(judged.can_judge[first]), "the model has too few examples of " + name + " to judge"
    )
    return reasons.take(again).reset_index(drop=True)


def _percent(shares: Floats) -> Integers:
    """Whole percent as places in `_PERCENT`, never 0% or 100% for what is only nearly so."""
    whole = np.rint(shares * 100).astype(np.int64)
    whole[(whole == 0) & (shares > 0)] = 101
    whole[(whole == 100) & (shares < 1)] = 102
    return whole
