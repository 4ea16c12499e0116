"""Learn without any truth what gives a wrong label away: flip labels on purpose, and see.

No evidence helps on every data set. So each data set says itself which to trust: labels are flipped along the
confusions that its models suggest, in several draws of random, lopsided noise; a small logistic regression learns which
evidence finds the flipped ones, and is then asked about the labels as they are. Since every prediction is out of fold,
an example's own label plays no part in its predictions, and a draw needs no fit.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

__all__ = ["STRENGTH", "doubt", "pooled"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

_DRAWS = 10
_RATE = 0.15
# A draw looks at no more examples than this: more would not change a dozen weights.
_SAMPLE = 10_000
# Smaller probabilities say nothing more.
_LEAST = 1e-3
# How freely the weights may differ (inverse of the penalty); see benchmarks/label_errors.py for others.
STRENGTH = 0.3
# All models together against each single one: what is learned starts from trusting all alike.
_TOGETHER = 5.0
# Rates of confusion are drawn to the mean rate, as if so many more wrong labels had been seen.
_PRIORS = ((None, 2.0), (0.5, 10.0), (0.8, 10.0))


def doubt(views: Sequence[Floats], given: Integers, *, seed: int = 0) -> Floats:
    """Say how much each label looks like one that was flipped.

    Parameters
    ----------
    views : sequence of arrays of shape (n, classes)
        Out-of-fold probabilities by several models.
    given : array of shape (n,)
        Labels as positions among the classes.
    seed : int
        Draws the flips.

    Returns
    -------
    array of shape (n,)
        Log odds, up to a constant; the larger the more probably wrong.

    References
    ----------
    M. Gutmann, A. Hyvärinen: Noise-contrastive estimation. AISTATS 2010, for learning from contrast with drawn noise.
    C. Northcutt, L. Jiang, I. Chuang: Confident Learning. JAIR 70, 2021, for counting confusions where a model is sure.
    """
    together = pooled(views)
    logs = [_logs(view) for view in views]
    chance = np.random.default_rng(seed)
    examples, flipped, weights = [], [], []
    for _ in range(_DRAWS):
        labels, changed = _flip(together, given, chance)
        rows = np.arange(len(given))
        if len(rows) > _SAMPLE:
            rows = np.sort(chance.choice(len(rows), _SAMPLE, replace=False))
        examples.append(_evidence(logs, together, labels, rows))
        flipped.append(changed[rows])
        # Where the label is doubted anyway, the example says little about right labels.
        weights.append(together[rows, given[rows]])
    asked = _evidence(logs, together, given, np.arange(len(given)))
    seen, answers, weight = np.concatenate(examples), np.concatenate(flipped), np.concatenate(weights)
    if not answers.any() or answers.all():
        return np.asarray(asked[:, : len(views)].mean(axis=1))
    centre, spread = seen.mean(axis=0), seen.std(axis=0) + 1e-9

    def scaled(evidence: Floats) -> Floats:
        evidence = (evidence - centre) / spread
        return np.column_stack([_TOGETHER * evidence[:, : len(views)].mean(axis=1), evidence])

    learned = LogisticRegression(C=STRENGTH, max_iter=500)
    learned.fit(scaled(seen), answers, sample_weight=weight * len(given[:_SAMPLE]) / weight.sum())
    return np.asarray(learned.decision_function(scaled(asked)))


def pooled(views: Sequence[Floats]) -> Floats:
    """The geometric mean of several models' probabilities, made probabilities again.

    Parameters
    ----------
    views : sequence of arrays of shape (n, classes)

    Returns
    -------
    array of shape (n, classes)
    """
    mean = np.zeros_like(views[0])
    for view in views:
        mean += _logs(view)
    mean = np.exp(mean / len(views))
    return np.asarray(mean / mean.sum(axis=1, keepdims=True))


def _logs(view: Floats) -> Floats:
    return np.asarray(np.log(np.clip(view, _LEAST, 1.0)))


def _evidence(logs: Sequence[Floats], together: Floats, labels: Integers, rows: Integers) -> Floats:
    """What speaks against each label: a column a view, how odd it is for its class, and the noise of its class."""
    columns = [_margin(view[rows], labels[rows]) for view in logs]
    columns.append(np.mean([_below_class(view, labels)[rows] for view in logs], axis=0))
    part = _logs(together[rows])
    even = _against(part, labels[rows], np.zeros((together.shape[1],) * 2))
    for share, prior in _PRIORS:
        rates = np.log(_confusion_rates(together, labels, share, prior))
        columns.append(_against(part, labels[rows], rates) - even)
    return np.column_stack(columns)


def _margin(logs: Floats, labels: Integers) -> Floats:
    """How far the label lies behind the best other class."""
    rows = np.arange(len(logs))
    others = logs.copy()
    others[rows, labels] = -np.inf
    return np.asarray(others.max(axis=1) - logs[rows, labels])


def _below_class(logs: Floats, labels: Integers) -> Floats:
    """How far the label's probability lies below what is usual for the examples labelled so."""
    own = logs[np.arange(len(logs)), labels]
    count = np.bincount(labels, minlength=logs.shape[1])
    usual = np.bincount(labels, weights=own, minlength=logs.shape[1]) / np.maximum(count, 1)
    return np.asarray(usual[labels] - own)


def _against(logs: Floats, labels: Integers, rates: Floats) -> Floats:
    """Log odds that another class was meant; ``rates`` are the log chances of a label (column) given the class."""
    rows = np.arange(len(logs))
    meant = logs + rates[:, labels].T
    own = meant[rows, labels]
    meant[rows, labels] = -np.inf
    best = meant.max(axis=1)
    return np.asarray(best + np.log(np.exp(meant - best[:, None]).sum(axis=1)) - own)


def _confusion_rates(together: Floats, labels: Integers, share: float | None, prior: float) -> Floats:
    """How often an example that is surely of one class (row) is labelled as another (column).

    Sure is who reaches the mean probability among those labelled so (``share`` None), or the upper part of those that
    are predicted so.
    """
    classes = together.shape[1]
    count = np.bincount(labels, minlength=classes)
    if share is None:
        own = together[np.arange(len(labels)), labels]
        least = np.bincount(labels, weights=own, minlength=classes) / np.maximum(count, 1)
        least[count == 0] = 1.0
        above = np.where(together >= least, together, -1.0)
    else:
        predicted = together.argmax(axis=1)
        best = together.max(axis=1)
        order = np.lexsort((best, predicted))
        start = np.searchsorted(predicted[order], np.arange(classes))
        held = np.bincount(predicted, minlength=classes)
        rank = np.empty(len(labels), dtype=np.int64)
        rank[order] = np.arange(len(labels)) - start[predicted[order]]
        sure = rank >= np.floor(share * held[predicted])
        above = np.where((np.arange(classes) == predicted[:, None]) & sure[:, None], together, -1.0)
    surely, sure = above.argmax(axis=1), above.max(axis=1) > 0
    joint = np.bincount(surely[sure] * classes + labels[sure], minlength=classes * classes)
    joint = joint.reshape(classes, classes).astype(np.float64)
    wrong = (joint.sum() - np.trace(joint)) / max(joint.sum(), 1.0) / max(classes - 1, 1)
    usual = np.full((classes, classes), wrong)
    np.fill_diagonal(usual, 1.0 - wrong * (classes - 1))
    strength = prior / max(wrong, 1e-4)
    rates = (joint + strength * usual) / (joint.sum(axis=1, keepdims=True) + strength)
    return np.asarray(np.clip(rates, 1e-6, 1.0))


def _flip(together: Floats, given: Integers, chance: np.random.Generator) -> tuple[Integers, Booleans]:
    """Flip some labels as noise would: of some classes more, of hard examples more, to what they are taken for."""
    count, classes = together.shape
    rows = np.arange(count)
    held = np.bincount(given, minlength=classes)
    means = np.zeros((classes, classes))
    np.add.at(means, given, together)
    means /= np.maximum(held, 1)[:, None]
    np.fill_diagonal(means, 0.0)
    means /= means.sum(axis=1, keepdims=True) + 1e-12
    pairs = np.sqrt(means) * chance.gamma(0.5, 1.0, (classes, classes))
    weight: Floats = np.asarray(pairs.sum(axis=1))
    rate = np.asarray(np.clip(_RATE * weight / max(float(weight @ held) / count, 1e-12), 0.0, 0.5))
    pairs /= pairs.sum(axis=1, keepdims=True) + 1e-12
    others = np.clip(together, _LEAST, 1.0)
    others[rows, given] = 0.0
    likely = pairs[given] * np.sqrt(others / others.sum(axis=1, keepdims=True))
    likely[rows, given] = 0.0
    likely /= likely.sum(axis=1, keepdims=True) + 1e-12
    hardness: Floats = np.asarray(1.0 - together[rows, given])
    risk = rate[given] * (0.5 + 0.5 * hardness / (float(hardness.mean()) + 1e-9))
    dice = np.asarray(chance.random((count, 1)))
    drawn = (likely.cumsum(axis=1) > dice).argmax(axis=1)
    changed = (chance.random(count) < risk) & (drawn != given)
    return np.where(changed, drawn, given), changed
