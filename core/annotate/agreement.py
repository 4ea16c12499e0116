"""How far several annotators agree: all together, each with the consensus, and each with each."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from core.annotate.crowd import Crowd, read_crowd
from core.annotate.dawid_skene import dawid_skene
from core.statistics import draw_cells, percentile_interval, wilson_interval

__all__ = ["agreement", "alpha_in_words"]

Floats = npt.NDArray[np.float64]

# Krippendorff's own marks: from the upper one on reliable, from the lower one on for tentative conclusions.
_RELIABLE = 0.8
_TENTATIVE = 2 / 3
_RESAMPLES = 1_000


def agreement(annotations: pd.DataFrame) -> dict[str, Any]:
    """Measure the agreement of several annotators.

    Parameters
    ----------
    annotations : DataFrame of shape (n, annotators)
        Rows examples, columns annotators, missing = not labelled.

    Returns
    -------
    dict
        ``krippendorff_alpha`` : float
            For nominal labels, 1 = perfect, 0 = as by chance; NaN where no two annotators labelled the same example, or
            only one class was given.
        ``krippendorff_interval`` : (float, float)
            Its 95% interval, from resampled examples.
        ``per_annotator`` : DataFrame indexed by annotator
            ``labelled`` (examples), ``shared`` (those that others labelled, too), ``agreement`` (share of the shared
            ones on which they gave the consensus) with ``low`` and ``high``, ``quality`` (how often their
            label is right, as Dawid-Skene estimates it) with ``quality_low`` and ``quality_high``; the largest
            ``quality_low`` first.
        ``pairwise_kappa`` : DataFrame
            A row a pair that shares examples: ``one``, ``other``, ``shared``, ``agreement``, ``kappa`` (Cohen's; NaN
            where both gave one and the same class throughout), ``low``, ``high``.

    Raises
    ------
    AnnotationsError
        If ids or annotators repeat, or the labels are no classes.

    References
    ----------
    K. Krippendorff: Content Analysis, 4th edition, 2018, chapter 12. J. Cohen: A Coefficient of Agreement for Nominal
    Scales. Educational and Psychological Measurement 20, 1960.
    """
    crowd = read_crowd(annotations)
    alpha, low, high = _krippendorff(crowd)
    return {
        "krippendorff_alpha": alpha,
        "krippendorff_interval": (low, high),
        "per_annotator": _per_annotator(crowd),
        "pairwise_kappa": _pairwise(crowd),
    }


def alpha_in_words(alpha: float) -> str:
    """Say in plain words what Krippendorff's alpha means for the labels."""
    if np.isnan(alpha):
        return "No two annotators labelled the same example, or all gave one class: there is nothing to compare."
    if alpha >= _RELIABLE:
        return "The annotators agree well: labels like these can be relied on."
    if alpha >= _TENTATIVE:
        return "The annotators agree moderately: the labels bear tentative conclusions. Clearer guidelines would help."
    if alpha > 0:
        return (
            "The annotators agree little: such labels are not reliable by themselves. Settle what they dispute and "
            "write down what the classes mean."
        )
    return "The annotators agree no more than chance would have it: the classes mean different things to them."


def _krippendorff(crowd: Crowd) -> tuple[float, float, float]:
    """Alpha with its interval: resampled examples, each with all its labels."""
    votes = crowd.votes[crowd.counts > 1]
    if not len(votes) or votes.shape[1] < 2:
        return float("nan"), float("nan"), float("nan")
    # Examples with equal votes are one cell: few cells, however many examples.
    cells, times = np.unique(votes, axis=0, return_counts=True)
    labels = cells.sum(axis=1)
    # Pairs of different labels on one example, each example with the weight of its labels.
    differing = (labels**2 - (cells**2).sum(axis=1)) / (labels - 1)
    draws = np.concatenate(
        [_alpha(each @ differing, each @ cells) for each in draw_cells(times, _RESAMPLES, np.random.default_rng(0))]
    )
    low, high = percentile_interval(draws)
    alpha = _alpha(np.array([times @ differing]), np.atleast_2d(times @ cells))
    return float(alpha[0]), float(low), float(high)


def _alpha(differing: Floats, frequent: Floats) -> Floats:
    """One minus observed over expected disagreement; ``frequent`` is draws x classes."""
    total = frequent.sum(axis=1)
    expected = (total**2 - (frequent**2).sum(axis=1)) / np.maximum(total - 1, 1)
    alpha: Floats = np.where(expected > 0, 1 - differing / np.where(expected > 0, expected, 1.0), np.nan)
    return alpha


def _per_annotator(crowd: Crowd) -> pd.DataFrame:
    estimate = dawid_skene(crowd)
    m = len(crowd.annotators)
    consensus = estimate.posterior.argmax(axis=1) if len(crowd.classes) else np.zeros(len(crowd.ids), dtype=np.int64)
    shared = crowd.counts[crowd.example] > 1

    def by_annotator(values: Any, where: Any = slice(None)) -> Floats:
        return np.asarray(np.bincount(crowd.annotator[where], weights=values[where], minlength=m), dtype=float)

    once = np.ones(len(crowd.label))
    looked, same = by_annotator(once, shared), by_annotator((crowd.label == consensus[crowd.example]) * 1.0, shared)
    good = same
    if len(estimate.confusion):
        frequent = estimate.posterior[crowd.counts > 0].mean(axis=0)
        good = looked * (np.einsum("wcc->wc", estimate.confusion) @ frequent)
    frame = pd.DataFrame(
        {
            "labelled": np.bincount(crowd.annotator, minlength=m),
            "shared": looked.astype(int),
            **_share(same, looked, ("agreement", "low", "high")),
            **_share(good, looked, ("quality", "quality_low", "quality_high")),
        },
        index=crowd.annotators.rename("annotator"),
    )
    # Reliable is who is known to be: a perfect record of two labels stands below a good one of two hundred.
    return frame.sort_values("quality_low", ascending=False, kind="stable", na_position="last")


def _share(part: Floats, whole: Floats, names: tuple[str, str, str]) -> dict[str, Floats]:
    low, high = wilson_interval(np.minimum(part, whole), whole)
    values = (part / np.maximum(whole, 1), low, high)
    return {name: np.where(whole > 0, value, np.nan) for name, value in zip(names, values, strict=True)}


def _pairwise(crowd: Crowd) -> pd.DataFrame:
    """Cohen's kappa of each pair on the examples that both labelled, from one product of sparse matrices."""
    _, m, k = crowd.shape
    both = sparse.coo_matrix(sparse.triu(crowd.said.T @ crowd.said, k=1))
    one, other = both.row // max(k, 1), both.col // max(k, 1)
    keep = one < other
    pair, place = np.unique(one[keep].astype(np.int64) * m + other[keep], return_inverse=True)
    said, of_other, times = both.row[keep] % max(k, 1), both.col[keep] % max(k, 1), both.data[keep]

    def total(values: Floats) -> Floats:
        return np.asarray(np.bincount(place, weights=values, minlength=len(pair)), dtype=float)

    def margin(classes: Any) -> Floats:
        counts = np.bincount(place * k + classes, weights=times, minlength=len(pair) * k)
        return np.asarray(counts, dtype=float).reshape(len(pair), k)

    shared = total(times)
    same = total(times * (said == of_other)) / np.maximum(shared, 1)
    chance = (margin(said) * margin(of_other)).sum(axis=1) / np.maximum(shared, 1) ** 2
    room = np.where(chance < 1 - 1e-12, 1 - chance, np.nan)
    kappa = (same - chance) / room
    # The interval is that of the agreement; what chance would give is taken as it is. Few shared examples: a wide one.
    low, high = wilson_interval(np.minimum(same * shared, shared), shared)
    return pd.DataFrame(
        {
            "one": crowd.annotators.take(pair // max(m, 1)),
            "other": crowd.annotators.take(pair % max(m, 1)),
            "shared": shared.astype(int),
            "agreement": same,
            "kappa": kappa,
            "low": np.maximum((low - chance) / room, -1.0),
            "high": np.minimum((high - chance) / room, 1.0),
        }
    )
