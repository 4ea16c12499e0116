"""Suspects: examples whose label is probably wrong, by confident learning."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from cleanlab.filter import find_label_issues

from core.annotate.judged import Judged, judge

__all__ = ["find_suspects"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Refit = Callable[..., pd.DataFrame]

# The score of a label that the model never learned: it can say neither right nor wrong.
_UNDECIDED = 0.5
_PERCENT = np.array([f"{share} %" for share in range(101)] + ["under 1 %", "over 99 %"], dtype=object)
# cleanlab hands the probabilities to its workers in a global: two threads must not be in there at once.
_CLEANLAB = threading.Lock()


def find_suspects(
    labels: pd.Series,
    probabilities: pd.DataFrame,
    *,
    features: Any = None,
    refit: Refit | None = None,
) -> pd.DataFrame:
    """Rank examples by how probably their label is wrong.

    The score is one minus the probability that the model, which never saw the example, gives to its label
    (cleanlab's self-confidence). The flag is confident learning's, pruned by the noise rate of each pair of classes.

    Parameters
    ----------
    labels : Series of shape (n,), str
        The given labels by example id.
    probabilities : DataFrame of shape (at least n, classes)
        Out-of-fold probabilities by id; classes without a label and labels without a class are both allowed.
    features : array or sparse matrix of shape (n, columns), optional
        The rows of `labels` in the space in which neighbours are sought. Takes no part yet: neighbours' votes make the
        ranking better on some of the sets with known truth and worse on others.
    refit : callable, optional
        ``refit(labels, keep=None)`` gives out-of-fold probabilities of a model that learned only from the examples for
        which the Series ``keep`` is true. Given, the examples that confident learning doubts are left out of training
        for a second round, and both rounds are averaged. On each of the sets with known truth this ranks better.

    Returns
    -------
    DataFrame of shape (n, 5)
        Indexed by id, worst first: ``given``, ``suggested`` (the most probable other class; missing if there is none),
        ``score`` in [0, 1] (1: surely wrong; 0.5 where the model never learned the label), ``flagged``, ``reasons``.
        Equal scores are ordered by the probability of the suggested class, then as in `labels`.

    Raises
    ------
    LabelsError
        If an example has no label or no probabilities, ids repeat, or a probability is missing or outside [0, 1].

    References
    ----------
    C. Northcutt, L. Jiang, I. Chuang: Confident Learning: Estimating Uncertainty in Dataset Labels. JAIR 70, 2021.
    """
    judged = judge(labels, probabilities)
    if refit is not None:
        keep = pd.Series(~_issues(judged, "confident_learning"), index=judged.ids)
        second = refit(labels, keep=keep).reindex(columns=probabilities.columns, fill_value=0.0)
        judged = judge(labels, (probabilities.loc[labels.index] + second.loc[labels.index]) / 2)
    suggested, support = _suggest(judged)
    frame = pd.DataFrame(
        {
            "given": pd.Series(judged.classes.take(judged.given), dtype="str"),
            "suggested": pd.Series(judged.classes.take(suggested.clip(0)), dtype="str").where(suggested >= 0),
            "score": np.where(judged.can_judge, 1.0 - judged.of_given, _UNDECIDED),
            "flagged": _issues(judged, "prune_by_noise_rate"),
        }
    )
    frame["reasons"] = _reasons(frame, judged, suggested, support)
    order = np.lexsort((-support, -frame["score"].to_numpy()))
    return frame.set_axis(judged.ids, axis="index").iloc[order]


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
    """Whole percent as places in `_PERCENT`, never 0 % or 100 % for what is only nearly so."""
    whole = np.rint(shares * 100).astype(np.int64)
    whole[(whole == 0) & (shares > 0)] = 101
    whole[(whole == 100) & (shares < 1)] = 102
    return whole
