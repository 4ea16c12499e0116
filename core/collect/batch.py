"""Bring files together: what their columns have in common, and training rows with the test set that was chosen."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from core.collect.errors import ReadError

__all__ = ["join_test_set", "shared_columns"]


def join_test_set(train: pd.DataFrame, test: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Put a test file below a training file, with a column that says which rows are which.

    Parameters
    ----------
    train, test : DataFrame
        With the same columns; columns of only one of the files are missing in the other's rows.

    Returns
    -------
    frame : DataFrame of shape (train + test, columns + 1)
    column : str
        Name of the added column, ``"train"`` or ``"test"`` in each row; `Dataset.from_frame` takes it as the split.

    Raises
    ------
    ReadError
        If the two files share no column.
    """
    shared = train.columns.intersection(test.columns)
    if shared.empty:
        raise ReadError(
            "it must have the columns of the train file, and they share none",
            "Check that both files are of the same data.",
            source="The test file",
        )
    column = "split"
    while column in train.columns or column in test.columns:
        column = f"{column}_"
    both = pd.concat([train.assign(**{column: "train"}), test.assign(**{column: "test"})], ignore_index=True)
    return both, column


def shared_columns(tables: Mapping[str, pd.DataFrame]) -> tuple[list[str], dict[str, list[str]]]:
    """Tell which columns all tables have, and which only some.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        By name.

    Returns
    -------
    shared : list of str
        In the order of the first table.
    others : dict of str to list of str
        By table, its columns that not all of them have; tables without such are not listed.
    """
    names = {table: [str(name) for name in frame.columns] for table, frame in tables.items()}
    common = set.intersection(*map(set, names.values())) if names else set()
    shared = [name for name in next(iter(names.values()), []) if name in common]
    others = {table: [name for name in held if name not in common] for table, held in names.items()}
    return shared, {table: held for table, held in others.items() if held}
