"""Bring two files together: training rows and the test set that the analyst chose."""

from __future__ import annotations

import pandas as pd

from core.collect.errors import ReadError

__all__ = ["join_test_set"]


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
