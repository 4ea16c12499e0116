"""The consensus of annotators who err in ways of their own: Dawid and Skene's model, held by what the votes say.

Free confusion matrices overfit when an annotator gave few labels, and the classes themselves can drift away when
examples have few labels. So three things are held: each annotator's confusions lean on those that the majority
suggests, by a number of pseudo-labels; the frequencies of the classes stay those of the votes, or weaker; and how
strongly, in which shape and whether at all, is what predicts held-out labels best. No truth is needed for that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.annotate.crowd import Crowd

__all__ = [
    "MAJORITY",
    "Estimate",
    "Setting",
    "dawid_skene",
    "fit",
    "model_weight",
    "vote_shares",
    "with_model",
]

Floats = npt.NDArray[np.float64]

_STEPS = 100
_TOLERANCE = 1e-4
# While settings are compared, a coarser end will do.
_TRIAL_STEPS = 60
_TRIAL_TOLERANCE = 3e-3
_FOLDS = 3
# Settings are compared on so many labels at most: all those of some examples, a fifth of which is then held out once.
_MANY = 30_000
# A vote share knows that an annotator errs: half a label goes to the classes as they are frequent.
_DOUBT = 0.5
_PRIOR_LABELS = 2.0
# How much of a model's opinion may count, and what it must grant every class.
_WEIGHTS = (0.0, 0.3, 0.6)
_LEAST = 1e-3
# Cells of all confusion matrices held in memory, 8 bytes each.
_CELLS = 20_000_000


@dataclass(frozen=True)
class Setting:
    """How far the model may go beyond the votes.

    Attributes
    ----------
    shape : str
        What an annotator's confusions lean on: ``shared`` (those of all annotators together), ``accuracy`` (their own
        accuracy, errors spread evenly), ``both`` (the shared confusions at their own accuracy), or ``votes`` (the
        majority as it is).
    labels : float
        With how many pseudo-labels for each class.
    frequency : float
        How much the frequencies of the classes count, 0 (all classes alike) to 1.
    """

    shape: str
    labels: float
    frequency: float


MAJORITY = Setting("votes", 16.0, 1.0)
_SHAPES = tuple(Setting(shape, labels, 0.5) for shape in ("shared", "accuracy", "both") for labels in (4.0, 16.0))
_FREQUENCIES = (0.0, 1.0)


@dataclass(frozen=True)
class Estimate:
    """What the model makes of a crowd.

    Attributes
    ----------
    posterior : array of shape (n, k)
        Probability of each class, by example; where nobody labelled it, how frequent the class is.
    confusion : array of shape (m, k, k)
        Probability that an annotator says the class of the second axis where that of the third is true; empty where
        nothing beyond the votes was estimated.
    setting : Setting
        What was chosen.
    """

    posterior: Floats
    confusion: Floats
    setting: Setting


def dawid_skene(crowd: Crowd) -> Estimate:
    """Estimate the true classes and each annotator's confusions, with the setting that predicts held-out labels best.

    Parameters
    ----------
    crowd : Crowd

    Returns
    -------
    Estimate

    References
    ----------
    A. P. Dawid, A. M. Skene: Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm. Applied
    Statistics 28, 1979. The pull towards shared confusions is that of H.-C. Kim, Z. Ghahramani: Bayesian Classifier
    Combination. AISTATS 2012.
    """
    k = len(crowd.classes)
    if k < 2 or crowd.counts.max(initial=0) < 2 or _too_large(crowd):
        # Nothing to compare annotators by, or too many confusions for too few labels.
        return Estimate(vote_shares(crowd), np.empty((0, k, k)), MAJORITY)
    return fit(crowd, _choose(crowd))


def _too_large(crowd: Crowd) -> bool:
    _, m, k = crowd.shape
    return m * k * k > _CELLS


def _choose(crowd: Crowd) -> Setting:
    """The setting under which labels that were held out are most probable; the majority, if nothing is better."""
    crowd = crowd.some(_sample(crowd))
    trials = list(_trials(crowd))
    # Annotators who only ever give one class say nothing of how frequent it is: every class would explain them alike.
    frequencies: tuple[float, ...] = (0.0,) if _one_class_each(crowd) else (0.5, *_FREQUENCIES)
    first = [Setting(each.shape, each.labels, frequencies[0]) for each in _SHAPES]
    scores = {setting: _held_out(crowd, trials, setting) for setting in (MAJORITY, *first)}
    best = max(scores, key=scores.__getitem__)
    if best != MAJORITY:
        for frequency in frequencies[1:]:
            other = Setting(best.shape, best.labels, frequency)
            scores[other] = _held_out(crowd, trials, other)
    return max(scores, key=scores.__getitem__)


def _sample(crowd: Crowd) -> npt.NDArray[np.bool_]:
    """The examples on which settings are compared: all that somebody labelled, or some of very many."""
    return (crowd.counts > 0) & (np.random.default_rng(0).random(len(crowd.ids)) < _MANY / max(1, len(crowd.label)))


def _trials(crowd: Crowd) -> Iterator[npt.NDArray[np.bool_]]:
    """Which labels are held out, trial by trial."""
    rng = np.random.default_rng(0)
    if len(crowd.label) > _MANY // 2:
        yield rng.random(len(crowd.label)) < 0.2
        return
    fold = rng.integers(0, _FOLDS, len(crowd.label))
    yield from (fold == each for each in range(_FOLDS))


def _one_class_each(crowd: Crowd) -> bool:
    """Whether most labels come from annotators who gave one class only."""
    _, m, k = crowd.shape
    own = np.bincount(crowd.annotator * k + crowd.label, minlength=m * k).reshape(m, k)
    return bool(own[(own > 0).sum(axis=1) == 1].sum() > 0.5 * own.sum())


def _held_out(crowd: Crowd, trials: list[npt.NDArray[np.bool_]], setting: Setting) -> float:
    """Log probability of the labels that were held out, by label."""
    total, labels = 0.0, 0
    for held in trials:
        if not held.any() or held.all():
            continue
        made = fit(crowd.part(~held), setting, steps=_TRIAL_STEPS, tolerance=_TRIAL_TOLERANCE)
        total += _log_chance(made.posterior, made.confusion, crowd, held)
        labels += int(held.sum())
    return total / max(labels, 1)


def fit(crowd: Crowd, setting: Setting, *, steps: int = _STEPS, tolerance: float = _TOLERANCE) -> Estimate:
    """Estimate classes and confusions under one setting, by expectation maximisation from the votes on."""
    n, m, k = crowd.shape
    posterior = vote_shares(crowd, doubt=0.0)
    if setting.shape == "votes":
        confusion = _confusion(crowd, posterior, _leaning(crowd, posterior, "shared"), setting.labels)
        return Estimate(vote_shares(crowd), confusion, setting)
    leaning = _leaning(crowd, posterior, setting.shape)
    frequent = posterior[crowd.counts > 0].sum(axis=0) + 1.0
    prior = setting.frequency * np.log(frequent / frequent.sum())
    confusion = leaning
    for _ in range(steps):
        confusion = _confusion(crowd, posterior, leaning, setting.labels)
        evidence = crowd.said @ np.log(confusion).reshape(m * k, k) + prior
        before, posterior = posterior, _normalised(evidence)
        if n == 0 or np.abs(posterior - before).max() < tolerance:
            break
    return Estimate(posterior, confusion, setting)


def with_model(posterior: Floats, model: Floats, weight: float) -> Floats:
    """Let a model join in: its probabilities times those of the annotators; rows of NaN say nothing.

    Parameters
    ----------
    posterior, model : arrays of shape (n, k)
    weight : float
        How much the model counts; 0 is not at all.
    """
    if weight == 0:
        return posterior
    opinion = np.where(np.isnan(model), 0.0, weight * np.log(np.where(np.isnan(model), 1.0, model) + _LEAST))
    return _normalised(np.log(np.maximum(posterior, 1e-300)) + opinion)


def model_weight(crowd: Crowd, setting: Setting, model: Floats) -> float:
    """How much a model's probabilities should count: as much as makes held-out labels most probable.

    Where no example has two labels there is nothing to judge that by, and what was said stands.
    """
    if crowd.counts.max(initial=0) < 2 or np.isnan(model).all() or _too_large(crowd):
        return 0.0
    chosen = _sample(crowd)
    crowd, model = crowd.some(chosen), model[chosen]
    scores = dict.fromkeys(_WEIGHTS, 0.0)
    for held in _trials(crowd):
        if not held.any() or held.all():
            continue
        made = fit(crowd.part(~held), setting, steps=_TRIAL_STEPS, tolerance=_TRIAL_TOLERANCE)
        for weight in _WEIGHTS:
            scores[weight] += _log_chance(with_model(made.posterior, model, weight), made.confusion, crowd, held)
    return max(scores, key=scores.__getitem__)


def _log_chance(posterior: Floats, confusion: Floats, crowd: Crowd, held: npt.NDArray[np.bool_]) -> float:
    """Log probability of all labels that were held out."""
    example, annotator, label = (each[held] for each in (crowd.example, crowd.annotator, crowd.label))
    chance = (posterior[example] * confusion[annotator, label]).sum(axis=1)
    return float(np.log(np.maximum(chance, 1e-12)).sum())


def vote_shares(crowd: Crowd, *, doubt: float = _DOUBT) -> Floats:
    """The share of each class among the votes on an example, drawn towards how frequent the classes are."""
    frequent = crowd.votes.sum(axis=0) + 1.0 / max(1, len(crowd.classes))
    frequent /= max(frequent.sum(), 1.0)
    nobody = (crowd.counts == 0)[:, np.newaxis]
    weight = np.where(nobody, 1.0, doubt)
    shares: Floats = (crowd.votes + weight * frequent) / (crowd.counts[:, np.newaxis] + weight)
    return shares


def _leaning(crowd: Crowd, posterior: Floats, shape: str) -> Floats:
    """The confusions that an annotator with few labels is taken to have, annotators x said x true."""
    _, m, k = crowd.shape
    same = np.eye(k)
    counts = _counts(crowd, posterior)
    pooled = counts.sum(axis=0)
    accuracy = float(np.trace(pooled) / max(pooled.sum(), 1.0))
    labels, right = counts.sum(axis=(1, 2)), np.einsum("wcc->w", counts)
    own = ((right + _PRIOR_LABELS * accuracy) / (labels + _PRIOR_LABELS)).clip(0.01, 0.99)[:, np.newaxis]
    if shape == "accuracy":
        wrong = (1 - own) / max(k - 1, 1)
        return np.asarray(np.where(same > 0, own[:, :, np.newaxis], wrong[:, :, np.newaxis]), dtype=float)
    shared = pooled + 0.5 * same + 0.5 / k
    shared /= shared.sum(axis=0)
    if shape == "shared":
        return np.broadcast_to(shared, (m, k, k))
    # The shared confusions, their diagonal moved in odds as far as this annotator is better or worse than all.
    accuracy = min(max(accuracy, 0.01), 0.99)
    odds = _odds(np.diag(shared))[np.newaxis] * (_odds(own) / (accuracy / (1 - accuracy)))
    diagonal = (odds / (1 + odds)).clip(0.001, 0.999)[:, np.newaxis, :]
    wrong = shared * (1 - same)
    wrong = wrong / np.maximum(wrong.sum(axis=0), 1e-12)
    return np.asarray(wrong * (1 - diagonal) + same * diagonal, dtype=float)


def _odds(share: Floats) -> Floats:
    return np.asarray(share / np.maximum(1 - share, 1e-6), dtype=float)


def _counts(crowd: Crowd, posterior: Floats) -> Floats:
    """How often each annotator said a class where another is true, as far as that is known."""
    _, m, k = crowd.shape
    return np.asarray(crowd.said.T @ posterior, dtype=float).reshape(m, k, k)


def _confusion(crowd: Crowd, posterior: Floats, leaning: Floats, labels: float) -> Floats:
    confusion = _counts(crowd, posterior) + labels * leaning + 1e-9
    confusion /= confusion.sum(axis=1, keepdims=True)
    return confusion


def _normalised(evidence: Floats) -> Floats:
    shares: Floats = np.exp(evidence - evidence.max(axis=1, keepdims=True, initial=-np.inf))
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1e-300)
    return shares
