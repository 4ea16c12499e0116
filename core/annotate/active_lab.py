"""ActiveLab: how much another label would teach, of examples that several people label."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from cleanlab.multiannotator import get_active_learning_scores

__all__ = ["active_lab"]


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
    known = annotations.dropna(how="all").dropna(how="all", axis="columns")
    known = known[known.index.isin(probabilities.index)]
    has_label = probabilities.index.isin(known.index)
    names = pd.unique(known.to_numpy(dtype=object).ravel())
    classes = pd.Index(probabilities.columns.astype("str"))
    classes = classes.append(pd.Index(sorted({str(name) for name in names if not pd.isna(name)} - set(classes))))
    values = np.zeros((len(probabilities), len(classes)))
    values[:, : probabilities.shape[1]] = probabilities.to_numpy(dtype=np.float64)
    # cleanlab takes the logarithm, and wants every row to sum to 1.
    values = values.clip(1e-9)
    values /= values.sum(axis=1, keepdims=True)
    settled = np.ones(len(values))
    codes = known.apply(lambda column: pd.Series(classes.get_indexer(column.astype("str")), index=column.index))
    codes = codes.where(known.notna()).reindex(probabilities.index[has_label]).astype(np.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        settled[has_label], settled[~has_label] = get_active_learning_scores(
            codes.to_numpy() if len(codes) else None,
            values[has_label] if len(codes) else None,
            values[~has_label] if not has_label.all() else None,
        )
    return pd.Series(1.0 - settled.clip(0.0, 1.0), index=probabilities.index)
