"""How unevenly the classes are filled."""

from __future__ import annotations

import pandas as pd

from core.statistics import wilson_interval

__all__ = ["FEW", "class_counts", "imbalance"]

# With fewer examples of a class its scores are mostly luck, and a model has little to learn it from.
FEW = 30


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


def class_counts(train: pd.Series, test: pd.Series, *, generated: pd.Index | None = None) -> pd.DataFrame:
    """Count each class in train and test, and say how uneven both are.

    Parameters
    ----------
    train, test : Series of shape (n,), (m,)
        Labels by id; missing ones are passed over.
    generated : Index, optional
        Ids of the examples of train that were generated.

    Returns
    -------
    DataFrame of shape (classes of both, 12)
        Indexed by class, the largest in train first: ``collected``, ``generated``, ``train`` (both together),
        ``train_share`` with its Wilson interval ``train_low`` and ``train_high``, ``ratio`` and ``effective`` as
        `imbalance` has them, ``test``, ``test_share``, ``test_low``, ``test_high``. A class that train has none of has
        a ratio of infinity.
    """
    made = train.index.isin([] if generated is None else generated)
    found = imbalance(train)
    of_test = pd.Series(test.array).dropna().astype("str").value_counts()
    classes = found.index.append(pd.Index(sorted(set(of_test.index) - set(found.index)))).rename("class")
    counts = found["count"].reindex(classes, fill_value=0)
    new = pd.Series(train.array[made]).dropna().astype("str").value_counts().reindex(classes, fill_value=0)
    columns: dict[str, object] = {"collected": counts - new, "generated": new, "train": counts}
    for part, held in (("train", counts), ("test", of_test.reindex(classes, fill_value=0))):
        low, high = wilson_interval(held, held.sum())
        shares = {"share": held / max(1, held.sum()), "low": low, "high": high}
        columns |= {part: held} | {f"{part}_{name}": value for name, value in shares.items()}
    columns["ratio"] = found["ratio"].reindex(classes, fill_value=float("inf"))
    columns["effective"] = found["effective"].reindex(classes, fill_value=0.0)
    return pd.DataFrame(columns, index=classes)
