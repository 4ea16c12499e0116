"""The noise as a whole: how many labels of each class are probably wrong, and which classes are taken for which."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from cleanlab.count import compute_confident_joint

from core.annotate.judged import judge
from core.statistics import combined_interval, wilson_interval

__all__ = ["NoiseSummary", "noise_summary"]

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class NoiseSummary:
    """How much of the labels is probably wrong.

    Attributes
    ----------
    share, low, high : float
        Estimated share of wrong labels in all, with its 95% interval. NaN if no class could be judged.
    per_class : DataFrame
        Indexed by given class: ``labelled`` (examples with that label), ``wrong`` (estimated number of wrong ones),
        ``share``, ``low``, ``high``; the largest share first.
    confusions : DataFrame
        One row a pair that occurs: ``given``, ``probably`` (the class probably meant), ``wrong`` (estimated number),
        ``share`` (of the given class), ``low``, ``high``; the most frequent first.
    """

    share: float
    low: float
    high: float
    per_class: pd.DataFrame
    confusions: pd.DataFrame


def noise_summary(labels: pd.Series, probabilities: pd.DataFrame) -> NoiseSummary:
    """Estimate the noise of the labels from the confident joint.

    An example counts as probably of a class if its probability of that class is at least the mean probability of the
    class among the examples labelled so. The shares of those counts are carried over to all examples of the given
    class. The intervals (Wilson; their combination for the whole) say how well so many counted examples settle a share.
    They know nothing of the model's own bias: a weak model sees noise in what is only hard.

    Parameters
    ----------
    labels, probabilities
        As for `find_suspects`.

    Returns
    -------
    NoiseSummary

    Raises
    ------
    LabelsError
        As `find_suspects`.

    References
    ----------
    C. Northcutt, L. Jiang, I. Chuang: Confident Learning: Estimating Uncertainty in Dataset Labels. JAIR 70, 2021.
    """
    judged = judge(labels, probabilities).among_learned()
    classes = pd.Index(judged.classes, name="given")
    labelled = np.bincount(judged.given, minlength=len(classes))
    # Raw counts: it is they that tell how much the estimate rests on.
    joint = np.zeros((len(classes), len(classes)), dtype=np.int64)
    if len(judged.given):
        joint = compute_confident_joint(judged.given, judged.probabilities, calibrate=False)
    wrong = joint.sum(axis=1) - joint.diagonal()
    per_class = pd.DataFrame({"labelled": labelled, **_shares(wrong, joint.sum(axis=1), labelled)}, index=classes)
    per_class = per_class[per_class["labelled"] > 0]
    # The whole is a weighted mean of independent shares.
    weights = per_class["labelled"] * len(per_class) / per_class["labelled"].sum()
    parts = per_class[["share", "low", "high"]].mul(weights, axis="index")
    low, high = combined_interval(parts["share"], parts["low"], parts["high"])
    return NoiseSummary(
        share=float(parts["share"].mean()),
        low=max(0.0, low),
        high=min(1.0, high),
        per_class=per_class.sort_values("share", ascending=False, kind="stable"),
        confusions=_confusions(joint, labelled, classes),
    )


def _shares(wrong: Integers, counted: Integers, labelled: Integers) -> dict[str, Floats]:
    """Shares among the counted examples with their intervals, and what they come to among all of the class."""
    low, high = wilson_interval(wrong, counted)
    share = wrong / np.maximum(counted, 1)
    return {"wrong": labelled * share, "share": share, "low": low, "high": high}


def _confusions(joint: Integers, labelled: Integers, classes: pd.Index) -> pd.DataFrame:
    given, probably = np.nonzero(joint * (1 - np.eye(len(classes), dtype=np.int64)))
    shares = _shares(joint[given, probably], joint.sum(axis=1)[given], labelled[given])
    frame = pd.DataFrame({"given": classes[given], "probably": classes[probably], **shares})
    return frame.sort_values("wrong", ascending=False, kind="stable", ignore_index=True)
