"""How unevenly the classes of train are filled, and which of its examples were generated."""

from __future__ import annotations

import pandas as pd

from core.dataset import Dataset
from core.evaluate import imbalance
from core.report import class_balance, count, number, percent
from pages.parts import figure
from pages.parts.plain import plain

__all__ = ["draw"]


def draw(dataset: Dataset, *, key: str, opened: bool = False) -> None:
    """Draw the classes of train with their counts, collected and generated apart, and say how uneven they are.

    Parameters
    ----------
    dataset : Dataset
    key : str
        Unique on the page.
    opened : bool
        Show the numbers without a click.
    """
    labels = dataset.labels_of("train")
    made = labels.loc[labels.index.isin(dataset.generated)] if len(dataset.generated) else labels.iloc[:0]
    counts = pd.DataFrame({"collected": labels.value_counts() - made.value_counts().reindex(labels.unique()).fillna(0)})
    if len(made):
        counts["generated"] = made.value_counts().reindex(counts.index).fillna(0)
    found = imbalance(labels)
    rarest = found.iloc[-1]
    figure.draw(
        class_balance(counts.astype(int)),
        key=key,
        opened=opened,
        caption=f"The rarest class, {plain(found.index[-1])}, holds {percent(rarest['share'])} of "
        f"{count(len(labels), 'train example')}: one for every {number(rarest['ratio'], 1)} of the largest."
        + (f" {count(len(made))} are generated." if len(made) else ""),
    )
