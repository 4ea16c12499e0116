"""ActiveLab: how much another label would teach, of examples that several people label."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt
import pandas as pd
from cleanlab.multiannotator import get_active_learning_scores

from core.annotate.crowd import read_crowd

__all__ = ["active_lab"]

Floats = npt.NDArray[np.float64]


def active_lab(probabilities: pd.DataFrame, annotations: pd.DataFrame) -> pd.Series:
    """Say of each example how much one more label would teach.

    An example that nobody labelled is worth the more the less sure the model is. One that has labels already is worth
    another if they and the model do not settle it, the less the more (and the better) people have labelled it.

    Parameters
    ----------
    probabilities : DataFrame of shape (n, classes)
        By id; out of fold for the examples that have a label.
    annotations : DataFrame of shape (m, annotators)
        By id, the label that each annotator gave, missing where none. Ids without probabilities are passed over.

    Returns
    -------
    Series of shape (n,)
        In [0, 1] by id, 1: surely worth a label.

    References
    ----------
    H. Goh, J. Mueller: ActiveLab: Active Learning with Re-Labeling by Multiple Annotators. ICLR Workshop on
    Trustworthy ML, 2023.
    """
    classes = pd.Index(probabilities.columns.astype("str"))
    crowd = read_crowd(annotations[annotations.index.isin(probabilities.index)])
    classes = classes.append(crowd.classes.difference(classes))
    if not len(classes):
        return pd.Series(1.0, index=probabilities.index)
    values = np.zeros((len(probabilities), len(classes)))
    values[:, : probabilities.shape[1]] = probabilities.to_numpy(dtype=np.float64)
    # cleanlab takes the logarithm, and wants every row to sum to 1.
    values = values.clip(1e-9)
    values /= values.sum(axis=1, keepdims=True)
    said = np.full((len(probabilities), len(crowd.annotators)), np.nan)
    rows, places = probabilities.index.get_indexer(crowd.ids), classes.get_indexer(crowd.classes)
    said[rows[crowd.example], crowd.annotator] = places[crowd.label]
    said = said[:, ~np.isnan(said).all(axis=0)]
    has_label = ~np.isnan(said).all(axis=1)
    settled = np.ones(len(values))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        settled[has_label], settled[~has_label] = _scores(said[has_label], values[has_label], values[~has_label])
    return pd.Series(1.0 - settled.clip(0.0, 1.0), index=probabilities.index)


def _scores(said: Floats, of_labelled: Floats, of_others: Floats) -> tuple[Floats, Floats]:
    """How far each example is settled, of those with a label and of the others."""
    others = of_others if len(of_others) else None
    if not len(said) and others is None:
        return np.empty(0), np.empty(0)
    if not len(said):
        return tuple(get_active_learning_scores(None, None, others))
    try:
        return tuple(get_active_learning_scores(said, of_labelled, others))
    except ValueError:
        # Too few examples have several labels to say how good annotators are: the first label of each stands alone.
        first = said[np.arange(len(said)), (~np.isnan(said)).argmax(axis=1)]
        return tuple(get_active_learning_scores(first[:, np.newaxis], of_labelled, others))
