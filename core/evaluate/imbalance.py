"""How unevenly the classes are filled."""

from __future__ import annotations

import pandas as pd

__all__ = ["imbalance"]


def imbalance(labels: pd.Series) -> pd.DataFrame:
    """Count the classes and say how far they are from even.

    Parameters
    ----------
    labels : Series of shape (n,)
        Missing ones are passed over.

    Returns
    -------
    DataFrame of shape (classes, 4)
        Indexed by class, the largest first: ``count``, ``share``, ``ratio`` (examples of the largest class for each
        of this one) and ``effective`` (the number of examples once their overlap is discounted).

    References
    ----------
    Cui, Jia, Lin, Song and Belongie (2019), "Class-Balanced Loss Based on Effective Number of Samples", CVPR; with
    beta = (n - 1) / n.
    """
    # Without their ids: pandas would make a hash table of them on the way.
    found = pd.Series(labels.array).dropna().astype("str").value_counts()
    counts = found.sort_index().sort_values(ascending=False, kind="stable")
    total = int(counts.sum())
    beta = (total - 1) / total if total else 0.0
    return pd.DataFrame(
        {
            "count": counts.to_numpy(),
            "share": counts.to_numpy() / max(total, 1),
            "ratio": counts.max() / counts.to_numpy(),
            "effective": (1 - beta ** counts.to_numpy()) / (1 - beta),
        },
        index=counts.index.rename("class"),
    )
