"""A heat map of errors: two columns crossed; each cell has its error rate and its share of all errors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from core.evaluate.predictions import EvaluationError
from core.evaluate.regions import shares_of_errors
from core.evaluate.slices import Slice
from core.ids import aligned

__all__ = ["heat_map", "telling_columns"]


def heat_map(categories: pd.DataFrame, losses: pd.Series, row: str, column: str) -> pd.DataFrame:
    """Cross two columns.

    Parameters
    ----------
    categories : DataFrame of shape (n, columns)
        Categoricals, as `slice_frame` makes them.
    losses : Series of shape (n,) indexed as the categories
        1 for wrong and 0 for right.
    row, column : str

    Returns
    -------
    DataFrame
        A row for each pair of categories, in their order, empty ones included: ``row``, ``column`` (the categories'
        names), ``size``, ``wrong``, ``error``, ``low``, ``high``, ``coverage``, ``coverage_low``, ``coverage_high``
        and ``lift``. The sizes add up to all examples and ``wrong`` to all errors.

    Raises
    ------
    EvaluationError
        If a column is not there, or both are the same.
    """
    for name in (row, column):
        if name not in categories:
            raise EvaluationError(
                f"A heat map crosses two of the columns that slices speak of. '{name}' is none. Choose another one."
            )
    if row == column:
        raise EvaluationError(f"A heat map crosses two different columns. Got '{row}' twice. Choose another one.")
    down, across = categories[row].cat, categories[column].cat
    shape = (len(down.categories), len(across.categories))
    cells = down.codes.to_numpy(dtype=np.intp) * shape[1] + across.codes.to_numpy(dtype=np.intp)
    loss = aligned(losses, categories.index).to_numpy(dtype=float)
    sizes = np.bincount(cells, minlength=shape[0] * shape[1])
    wrong = np.bincount(cells, weights=loss, minlength=shape[0] * shape[1])
    total = float(loss.sum())
    shares = shares_of_errors(sizes, wrong, total)
    return pd.DataFrame(
        {
            "row": np.repeat(down.categories.astype("str").to_numpy(), shape[1]),
            "column": np.tile(across.categories.astype("str").to_numpy(), shape[0]),
            "size": sizes,
            "wrong": np.rint(wrong).astype(int),
            **shares,
            "lift": shares["error"] * len(loss) / total if total else np.nan,
        }
    )


def telling_columns(slices: Sequence[Slice], columns: Sequence[str]) -> tuple[str, str] | None:
    """The two columns that tell most: those of the worst slice, then those of the next ones, then the first ones.

    Returns
    -------
    tuple of (str, str) or None
        None if there are fewer than two columns.
    """
    named = [column for each in slices for column, _ in each.predicates]
    order = list(dict.fromkeys([*(name for name in named if name in columns), *columns]))
    return (order[0], order[1]) if len(order) > 1 else None
