"""CROWDLAB: annotators' labels and a model's probabilities, each weighed by how well it predicts the others.

The formulas are cleanlab's (`cleanlab.multiannotator`), over all examples at once. Its own function draws lots where
votes are tied, walks through annotators and examples one by one, and fails on small tables. The tests hold the two
together.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.annotate.crowd import Crowd

__all__ = ["crowdlab"]

Floats = npt.NDArray[np.float64]

_LEAST = 1e-6


def crowdlab(crowd: Crowd, model: Floats) -> Floats:
    """Estimate the probability of each class from annotators and model.

    Parameters
    ----------
    crowd : Crowd
        Of examples that somebody labelled; at least one of them twice.
    model : array of shape (n, k)
        Out-of-fold probabilities, in the order of the crowd's examples and classes; at least two classes.

    Returns
    -------
    array of shape (n, k)

    References
    ----------
    H. W. Goh, U. Tkachenko, J. Mueller: CROWDLAB: Supervised learning to infer consensus labels and quality scores for
    data with multiple annotators. NeurIPS 2022 Human in the Loop Learning Workshop.
    """
    n, m, k = crowd.shape
    votes, counts = crowd.votes, crowd.counts
    # The majority; ties go to the class that the model holds for more probable.
    majority = (votes + 0.5 * model).argmax(axis=1)
    several = counts > 1
    agreeing = votes[np.arange(n), majority] / np.maximum(counts, 1)
    likely = float(agreeing[several].mean())
    unlikely = (1 - likely) / (k - 1)
    most_frequent = np.bincount(majority[several], minlength=k).argmax()
    guessing = max(float((majority[several] != most_frequent).mean()), _LEAST)

    others = (counts[crowd.example] - 1).astype(float)
    same = votes[crowd.example, crowd.label] - 1
    shared = np.bincount(crowd.annotator, weights=others, minlength=m)
    agreement = np.bincount(crowd.annotator, weights=same, minlength=m) / np.maximum(shared, 1)
    # Who shares no example with anybody counts as an average one.
    agreement = np.where(shared > 0, agreement, agreement[shared > 0].mean())
    weight = np.maximum(1 - (1 - agreement) / guessing, _LEAST)
    wrong = float((model[several].argmax(axis=1) != majority[several]).mean())
    model_weight = max(1 - wrong / guessing, _LEAST) * float(np.sqrt(counts.mean()))

    own = weight[crowd.annotator]
    total = np.bincount(crowd.example, weights=own, minlength=n)[:, np.newaxis]
    said = np.bincount(crowd.example * k + crowd.label, weights=own, minlength=n * k).reshape(n, k)
    posterior: Floats = (model_weight * model + unlikely * total + (likely - unlikely) * said) / (model_weight + total)
    return posterior
